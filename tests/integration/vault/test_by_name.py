"""Search by name: for those who may see the name, where they may; for all others it is a word that stands nowhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from compliance_bot.chains import by_name
from compliance_bot.records import Principal
from compliance_bot.store.scope import access_classes

from .homes import ADMIN, ANA, BEN, PEOPLE, home, letter, letters

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compliance_bot.bot import ComplianceBot
    from compliance_bot.records import ClassId
    from compliance_bot.store.connect import Transaction

    Ranked = list[tuple[str, float, float]]

NOBODY = {"Zorblax Quindle": "PERSON", "nobody@nowhere.example": "EMAIL_ADDRESS"}


@pytest.fixture(scope="module")
def bot() -> Iterator[ComplianceBot]:
    with home({**PEOPLE, **NOBODY, "Lopez": "PERSON", "Maria": "PERSON"}, *letters()) as opened:
        yield opened


def ranked(bot: ComplianceBot, query: str, who: Principal | str) -> Ranked:
    return [(hit.title, hit.lexical, hit.score) for hit in bot.search(query, principal=who, reveal=False)]


def by_words(bot: ComplianceBot, query: str, who: Principal | str) -> dict[str, float]:
    """Return the scores of the search by words: those by meaning follow the asker's words, see `test_own_words`."""
    return {title: lexical for title, lexical, _ in ranked(bot, query, who)}


@pytest.mark.parametrize("name", ["Maria Lopez", "MARIA LOPEZ", "Ms Lopez", "Lopez"])
def test_who_may_see_a_name_finds_it_however_it_is_written(name: str) -> None:
    values = {**PEOPLE, name: "PERSON"}
    with home(values, *letters()) as bot:
        best, *others = ranked(bot, name, ANA)
        assert best[0] == "Letter to <PERSON_1>"
        assert best[1] > 0
        assert all(score < best[1] for _, score, _ in others)


def test_a_part_of_a_name_finds_everybody_who_has_it(bot: ComplianceBot) -> None:
    found = {title for title, lexical, _ in ranked(bot, "Maria", ANA) if lexical}
    assert found == {"Letter to <PERSON_1>", "Letter of thanks"}
    assert {title for title, lexical, _ in ranked(bot, "Maria Schmidt", ANA) if lexical} >= {"Letter of thanks"}


def test_an_answer_is_about_who_was_asked_for(bot: ComplianceBot) -> None:
    answer = bot.ask("What did Maria Schmidt thank for?", principal=ANA)
    assert answer.answer == "Maria Schmidt thanked the branch for the umbrella. [1]"
    assert answer.redactions["PERSON"] == 2
    assert bot.ask("What did Zorblax Quindle thank for?", principal=ANA).answer != answer.answer


@pytest.mark.parametrize("question", ["{}", "What did {} pay?", "refund {} Friday", "{} {}"])
@pytest.mark.parametrize(
    ("there", "nowhere"),
    [
        ("Maria Lopez", "Zorblax Quindle"),
        ("Maria Schmidt", "Zorblax Quindle"),
        ("maria.lopez@mail.example", "nobody@nowhere.example"),
    ],
)
def test_to_who_may_not_see_a_name_it_is_a_word_that_stands_nowhere(
    bot: ComplianceBot, question: str, there: str, nowhere: str
) -> None:
    asked, other = question.replace("{}", there), question.replace("{}", nowhere)
    assert by_words(bot, asked, BEN) == by_words(bot, other, BEN)


def test_a_type_that_may_not_be_seen_is_not_found_by_who_sees_names(bot: ComplianceBot) -> None:
    assert by_words(bot, "maria.lopez@mail.example", ANA) == by_words(bot, "nobody@nowhere.example", ANA)
    card, none = ranked(bot, "4111 1111 1111 1111", ANA), ranked(bot, "4111 1111 1111 1111", BEN)
    assert card == none


def test_a_mistake_in_compiling_finds_nobody_by_name(bot: ComplianceBot, monkeypatch: pytest.MonkeyPatch) -> None:
    def every_class(snapshot: Transaction, *_: object, **__: object) -> frozenset[ClassId]:
        return frozenset(one.id for one in access_classes(snapshot))

    monkeypatch.setattr(by_name, "permitted_classes", every_class)
    assert by_words(bot, "Maria Lopez", BEN) == by_words(bot, "Zorblax Quindle", BEN)


def test_planting_a_name_tells_nothing_of_other_documents() -> None:
    notes = Principal(id="mallory", groups={"staff"})  # reads the letters, sees names in notes of their own alone
    planted = letter("# Mine\n\nMaria Lopez and Zorblax Quindle.", "My note", "mine.md")
    values, names = {**PEOPLE, **NOBODY}, ("Maria Lopez", "Zorblax Quindle")
    with home(values, *letters()) as bot, home(values, *letters("Zorblax Quindle")) as other:
        for one in (bot, other):
            assert one.ingest_loader([planted], collection="notes", principal=notes).ingested == 1
            there, nowhere = (by_words(one, name, notes) for name in names)
            assert there == nowhere
        assert [ranked(bot, name, notes) for name in names] == [ranked(other, name, notes) for name in names]
        assert ranked(bot, "Maria Lopez", notes)[0][0] == "My note"
        # Whoever may see both finds both.
        assert {title for title, lexical, _ in ranked(bot, "Maria Lopez", ADMIN) if lexical} >= {
            "My note",
            "Letter to <PERSON_1>",
        }


def test_of_two_values_each_is_found_where_its_own_type_may_be_seen(bot: ComplianceBot) -> None:
    both, one = (ranked(bot, f"Maria Lopez {other}", ANA) for other in ("4111 1111 1111 1111", "Zorblax Quindle"))
    assert {title: lexical for title, lexical, _ in both} == {title: lexical for title, lexical, _ in one}


def test_the_question_is_on_record_without_the_name(bot: ComplianceBot) -> None:
    answer = bot.ask("What did Maria Lopez pay with 4111 1111 1111 1111?", principal=ANA)
    shown = bot.record(answer.record, principal=ADMIN)
    assert shown.payload["question"] == "What did <PERSON_Q1> pay with <CREDIT_CARD_Q1>?"


def test_no_word_of_a_name_is_a_word_of_the_index(bot: ComplianceBot) -> None:
    parts = bot.parts
    from compliance_bot.terms import query_terms, term_hash

    hashes = [term_hash(term, parts.term_key) for name in PEOPLE for term in query_terms(name)]
    with bot.parts.database.reading() as snapshot:
        rows = snapshot.connection.execute("SELECT count(*) FROM term_stat WHERE term = ANY(%s)", [hashes]).fetchone()
    assert rows == (0,)
