"""Group commit: what several threads want written at the same moment is written in one transaction.

Whoever comes while nobody writes takes along all that wait by then; the others wait for what became of theirs. Nobody
waits for company: a thread that is alone writes at once. What is written, and how, is not known here.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

T = TypeVar("T")

_MOST_AT_ONCE = 64


class LeaderInterrupted(Exception):
    """Whoever wrote for others too was interrupted: it is not known whether it was written."""


class _Place(Generic[T]):
    """Where a thread stands and waits to be called: for it is its turn to lead, or all is done."""

    __slots__ = ("_call", "error", "item", "leads")

    def __init__(self, item: T) -> None:
        self.item = item
        self.leads = False
        self.error: Exception | None = None
        self._call = threading.Lock()
        self._call.acquire()

    def wait(self) -> None:
        self._call.acquire()

    def call(self) -> None:
        self._call.release()


class GroupCommit(Generic[T]):
    """Lets threads share transactions."""

    def __init__(self, write: Callable[[Sequence[T]], None]) -> None:
        """`write` makes all it is given durable, or raises an error; one thread at a time runs it."""
        self._write = write
        self._waiting: deque[_Place[T]] = deque()
        self._is_led = False
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
            place.wait()
            if place.leads:
                self._lead(place)
        finally:
            self._leave(place)
        return place.error

    def _lead(self, leader: _Place[T]) -> None:
        """Write the leader's own and what waits, and tell everybody what became of it."""
        with self._lock:
            others = [self._waiting.popleft() for _ in range(min(len(self._waiting), _MOST_AT_ONCE - 1))]
        error: Exception | None = LeaderInterrupted()
        try:
            self._write([leader.item, *(place.item for place in others)])
            error = None
        except Exception as raised:  # noqa: BLE001  # each of them is told
            error = raised
        finally:
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
