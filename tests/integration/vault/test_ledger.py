"""The quality ledger, counted by hand: what a detector misses on confirmed stretches, for whom, and what got worse."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from compliance_bot.chains import measuring
from compliance_bot.errors import Refused, UsageError
from compliance_bot.redaction.scoring import Counts
from compliance_bot.redaction.spans import DetectionFailed
from compliance_bot.store.scope import everything_open
from compliance_bot.testing import FailingDetector, ListedDetector

from .homes import ADMIN, ANA, BEN, EVE, OLGA, PEOPLE, home, letter

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from compliance_bot.bot import ComplianceBot
    from compliance_bot.chains.ledger import Quality
    from compliance_bot.records import Principal

# Three names and a card are masked, and confirmed.
VISIT = "Jo Brown and Maria Lopez met Maria Schmidt on Friday. They paid with 4111 1111 1111 1111."
# Today's detector: one name found, one missed, one with too little of it; a weekday for a name; the card.
TODAY = {
    "Maria Lopez": "PERSON",
    "Maria": "PERSON",
    "Friday": "PERSON",
    "4111 1111 1111 1111": "CREDIT_CARD",
}


@pytest.fixture(scope="module")
def shared() -> Iterator[ComplianceBot]:
    with home() as opened:
        yield opened


@pytest.fixture
def bot(shared: ComplianceBot) -> ComplianceBot:
    """Return a home with one document, of which nothing is confirmed."""
    for one in shared.documents(principal=ADMIN):
        shared.delete(one.document, principal=ADMIN)
    mask_with(shared, PEOPLE)
    add(shared, VISIT, "A visit")
    return shared


def mask_with(bot: ComplianceBot, values: Mapping[str, str]) -> None:
    """Let documents that come in be masked by what finds these values, and be measured with it."""
    bot.__dict__.pop("parts", None)
    bot.detector = ListedDetector(values)


def of(bot: ComplianceBot, title: str) -> str:
    (document,) = (one.document for one in bot.documents(principal=ADMIN, reveal=False) if one.title == title)
    return document


def confirm(bot: ComplianceBot, title: str, who: Principal | str = OLGA, language: str | None = None) -> None:
    document = of(bot, title)
    text = bot.document(document, principal=who).text or ""
    bot.confirm_redaction(document, 0, len(text), principal=who, language=language)


def add(bot: ComplianceBot, text: str, title: str, **attributes: object) -> None:
    report = bot.ingest_loader([letter(text, title, f"{title}.md")], collection="letters", attributes=attributes)
    assert report.ingested == 1


def figures(ledger: Quality) -> dict[tuple[str, str], tuple[int, int, int, int, int]]:
    """Return labels, covered, strict, found and right by type and language."""
    return {(one.type, one.language): counts(one.counts) for one in ledger.figures}


def counts(one: Counts) -> tuple[int, int, int, int, int]:
    return one.gold, one.covered, one.strict, one.found, one.right


def rows(bot: ComplianceBot, table: str) -> int:
    with bot.parts.database.reading() as snapshot, everything_open(snapshot):
        return int(snapshot.connection.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0])


class TestFigures:
    def test_a_missed_a_wrong_and_a_right_mask_are_counted_as_by_hand(self, bot: ComplianceBot) -> None:
        confirm(bot, "A visit")
        bot.detector = ListedDetector(TODAY)
        done = bot.measure_redaction(principal=OLGA)
        assert (done.stretches, done.labels, done.covered, done.unseen, done.failed) == (1, 4, 2, 0, 0)
        ledger = bot.redaction_quality(principal=OLGA)
        assert figures(ledger) == {
            ("", ""): (4, 2, 2, 4, 2),
            ("CREDIT_CARD", ""): (1, 1, 1, 1, 1),
            ("PERSON", ""): (3, 1, 1, 3, 1),
        }
        person = ledger.figures[-1].counts.spans
        recall, precision = person["covering_recall"].measure(), person["precision"].measure()
        assert recall.value == precision.value == pytest.approx(1 / 3)
        assert (recall.low, recall.high) == (pytest.approx(0.0615, abs=1e-4), pytest.approx(0.7923, abs=1e-4))

    def test_only_what_is_confirmed_counts(self, bot: ComplianceBot) -> None:
        document = of(bot, "A visit")
        text = bot.document(document, principal=OLGA).text or ""
        bot.confirm_redaction(document, text.index("They"), len(text), principal=OLGA)
        bot.detector = ListedDetector(TODAY)
        bot.measure_redaction(principal=OLGA)
        assert figures(bot.redaction_quality(principal=OLGA)) == {
            ("", ""): (1, 1, 1, 1, 1),
            ("CREDIT_CARD", ""): (1, 1, 1, 1, 1),
        }

    def test_the_detector_reads_the_whole_source_below_its_title(self, bot: ComplianceBot) -> None:
        document = of(bot, "A visit")
        text = bot.document(document, principal=OLGA).text or ""
        bot.confirm_redaction(document, text.index("They"), len(text), principal=OLGA)
        read: list[str] = []

        class Reading(ListedDetector):
            def detect(self, text: str):  # type: ignore[no-untyped-def]
                read.append(text)
                return super().detect(text)

        bot.detector = Reading(TODAY)
        bot.measure_redaction(principal=OLGA)
        assert read[0] == f"A visit\n\n{VISIT}"

    def test_types_and_languages_have_figures_of_their_own(self, bot: ComplianceBot) -> None:
        add(bot, "Jo Brown und Maria Schmidt kamen.", "Besuch")
        confirm(bot, "A visit", language="en")
        confirm(bot, "Besuch", language="de")
        bot.detector = ListedDetector(TODAY)
        bot.measure_redaction(principal=OLGA)
        found = figures(bot.redaction_quality(principal=OLGA))
        assert found["PERSON", "de"] == (2, 0, 0, 1, 0)
        assert found["PERSON", "en"] == (3, 1, 1, 3, 1)
        assert found["PERSON", ""] == (5, 1, 1, 4, 1)
        assert found["", "de"] == (2, 0, 0, 1, 0)

    def test_a_type_that_nobody_reviewed_is_named_and_has_no_figure(self, bot: ComplianceBot) -> None:
        add(bot, "Write to maria.lopez@mail.example.", "Addresses")
        confirm(bot, "A visit")
        bot.measure_redaction(principal=OLGA)
        ledger = bot.redaction_quality(principal=OLGA)
        assert ledger.unlabelled == ("EMAIL_ADDRESS",)
        assert "EMAIL_ADDRESS" not in {one.type for one in ledger.figures}

    def test_a_stretch_without_personal_data_is_measured_too(self, bot: ComplianceBot) -> None:
        add(bot, "A transfer costs nine crowns.", "Tariff")
        confirm(bot, "Tariff")
        assert bot.measure_redaction(principal=OLGA).stretches == 1
        ledger = bot.redaction_quality(principal=OLGA)
        assert (ledger.confirmed, ledger.unmeasured, ledger.figures) == (1, 0, ())
        assert ledger.unlabelled == ("CREDIT_CARD", "PERSON")

    def test_with_nothing_confirmed_there_is_no_figure_and_nothing_to_measure(self, bot: ComplianceBot) -> None:
        ledger = bot.redaction_quality(principal=OLGA)
        assert (ledger.confirmed, ledger.figures, ledger.history, ledger.drift) == (0, (), (), None)
        assert ledger.unlabelled == ("CREDIT_CARD", "PERSON")
        with pytest.raises(UsageError, match="nothing to measure by"):
            bot.measure_redaction(principal=OLGA)

    def test_an_old_version_stays_a_label_when_its_document_is_replaced(self, bot: ComplianceBot) -> None:
        confirm(bot, "A visit")
        add(bot, "Nobody came.", "A visit")
        assert bot.measure_redaction(principal=OLGA).labels == 4


class TestWhoMay:
    def test_what_may_not_be_read_is_in_no_figure(self, bot: ComplianceBot) -> None:
        add(bot, "Maria Schmidt is an insider.", "Heron", matter="heron")
        confirm(bot, "A visit")
        confirm(bot, "Heron", ADMIN)
        assert bot.measure_redaction(principal=ADMIN).labels == 5
        olga, admin = bot.redaction_quality(principal=OLGA), bot.redaction_quality(principal=ADMIN)
        assert (olga.confirmed, olga.history[0].reviews, olga.history[0].counts.gold) == (1, 1, 4)
        assert (admin.confirmed, admin.history[0].reviews, admin.history[0].counts.gold) == (2, 2, 5)
        assert figures(olga)["PERSON", ""][0] == 3
        assert figures(admin)["PERSON", ""][0] == 4

    def test_a_run_that_looked_only_elsewhere_is_not_there(self, bot: ComplianceBot) -> None:
        confirm(bot, "A visit")
        bot.measure_redaction(principal=OLGA)
        before = bot.redaction_quality(principal=OLGA)
        add(bot, "Maria Schmidt is an insider.", "Heron", matter="heron")
        confirm(bot, "Heron", ADMIN)
        bot.set_attributes(of(bot, "A visit"), {"matter": "owl"}, principal=ADMIN)
        bot.measure_redaction(principal=ADMIN)
        assert bot.redaction_quality(principal=OLGA).history == ()
        bot.set_attributes(of(bot, "A visit"), {}, ["matter"], principal=ADMIN)
        assert bot.redaction_quality(principal=OLGA).history[-1:] == before.history

    def test_a_version_with_a_hidden_value_is_left_out_and_told(self, bot: ComplianceBot) -> None:
        add(bot, "Jo Brown came.", "Note")
        confirm(bot, "A visit")
        confirm(bot, "Note", ANA)
        done = bot.measure_redaction(principal=ANA)  # who sees no card number
        assert (done.stretches, done.unseen, done.labels) == (1, 1, 1)
        ledger = bot.redaction_quality(principal=ANA)
        assert (ledger.confirmed, ledger.unmeasured) == (2, 1)

    def test_who_sees_no_value_or_acts_as_another_measures_nothing(self, bot: ComplianceBot) -> None:
        confirm(bot, "A visit")
        before = rows(bot, "redaction_measure")
        with pytest.raises(UsageError):
            bot.measure_redaction(principal=BEN)
        with pytest.raises(Refused):
            bot.measure_redaction(principal=replace(OLGA, actor="root"))
        assert rows(bot, "redaction_measure") == before

    def test_each_act_is_on_record_without_anything_personal(self, bot: ComplianceBot) -> None:
        confirm(bot, "A visit")
        done = bot.measure_redaction(principal=OLGA)
        bot.redaction_quality(principal=OLGA)
        listed = {one.type: one for one in reversed(bot.records(principal=EVE))}
        assert listed["privacy.measure"].record == done.record
        shown = bot.record(done.record, principal=ADMIN)
        assert shown.envelope["public"]["measured"] == {
            "detector": done.detector, "stretches": 1, "unseen": 0, "failed": 0,
        }  # fmt: skip
        told = str([bot.record(listed[name].record, principal=ADMIN) for name in listed if name.startswith("privacy.")])
        assert "Brown" not in told
        assert "4111 1111" not in told


class TestDrift:
    def test_a_worse_detector_is_told_for_the_type_that_it_misses_and_for_no_other(self, bot: ComplianceBot) -> None:
        names = [f"Ann Berg{chr(97 + n)}" for n in range(12)]
        better = dict.fromkeys(names, "PERSON") | {"4111 1111 1111 1111": "CREDIT_CARD"}
        mask_with(bot, better)
        add(bot, " ".join(f"{name} paid with 4111 1111 1111 1111." for name in names), "Many")
        confirm(bot, "Many")
        bot.measure_redaction(principal=OLGA)
        assert bot.redaction_quality(principal=OLGA).drift is None
        bot.detector = ListedDetector({name: kind for name, kind in better.items() if name not in names[:6]})
        bot.measure_redaction(principal=OLGA)
        bot.measure_redaction(principal=OLGA)  # the same again: it is compared with the last other one
        drift = bot.redaction_quality(principal=OLGA).drift
        assert drift is not None
        assert drift.stretches == 1
        assert {(one.type, one.figure) for one in drift.worse} == {
            ("PERSON", "covering_recall"), ("PERSON", "strict_recall"),
            ("", "covering_recall"), ("", "strict_recall"),
        }  # fmt: skip
        (recall,) = (one for one in drift.worse if (one.type, one.figure) == ("PERSON", "covering_recall"))
        assert (recall.before.hits, recall.after.hits, recall.after.of) == (12, 6, 12)
        assert recall.by.value == -0.5
        assert len(bot.redaction_quality(principal=OLGA).history) == 3

    def test_one_lost_of_few_is_told_and_called_chance(self, bot: ComplianceBot) -> None:
        confirm(bot, "A visit")
        bot.measure_redaction(principal=OLGA)
        bot.detector = ListedDetector({**PEOPLE, "Jo Brown": "LOCATION"})
        bot.measure_redaction(principal=OLGA)
        drift = bot.redaction_quality(principal=OLGA).drift
        assert drift is not None
        assert drift.worse == ()
        assert [one.by.value for one in drift.changes if (one.type, one.figure) == ("PERSON", "covering_recall")] == [
            pytest.approx(-1 / 3)
        ]

    def test_runs_are_compared_on_the_stretches_that_both_looked_at(self, bot: ComplianceBot) -> None:
        confirm(bot, "A visit")
        bot.measure_redaction(principal=OLGA)
        add(bot, "Jo Brown came. Maria Lopez went.", "Note")
        confirm(bot, "Note")
        bot.detector = ListedDetector({"Maria Lopez": "PERSON"})
        bot.measure_redaction(principal=OLGA)
        ledger = bot.redaction_quality(principal=OLGA)
        assert ledger.drift is not None
        (recall,) = (one for one in ledger.drift.changes if (one.type, one.figure) == ("PERSON", "strict_recall"))
        assert (recall.before.of, recall.after.of, recall.after.hits) == (3, 3, 1)
        assert figures(ledger)["PERSON", ""][:3] == (5, 2, 2)

    def test_a_changed_label_is_no_drift_of_the_detector(self, bot: ComplianceBot) -> None:
        confirm(bot, "A visit")
        bot.measure_redaction(principal=OLGA)
        bot.erase("Jo Brown", reason="a request", principal=OLGA)
        bot.detector = ListedDetector({})
        assert bot.measure_redaction(principal=OLGA).labels == 3
        assert bot.redaction_quality(principal=OLGA).drift is None

    def test_another_profile_is_another_way_of_looking(self, bot: ComplianceBot) -> None:
        confirm(bot, "A visit")
        bot.measure_redaction(principal=OLGA)
        assignment = bot.settings.home / "policies" / "redaction.yaml"
        before = assignment.read_text(encoding="utf-8")
        try:
            assignment.write_text("default: minimal\ncollections: {letters: pci-dss}\n", encoding="utf-8")
            os.utime(assignment, (time.time() - 50,) * 2)  # as somebody who left it alone for a while
            bot.measure_redaction(principal=OLGA)
        finally:
            assignment.write_text(before, encoding="utf-8")
            os.utime(assignment, (time.time() - 40,) * 2)
        drift = bot.redaction_quality(principal=OLGA).drift
        assert drift is not None
        changed = {one.type for one in drift.changes if one.figure == "covering_recall" and one.before != one.after}
        assert drift.profiles == ("minimal",)
        assert "CREDIT_CARD" not in changed


class TestWhatGoes:
    def test_a_deleted_document_takes_its_figures_away(self, bot: ComplianceBot) -> None:
        confirm(bot, "A visit")
        bot.measure_redaction(principal=OLGA)
        bot.delete(of(bot, "A visit"), principal=ADMIN)
        assert (rows(bot, "redaction_review"), rows(bot, "redaction_score")) == (0, 0)
        ledger = bot.redaction_quality(principal=ADMIN)
        assert (ledger.confirmed, ledger.history, ledger.figures) == (0, (), ())

    def test_an_erased_person_is_no_label_any_more(self, bot: ComplianceBot) -> None:
        confirm(bot, "A visit")
        bot.erase("Maria Lopez", reason="a request", principal=OLGA)
        assert bot.measure_redaction(principal=OLGA).labels == 3
        bot.detector = ListedDetector(TODAY)
        bot.measure_redaction(principal=OLGA)
        # Maria Schmidt in part, Friday; what stands where the erased name stood is nothing to be found.
        assert figures(bot.redaction_quality(principal=OLGA))["PERSON", ""] == (2, 0, 0, 2, 0)

    def test_what_is_forgotten_while_it_is_measured_is_left_out(
        self, bot: ComplianceBot, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        add(bot, "Jo Brown came.", "Note")
        confirm(bot, "A visit")
        confirm(bot, "Note")
        real = measuring.detected

        def meanwhile(*given: object) -> object:
            if "Note" in {one.title for one in bot.documents(principal=ADMIN)}:
                bot.delete(of(bot, "Note"), principal=ADMIN)
            return real(*given)  # type: ignore[arg-type]

        monkeypatch.setattr(measuring, "detected", meanwhile)
        assert bot.measure_redaction(principal=OLGA).stretches == 1
        assert rows(bot, "redaction_score") == 1

    def test_a_detector_that_cannot_tell_leaves_its_stretches_out(self, bot: ComplianceBot) -> None:
        confirm(bot, "A visit")
        bot.detector = FailingDetector()
        with pytest.raises(UsageError):
            bot.measure_redaction(principal=OLGA)

        class FailsAtCards(ListedDetector):
            def detect(self, text: str):  # type: ignore[no-untyped-def]
                if "4111" in text:
                    raise DetectionFailed
                return super().detect(text)

        add(bot, "Jo Brown came.", "Note")
        confirm(bot, "Note")
        bot.detector = FailsAtCards(PEOPLE)
        done = bot.measure_redaction(principal=OLGA)
        assert (done.stretches, done.failed) == (1, 1)

    def test_a_run_that_is_killed_leaves_nothing(self, bot: ComplianceBot) -> None:
        confirm(bot, "A visit")
        killed = f"""
import os, signal
from compliance_bot.bot import ComplianceBot
from compliance_bot.store import measures
from compliance_bot.testing import ListedDetector

def fall(query, scope):
    if "INSERT INTO redaction_score" in query:
        os.kill(os.getpid(), signal.SIGKILL)
    return query

measures.within = fall
with ComplianceBot.open({str(bot.settings.home)!r}) as bot:
    bot.detector = ListedDetector({{}})
    bot.measure_redaction(principal="admin")
"""
        before = rows(bot, "redaction_measure")
        ended = subprocess.run([sys.executable, "-c", killed], check=False, capture_output=True)
        assert ended.returncode == -signal.SIGKILL
        assert (rows(bot, "redaction_measure"), rows(bot, "redaction_score")) == (before, 0)
        assert bot.measure_redaction(principal=OLGA).stretches == 1

    def test_the_tables_hold_no_value_and_no_length_of_one(self, bot: ComplianceBot) -> None:
        names = ("Al Bo", "Maximiliane Oberbergmeister-Schmidthausen")
        mask_with(bot, dict.fromkeys(names, "PERSON"))
        for n, name in enumerate(names):
            add(bot, f"{name} came.", f"Note {n}")
            confirm(bot, f"Note {n}")
        bot.measure_redaction(principal=OLGA)
        with bot.parts.database.reading() as snapshot, everything_open(snapshot):
            kept = snapshot.connection.execute(
                """SELECT r.start_at, r.end_at, s.labelled, s.types, s.labels, s.strict, s.covered, s.found, s.correct
                   FROM redaction_review r JOIN redaction_score s ON s.review = r.record"""
            ).fetchall()
        assert len(kept) == 2
        assert len(set(map(str, kept))) == 1
