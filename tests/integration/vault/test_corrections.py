"""Corrections of detection reach every stored version, in text, vectors and terms, and all that comes later."""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING

import pytest

from compliance_bot.chains import answer as answering
from compliance_bot.chains import correcting
from compliance_bot.errors import Refused, UsageError
from compliance_bot.ingest.shelve import Shelf
from compliance_bot.keys.epochs import VaultKeyMissing
from compliance_bot.records import Answer, Principal
from compliance_bot.store import vault
from compliance_bot.store.scope import everything_open

from .homes import ADMIN, ANA, BEN, EVE, OLGA, PEOPLE, POLICIES, home, letter, letters

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from compliance_bot.bot import ComplianceBot

WHY = "seen while reading"
RITA = Principal(id="rita", groups={"staff", "records"})  # corrects, and sees all but cards
RON = Principal(id="ron", groups={"staff", "records", "blind"})  # corrects, and sees nothing
RULES = """
@id("records-correct")
permit (principal in Group::"records", action == Action::"reclassify", resource in Collection::"letters");
@id("records-see")
permit (principal in Group::"records", action == Action::"reveal", resource)
unless { principal in Group::"blind" || context.entity_type == "CREDIT_CARD" };
@id("matter-team")
permit (principal in Group::"team", action == Action::"read", resource)
when { resource has matter };
"""
ZORA = "Zora Quill"
TEXTS = [
    letter(
        f"# Visit\n\n{ZORA} asked Jo Brown about fees. ZORA QUILL paid them.\n\n## Duties of {ZORA}\n\nShe signs.",
        f"Visit of {ZORA}",
        "visit.md",
    ),
    letter(f"# Fees\n\nThe fees that\n{ZORA}'s firm paid were nine crowns.", "Fees", "fees-2.md"),
    letter("# Rain\n\nIt rained on the branch all day.", "Weather", "rain.md"),
]


STORED = """
SELECT title, text, encode(sha256, 'hex'), page_starts::text FROM document_version ORDER BY sha256;
SELECT start_at, end_at, heading, text, encode(sha256, 'hex'), lead_starts::text, lead_texts::text, length,
  cardinality(terms) FROM chunk ORDER BY sha256;
SELECT c.sha256, e.vector::text FROM embedding e JOIN chunk c ON c.id = e.chunk_id ORDER BY 1;
SELECT chunks, terms FROM class_count ORDER BY 1, 2;
SELECT df, count(*) FROM term_stat WHERE df > 0 GROUP BY 1 ORDER BY 1;
SELECT c.sha256, p.tf, p.length, count(*) FROM posting p JOIN chunk c ON c.id = p.chunk_id
  GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;
SELECT v.sha256, in_title, start_at, end_at, b.type, b.number FROM vault_binding b
  JOIN document_version v ON v.id = b.version_id ORDER BY 1, 2, 3;
SELECT count(*) FROM vault_value
""".split(";")


@pytest.fixture
def bot() -> Iterator[ComplianceBot]:
    with home(PEOPLE) as opened:
        _permit(opened)
        opened.ingest_loader([*letters(), *TEXTS], collection="letters")
        opened.ingest_loader(
            [letter(f"# Secret\n\nJo Brown saw {ZORA} at the lake.", "Matter", "secret.md")],
            collection="letters",
            attributes={"matter": "lake"},
        )
        yield opened


def _permit(bot: ComplianceBot) -> None:
    path = bot.settings.home / "policies" / "people.cedar"
    path.write_text(POLICIES + RULES, encoding="utf-8")
    os.utime(path, (time.time() - 100,) * 2)


def document(bot: ComplianceBot, title: str, who: Any = ADMIN) -> str:
    return next(one.document for one in bot.documents(principal=who, reveal=False) if one.title == title)


def texts(bot: ComplianceBot) -> dict[str, str]:
    return {
        one.title: bot.document(one.document, principal=ADMIN, reveal=False).text or ""
        for one in bot.documents(principal=ADMIN, reveal=False)
    }


def lexical(bot: ComplianceBot, query: str, who: Any) -> set[str]:
    return {hit.title for hit in bot.search(query, principal=who, reveal=False) if hit.lexical}


def rows(bot: ComplianceBot, query: str) -> list[tuple[Any, ...]]:
    with bot.parts.database.reading() as snapshot, everything_open(snapshot):
        return snapshot.connection.execute(query).fetchall()


def test_a_mark_reaches_every_text_title_and_heading_and_finds_its_value_by_name(bot: ComplianceBot) -> None:
    visit = document(bot, f"Visit of {ZORA}")
    assert lexical(bot, "Quill", BEN) == {f"Visit of {ZORA}", "Fees"}
    done = bot.mark(visit, ZORA, entity_type="PERSON", reason=WHY, principal=RITA)
    assert (done.type, done.documents, done.versions) == ("PERSON", 2, 2)  # of three: one is a matter's
    assert "quill" not in str(texts(bot)).lower()
    shown = texts(bot)
    assert shown["Visit of <PERSON_2>"].startswith("Visit\n\n<PERSON_2> asked <PERSON_1> about fees. <PERSON_2> paid")
    assert shown["Fees"].endswith("The fees that <PERSON_1>'s firm paid were nine crowns.")
    assert shown["Matter"].endswith("<PERSON_1> saw <PERSON_2> at the lake.")
    assert not rows(bot, "SELECT 1 FROM chunk WHERE text || heading || array_to_string(lead_texts, ' ') ~* 'quill'")
    assert not rows(bot, "SELECT 1 FROM document WHERE title ~* 'quill'")
    # Whoever may see the name finds it by that, nobody else.
    assert lexical(bot, "Quill", BEN) == lexical(bot, ZORA, BEN) == set()
    assert lexical(bot, ZORA, ANA) == {"Visit of <PERSON_2>", "Fees"}
    assert bot.document(visit, principal=ANA).text == (
        f"Visit\n\n{ZORA} asked Jo Brown about fees. ZORA QUILL paid them.\n\nDuties of {ZORA}\n\nShe signs."
    )
    (first, *_) = bot.search("Who signs?", principal=ANA)
    assert first.passage.heading == f"Visit > Duties of {ZORA}"


def test_what_is_stored_after_a_mark_is_what_ingest_makes_of_the_same_value() -> None:
    """Text, places, vectors, terms, lengths and statistics: nothing tells a corrected home from one that knew."""

    def state(found: dict[str, str], *, marks: bool) -> list[Any]:
        with home(found) as bot:
            _permit(bot)
            bot.ingest_loader(TEXTS, collection="letters")
            if marks:
                done = bot.mark(
                    document(bot, f"Visit of {ZORA}"), ZORA, entity_type="PERSON", reason=WHY, principal=RITA
                )
                assert done.versions == 2
            return [rows(bot, one) for one in STORED]

    plain = {name: type_ for name, type_ in PEOPLE.items() if name != "Jo Brown"}
    known = {**plain, ZORA: "PERSON", ZORA.upper(): "PERSON"}
    assert state(plain, marks=True) == state(known, marks=False)


def test_nothing_in_the_index_is_left_behind_or_torn(bot: ComplianceBot) -> None:
    bot.mark(document(bot, "Fees"), ZORA, entity_type="PERSON", reason=WHY, principal=RITA)
    bot.unmark(document(bot, "Visit of <PERSON_2>"), "<PERSON_1>", reason=WHY, principal=RITA)
    listed = rows(bot, "SELECT id, t FROM chunk, unnest(terms) t ORDER BY 1, 2")
    posted = rows(bot, "SELECT chunk_id, term FROM posting ORDER BY 1, 2")
    counts = rows(bot, "SELECT term, acl_id, df FROM term_stat WHERE df > 0 ORDER BY 1, 2")
    real = rows(bot, "SELECT term, acl_id, count(*) FROM posting GROUP BY 1, 2 ORDER BY 1, 2")
    assert (listed, counts) == (posted, real)
    sums = rows(bot, "SELECT acl_id, count(*), sum(length) FROM chunk GROUP BY 1 ORDER BY 1")
    assert rows(bot, "SELECT acl_id, chunks, terms FROM class_count ORDER BY 1") == sums


def test_superseded_versions_are_masked_as_well(bot: ComplianceBot) -> None:
    bot.ingest_loader([letter("# Visit\n\nNobody came.", "Visit", "visit.md")], collection="letters")
    visit = document(bot, "Visit")
    done = bot.mark(document(bot, "Fees"), ZORA, entity_type="PERSON", reason=WHY, principal=RITA)
    assert done.versions == 2
    before = bot.document(visit, version=1, principal=ADMIN, reveal=False)
    assert (before.title, "Quill" in (before.text or "")) == ("Visit of <PERSON_2>", False)
    assert bot.document(visit, version=1, principal=ANA).title == f"Visit of {ZORA}"
    assert not rows(bot, "SELECT 1 FROM chunk_history WHERE text || heading ~* 'quill'")
    assert rows(bot, "SELECT title FROM document WHERE title ~ 'Quill'") == []
    assert rows(bot, "SELECT count(*) FROM chunk_history") == rows(bot, "SELECT count(*) FROM history_embedding")


def test_later_documents_and_questions_are_masked_by_it(bot: ComplianceBot) -> None:
    bot.mark(document(bot, "Fees"), ZORA, entity_type="PERSON", reason=WHY, principal=RITA)
    bot.ingest_loader([letter(f"# Later\n\n{ZORA} came again.", "Later", "later.md")], collection="notes")
    assert texts(bot)["Later"].endswith("<PERSON_1> came again.")
    answer = bot.ask(f"What did {ZORA} pay?", principal=BEN)
    assert answer.redactions["PERSON"] >= 1
    assert "Quill" not in str(bot.record(answer.record, principal=ADMIN).payload)


def test_an_unchanged_document_stays_corrected(bot: ComplianceBot) -> None:
    bot.mark(document(bot, "Fees"), ZORA, entity_type="PERSON", reason=WHY, principal=RITA)
    report = bot.ingest_loader(TEXTS, collection="letters")
    assert (report.ingested, report.skipped) == (0, 3)


def test_words_are_given_back_where_this_person_may_and_nowhere_else(bot: ComplianceBot) -> None:
    refund = document(bot, f"Visit of {ZORA}")
    done = bot.unmark(refund, "<PERSON_1>", reason="a house name", principal=RITA)  # Jo Brown
    assert (done.documents, done.versions) == (1, 1)
    shown = texts(bot)
    assert "Jo Brown about fees" in shown[f"Visit of {ZORA}"]
    assert shown["Matter"].startswith("Secret\n\n<PERSON_1> saw")  # its readers are others
    assert lexical(bot, "Brown", BEN) == {f"Visit of {ZORA}"}
    # The same holds for documents that come later, and for questions of those who read it in the clear.
    bot.ingest_loader([letter("# Next\n\nJo Brown is here.", "Next", "next.md")], collection="letters")
    bot.ingest_loader(
        [letter("# Other\n\nJo Brown is there.", "Other", "other.md")], collection="letters", attributes={"matter": "x"}
    )
    assert texts(bot)["Next"].endswith("Jo Brown is here.")
    assert texts(bot)["Other"].endswith("<PERSON_1> is there.")
    assert "PERSON" not in bot.ask("Where is Jo Brown?", principal=BEN, reveal=False).redactions
    outsider = Principal(id="tom", groups={"team"})
    with pytest.raises(Refused):
        bot.ask("Where is Jo Brown?", principal=outsider)


def test_what_is_spared_stays_masked_for_those_who_do_not_read_it(bot: ComplianceBot) -> None:
    bot.unmark(document(bot, f"Visit of {ZORA}"), "<PERSON_1>", reason=WHY, principal=RITA)
    path = bot.settings.home / "policies" / "people.cedar"
    path.write_text(POLICIES.replace("unless { resource has matter }", "when { resource has matter }"), "utf-8")
    os.utime(path, (time.time() - 100,) * 2)
    answer = bot.ask("Where is Jo Brown?", principal=BEN, reveal=False)
    assert answer.redactions == {"PERSON": 1} | ({"PERSON": 2} if not answer.abstained else {})
    question = bot.record(answer.record, principal=ADMIN).payload["question"]
    assert question == "Where is <PERSON_Q1>?"


def test_a_mark_that_is_taken_back_leaves_every_text_as_it_was(bot: ComplianceBot) -> None:
    before = texts(bot)
    bot.mark(document(bot, "Fees"), "Quill", entity_type="ORGANIZATION", reason=WHY, principal=RITA)
    assert texts(bot) != before
    bot.unmark(document(bot, "Fees"), "<ORGANIZATION_1>", reason="it was wrong", principal=ADMIN)
    assert texts(bot) == before
    kinds = [(one.is_personal, one.type) for one in bot.corrections(principal=ADMIN)]
    assert kinds == [(False, "ORGANIZATION"), (True, "ORGANIZATION")]
    assert lexical(bot, "Quill", BEN) == {f"Visit of {ZORA}", "Fees"}


def test_half_a_masked_name_becomes_one_value(bot: ComplianceBot) -> None:
    bot.ingest_loader([letter("# Half\n\nJo Brown-Quill paid.", "Half", "half.md")], collection="letters")
    half = document(bot, "Half")
    assert texts(bot)["Half"].endswith("<PERSON_1>-Quill paid.")
    bot.mark(half, "Jo Brown-Quill", entity_type="PERSON", reason=WHY, principal=RITA)
    assert texts(bot)["Half"].endswith("\n\n<PERSON_2> paid.")
    assert [one.values for one in bot.reveal(half, principal=RITA)] == [("Jo Brown-Quill",)]


def test_who_does_not_see_a_value_cannot_find_it_out_by_marking(bot: ComplianceBot) -> None:
    visit = document(bot, f"Visit of {ZORA}")
    for guess in ("Jo Brown", "Jo Black"):
        with pytest.raises(UsageError, match="do not stand in this document"):
            bot.mark(visit, guess, entity_type="PERSON", reason=WHY, principal=RON)
    with pytest.raises(UsageError, match="in the clear"):  # who sees it is told
        bot.mark(visit, "Jo Brown", entity_type="PERSON", reason=WHY, principal=RITA)


@pytest.mark.parametrize("who", [ANA, BEN, OLGA, RON])
def test_words_are_given_back_by_those_alone_who_may_reclassify_and_see(bot: ComplianceBot, who: Principal) -> None:
    visit, before = document(bot, f"Visit of {ZORA}"), texts(bot)
    refusals = []
    for where, which in ((visit, "<PERSON_1>"), (visit, "<PERSON_99>"), ("0" * 32, "<PERSON_1>")):
        with pytest.raises(Refused) as refused:
            bot.unmark(where, which, reason=WHY, principal=who)
        refusals.append((type(refused.value), str(refused.value)))
    assert len(set(refusals)) == 1
    assert texts(bot) == before


def test_a_document_that_may_not_be_read_is_corrected_by_nobody_who_names_it(bot: ComplianceBot) -> None:
    matter = document(bot, "Matter")
    for where in (matter, "0" * 32):
        with pytest.raises(Refused) as refused:
            bot.mark(where, ZORA, entity_type="PERSON", reason=WHY, principal=RITA)
        assert "matter" not in str(refused.value).lower()


@pytest.mark.parametrize(
    ("words", "type_", "match"),
    [
        ("Nobody Known", "PERSON", "do not stand"),
        ("", "PERSON", "at least"),
        ("a", "PERSON", "at least"),
        ("<PERSON_1>", "PERSON", "masked already"),
        (ZORA, "NAME", "no type 'NAME'; known: .*PERSON"),
        ((5, 4), "PERSON", "START:END"),
        ((0, 10_000), "PERSON", "START:END"),
        ("Quil", "PERSON", "whole words"),
        ("x" * 300, "PERSON", "at most"),
    ],
)
def test_what_cannot_be_marked_is_said_and_changes_nothing(
    bot: ComplianceBot, words: Any, type_: str, match: str
) -> None:
    before = texts(bot)
    with pytest.raises(UsageError, match=match):
        bot.mark(document(bot, f"Visit of {ZORA}"), words, entity_type=type_, reason=WHY, principal=RITA)
    assert (texts(bot), bot.corrections(principal=ADMIN)) == (before, ())


def test_places_are_those_of_the_text_that_the_officer_gets(bot: ComplianceBot) -> None:
    visit = document(bot, f"Visit of {ZORA}")
    text = bot.document(visit, principal=RITA).text or ""
    at = text.index("ZORA QUILL")
    assert bot.mark(visit, (at, at + 10), entity_type="PERSON", reason=WHY, principal=RITA).versions == 1
    # As it was marked: in capitals alone.
    assert texts(bot)[f"Visit of {ZORA}"].count("<PERSON_2>") == 1


def test_the_record_says_what_was_revised_and_holds_no_value(bot: ComplianceBot) -> None:
    before = {one.sha256 for d in bot.documents(principal=ADMIN) for one in bot.history(d.document, principal=ADMIN)}
    done = bot.mark(
        document(bot, "Fees"), ZORA, entity_type="PERSON", reason=f"{ZORA} and Jo Brown are people", principal=RITA
    )
    shown = bot.record(done.record, principal=EVE)
    assert shown.payload["reason"] == "<PERSON> and <PERSON> are people"
    revised = shown.payload["revised"]
    assert len(revised) == 2  # the matter's is not told
    assert {old for *_, old, _ in revised} <= before
    now = {d.document: bot.history(d.document, principal=ADMIN)[0].sha256 for d in bot.documents(principal=ADMIN)}
    assert all(now[document_] == new for document_, _, _, _, new in revised)
    assert "Quill" not in str(shown)
    kept = rows(bot, "SELECT revision, encode(replaced_sha256, 'hex'), record::text FROM version_revision")
    assert len(kept) == 3
    assert {(1, done.record)} == {(revision, record) for revision, _, record in kept}


def test_answers_from_before_are_shown_without_what_was_marked_since(bot: ComplianceBot) -> None:
    before = bot.ask("What did the firm pay for fees?", principal=BEN)
    assert ZORA in before.answer
    bot.mark(document(bot, "Fees"), ZORA, entity_type="PERSON", reason=WHY, principal=RITA)
    (again,) = bot.still_readable([before], principal=BEN)
    assert ZORA not in str((again.answer, again.sentences, again.citations))
    assert "Quill" not in str(bot.record(before.record, principal=ADMIN).payload)


@pytest.mark.parametrize("who", [ANA, BEN])
def test_an_answer_that_is_being_made_is_made_anew(
    bot: ComplianceBot, monkeypatch: pytest.MonkeyPatch, who: Principal
) -> None:
    times: list[int] = []
    original = answering.conclude

    def conclude(*given: Any, **named: Any) -> Answer:
        times.append(1)
        if len(times) == 1:
            bot.mark(document(bot, "Fees"), ZORA, entity_type="PERSON", reason=WHY, principal=RITA)
        return original(*given, **named)

    monkeypatch.setattr(answering, "conclude", conclude)
    answer = bot.ask("What did the firm pay for fees?", principal=who)
    assert (len(times), answer.revealed) == (2, {"PERSON": 1} if who is ANA else {})
    assert ("Quill" in answer.answer) is (who is ANA)


def test_documents_that_were_masked_before_a_correction_and_stored_after_it_have_it(
    bot: ComplianceBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    times: list[int] = []
    original = Shelf.put

    def put(shelf: Shelf, ready: Any) -> Any:
        times.append(1)
        if len(times) == 1:
            fees = document(bot, "Fees")
            thread = threading.Thread(
                target=lambda: bot.mark(fees, ZORA, entity_type="PERSON", reason=WHY, principal=RITA)
            )
            thread.start()
            thread.join(60)
        return original(shelf, ready)

    monkeypatch.setattr(Shelf, "put", put)
    report = bot.ingest_loader([letter(f"# Late\n\n{ZORA} came.", "Late", "late.md")], collection="notes")
    assert (report.ingested, len(times)) == (1, 2)
    assert texts(bot)["Late"].endswith("<PERSON_1> came.")


def test_two_officers_at_once_both_come_to_their_end(bot: ComplianceBot) -> None:
    visit = document(bot, f"Visit of {ZORA}")
    fails: list[Exception] = []

    def act(words: str, type_: str) -> None:
        try:
            bot.mark(visit, words, entity_type=type_, reason=WHY, principal=RITA)
        except Exception as error:  # noqa: BLE001  # told below
            fails.append(error)

    threads = [threading.Thread(target=act, args=one) for one in ((ZORA, "PERSON"), ("She signs", "ORGANIZATION"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert fails == []
    assert bot.document(visit, principal=ADMIN, reveal=False).text == (
        "Visit\n\n<PERSON_2> asked <PERSON_1> about fees. <PERSON_2> paid them.\n\n"
        "Duties of <PERSON_2>\n\n<ORGANIZATION_1>."
    )


def test_who_begins_while_another_corrects_looks_at_what_comes_of_it(
    bot: ComplianceBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit = document(bot, f"Visit of {ZORA}")
    at_work, looking, done = threading.Event(), threading.Event(), threading.Event()
    draw, note = correcting.draw_version, vault.add_erasure

    def slow_note(*given: Any) -> None:
        if not at_work.is_set():
            at_work.set()
            looking.wait(1)  # the other one cannot look yet
        note(*given)

    def late_draw(*given: Any) -> Any:
        if threading.current_thread() is second:
            looking.set()
            assert done.wait(30)
        return draw(*given)

    def mark(words: str) -> None:
        bot.mark(visit, words, entity_type="ORGANIZATION", reason=WHY, principal=RITA)

    def first_mark() -> None:
        mark(ZORA)
        done.set()

    first, second = threading.Thread(target=first_mark), threading.Thread(target=mark, args=["She signs"])
    monkeypatch.setattr(vault, "add_erasure", slow_note)
    monkeypatch.setattr(correcting, "draw_version", late_draw)
    first.start()
    assert at_work.wait(30)
    second.start()
    for thread in (first, second):
        thread.join(60)
    assert len(bot.corrections(principal=ADMIN)) == 2


def test_erasing_who_was_marked_forgets_the_label_too(bot: ComplianceBot) -> None:
    bot.mark(document(bot, "Fees"), ZORA, entity_type="PERSON", reason=WHY, principal=RITA)
    assert bot.erase(ZORA, reason=WHY, principal=OLGA).documents == 2
    assert rows(bot, "SELECT 1 FROM vault_correction") == []
    assert lexical(bot, ZORA, ANA) == set()


def test_what_is_restricted_stays_so_and_is_not_given_back(bot: ComplianceBot) -> None:
    with_tags = {"tags": ["litigation"]}
    bot.ingest_loader(
        [letter(f"# Held\n\nJo Brown met {ZORA}.", "Held", "held.md")], collection="letters", attributes=with_tags
    )
    assert bot.erase("Jo Brown", reason=WHY, principal=OLGA).restricted == 1
    held = document(bot, "Held")
    with pytest.raises(Refused):
        bot.unmark(held, "<PERSON_1>", reason=WHY, principal=RITA)
    bot.mark(held, ZORA, entity_type="PERSON", reason=WHY, principal=RITA)
    assert texts(bot)["Held"].endswith("<PERSON_1> met <PERSON_2>.")
    assert [one.placeholder for one in bot.reveal(held, principal=RITA)] == ["<PERSON_2>"]
    assert rows(bot, "SELECT count(*) FROM vault_binding WHERE is_restricted") == [(1,)]


def test_what_was_marked_in_a_confirmed_stretch_is_measured_as_missed(bot: ComplianceBot) -> None:
    visit = document(bot, f"Visit of {ZORA}")
    text = bot.document(visit, principal=RITA).text or ""
    bot.confirm_redaction(visit, 0, len(text), principal=RITA)  # somebody who overlooks her
    bot.measure_redaction(principal=RITA)
    assert _measured(bot) == {"PERSON": (1, 1)}
    bot.mark(visit, ZORA, entity_type="ORGANIZATION", reason=WHY, principal=RITA)
    bot.measure_redaction(principal=RITA)
    assert _measured(bot) == {"PERSON": (1, 1), "ORGANIZATION": (3, 0)}
    (stretch,) = rows(bot, "SELECT start_at, end_at FROM redaction_review")
    assert stretch == (0, len(bot.document(visit, principal=ADMIN, reveal=False).text or ""))


def _measured(bot: ComplianceBot) -> dict[str, tuple[int, int]]:
    """Return for each type how many values are labelled, and how many of them would be masked."""
    figures = bot.redaction_quality(principal=RITA).figures
    return {one.type: (one.counts.gold, one.counts.covered) for one in figures if one.type and not one.language}


def test_labels_get_the_new_key_too_and_the_old_one_can_be_discarded(bot: ComplianceBot) -> None:
    bot.mark(document(bot, "Fees"), ZORA, entity_type="PERSON", reason=WHY, principal=RITA)
    bot.rotate_vault_key(principal=ADMIN)
    bot.discard_vault_key(1, principal=ADMIN)
    bot.ingest_loader([letter(f"# Later\n\n{ZORA} came.", "Later", "later.md")], collection="notes")
    assert texts(bot)["Later"].endswith("<PERSON_1> came.")


def test_without_the_key_no_question_is_masked_by_half(bot: ComplianceBot) -> None:
    bot.mark(document(bot, "Fees"), ZORA, entity_type="PERSON", reason=WHY, principal=RITA)
    folder = bot.settings.home / "keys" / "vault"
    for path in folder.iterdir():
        path.rename(path.with_suffix(".away"))
    from compliance_bot.bot import ComplianceBot as Bot

    with Bot.open(bot.settings.home) as other:
        other.detector, other.embedder = bot.detector, bot.embedder
        with pytest.raises(VaultKeyMissing):
            other.ask("Who paid?", principal=BEN, reveal=False)


def test_a_correction_that_breaks_off_leaves_nothing_behind(
    bot: ComplianceBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = (
        texts(bot),
        rows(bot, "SELECT * FROM chunk ORDER BY id"),
        rows(bot, "SELECT * FROM vault_binding ORDER BY 2, 3, 4"),
    )
    monkeypatch.setattr("compliance_bot.store.vault.add_erasure", _fail)
    with pytest.raises(ZeroDivisionError):
        bot.mark(document(bot, "Fees"), ZORA, entity_type="PERSON", reason=WHY, principal=RITA)
    monkeypatch.undo()
    after = (
        texts(bot),
        rows(bot, "SELECT * FROM chunk ORDER BY id"),
        rows(bot, "SELECT * FROM vault_binding ORDER BY 2, 3, 4"),
    )
    assert before == after
    assert bot.corrections(principal=ADMIN) == ()


def _fail(*_: object) -> None:
    raise ZeroDivisionError
