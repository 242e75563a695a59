"""Group commit: what several threads want written at the same moment is written in one transaction.

Whoever comes while nobody writes takes along all that wait by then; the others wait for what became of theirs. Those of
a group are done at the same moment and often come again together: so the next leader waits for as many, not longer than
the last group took and never longer than a millisecond. Who is alone waits for nobody. What is written, and how, is not
known here.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

T = TypeVar("T")

_MOST_AT_ONCE = 64
_MOST_PATIENCE_S = 0.001


class LeaderInterrupted(Exception):
    """Whoever wrote for others too was interrupted: it is not known whether it was written."""


class _Place(Generic[T]):
    """Where a thread stands and waits to be called: to lead, because all have come, or because all is done."""

    __slots__ = ("_call", "error", "item", "leads")

    def __init__(self, item: T) -> None:
        self.item = item
        self.leads = False
        self.error: Exception | None = None
        self._call = threading.Lock()
        self._call.acquire()

    def wait(self, timeout_s: float = -1) -> None:
        self._call.acquire(timeout=timeout_s)

    def call(self) -> None:
        self._call.release()


class GroupCommit(Generic[T]):
    """Lets threads share transactions."""

    def __init__(self, write: Callable[[Sequence[T]], None]) -> None:
        """`write` makes all it is given durable, or raises an error; one thread at a time runs it."""
        self._write = write
        self._waiting: deque[_Place[T]] = deque()
        self._is_led = False
        self._gathers: _Place[T] | None = None  # the leader, while it waits for others
        self._company, self._patience_s = 1, 0.0  # how many the last group was of, and for how long to wait for as many
        self._lock = threading.Lock()

    def add(self, item: T) -> Exception | None:
        """Return None once the item is durable, else what the group that it was in ended with.

        Do not call it with locks held that `write` waits for.
        """
        place = _Place(item)
        try:
            with self._lock:
                self._waiting.append(place)
                self._call_next()
                if self._gathers is not None and self._is_gathered():
                    self._gathers.call()
                    self._gathers = None
            place.wait()
            if place.leads:
                self._gather(place)
                self._lead(place)
        finally:
            self._leave(place)
        return place.error

    def _gather(self, leader: _Place[T]) -> None:
        """Wait a moment for as many as were in the last group."""
        with self._lock:
            if self._is_gathered():
                return
            self._gathers = leader
        try:
            leader.wait(self._patience_s)
        finally:
            with self._lock:
                self._gathers = None

    def _is_gathered(self) -> bool:
        return len(self._waiting) + 1 >= self._company

    def _lead(self, leader: _Place[T]) -> None:
        """Write the leader's own and what waits, and tell everybody what became of it."""
        with self._lock:
            others = [self._waiting.popleft() for _ in range(min(len(self._waiting), _MOST_AT_ONCE - 1))]
        began = time.perf_counter()
        error: Exception | None = LeaderInterrupted()
        try:
            self._write([leader.item, *(place.item for place in others)])
            error = None
        except Exception as raised:  # noqa: BLE001  # each of them is told
            error = raised
        finally:
            self._company, self._patience_s = 1 + len(others), min(time.perf_counter() - began, _MOST_PATIENCE_S)
            leader.error = error
            for place in others:
                place.error = error
                place.call()

    def _leave(self, place: _Place[T]) -> None:
        """Let nobody wait for this thread: not even where it was interrupted."""
        with self._lock:
            if place in self._waiting:
                self._waiting.remove(place)
            if place.leads:
                self._is_led = False
                self._call_next()

    def _call_next(self) -> None:
        """Let whoever waits longest lead, if nobody does. The caller holds the lock."""
        if self._waiting and not self._is_led:
            leader = self._waiting.popleft()
            self._is_led = leader.leads = True
            leader.call()
