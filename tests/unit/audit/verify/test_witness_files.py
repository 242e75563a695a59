"""Files of checkpoints that witnesses kept, beside a log: what was rewritten, cut off or slipped in is named."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from compliance_bot.audit.checkpoint import Checkpoint, format_checkpoint
from compliance_bot.audit.kept import format_kept
from compliance_bot.audit.merkle import EMPTY_ROOT
from compliance_bot.audit.note import sign_note
from compliance_bot.audit.note_key import SignatureType
from compliance_bot.audit.source import Source
from compliance_bot.audit.verify import log as verify_log_module
from compliance_bot.audit.verify.asked import Asked
from compliance_bot.audit.verify.findings import Kind, Verdict
from compliance_bot.audit.verify.log import verify_log
from compliance_bot.audit.verify.report import Report, Unchecked
from compliance_bot.audit.verify.tree import Computed, compute
from compliance_bot.audit.verify.witness_files import NotAWitnessFile, open_witness_file
from tests.audit_logs import BEGIN, ORIGIN, MadeLog, signing_key

SIZES = (0, 2, 255, 256, 257, 300)


LOG = MadeLog().fill(700)


def made(count: int = 300) -> MadeLog:
    """Return one history at some size."""
    return MadeLog(records=LOG.records[:count])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path, log = tmp_path / "checkpoints.jsonl", made()
    path.write_bytes(b"".join(format_kept(1_700_000_000 + size, log.checkpoint(size)) for size in SIZES))
    return path


def check(log: MadeLog, *files: Path, source: dict[str, Any] | None = None, **asked: Any) -> Report:
    opened = tuple(map(open_witness_file, files))
    asked = {"keys": (log.verifier,), "jobs": 1, "witness_files": opened, **asked}
    return verify_log(log.source(**source or {}), Asked(**asked))


def only(report: Report) -> tuple[Kind, str, int]:
    (fault,) = report.faults
    return fault.kind, fault.message, fault.count


def append(file: Path, note: bytes) -> None:
    with file.open("ab") as lines:
        lines.write(format_kept(1, note))


def test_a_log_that_only_grew_agrees_with_every_checkpoint(file: Path) -> None:
    for count in (300, 700):
        report = check(made(count), file)
        assert report.verdict is Verdict.INTACT
        (compared,) = report.compared
        assert (compared.file, compared.checkpoints, compared.size) == (file.name, 6, 300)
        assert Unchecked.WITNESS not in report.unchecked
        assert (Unchecked.SINCE_WITNESS_FILE in report.unchecked) is (count == 700), "what came later nobody else saw"


def test_a_history_that_was_rewritten_disagrees_from_there_on(file: Path) -> None:
    """The log's own key signs the other history: nothing else tells."""
    other = made(256)
    other.write(writer="new", at=BEGIN + timedelta(hours=1))
    for _ in range(99):
        other.write(writer="new")
    assert check(other).verdict is Verdict.INTACT
    kind, message, count = only(check(other, file))
    assert (kind, count) == (Kind.REWRITTEN, 2)
    assert message.startswith("checkpoint 5 in checkpoints.jsonl")
    assert check(other, file).compared[0].size == 256


def test_a_log_that_was_cut_off_or_put_back_is_too_small(file: Path) -> None:
    kind, message, count = only(check(made(256), file))
    assert (kind, count) == (Kind.TRUNCATED, 2)
    assert message.startswith("checkpoint 5 ")


def test_a_checkpoint_of_another_log_is_named(file: Path) -> None:
    other = signing_key(1, name="compliance-bot/other")
    note = sign_note(format_checkpoint(Checkpoint(origin=other.name, size=300, root=EMPTY_ROOT)), other)
    append(file, note)
    assert only(check(made(), file)) == (
        Kind.WITNESS_FILE,
        "checkpoint 7 in checkpoints.jsonl and the log differ: it is of another log",
        1,
    )


def test_a_checkpoint_that_no_key_of_the_log_signed_is_named_and_does_not_make_others_wrong(file: Path) -> None:
    lines = file.read_bytes().splitlines(keepends=True)
    stranger = signing_key(8)
    forged = sign_note(format_checkpoint(Checkpoint(origin=ORIGIN, size=10**9, root=bytes(32))), stranger)
    file.write_bytes(b"".join([*lines[:2], format_kept(1, forged), *lines[2:]]))
    kind, message, count = only(check(made(), file))
    assert (kind, count) == (Kind.WITNESS_FILE, 1)
    assert message.startswith("checkpoint 3 ")
    assert "no key of this log signed it" in message


def test_a_checkpoint_that_was_edited_in_the_file_is_not_signed(file: Path) -> None:
    file.write_bytes(file.read_bytes().replace(rb"0f3c\n255\n", rb"0f3c\n254\n"))
    kind, message, _ = only(check(made(), file))
    assert kind is Kind.WITNESS_FILE
    assert message.startswith("checkpoint 3 ")


def test_a_checkpoint_that_goes_back_is_named(file: Path) -> None:
    append(file, made().checkpoint(5))
    kind, message, _ = only(check(made(), file))
    assert kind is Kind.WITNESS_FILE
    assert message.endswith("it is smaller than the one before")


@pytest.mark.parametrize(
    "change",
    [
        lambda line: b"no checkpoint\n",
        lambda line: b"[" * 100_000 + b"\n",
        lambda line: line.replace(b'"at":17', b'"at": 17'),
        lambda line: (
            json.dumps({**json.loads(line), "at": True}, sort_keys=True, separators=(",", ":")).encode() + b"\n"
        ),
    ],
)
def test_a_line_that_no_witness_writes_is_named(file: Path, change: Callable[[bytes], bytes]) -> None:
    first, *rest = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join([change(first), *rest]))
    kind, message, count = only(check(made(), file))
    assert (kind, count) == (Kind.WITNESS_FILE, 1)
    assert message.startswith("checkpoint 1 ")


def test_what_a_crash_left_of_the_last_line_is_passed_over(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-1])
    report = check(made(), file)
    assert (report.verdict, report.compared[0].size) == (Verdict.INTACT, 257)


def test_what_a_witness_adds_meanwhile_is_not_compared_with_an_older_tree(file: Path) -> None:
    opened = open_witness_file(file)
    append(file, made(400).checkpoint())
    assert check(made(), witness_files=(opened,)).verdict is Verdict.INTACT


@pytest.mark.parametrize("content", [b"", b"\n", b"nonsense\n", b'{"at":1,"note":"x","version":1}\n'])
def test_a_file_without_a_checkpoint_is_refused(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    with pytest.raises(NotAWitnessFile, match="no checkpoint in it"):
        open_witness_file(file)


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "absent"):
        with pytest.raises(NotAWitnessFile):
            open_witness_file(path)


def test_a_part_of_a_log_is_compared_as_the_whole_is(file: Path) -> None:
    """Its hashes are those of all leaves."""
    assert check(made(), file, source={"first": 7, "end": 9}).compared[0].checkpoints == 6
    assert Kind.TRUNCATED in {fault.kind for fault in check(made(200), file, source={"first": 7, "end": 9}).faults}


def test_without_a_key_nothing_is_compared_and_the_report_says_so(file: Path) -> None:
    report = check(made(200), file, keys=())
    assert [fault.kind for fault in report.faults] == [Kind.NO_KEY]
    assert (report.compared, Unchecked.WITNESS_FILE in report.unchecked) == ((), True)


class TestTheKeyChanged:
    """The file has checkpoints of before and after."""

    @pytest.fixture
    def log(self) -> MadeLog:
        log = MadeLog().fill(20)
        log.hand_over(signing_key(2))
        return log.fill(20)

    @pytest.fixture
    def file(self, tmp_path: Path, log: MadeLog) -> Path:
        path = tmp_path / "checkpoints.jsonl"
        old, new = log.keys
        notes = [log.checkpoint(10, [old]), log.handovers[0].note, log.checkpoint(30, [new])]
        path.write_bytes(b"".join(format_kept(1, note) for note in notes))
        return path

    def test_the_first_key_is_enough_for_all_of_them(self, log: MadeLog, file: Path) -> None:
        assert check(log, file).compared[0].checkpoints == 3

    def test_with_todays_key_alone_those_of_before_are_incomplete(self, log: MadeLog, file: Path) -> None:
        report = check(log, file, keys=(log.keys[1].verifier(SignatureType.ED25519),))
        assert report.verdict is Verdict.INCOMPLETE
        kind, message, count = only(report)
        assert (kind, count) == (Kind.NO_KEY, 1)
        assert "bring the keys from before too" in message
        assert report.compared[0].checkpoints == 2

    def test_the_old_key_signs_nothing_after_the_change(self, log: MadeLog, file: Path) -> None:
        append(file, log.checkpoint(35, [log.keys[0]]))
        kind, message, _ = only(check(log, file))
        assert (kind, message.startswith("checkpoint 4 ")) == (Kind.WITNESS_FILE, True)


def test_one_walk_over_the_leaves_serves_all_files(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    walks: list[int] = []

    def counted(source: Source, size: int, wanted: Any) -> Computed:
        walks.append(len(wanted))
        return compute(source, size, wanted)

    monkeypatch.setattr(verify_log_module, "compute", counted)
    again = file.with_name("again")
    again.write_bytes(file.read_bytes())
    assert len(check(made(), file, again).compared) == 2
    assert walks == [len(SIZES)]


def test_faults_of_two_files_are_counted_together_and_the_first_is_named(file: Path) -> None:
    again = file.with_name("again")
    again.write_bytes(file.read_bytes())
    _, message, count = only(check(made(256), file, again))
    assert (count, "checkpoints.jsonl" in message) == (4, True)
