"""Collections are masked under their profiles, from the file to the record; what cannot be looked into is refused."""

from __future__ import annotations

import os
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from compliance_bot.chains.filing import MaskedLess
from compliance_bot.records import Principal
from compliance_bot.redaction.profiles import bundled_profiles
from compliance_bot.redaction.spans import DetectionFailed, Span
from compliance_bot.testing import FailingDetector, ListedDetector, throw_away_bot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compliance_bot.bot import ComplianceBot

ADMIN = Principal(id="admin")
VALUES = {"Ana Lopez": "PERSON", "Fernmoor": "LOCATION", "Harbour Bank": "ORGANIZATION"}
LISTED = ListedDetector(VALUES)
LETTER = "# The Fernmoor letter\n\n## Ana Lopez\n\nAna Lopez of Fernmoor wrote to Harbour Bank about the yearly fee.\n"
PROFILES = "default: minimal\ncollections: {patients: hipaa, sites: places}\n"
PLACES = "name: places\ndescription: Names of places.\ntypes: [LOCATION]\n"


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder) / "home"


@pytest.fixture(scope="module")
def bot(home: Path) -> Iterator[ComplianceBot]:
    with throw_away_bot(home, detector=LISTED) as opened:
        say(home, PROFILES, places=PLACES)
        yield opened


def say(home: Path, assignment: str, **profiles: str) -> None:
    """Write redaction.yaml and profiles as somebody who left them alone for a while."""
    folder = home / "policies" / "redaction"
    folder.mkdir(exist_ok=True)
    written = {home / "policies" / "redaction.yaml": assignment}
    written |= {folder / f"{name}.yaml": text for name, text in profiles.items()}
    say.age_s -= 1  # type: ignore[attr-defined]  # each time another
    for path, text in written.items():
        path.write_text(text, encoding="utf-8")
        then = time.time() - say.age_s  # type: ignore[attr-defined]
        os.utime(path, (then, then))


say.age_s = 1000  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def letter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("documents") / "Ana Lopez.md"
    path.write_text(LETTER, encoding="utf-8")
    return path


def stored(bot: ComplianceBot, collection: str) -> tuple[str, str]:
    (document,) = [one for one in bot.documents(principal=ADMIN) if one.collection == collection]
    shown = bot.document(document.document, principal=ADMIN, reveal=False)
    return shown.title, shown.text or ""


def newest(bot: ComplianceBot, kind: str) -> dict[str, Any]:
    record = next(one for one in bot.records(principal=ADMIN, limit=50) if one.type == kind)
    return dict(bot.record(record.record, principal=ADMIN).envelope["public"])


@pytest.mark.parametrize(
    ("collection", "title", "text"),
    [
        (
            "patients",
            "The <LOCATION_1> letter",
            "<PERSON_1> of <LOCATION_1> wrote to <ORGANIZATION_1> about the yearly fee.",
        ),
        ("sites", "The <LOCATION_1> letter", "Ana Lopez of <LOCATION_1> wrote to Harbour Bank about the yearly fee."),
        ("minutes", "The Fernmoor letter", "<PERSON_1> of Fernmoor wrote to Harbour Bank about the yearly fee."),
    ],
)
def test_the_collection_decides_what_is_masked_in_text_title_and_headings(
    bot: ComplianceBot, letter: Path, collection: str, title: str, text: str
) -> None:
    assert bot.ingest([letter], collection=collection, principal=ADMIN).ingested == 1
    assert stored(bot, collection)[0] == title
    assert stored(bot, collection)[1].endswith(text)
    found = bot.search("yearly fee", principal=ADMIN, reveal=False)
    hits = [hit for hit in found if hit.passage.collection == collection]
    heading = "Ana Lopez" if collection == "sites" else "<PERSON_1>"
    assert [hit.heading for hit in hits] == [heading]
    profile = {"patients": "hipaa", "sites": "places", "minutes": "minimal"}[collection]
    assert newest(bot, "ingest.stored")["redaction"]["profile"] == profile


def test_records_name_the_profile_its_hash_and_the_detector(bot: ComplianceBot, letter: Path) -> None:
    bot.ingest([letter], collection="patients-on-record", principal=ADMIN)
    minimal = bundled_profiles()["minimal"]
    assert newest(bot, "ingest.stored")["redaction"] == {
        "profile": "minimal",
        "profile_sha256": minimal.sha256,
        "detector": LISTED.version,
    }
    bot.ask("What about the yearly fee?", principal=ADMIN)
    told = newest(bot, "answer")["redaction"]
    assert (told["profile"], told["detector"]) == ("hipaa+minimal+places", LISTED.version)
    bot.search("yearly fee", principal=ADMIN)
    assert newest(bot, "search")["redaction"] == told


def test_a_question_is_masked_under_all_profiles_in_force(bot: ComplianceBot) -> None:
    answer = bot.ask("Did Ana Lopez of Fernmoor pay Harbour Bank?", principal=ADMIN)
    record = bot.record(answer.record, principal=ADMIN)
    assert record.payload["question"] == "Did <PERSON_Q1> of <LOCATION_Q1> pay <ORGANIZATION_Q1>?"
    assert answer.redactions["ORGANIZATION"] >= 1


def test_the_same_file_is_taken_in_anew_when_its_profile_or_the_detector_is_another(
    bot: ComplianceBot, home: Path, letter: Path
) -> None:
    def again() -> tuple[int, int]:
        report = bot.ingest([letter], collection="changing", principal=ADMIN)
        return report.ingested, report.skipped

    assert again() == (1, 0)
    assert again() == (0, 1)
    say(home, "default: minimal\ncollections: {patients: hipaa, sites: places, changing: places}\n")
    assert again() == (1, 0)
    assert "Ana Lopez of <LOCATION_1>" in stored(bot, "changing")[1]
    assert again() == (0, 1)
    say(home, "default: minimal\ncollections: {patients: hipaa, changing: places}\n")  # nothing for this collection
    assert again() == (0, 1)
    (document,) = [one for one in bot.documents(principal=ADMIN) if one.collection == "changing"]
    assert document.versions == 2
    before = bot.parts
    bot.parts = replace(before, detector=ListedDetector({**VALUES, "yearly": "LOCATION"}))
    try:
        assert again() == (1, 0)
    finally:
        bot.parts = before
        say(home, PROFILES, places=PLACES)
    assert "the <LOCATION_2> fee" in stored(bot, "changing")[1]
    assert {one.version for one in bot.history(document.document, principal=ADMIN)} == {1, 2, 3}


def test_profiles_that_are_not_valid_never_come_into_force(bot: ComplianceBot, home: Path, letter: Path) -> None:
    for assignment, profile in (("default: hippa\n", PLACES), (PROFILES, PLACES.replace("LOCATION", "LOCATON"))):
        say(home, assignment, places=profile)
        try:
            bot.ingest([letter], collection="sites", principal=ADMIN)
            assert newest(bot, "policy.rejected")["error"] in ("UnknownProfile", "InvalidProfile")
            assert "<LOCATION_1>" in stored(bot, "sites")[1]
        finally:
            say(home, PROFILES, places=PLACES)
    assert bot.ingest([letter], collection="sites", principal=ADMIN).skipped == 1


def test_a_document_is_not_moved_to_where_more_of_it_would_be_masked(bot: ComplianceBot, letter: Path) -> None:
    bot.ingest([letter], collection="drafts", principal=ADMIN)
    (document,) = [one.document for one in bot.documents(principal=ADMIN) if one.collection == "drafts"]
    with pytest.raises(MaskedLess, match="'patients' has the redaction profile 'hipaa', which masks what 'minimal'"):
        bot.set_attributes(document, {"collection": "patients"}, principal=ADMIN)
    with pytest.raises(MaskedLess):
        bot.set_attributes_where({"collection": "drafts"}, {"collection": "patients"}, principal=ADMIN)
    assert bot.set_attributes(document, {"collection": "notes"}, principal=ADMIN).changed == (document,)


def test_a_document_in_which_nothing_can_be_looked_for_is_rejected_and_the_rest_goes_in(
    bot: ComplianceBot, tmp_path: Path
) -> None:
    class FailsAtTheLedger:
        def detect(self, text: str) -> tuple[Span, ...]:
            if "Ledger" in text:
                raise DetectionFailed("the detector failed; the text was refused")
            return LISTED.detect(text)

    (tmp_path / "ledger.md").write_text("# Ledger\n\nAna Lopez owes nothing.\n", encoding="utf-8")
    (tmp_path / "terms.md").write_text("# Terms\n\nAna Lopez wrote these.\n", encoding="utf-8")
    before = bot.parts
    bot.parts = replace(before, detector=FailsAtTheLedger())
    try:
        report = bot.ingest([tmp_path], collection="failing", principal=ADMIN)
    finally:
        bot.parts = before
    assert [(one.path, one.reason) for one in report.rejected] == [
        ("ledger.md", "the detector failed; the text was refused")
    ]
    assert stored(bot, "failing")[0] == "Terms"


def test_with_a_detector_that_fails_nothing_is_stored_and_no_question_is_answered(
    bot: ComplianceBot, letter: Path
) -> None:
    before = bot.parts
    bot.parts = replace(before, detector=FailingDetector())
    try:
        report = bot.ingest([letter], collection="never", principal=ADMIN)
        assert (report.ingested, len(report.rejected)) == (0, 1)
        with pytest.raises(DetectionFailed) as refusal:
            bot.ask("What about the yearly fee?", principal=ADMIN)
    finally:
        bot.parts = before
    assert refusal.value.exit_code == 3
    assert newest(bot, "answer")["error"] == "DetectionFailed"
    assert "never" not in {one.collection for one in bot.documents(principal=ADMIN)}
    record = next(one for one in bot.records(principal=ADMIN, limit=50) if one.type == "ingest")
    assert "Lopez" not in str(bot.record(record.record, principal=ADMIN).payload)


def test_quotes_stand_under_their_own_collections_profile(bot: ComplianceBot, tmp_path: Path) -> None:
    (tmp_path / "opening.md").write_text("# Opening\n\nThe branch in Fernmoor opens at nine.\n", encoding="utf-8")
    bot.ingest([tmp_path / "opening.md"], collection="branches", principal=ADMIN)
    # Another collection masks places; this one does not, and its sentences may say them.
    answer = bot.ask("When does the branch open?", principal=ADMIN)
    assert "The branch in Fernmoor opens at nine." in [sentence.text for sentence in answer.sentences]
