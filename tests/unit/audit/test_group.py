"""Group commit: what waits is written together, everybody learns what became of theirs, and nobody waits for good."""

from __future__ import annotations

import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from compliance_bot.audit.group import GroupCommit, LeaderInterrupted, _Place

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def until(holds: Callable[[], bool]) -> None:
    for _ in range(2000):
        if holds():
            return
        time.sleep(0.005)
    raise AssertionError("this did not come about")


class Gate:
    """Writes what it is given as soon as it is let; keeps the groups."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []
        self.opened = threading.Event()
        self.errors: list[BaseException] = []
        self.group = GroupCommit(self.write)

    def write(self, items: Sequence[int]) -> None:
        assert self.opened.wait(10)
        self.groups.append(list(items))
        if self.errors:
            raise self.errors.pop(0)

    def wait_for(self, count: int) -> None:
        until(lambda: len(self.group._waiting) == count)


def test_one_that_is_alone_is_written_at_once() -> None:
    gate = Gate()
    gate.opened.set()
    assert [gate.group.add(n) for n in range(3)] == [None, None, None]
    assert gate.groups == [[0], [1], [2]]


def test_what_comes_while_one_writes_is_written_together_in_its_order() -> None:
    gate = Gate()
    with ThreadPoolExecutor(8) as pool:
        added = [pool.submit(gate.group.add, 0)]
        for n in range(1, 8):
            gate.wait_for(n - 1)
            added.append(pool.submit(gate.group.add, n))
        gate.wait_for(7)
        gate.opened.set()
        assert [one.result(10) for one in added] == [None] * 8
    assert gate.groups == [[0], [1, 2, 3, 4, 5, 6, 7]]


def test_a_group_has_a_most() -> None:
    gate = Gate()
    with ThreadPoolExecutor(100) as pool:
        added = [pool.submit(gate.group.add, n) for n in range(100)]
        gate.wait_for(99)
        gate.opened.set()
        assert all(one.result(10) is None for one in added)
    assert [len(group) for group in gate.groups] == [1, 64, 35]


def test_one_thread_at_a_time_writes() -> None:
    at_work = 0

    def write(items: Sequence[int]) -> None:
        nonlocal at_work
        at_work += 1
        assert at_work == 1
        time.sleep(0.001)
        at_work -= 1

    group = GroupCommit(write)
    with ThreadPoolExecutor(16) as pool:
        assert set(pool.map(group.add, range(400))) == {None}


def test_all_of_a_group_learn_of_its_error_and_the_next_goes_on() -> None:
    gate, broken = Gate(), OSError("the disk is full")
    gate.errors = [broken]
    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(gate.group.add, 0)
        until(lambda: gate.group._is_led)
        others = [pool.submit(gate.group.add, n) for n in (1, 2, 3)]
        gate.wait_for(3)
        gate.opened.set()
        assert first.result(10) is broken
        assert [one.result(10) for one in others] == [None] * 3
    gate.errors = [broken]
    assert gate.group.add(4) is broken
    assert gate.group.add(5) is None


def test_who_leads_and_is_interrupted_leaves_nobody_behind() -> None:
    gate = Gate()
    gate.errors = [KeyboardInterrupt(), KeyboardInterrupt()]
    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(gate.group.add, 0)
        until(lambda: gate.group._is_led)
        others = [pool.submit(gate.group.add, n) for n in (1, 2, 3)]
        gate.wait_for(3)
        gate.opened.set()
        with pytest.raises(KeyboardInterrupt):
            first.result(10)
        ends = [one.exception(10) or one.result() for one in others]
    assert sorted(type(end).__name__ for end in ends) == ["KeyboardInterrupt", "LeaderInterrupted", "LeaderInterrupted"]
    assert gate.group.add(4) is None
    assert isinstance(next(end for end in ends if isinstance(end, LeaderInterrupted)), Exception)


@pytest.mark.parametrize("is_called", [False, True])
def test_who_waits_and_is_interrupted_leaves_nobody_behind(is_called: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = Gate()
    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(gate.group.add, 0)
        until(lambda: gate.group._is_led)
        waits = "compliance_bot.audit.group._Place.wait"
        asked, interrupted = threading.Event(), threading.Event()

        def be_interrupted(place: object, timeout_s: float = -1) -> None:
            asked.set()
            interrupted.wait(10)
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(waits, be_interrupted)
            second = pool.submit(gate.group.add, 1)
            assert asked.wait(10)
        third = pool.submit(gate.group.add, 2)
        gate.wait_for(2)
        if is_called:  # it is to lead when it is interrupted
            gate.opened.set()
            assert first.result(10) is None
        interrupted.set()
        with pytest.raises(KeyboardInterrupt):
            second.result(10)
        gate.opened.set()
        assert third.result(10) is None
    assert gate.groups == [[0], [2]]


class TestCompany:
    """Those of a group often come again together."""

    @pytest.fixture
    def gate(self) -> Gate:
        """Return a gate whose last group was of three, and whose next leader is patient."""
        gate = Gate()
        with ThreadPoolExecutor(4) as pool:
            added = [pool.submit(gate.group.add, 0)]
            until(lambda: gate.group._is_led)
            added += [pool.submit(gate.group.add, n) for n in (1, 2, 3)]
            gate.wait_for(3)
            gate.opened.set()
            assert [one.result(10) for one in added] == [None] * 4
        assert [len(group) for group in gate.groups] == [1, 3]
        gate.groups.clear()
        gate.group._patience_s = 10
        return gate

    def test_as_many_are_waited_for(self, gate: Gate) -> None:
        with ThreadPoolExecutor(3) as pool:
            added = [pool.submit(gate.group.add, 4)]
            until(lambda: gate.group._gathers is not None)
            for n in (5, 6):
                assert gate.groups == []
                added.append(pool.submit(gate.group.add, n))
                time.sleep(0.02)
            assert [one.result(5) for one in added] == [None] * 3
        assert gate.groups == [[4, 5, 6]]

    def test_not_longer_than_the_last_group_took_nor_than_a_millisecond(self, gate: Gate) -> None:
        gate.group._patience_s = 0.05
        began = time.perf_counter()
        assert gate.group.add(4) is None
        assert 0.05 <= time.perf_counter() - began < 5
        taken = [gate.group._patience_s]
        for n in range(10, 15):
            gate.group.add(n)
            taken.append(gate.group._patience_s)
        assert min(taken) < 0.001, "a group takes less, unless the machine does something else meanwhile"
        gate.opened.clear()
        with ThreadPoolExecutor(1) as pool:
            slow = pool.submit(gate.group.add, 5)
            time.sleep(0.02)
            gate.opened.set()
            assert slow.result(10) is None
        assert gate.group._patience_s == 0.001

    def test_once_alone_nobody_is_waited_for(self, gate: Gate) -> None:
        gate.group._patience_s = 0.05
        gate.group.add(4)
        gate.group._patience_s = 10
        began = time.perf_counter()
        gate.group.add(5)
        assert time.perf_counter() - began < 5
        assert gate.groups == [[4], [5]]

    def test_who_waits_for_others_and_is_interrupted_leaves_nobody_behind(
        self, gate: Gate, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        wait = _Place.wait

        def be_interrupted(place: _Place[int], timeout_s: float = -1) -> None:
            if timeout_s > 0:
                raise KeyboardInterrupt
            wait(place)

        with ThreadPoolExecutor(1) as pool:
            with monkeypatch.context() as patch:
                patch.setattr(_Place, "wait", be_interrupted)
                with pytest.raises(KeyboardInterrupt):
                    pool.submit(gate.group.add, 4).result(10)
            gate.group._patience_s = 0.01
            assert pool.submit(gate.group.add, 5).result(10) is None
        assert gate.groups == [[5]]


def test_each_is_written_once_whatever_fails() -> None:
    written: list[int] = []
    random_ = random.Random(7)

    def write(items: Sequence[int]) -> None:
        time.sleep(random_.random() / 2000)
        if random_.random() < 0.3:
            raise OSError
        written.extend(items)

    group = GroupCommit(write)

    def add(n: int) -> int | None:
        return n if group.add(n) is None else None

    with ThreadPoolExecutor(12) as pool:
        told = [n for n in pool.map(add, range(1500)) if n is not None]
    assert sorted(written) == told
    assert 0 < len(told) < 1500
