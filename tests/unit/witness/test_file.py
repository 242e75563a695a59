"""A file of checkpoints: it takes what follows from its last one, and a crash cannot break it."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import stat
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from compliance_bot.audit.merkle import ProofError
from compliance_bot.audit.note_key import NoteError
from compliance_bot.witness.evidence import Filed
from compliance_bot.witness.faults import (
    WitnessAhead,
    WitnessDisputes,
    WitnessFileAltered,
    WitnessFileUnusable,
    WitnessForked,
)
from compliance_bot.witness.file import CheckpointFile, FileWitness
from tests.witnessed_log import MemoryLog

if TYPE_CHECKING:
    from multiprocessing.synchronize import Barrier

AT = 1_767_323_045


@pytest.fixture
def file(tmp_path: Path) -> CheckpointFile:
    return CheckpointFile(tmp_path / "checkpoints.jsonl", clock=lambda: AT + 0.9)


def fill(file: CheckpointFile, log: MemoryLog, *sizes: int) -> list[bytes]:
    for size in sizes:
        file.append(log.note(size), log.proving(size))
    return file.path.read_bytes().splitlines(keepends=True)


def test_checkpoints_come_back_in_order_and_the_last_by_itself(file: CheckpointFile) -> None:
    log = MemoryLog(20)
    fill(file, log, 0, 1, 7, 8, 20)
    kept = list(file.checkpoints())
    assert [one.checkpoint for one in kept] == [log.checkpoint(size) for size in (0, 1, 7, 8, 20)]
    assert [(one.at, one.note) for one in kept][-1] == (AT, log.note())
    assert file.last() == kept[-1]
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600


def test_where_there_is_no_file_there_is_no_checkpoint(file: CheckpointFile) -> None:
    assert file.last() is None
    assert list(file.checkpoints()) == []


def test_what_is_written_is_never_written_again(file: CheckpointFile) -> None:
    log = MemoryLog(9)
    before = b"".join(fill(file, log, 3, 5))
    after = b"".join(fill(file, log, 9))
    assert after.startswith(before)
    assert len(after) > len(before)


def test_the_same_checkpoint_again_is_seen_and_makes_no_line(file: CheckpointFile) -> None:
    log = MemoryLog(5)
    before = fill(file, log, 5)
    assert file.append(log.note(), log.prove) == AT
    assert fill(file, log) == before


@pytest.mark.parametrize(
    ("log", "fault"),
    [
        (MemoryLog(4), WitnessAhead),  # put back from an older copy
        (MemoryLog(6, rewritten_from=5), WitnessForked),
        (MemoryLog(9, rewritten_from=5), ProofError),
        (MemoryLog(9, origin="log.example/other"), WitnessDisputes),
    ],
    ids=["smaller", "other root", "rewritten and grown", "another log"],
)
def test_what_does_not_follow_is_disputed_and_leaves_the_file_as_it_was(
    file: CheckpointFile, log: MemoryLog, fault: type[Exception]
) -> None:
    before = fill(file, MemoryLog(6), 2, 6)
    with pytest.raises(fault):
        file.append(log.note(), log.prove)
    assert fill(file, log) == before


def test_a_proof_that_is_missing_or_of_another_place_is_refused(file: CheckpointFile) -> None:
    log = MemoryLog(9)
    before = fill(file, log, 6)
    for proof in ((), log.prove(5), log.prove(6)[:-1], (*log.prove(6), log.root_at(9))):
        with pytest.raises(ProofError):
            file.append(log.note(), lambda _, proof=proof: proof)  # type: ignore[misc]
    with pytest.raises(NoteError):
        file.append(b"no note", log.prove)
    assert fill(file, log) == before


def test_a_file_as_a_witness_tells_where_and_when_or_disputes(file: CheckpointFile) -> None:
    witness, log = FileWitness("share", file), MemoryLog(6)
    assert witness.witness(log.note(), log.prove) == Filed(path=file.path, at=AT)
    other = MemoryLog(9, rewritten_from=5)
    with pytest.raises(WitnessDisputes, match="no beginning of this one"):
        witness.witness(other.note(), other.prove)


def test_half_a_line_at_every_length_is_passed_over_and_cut_off(file: CheckpointFile) -> None:
    log = MemoryLog(9)
    whole, half = fill(file, log, 4, 9)
    for length in range(len(half)):
        file.path.write_bytes(whole + half[:length])
        last = file.last()
        assert last is not None
        assert last.checkpoint.size == 4
        assert fill(file, log, 9) == [whole, half]


def test_a_line_that_was_not_written_there_is_named(file: CheckpointFile) -> None:
    one, two, three = fill(file, MemoryLog(9), 2, 4, 9)
    fields = json.loads(two)
    for line in (
        b"\n", b"[]\n", b"\xff\n", two.replace(b'"version":1', b'"version":2'), two.replace(b":", b": ", 1),
        json.dumps({**fields, "at": True}, sort_keys=True, separators=(",", ":")).encode() + b"\n",
        json.dumps({**fields, "note": "x"}, sort_keys=True, separators=(",", ":")).encode() + b"\n",
    ):  # fmt: skip
        file.path.write_bytes(one + line + three)
        with pytest.raises(WitnessFileAltered, match="line 2 of the witness's file"):
            list(file.checkpoints())
        file.path.write_bytes(one + line)
        with pytest.raises(WitnessFileAltered, match="the last line"):
            file.append(MemoryLog(9).note(), MemoryLog(9).prove)


def test_a_place_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    log = MemoryLog(1)
    with pytest.raises(WitnessFileUnusable, match="No such file or directory"):
        CheckpointFile(tmp_path / "no" / "c.jsonl").append(log.note(), log.prove)
    with pytest.raises(WitnessFileUnusable, match="Is a directory"):
        CheckpointFile(tmp_path).last()


def test_what_the_disk_does_not_confirm_was_not_witnessed(
    file: CheckpointFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = fill(file, MemoryLog(9), 4)

    def broken(_: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("os.fsync", broken)
    with pytest.raises(WitnessFileUnusable, match="Input/output error"):
        file.append(MemoryLog(9).note(), MemoryLog(9).prove)
    monkeypatch.undo()
    assert file.path.read_bytes().splitlines(keepends=True) == before


def _append_all(path: str, together: Barrier) -> None:
    log, file = MemoryLog(60), CheckpointFile(Path(path))
    together.wait(60)
    for size in range(1, 61):
        try:
            file.append(log.note(size), log.proving(size))
        except WitnessAhead:  # the other was faster
            continue


def test_two_programs_at_once_make_one_history(file: CheckpointFile) -> None:
    context = multiprocessing.get_context("spawn")
    together = context.Barrier(2)
    programs = [context.Process(target=_append_all, args=(str(file.path), together)) for _ in range(2)]
    for program in programs:
        program.start()
    for program in programs:
        program.join(60)
        assert program.exitcode == 0
    sizes = [one.checkpoint.size for one in file.checkpoints()]
    assert sizes == sorted(set(sizes))
    assert sizes[-1] == 60


def _append_for_ever(path: str) -> None:
    log, file = MemoryLog(), CheckpointFile(Path(path))
    while True:
        log.grow(1)
        file.append(log.note(), log.prove)


def test_a_writer_that_is_killed_leaves_a_history_that_goes_on(file: CheckpointFile) -> None:
    context = multiprocessing.get_context("spawn")
    writer = context.Process(target=_append_for_ever, args=(str(file.path),))
    writer.start()
    while not file.path.exists() or file.path.stat().st_size < 5_000:
        assert writer.is_alive()
        time.sleep(0.01)
    assert writer.pid is not None
    os.kill(writer.pid, signal.SIGKILL)
    writer.join(60)
    last = file.last()
    assert last is not None
    log = MemoryLog(last.checkpoint.size + 5)
    file.append(log.note(), log.prove)
    assert all(log.root_at(one.checkpoint.size) == one.checkpoint.root for one in file.checkpoints())
