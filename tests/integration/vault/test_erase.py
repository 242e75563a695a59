"""Erasing a person: all of it or nothing, everywhere, and nobody else with them."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest

from compliance_bot.chains import draw
from compliance_bot.errors import Refused, UsageError
from compliance_bot.privacy import erase as erasing
from compliance_bot.store.scope import everything_open

from .homes import ADMIN, ANA, BEN, EVE, OLGA, PEOPLE, home, letter, letters

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compliance_bot.bot import ComplianceBot

REASON = "a request by Maria Lopez of 3 March"
VALUES = {**PEOPLE, "Maria": "PERSON", "Lopez": "PERSON"}


@pytest.fixture
def bot() -> Iterator[ComplianceBot]:
    with home(
        VALUES,
        *letters(),
        letter("Ms Lopez and maria.lopez@mail.example: see her file. Jo Brown wrote this.", "Note", "note.md"),
    ) as opened:
        yield opened


def found(bot: ComplianceBot, name: str) -> set[str]:
    return {hit.title for hit in bot.search(name, principal=ANA, reveal=False) if hit.lexical}


def counted(bot: ComplianceBot, table: str) -> int:
    with bot.parts.database.reading() as snapshot, everything_open(snapshot):
        row = snapshot.connection.execute(f"SELECT count(*) FROM {table}").fetchone()
    assert row is not None
    return int(row[0])


def test_it_is_proposed_first_and_nothing_is_changed(bot: ComplianceBot) -> None:
    before = counted(bot, "vault_binding")
    proposed = bot.propose_erasure("Maria Lopez", reason=REASON, principal=OLGA)
    assert [(one.value, one.why) for one in proposed[:1]] == [("Maria Lopez", "named")]
    assert (proposed[0].placeholders, proposed[0].documents) == (3, 1)
    assert {one.value for one in proposed if one.why == "part"} == {"Ms Lopez", "Maria Schmidt"}
    beside = {"4111 1111 1111 1111", "maria.lopez@mail.example", "Jo Brown"}
    assert {one.value for one in proposed if one.why == "beside"} == beside
    assert counted(bot, "vault_binding") == before
    record = next(one for one in bot.records(principal=ADMIN) if one.type == "erase.proposed")
    payload = bot.record(record.record, principal=ADMIN).payload
    assert "Lopez" not in str(payload)
    assert payload["reason"] == "a request by <PERSON> of 3 March"


def test_erasing_one_leaves_the_other_of_the_same_name(bot: ComplianceBot) -> None:
    assert found(bot, "Maria") == {"Letter to <PERSON_1>", "Letter of thanks"}
    done = bot.erase("Maria Lopez", reason=REASON, principal=OLGA)
    assert (done.values, done.placeholders, done.documents, done.restricted) == (1, 3, 1, 0)
    text = bot.ask("When was the refund made?", principal=ANA)
    assert text.answer == "The refund for <PERSON_1> was made on Friday. [1]"
    assert bot.ask("Who thanked for the umbrella?", principal=ANA).answer.startswith("Maria Schmidt thanked")
    assert found(bot, "Maria") == {"Letter of thanks"}
    assert found(bot, "Maria Lopez") == {"Letter of thanks", "Note"}  # by a part of another's name
    assert bot.reveal(text.citations[0].document, principal=ANA) == ()


def test_with_what_was_confirmed_nothing_of_a_person_is_left(bot: ComplianceBot) -> None:
    proposed = bot.propose_erasure("Maria Lopez", reason=REASON, principal=OLGA)
    also = [one.handle for one in proposed if one.value in ("Ms Lopez", "4111 1111 1111 1111")]
    done = bot.erase("Maria Lopez", also=also, reason=REASON, principal=OLGA)
    assert done.values == 3
    assert found(bot, "Lopez") == set()
    with bot.parts.database.reading() as snapshot:
        assert bot.vault.exactly(snapshot, "PERSON", "Maria Lopez") == frozenset()
        assert not any(one.values - {one.tokens[0]} for one in bot.vault.sought(snapshot, "PERSON", "Lopez"))
    # Maria Schmidt, Jo Brown and the e-mail address, and the parts of the names.
    assert counted(bot, "vault_value") == 3 + 4
    assert counted(bot, "vault_binding") == 3


def test_nothing_in_the_index_is_left_behind_or_torn(bot: ComplianceBot) -> None:
    bot.erase("Maria Lopez", reason=REASON, principal=OLGA)
    with bot.parts.database.reading() as snapshot, everything_open(snapshot):
        listed = snapshot.connection.execute("SELECT id, t FROM chunk, unnest(terms) t ORDER BY 1, 2").fetchall()
        posted = snapshot.connection.execute("SELECT chunk_id, term FROM posting ORDER BY 1, 2").fetchall()
        counts = snapshot.connection.execute(
            "SELECT term, acl_id, df FROM term_stat WHERE df > 0 ORDER BY 1, 2"
        ).fetchall()
        real = snapshot.connection.execute(
            "SELECT term, acl_id, count(*) FROM posting GROUP BY 1, 2 ORDER BY 1, 2"
        ).fetchall()
    assert listed == posted
    assert counts == real


def test_texts_hashes_and_old_records_stay_as_they_were(bot: ComplianceBot) -> None:
    before = bot.ask("When was the refund made?", principal=BEN)
    bot.erase("Maria Lopez", reason=REASON, principal=OLGA)
    after = bot.ask("When was the refund made?", principal=BEN)
    assert (after.answer, after.sentences, after.citations) == (before.answer, before.sentences, before.citations)
    assert bot.record(before.record, principal=ADMIN).payload["answer"] == before.answer


def test_twice_or_somebody_unknown_erases_nothing(bot: ComplianceBot) -> None:
    bot.erase("Maria Lopez", reason=REASON, principal=OLGA)
    for name in ("Maria Lopez", "Zorblax Quindle"):
        assert bot.erase(name, reason=REASON, principal=OLGA).placeholders == 0


def test_who_may_not_erase_is_refused_and_nothing_is_changed(bot: ComplianceBot) -> None:
    before = counted(bot, "vault_binding")
    for act in (bot.erase, bot.propose_erasure):
        with pytest.raises(Refused):
            act("Maria Lopez", reason=REASON, principal=ANA)
    with pytest.raises(UsageError):
        bot.erase("Maria Lopez", reason=" ", principal=OLGA)
    with pytest.raises(UsageError):
        bot.erase("  ", reason=REASON, principal=OLGA)
    with pytest.raises(UsageError, match="is not proposed"):
        bot.erase("Maria Lopez", also=["0123456789ab"], reason=REASON, principal=OLGA)
    assert counted(bot, "vault_binding") == before


def test_what_has_to_be_kept_is_shown_to_nobody_and_the_reason_is_told(bot: ComplianceBot) -> None:
    held = letter("The claim of Maria Lopez is disputed.", "Claim", "claim.md")
    bot.ingest_loader([held], collection="letters", attributes={"tags": ["litigation"]})
    done = bot.erase("Maria Lopez", reason=REASON, principal=OLGA)
    assert (done.placeholders, done.restricted, done.reasons) == (3, 1, ("litigation",))
    (hit,) = (hit for hit in bot.search("disputed claim", principal=ADMIN) if hit.title == "Claim")
    assert hit.text == "The claim of <PERSON_1> is disputed."
    again = bot.propose_erasure("Maria Lopez", reason=REASON, principal=OLGA)
    assert [one.value for one in again if one.why == "named"] == [None]
    assert "Claim" not in found(bot, "Maria Lopez")
    # When nothing holds it any more, it goes.
    bot.set_attributes(hit.document, {}, ["tags"], principal=ADMIN)
    assert bot.erase("Maria Lopez", reason=REASON, principal=OLGA).placeholders == 1
    assert bot.erase("Maria Lopez", reason=REASON, principal=OLGA).placeholders == 0


def test_a_matter_is_treated_alike_and_told_of_to_nobody_outside(bot: ComplianceBot) -> None:
    secret = letter("Maria Lopez is an insider.", "Matter Heron", "heron.md")
    bot.ingest_loader([secret], collection="letters", attributes={"matter": "heron"})
    proposed = bot.propose_erasure("Maria Lopez", reason=REASON, principal=OLGA)
    assert (proposed[0].placeholders, proposed[0].documents) == (3, 1)
    done = bot.erase("Maria Lopez", reason=REASON, principal=OLGA)
    assert (done.placeholders, done.documents) == (3, 1)
    (hit,) = (hit for hit in bot.search("insider", principal=ADMIN) if hit.title == "Matter Heron")
    assert hit.text == "<PERSON_1> is an insider."
    record = bot.record(done.record, principal=ADMIN)  # who may read the matter
    assert len(record.payload["tombstones"]) == 2
    assert hit.document not in str(record.envelope)
    record = bot.record(done.record, principal=EVE)
    assert [one[0] for one in record.payload["tombstones"]] == [
        one.document for one in bot.documents(principal=EVE) if one.title == "Letter to <PERSON_1>"
    ]
    assert hit.document not in f"{record.envelope}{record.payload}"


def test_an_answer_drawn_before_and_not_shown_yet_is_made_anew(
    bot: ComplianceBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = draw.Drawing.tell
    calls = []

    def erased_meanwhile(self: draw.Drawing, case: object) -> None:
        if not calls:
            calls.append(1)
            bot.erase("Maria Lopez", reason=REASON, principal=OLGA)
        told(self, case)  # type: ignore[arg-type]

    monkeypatch.setattr(draw.Drawing, "tell", erased_meanwhile)
    answer = bot.ask("When was the refund made?", principal=ANA)
    assert answer.answer == "The refund for <PERSON_1> was made on Friday. [1]"
    outcomes = [one.outcome for one in bot.records(principal=ADMIN) if one.type == "answer"]
    assert outcomes[:2] == ["answered", "failed"]


def test_two_officers_at_once_erase_once(bot: ComplianceBot) -> None:
    done = []
    threads = [
        threading.Thread(target=lambda: done.append(bot.erase("Maria Lopez", reason=REASON, principal=OLGA)))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(one.placeholders for one in done) == [0, 3]


def test_it_is_all_or_nothing(bot: ComplianceBot, monkeypatch: pytest.MonkeyPatch) -> None:
    before = {table: counted(bot, table) for table in ("vault_binding", "vault_value", "vault_part", "posting")}

    def fails(*_: object) -> None:
        raise RuntimeError("the machine stops here")

    monkeypatch.setattr(erasing, "_forget_in_index", fails)
    with pytest.raises(RuntimeError):
        bot.erase("Maria Lopez", reason=REASON, principal=OLGA)
    assert {table: counted(bot, table) for table in before} == before
    assert found(bot, "Maria Lopez") >= {"Letter to <PERSON_1>"}


def test_a_document_that_comes_in_afterwards_has_a_value_of_its_own(bot: ComplianceBot) -> None:
    with bot.parts.database.reading() as snapshot:
        (before,) = bot.vault.exactly(snapshot, "PERSON", "Maria Lopez")
    bot.erase("Maria Lopez", reason=REASON, principal=OLGA)
    bot.ingest_loader([letter("Maria Lopez wrote again.", "Again", "again.md")], collection="letters")
    with bot.parts.database.reading() as snapshot:
        (after,) = bot.vault.exactly(snapshot, "PERSON", "Maria Lopez")
    assert after != before
    assert "Again" in found(bot, "Maria Lopez")


def test_deleting_a_document_forgets_what_only_it_held(bot: ComplianceBot) -> None:
    (thanks,) = (one.document for one in bot.documents(principal=ADMIN) if one.title == "Letter of thanks")
    bot.delete(thanks, principal=ADMIN)
    with bot.parts.database.reading() as snapshot:
        assert bot.vault.exactly(snapshot, "PERSON", "Maria Schmidt") == frozenset()
        assert bot.vault.exactly(snapshot, "PERSON", "Maria Lopez")
    assert found(bot, "Maria") == {"Letter to <PERSON_1>"}


_ERASE = """
import sys
from compliance_bot import ComplianceBot

with ComplianceBot.open(sys.argv[1]) as bot:
    bot.erase("Jo Brown", reason="a request", principal="admin")  # loads what it needs
    print("ready", flush=True)
    bot.erase("Maria Lopez", reason="a request", principal="admin")
"""


def test_an_erasure_that_is_killed_did_all_or_nothing(bot: ComplianceBot) -> None:
    many = [letter("Maria Lopez and Maria Schmidt. " * 40, f"Long {n}", f"{n}.md") for n in range(60)]
    bot.ingest_loader(many, collection="letters")
    with bot.parts.database.reading() as snapshot:
        (token,) = bot.vault.exactly(snapshot, "PERSON", "Maria Lopez")

    def left() -> int:
        with bot.parts.database.reading() as snapshot, everything_open(snapshot):
            query = "SELECT count(*) FROM vault_binding WHERE token = %s"
            (count,) = snapshot.connection.execute(query, [token]).fetchone() or (0,)
        return int(count)

    before = left()
    assert before == 60 * 40 + 3
    for delay_s in (0.0, 0.02, 0.05, 0.1, 0.2):
        command = [sys.executable, "-c", _ERASE, str(bot.settings.home)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            time.sleep(delay_s)
            process.send_signal(signal.SIGKILL)
        assert left() in (0, before)
        erased = sum(one.type == "erase" for one in bot.records(principal=ADMIN, limit=200))
        known = bot.held_on("Maria Lopez", reason=REASON, principal=ADMIN).holdings
        assert bool(known) == bool(left())
        assert erased >= 1
    bot.erase("Maria Lopez", reason=REASON, principal=OLGA)
    assert left() == 0
    assert bot.held_on("Maria Schmidt", reason=REASON, principal=ADMIN).holdings


def test_ingest_and_erasing_wait_for_each_other(bot: ComplianceBot) -> None:
    coming = [letter(f"Maria Lopez wrote letter {n}.", f"Letter {n}", f"in-{n}.md") for n in range(150)]
    ingest = threading.Thread(target=lambda: bot.ingest_loader(coming, collection="letters"))
    ingest.start()
    while ingest.is_alive():
        bot.erase("Maria Lopez", reason=REASON, principal=OLGA)
    ingest.join()
    test_nothing_in_the_index_is_left_behind_or_torn(bot)
    done = bot.erase("Maria Lopez", reason=REASON, principal=OLGA)
    assert done.placeholders <= 150
    assert all("Maria Lopez" not in hit.text for hit in bot.search("wrote letter", principal=ADMIN, k=200))


def test_a_list_drawn_before_and_not_shown_yet_is_made_anew(
    bot: ComplianceBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    told, calls = draw.Drawing.tell, []

    def erased_meanwhile(self: draw.Drawing, case: object) -> None:
        told(self, case)  # type: ignore[arg-type]
        if not calls:
            calls.append(1)
            bot.erase("Maria Lopez", reason=REASON, principal=OLGA)

    monkeypatch.setattr(draw.Drawing, "tell", erased_meanwhile)
    assert "Letter to <PERSON_1>" in {one.title for one in bot.documents(principal=ANA)}
    assert calls


def test_very_many_titles_that_name_somebody_fit_on_record(bot: ComplianceBot) -> None:
    many = [letter("A letter.", f"Maria Lopez {n}", f"many-{n}.md") for n in range(2000)]
    bot.ingest_loader(many, collection="letters")
    assert sum("Maria Lopez" in one.title for one in bot.documents(principal=ANA)) > 2000
    record = next(one for one in bot.records(principal=ADMIN) if one.type == "documents.list")
    shown = bot.record(record.record, principal=ADMIN)
    assert shown.envelope["public"]["revealed"]["counts"]["PERSON"] > 2000
    assert len(shown.payload["disclosed"]) > 2000
