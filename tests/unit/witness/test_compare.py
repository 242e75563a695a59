"""A file of checkpoints beside a tree: what was rewritten, cut off or slipped in is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from compliance_bot.witness.compare import Difference, disagreements
from compliance_bot.witness.file import CheckpointFile
from tests.witnessed_log import LOG_KEY, STRANGER, MemoryLog


@pytest.fixture
def file(tmp_path: Path) -> CheckpointFile:
    file, log = CheckpointFile(tmp_path / "checkpoints.jsonl"), MemoryLog(12)
    for size in (2, 5, 9, 12):
        file.append(log.note(size), log.proving(size))
    return file


def differences(file: CheckpointFile, log: MemoryLog) -> list[tuple[int, Difference]]:
    found = disagreements(file.checkpoints(), log.checkpoint(), [LOG_KEY], log.root_at)
    return [(one.number, one.difference) for one in found]


def test_a_tree_that_only_grew_agrees_with_every_checkpoint(file: CheckpointFile) -> None:
    assert differences(file, MemoryLog(12)) == []
    assert differences(file, MemoryLog(40)) == []


def test_a_tree_that_was_rewritten_disagrees_from_there_on(file: CheckpointFile) -> None:
    assert differences(file, MemoryLog(40, rewritten_from=6)) == [
        (3, Difference.OTHER_ROOT),
        (4, Difference.OTHER_ROOT),
    ]


def test_a_tree_that_was_cut_off_or_put_back_is_too_small(file: CheckpointFile) -> None:
    assert differences(file, MemoryLog(10)) == [(4, Difference.TREE_IS_SMALLER)]


def test_another_log_is_not_this_one(file: CheckpointFile) -> None:
    assert {difference for _, difference in differences(file, MemoryLog(12, origin="other"))} == {Difference.OTHER_LOG}


def test_lines_that_somebody_else_wrote_are_named(file: CheckpointFile) -> None:
    """The file's own order keeps them out; somebody with an editor does not ask it."""
    log = MemoryLog(20)
    other = CheckpointFile(file.path.with_name("other"))
    other.append(log.note(7), log.proving(7))
    going_back = other.path.read_bytes()
    other.path.unlink()
    other.append(log.note(20, by=STRANGER), log.prove)
    with file.path.open("ab") as lines:
        lines.write(going_back + other.path.read_bytes())
    assert differences(file, log) == [(5, Difference.GOES_BACK), (6, Difference.NOT_SIGNED)]


def test_a_checkpoint_that_was_edited_in_the_file_is_not_signed(file: CheckpointFile) -> None:
    file.path.write_bytes(file.path.read_bytes().replace(rb"home\n5\n", rb"home\n4\n"))
    assert differences(file, MemoryLog(12)) == [(2, Difference.NOT_SIGNED)]
