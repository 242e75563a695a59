"""Several processes show what one shows, in the same order, and the one that asks does its part."""

from __future__ import annotations

import json
import os
import pickle
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

from compliance_bot.audit.bundle.line import Line
from compliance_bot.audit.bundle.manifest import Content
from compliance_bot.audit.bundle.selection import EVERYTHING
from compliance_bot.audit.verify.processes import _AHEAD, examined
from compliance_bot.audit.verify.records import Rules
from compliance_bot.audit.verify.worker import _START

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
    readers = _readers(tmp_path)
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


def test_the_program_that_asks_is_not_run_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    notes = tmp_path / "notes"
    notes.mkdir()
    script = tmp_path / "script.py"
    script.write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\nraise SystemExit('run again')\n", encoding="ascii")
    main = ModuleType("__main__")
    main.__file__ = str(script)
    monkeypatch.setitem(sys.modules, "__main__", main)
    shown = list(examined((Noted(folder=notes, first=first) for first in range(BATCHES)), RULES, 2))
    assert len(shown) == BATCHES
    assert len(_readers(notes)) == 2
    assert not (tmp_path / "ran").exists()


def test_processes_are_gone_once_all_is_told(tmp_path: Path) -> None:
    list(examined((Noted(folder=tmp_path, first=first) for first in range(BATCHES)), RULES, 3))
    for process in _readers(tmp_path) - {os.getpid()}:
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Killed(Noted):
    """A batch that kills whoever reads it, but for the process that asks."""

    asker: int

    def lines(self) -> Iterator[Line]:
        if os.getpid() != self.asker:
            os.kill(os.getpid(), signal.SIGKILL)
        return Noted.lines(self)


def test_what_a_killed_process_was_to_examine_is_examined(tmp_path: Path) -> None:
    batches = (Killed(folder=tmp_path, first=first, asker=os.getpid()) for first in range(BATCHES))
    shown = list(examined(batches, RULES, 2))
    assert [one.faults[0].index for one in shown] == list(range(BATCHES))
    assert _readers(tmp_path) == {os.getpid()}


@pytest.mark.parametrize("missing", [1, 200, None], ids=["a byte", "much", "all of it"])
def test_where_whoever_asked_was_killed_a_process_ends_quietly(tmp_path: Path, missing: int | None) -> None:
    asked = pickle.dumps((Noted(folder=tmp_path, first=0), RULES))
    sent = pickle.dumps(sys.path) + asked + (asked[:-missing] if missing else b"")
    ended = subprocess.run(
        [sys.executable, "-I", "-c", _START], input=sent, capture_output=True, check=False, timeout=60
    )
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert pickle.loads(ended.stdout).faults[0].index == 0
    assert len(_readers(tmp_path)) == 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable(Noted):
    """A batch that ends with an error that says who ran into it."""

    def lines(self) -> Iterator[Line]:
        raise ZeroDivisionError(os.getpid())


def test_an_error_in_another_process_is_raised_where_the_batch_was_asked_for(tmp_path: Path) -> None:
    batches = [Unreadable(folder=tmp_path, first=0), Noted(folder=tmp_path, first=1)]
    with pytest.raises(ZeroDivisionError, match=str(os.getpid())):
        list(examined(iter(batches), RULES, 2))


@pytest.mark.parametrize("python", ["", "/nowhere/python", "/bin/true"])
def test_without_a_python_to_start_everything_is_examined_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, python: str
) -> None:
    monkeypatch.setattr(sys, "executable", python)
    shown = list(examined((Noted(folder=tmp_path, first=first) for first in range(BATCHES)), RULES, 2))
    assert [one.faults[0].index for one in shown] == list(range(BATCHES))
    assert _readers(tmp_path) == {os.getpid()}


def _readers(folder: Path) -> set[int]:
    return {json.loads(note.read_text(encoding="ascii")) for note in folder.iterdir()}
