"""A text made from another one, with the exact way back: what stands for what, in characters of the source.

Nothing is decided here. `normalise` and the readings of `views` say what is replaced by what.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


class Swap(NamedTuple):
    """text[start:end] stands for `plain`, which may be nothing."""

    start: int
    end: int
    plain: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewritten:
    """`text`, and its swaps in order: text[at:at + size] stands for the source's [begin, until).

    What no swap covers is one for one, counted from the swap before. A swap of an empty stretch of the source sets a
    border: what follows it comes from another place, and no value reaches over it.
    """

    text: str
    at: Sequence[int] = ()
    size: Sequence[int] = ()
    begin: Sequence[int] = ()
    until: Sequence[int] = ()

    def source(self, start: int, end: int) -> tuple[int, int]:
        """Return the source's [start, end) for a non-empty stretch of `text`.

        Characters left out inside the stretch belong to it, those around it do not. A swap belongs to it as a whole.
        """
        return self._source(start)[0], self._source(end - 1)[1]

    def is_changed(self, start: int, end: int) -> bool:
        """Say whether text[start:end] is in one piece in the source, and holds or touches what differs there.

        What stands beside a value decides on it too: `\\n4111…` is a letter before a number until it is a line's end.
        """
        first = max(0, bisect_right(self.at, start) - 1)
        while first and self.at[first - 1] + self.size[first - 1] >= start:
            first -= 1
        near = range(first, bisect_right(self.at, end))
        if any(self.begin[n] == self.until[n] and self.at[n] < end and self.at[n] + self.size[n] > start for n in near):
            return False
        return any(self.begin[n] < self.until[n] and self.at[n] + self.size[n] >= start for n in near)

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
        # A tenth of what lists take: ten megabytes may have as many swaps.
        self._at, self._size, self._begin, self._until = (array("q") for _ in range(4))

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
