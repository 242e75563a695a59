"""Time stamps of a checkpoint, in a log and in an export of it: swapped, edited, taken away, or by somebody else."""

from __future__ import annotations

import shutil
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

from compliance_bot.audit.bundle.form import MAX_TIMESTAMPS, BundleMalformed
from compliance_bot.audit.bundle.write import write_export
from compliance_bot.audit.note import parse_note
from compliance_bot.audit.source import Timestamp
from compliance_bot.audit.verify.asked import Asked
from compliance_bot.audit.verify.findings import Kind, Verdict
from compliance_bot.audit.verify.log import verify_log
from compliance_bot.audit.verify.report import Report, Unchecked, report_lines
from compliance_bot.witness.timestamp import timestamp_opener
from tests.audit_exports import kinds, verified, vouch
from tests.audit_logs import MadeLog, MadeSource, signing_key
from tests.timestamp_authority import NOW, Authority

AUTHORITY = Authority()
NAME = "timestamps/tsa.tsr"


@pytest.fixture(scope="module")
def log() -> MadeLog:
    return MadeLog().fill(3)


@pytest.fixture
def export(log: MadeLog, tmp_path: Path) -> Path:
    path = tmp_path / "export"
    write_export(stamped(log), path, signing_key(1))
    return path


def stamp(note: bytes, authority: Authority = AUTHORITY, **told: Any) -> bytes:
    """Return what an authority answers for the text of a note."""
    text = parse_note(note).text.encode()
    request = TimestampRequestBuilder().data(text).hash_algorithm(HashAlgorithm.SHA256).build()
    return authority.answer(request.as_bytes(), **told)


def stamped(log: MadeLog, *responses: bytes) -> MadeSource:
    """Return a log whose checkpoint has these stamps; one by the authority that is trusted, if none is given."""
    named = zip(("tsa", "other"), responses or [stamp(log.checkpoint())], strict=False)
    return log.source(stamps=tuple(Timestamp(witness=name, response=response) for name, response in named))


def check(source: MadeSource, *trusted: Authority) -> Report:
    opens = timestamp_opener([authority.root for authority in trusted or (AUTHORITY,)])
    return verify_log(source, Asked(keys=(source.log.verifier,), jobs=1, opens_timestamp=opens))


def check_export(path: Path, log: MadeLog, **asked: Any) -> Report:
    return verified(path, log.verifier, **{"opens_timestamp": timestamp_opener([AUTHORITY.root]), **asked})


def test_a_stamp_tells_when_the_checkpoint_was_there(log: MadeLog, export: Path) -> None:
    for report in (check(stamped(log)), check_export(export, log)):
        assert (report.verdict, [(one.witness, one.at) for one in report.stamped]) == (Verdict.INTACT, [("tsa", NOW)])
        assert Unchecked.TIMESTAMP not in report.unchecked
        assert "The checkpoint was there at 2026-03-03T12:00:05Z, by time stamp tsa" in list(report_lines(report))


def test_stamps_that_nobody_can_open_are_told_as_not_checked(log: MadeLog, export: Path) -> None:
    report = check_export(export, log, opens_timestamp=None)
    assert (report.verdict, report.stamped) == (Verdict.INTACT, ())
    assert Unchecked.TIMESTAMP in report.unchecked


def test_an_export_without_stamps_has_no_folder_for_them_and_is_intact(log: MadeLog, tmp_path: Path) -> None:
    write_export(log.source(), tmp_path / "export", signing_key(1))
    assert not (tmp_path / "export" / "timestamps").exists()
    report = check_export(tmp_path / "export", log, opens_timestamp=None)
    assert (report.verdict, Unchecked.TIMESTAMP in report.unchecked) == (Verdict.INTACT, False)
    assert kinds(check_export(tmp_path / "export", log)) == {Kind.NO_TIMESTAMP}
    assert check_export(tmp_path / "export", log).verdict is Verdict.INCOMPLETE


def test_an_archive_has_them_too(log: MadeLog, tmp_path: Path) -> None:
    write_export(stamped(log), tmp_path / "export.zip", signing_key(1))
    assert len(check_export(tmp_path / "export.zip", log).stamped) == 1


def test_the_stamp_of_another_checkpoint_is_a_fault_though_the_log_vouches_for_it(log: MadeLog, export: Path) -> None:
    (export / NAME).write_bytes(stamp(log.checkpoint(2)))
    assert kinds(check_export(export, log, opens_timestamp=None)) == {Kind.FILE}
    vouch(export, signing_key(1))
    assert check_export(export, log, opens_timestamp=None).faults == ()
    report = check_export(export, log)
    assert kinds(report) == {Kind.TIMESTAMP, Kind.NO_TIMESTAMP}
    assert report.verdict is Verdict.TAMPERED


@pytest.mark.parametrize(
    "change", [lambda der: der.replace(b"120005Z", b"120006Z"), lambda der: der[:-1], lambda _: b""]
)
def test_a_stamp_that_was_edited_is_a_fault_though_the_log_vouches_for_it(
    change: Any, log: MadeLog, export: Path
) -> None:
    (export / NAME).write_bytes(change((export / NAME).read_bytes()))
    assert Kind.FILE in kinds(check_export(export, log))
    vouch(export, signing_key(1))
    assert Kind.TIMESTAMP in kinds(check_export(export, log))


def test_a_stamp_that_was_taken_out_is_missing(log: MadeLog, export: Path) -> None:
    (export / NAME).unlink()
    assert kinds(check_export(export, log, opens_timestamp=None)) == {Kind.NOT_THERE}
    vouch(export, signing_key(1))
    assert kinds(check_export(export, log)) == {Kind.NO_TIMESTAMP}


def test_a_stamp_that_was_slipped_in_is_not_listed(log: MadeLog, export: Path) -> None:
    shutil.copy(export / NAME, export / "timestamps" / "two.tsr")
    assert kinds(check_export(export, log)) == {Kind.FILE}


def test_more_stamps_than_there_can_be_are_no_export(log: MadeLog, export: Path) -> None:
    for number in range(MAX_TIMESTAMPS):
        shutil.copy(export / NAME, export / "timestamps" / f"{number}.tsr")
    vouch(export, signing_key(1))
    assert kinds(check_export(export, log, opens_timestamp=None)) == {Kind.FORM}


def test_a_stamp_by_an_authority_that_the_auditor_does_not_name_counts_for_nothing(log: MadeLog) -> None:
    other = Authority(name="Another")
    both = stamped(log, stamp(log.checkpoint()), stamp(log.checkpoint(), other))
    assert [one.witness for one in check(both).stamped] == ["tsa"]
    assert [one.witness for one in check(both, AUTHORITY, other).stamped] == ["tsa", "other"]
    report = check(stamped(log), other)
    assert (report.verdict, kinds(report)) == (Verdict.INCOMPLETE, {Kind.NO_TIMESTAMP})


def test_one_over_another_text_is_a_fault_whoever_made_it(log: MadeLog) -> None:
    wrong = stamp(log.checkpoint(2), Authority(name="Another"))
    assert Kind.TIMESTAMP in kinds(check(stamped(log, stamp(log.checkpoint()), wrong)))


def test_one_under_the_name_of_the_authority_and_another_key_is_a_fault(log: MadeLog) -> None:
    assert Kind.TIMESTAMP in kinds(check(stamped(log, stamp(log.checkpoint(), Authority()))))


def test_no_record_is_younger_than_the_stamp(log: MadeLog) -> None:
    early = stamp(log.checkpoint(), at=NOW - timedelta(minutes=6))
    assert kinds(check(stamped(log, early))) == {Kind.AFTER_WITNESS}


def test_a_stamp_whose_name_no_file_may_have_is_not_written(log: MadeLog, tmp_path: Path) -> None:
    """It comes from the database, and would lead out of the export."""
    source = log.source(stamps=(Timestamp(witness="../../up", response=b""),))
    with pytest.raises(BundleMalformed):
        write_export(source, tmp_path / "export", signing_key(1))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl")
def test_openssl_verifies_it_with_what_is_in_the_export(export: Path, tmp_path: Path) -> None:
    """As the how-to says: nothing of this program is needed for it."""
    (tmp_path / "text").write_bytes((export / "checkpoint").read_bytes().partition(b"\n\n")[0] + b"\n")
    (tmp_path / "ca.pem").write_bytes(AUTHORITY.root.public_bytes(Encoding.PEM))
    command = ["openssl", "ts", "-verify", "-data", "text", "-in", str(export / NAME), "-CAfile", "ca.pem"]
    at = str(int(NOW.timestamp()))  # the certificates of the test are valid for one day
    done = subprocess.run(
        [*command, "-attime", at], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60
    )
    assert "Verification: OK" in done.stdout + done.stderr, done.stderr
