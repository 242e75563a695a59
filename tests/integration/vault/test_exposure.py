"""What is held on a person, and who saw it: as far as the officer may read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from compliance_bot.errors import Refused, UsageError

from .homes import ADMIN, ANA, BEN, EVE, OLGA, PEOPLE, home, letter, letters

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compliance_bot.bot import ComplianceBot

REASON = "a request of access by Maria Lopez"


@pytest.fixture(scope="module")
def bot() -> Iterator[ComplianceBot]:
    with home(PEOPLE, *letters()) as opened:
        secret = letter("Maria Lopez is an insider.", "Matter Heron", "heron.md")
        opened.ingest_loader([secret], collection="letters", attributes={"matter": "heron"})
        yield opened


def refund(bot: ComplianceBot) -> str:
    (document,) = (one.document for one in bot.documents(principal=BEN) if one.title == "Letter to <PERSON_1>")
    return document


def test_it_tells_where_values_stand_and_nothing_of_what_may_not_be_read(bot: ComplianceBot) -> None:
    report = bot.held_on("Maria Lopez", reason=REASON, principal=OLGA)
    assert [(one.title, one.value, one.times) for one in report.holdings] == [
        ("Letter to <PERSON_1>", "Maria Lopez", 3)
    ]
    assert "Heron" not in str(report)
    assert {one.title for one in bot.held_on("Maria Lopez", reason=REASON, principal=ADMIN).holdings} == {
        "Letter to <PERSON_1>",
        "Matter Heron",
    }
    assert [one.value for one in bot.held_on("Maria Lopez", reason=REASON, principal=EVE).holdings] == [None]


def test_it_tells_who_was_shown_a_value_and_for_what(bot: ComplianceBot) -> None:
    before = len(bot.held_on("Maria Lopez", reason=REASON, principal=OLGA).sightings)
    seen = bot.ask("When was the refund made?", principal=ANA, purpose="complaint 12")
    bot.ask("When was the refund made?", principal=BEN)
    bot.ask("Who thanked for the umbrella?", principal=ANA)
    report = bot.held_on("Maria Lopez", reason=REASON, principal=OLGA)
    (new,) = [one for one in report.sightings[before:] if one.type != "privacy.held"]
    assert (new.record, new.principal, new.purpose) == (seen.record, "ana", "complaint 12")
    assert new.placeholders == ("<PERSON_1>",)
    assert report.searched > 3


def test_who_saw_a_document_with_values_or_without(bot: ComplianceBot) -> None:
    document = refund(bot)
    bot.document(document, principal=BEN)
    answered = bot.ask("When was the refund made?", principal=ANA)
    with pytest.raises(Refused):
        bot.document(document, principal="nobody else")
    report = bot.exposure(document, reason=REASON, principal=EVE)
    shown = {(one.principal, one.type, one.placeholders) for one in report.sightings}
    assert ("ben", "documents.show", ()) in shown
    assert ("ana", "answer", ("<PERSON_1>",)) in shown
    assert answered.record in {one.record for one in report.sightings}
    assert "nobody else" not in str(report)
    bot.search("refund", principal=BEN, k=1)
    assert ("ben", "search", ()) in {
        (one.principal, one.type, one.placeholders)
        for one in bot.exposure(document, reason=REASON, principal=EVE).sightings
    }


def test_it_is_for_officers_and_needs_a_reason(bot: ComplianceBot) -> None:
    with pytest.raises(Refused):
        bot.held_on("Maria Lopez", reason=REASON, principal=ANA)
    with pytest.raises(Refused):
        bot.exposure(refund(bot), reason=REASON, principal=ANA)
    with pytest.raises(UsageError):
        bot.held_on("Maria Lopez", reason="", principal=OLGA)
    (secret,) = (one.document for one in bot.documents(principal=ADMIN) if one.title == "Matter Heron")
    for document in (secret, "no such document"):
        with pytest.raises(Refused):
            bot.exposure(document, reason=REASON, principal=EVE)


def test_its_own_record_says_what_the_officer_saw_and_names_nobody(bot: ComplianceBot) -> None:
    bot.held_on("Maria Lopez", reason=REASON, principal=OLGA)
    record = next(one for one in bot.records(principal=ADMIN) if one.type == "privacy.held")
    shown = bot.record(record.record, principal=ADMIN)
    assert shown.payload["disclosed"][0]["placeholders"] == ["<PERSON_1>"]
    assert "Lopez" not in f"{shown.envelope}{shown.payload}"


def test_titles_in_lists_are_drawn_like_everything_else(bot: ComplianceBot) -> None:
    assert {one.title for one in bot.documents(principal=ANA)} >= {"Letter to Maria Lopez", "Tariff"}
    assert {one.title for one in bot.documents(principal=ANA, reveal=False)} >= {"Letter to <PERSON_1>"}
    assert bot.history(refund(bot), principal=ANA)[0].title == "Letter to Maria Lopez"
    assert bot.history(refund(bot), principal=BEN)[0].title == "Letter to <PERSON_1>"
