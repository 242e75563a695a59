"""Several processes show what one shows, in the same order, and the one that asks does its part."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from compliance_bot.audit.bundle.line import Line
from compliance_bot.audit.bundle.manifest import Content
from compliance_bot.audit.bundle.selection import EVERYTHING
from compliance_bot.audit.verify.processes import _AHEAD, examined
from compliance_bot.audit.verify.records import Rules

if TYPE_CHECKING:
    from collections.abc import Iterator

RULES = Rules(selection=EVERYTHING, content=Content.NONE, opens_content=False, longest_act_s=1)
BATCHES = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """A batch of one leaf, out of place, that notes by whom it was read."""

    folder: Path
    first: int
    count: int = 1

    def lines(self) -> Iterator[Line]:
        (self.folder / str(self.first)).write_text(json.dumps(os.getpid()), encoding="ascii")
        yield Line(index=self.first, leaf=b"another")

    def leaf_hashes(self) -> Iterator[bytes]:
        yield b"leaf"


@pytest.mark.parametrize("jobs", [1, 2, 3])
def test_each_batch_is_examined_once_and_told_in_order(tmp_path: Path, jobs: int) -> None:
    shown = list(examined((Noted(folder=tmp_path, first=first) for first in range(BATCHES)), RULES, jobs))
    assert [one.faults[0].index for one in shown] == list(range(BATCHES))
    readers = {json.loads(note.read_text(encoding="ascii")) for note in tmp_path.iterdir()}
    assert len(list(tmp_path.iterdir())) == BATCHES
    assert os.getpid() in readers
    assert len(readers) <= jobs
    assert len(readers) > 1 or jobs == 1


def test_of_two_batches_each_process_examines_one(tmp_path: Path) -> None:
    for _ in examined((Noted(folder=tmp_path, first=first) for first in range(2)), RULES, 2):
        pass
    first, second = (json.loads((tmp_path / name).read_text(encoding="ascii")) for name in "01")
    assert first != second == os.getpid()


def test_no_more_batches_are_taken_than_wait(tmp_path: Path) -> None:
    taken = 0

    def batches() -> Iterator[Noted]:
        nonlocal taken
        for first in range(10 * BATCHES):
            taken += 1
            yield Noted(folder=tmp_path, first=first)

    for told, _ in enumerate(examined(batches(), RULES, 2)):
        assert taken - told <= _AHEAD * 2 + 2
