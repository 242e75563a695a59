"""Lanes: in each, records stand one after another, so that one that is taken away leaves a gap.

A lane is a writer, a counter, and the leaf before. It is used by one thread at a time and moves on only after its
record is committed; after a failure it is given up and a new one begins. So writers do not wait for each other.
"""

from __future__ import annotations

import threading
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from compliance_bot.audit.canonical import Json

_MOST_HEADS = 300  # lanes that an envelope of at most 65,535 bytes has room for


@dataclass(slots=True)
class Lane:
    """Where a writer's next record will stand."""

    writer: str
    counter: int = 0
    previous: str = ""  # leaf hash of the lane's last record, hex

    def place(self) -> dict[str, Json]:
        """Return where the next record stands, as its envelope says it."""
        return {"writer": self.writer, "counter": self.counter, "previous": self.previous}

    def move_on(self, leaf_hash: bytes) -> None:
        """Let a record that is committed be the last."""
        self.counter += 1
        self.previous = leaf_hash.hex()


def new_lane() -> Lane:
    """Return a lane that has no record yet."""
    return Lane(writer=str(uuid.uuid4()))


class Lanes:
    """The lanes of one process. Safe to share between threads."""

    def __init__(self) -> None:
        self._free: list[Lane] = []
        self._lock = threading.Lock()

    def take(self) -> Lane:
        """Return a lane that nobody else uses; one that is not given back is given up."""
        with self._lock:
            return self._free.pop() if self._free else new_lane()

    def give_back(self, lane: Lane) -> None:
        """Let others use a lane whose last record is committed."""
        with self._lock:
            self._free.append(lane)

    def heads(self) -> list[Json]:
        """Return the lanes that are not in use: how many records, and the leaf of the last.

        Of very many the ones that were used last.
        """
        with self._lock:
            return [lane.place() for lane in self._free[-_MOST_HEADS:] if lane.counter]
