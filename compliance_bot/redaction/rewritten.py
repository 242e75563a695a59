"""A text made from another one, with the exact way back: what stands for what, in characters of the source.

Nothing is decided here. `normalise` and the readings of `views` say what is replaced by what.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class Swap(NamedTuple):
    """text[start:end] stands for `plain`, which may be nothing."""

    start: int
    end: int
    plain: str


def _numbers() -> array[int]:
    return array("q")  # a tenth of what tuples take: ten megabytes may have as many swaps


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewritten:
    """`text`, and its swaps in order: text[at:at + size] stands for the source's [begin, until).

    What no swap covers is one for one, counted from the swap before. A swap of an empty stretch of the source sets a
    border: what follows it comes from another place, and no value reaches over it.
    """

    text: str
    at: array[int] = field(default_factory=_numbers)
    size: array[int] = field(default_factory=_numbers)
    begin: array[int] = field(default_factory=_numbers)
    until: array[int] = field(default_factory=_numbers)

    def source(self, start: int, end: int) -> tuple[int, int]:
        """Return the source's [start, end) for a non-empty stretch of `text`.

        Characters left out inside the stretch belong to it, those around it do not. A swap belongs to it as a whole.
        """
        return self._source(start)[0], self._source(end - 1)[1]

    def is_changed(self, start: int, end: int) -> bool:
        """Say whether text[start:end] is in one piece in the source and differs from what stands there."""
        first = bisect_right(self.at, start) - 1
        if first < 0 or self.at[first] + self.size[first] <= start:
            first += 1
        last = bisect_left(self.at, end)
        inside = range(first, last)
        if any(self.begin[n] == self.until[n] for n in inside):
            return False
        return any(self.size[n] or self.at[n] > start for n in inside)

    def _source(self, index: int) -> tuple[int, int]:
        swap = bisect_right(self.at, index) - 1
        if swap < 0:
            return index, index + 1
        past = index - self.at[swap] - self.size[swap]
        if past < 0:
            return self.begin[swap], self.until[swap]
        return self.until[swap] + past, self.until[swap] + past + 1


class Rewriting:
    """Builds a `Rewritten` from left to right."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._length = 0
        self._at, self._size, self._begin, self._until = (_numbers() for _ in range(4))

    def keep(self, part: str) -> None:
        """Add what is the same in the source, and follows there on what was added last."""
        self._parts.append(part)
        self._length += len(part)

    def swap(self, swap: Swap) -> None:
        """Add what stands for a stretch of the source."""
        self._at.append(self._length)
        self._size.append(len(swap.plain))
        self._begin.append(swap.start)
        self._until.append(swap.end)
        self.keep(swap.plain)

    def done(self) -> Rewritten:
        """Return what was built."""
        text = "".join(self._parts)
        return Rewritten(text=text, at=self._at, size=self._size, begin=self._begin, until=self._until)


def rewrite(text: str, swaps: Iterable[Swap]) -> Rewritten:
    """Return `text` with the sorted, disjoint `swaps` made."""
    rewriting = Rewriting()
    done = 0
    for swap in swaps:
        rewriting.keep(text[done : swap.start])
        rewriting.swap(swap)
        done = swap.end
    rewriting.keep(text[done:])
    return rewriting.done()


def disjoint(swaps: list[Swap]) -> Iterator[Swap]:
    """Yield the swaps in order: the longer of two that begin together, and none that begins inside another."""
    done = 0
    for swap in sorted(swaps, key=lambda swap: (swap.start, -swap.end)):
        if swap.start >= done:
            yield swap
            done = swap.end
