"""Work done in several processes: in order, bounded, and refused when one of them dies."""

from __future__ import annotations

import os
import sys
import time
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

from compliance_bot.redaction.spans import DetectionFailed
from compliance_bot.redaction.workers import WorkerDied, Workers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def load() -> int:
    return 10


def refuse_to_load() -> int:
    raise DetectionFailed("the model file does not match")


def act(means: int, piece: int) -> int:
    """Return ten times the piece; even ones take a while, 66 dies, 77 fails with a secret, 88 refuses."""
    if piece == 66:
        os._exit(9)
    if piece == 77:
        raise ValueError("secret")
    if piece == 88:
        raise DetectionFailed("took too long")
    time.sleep(0 if piece % 2 else 0.01)
    return means * piece


def echo(_: int, piece: bytes) -> bytes:
    return piece


def place(piece: object) -> str:
    return f"lines {piece}"


def test_what_is_made_comes_back_in_order_and_no_more_is_taken_than_can_be_held() -> None:
    taken: list[int] = []

    def pieces() -> Iterator[int]:
        for n in range(60):
            taken.append(n)
            yield n

    with Workers[int, int](2, load=load, do=act, place=place) as pool:
        for n, made in enumerate(pool.each(pieces())):
            assert made == 10 * n
            assert len(taken) <= n + 12
        assert list(pool.each([])) == []
        assert list(pool.each([5])) == [50]


def test_the_program_that_runs_here_does_not_run_again_in_each_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "page.py"
    page.write_text("raise SystemExit('the page ran again')\n", encoding="utf-8")
    main = ModuleType("__main__")
    main.__file__ = str(page)
    monkeypatch.setitem(sys.modules, "__main__", main)
    with Workers[int, int](1, load=load, do=act, place=place) as pool:
        assert list(pool.each([1, 2])) == [10, 20]
    assert sys.modules["__main__"] is main


def test_pieces_larger_than_a_pipe_pass_both_ways() -> None:
    large = [bytes([n]) * 3_000_000 for n in range(4)]
    with Workers[bytes, bytes](2, load=load, do=echo, place=lambda _: "") as pool:
        assert list(pool.each(large)) == large


@pytest.mark.parametrize(
    ("piece", "message"),
    [
        (66, r"^a process did not finish lines 66: it ended$"),
        (77, r"^a process did not finish lines 77: ValueError$"),
        (88, r"^a process did not finish lines 88: took too long$"),
    ],
)
def test_a_process_that_fails_is_told_with_the_place_of_its_work(piece: int, message: str) -> None:
    done: list[int] = []
    with (
        Workers[int, int](2, load=load, do=act, place=place) as pool,
        pytest.raises(WorkerDied, match=message) as error,
    ):
        done.extend(pool.each([1, piece, 3, 5]))
    assert error.value.exit_code == 3
    assert done in ([], [10])


def test_a_process_that_cannot_begin_is_told() -> None:
    with (
        pytest.raises(WorkerDied, match="the model file does not match"),
        Workers[int, int](1, load=refuse_to_load, do=act, place=place) as pool,
    ):
        list(pool.each([1]))


def test_leaving_ends_the_processes_at_work() -> None:
    with Workers[int, int](2, load=load, do=act, place=place) as pool:
        processes = [worker._process for worker in pool._workers]
        next(pool.each(range(100)))
    assert not any(process.is_alive() for process in processes)
