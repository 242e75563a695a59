"""Labels in place: what placeholders stand for in a stretch, against what a detector finds in the source of it.

Nobody copies a label: a stretch of which somebody has said that all of it is masked rightly labels itself. Pure
functions over one text in memory; what they return are counts, and nothing of a value.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from compliance_bot.redaction.placeholders import Field, restore
from compliance_bot.redaction.scoring import Gold, Judged, by_type

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from compliance_bot.redaction.placeholders import Held
    from compliance_bot.redaction.scoring import Counts
    from compliance_bot.redaction.spans import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A version's source again, with everything that was taken out of it, in order: `held` has places as stored."""

    title: str = field(repr=False)
    text: str = field(repr=False)
    held: tuple[Held, ...] = field(repr=False)

    @classmethod
    def of(cls, title: str, text: str, values: Sequence[Held]) -> Source:
        """Return the source of a stored title and text, given all that was taken out of both, in order."""
        in_title, in_text = (tuple(one for one in values if one.field is wanted) for wanted in Field)
        return cls(title=restore(title, in_title), text=restore(text, in_text), held=in_text)

    def place(self, offset: int) -> int:
        """Return where a place of the stored text is in the source. It is inside no placeholder."""
        return offset + sum(len(one.surface) - (one.end - one.start) for one in self.held if one.end <= offset)


def labels(source: Source, start: int, end: int) -> tuple[Held, ...]:
    """Return the values that stand in a stretch of the stored text: its labels."""
    return tuple(one for one in source.held if one.number and start <= one.start and one.end <= end)


def labelled(source: Source, start: int, end: int) -> bytes:
    """Return what tells these labels from others of the same stretch: types, and places of placeholders.

    Not their lengths in the source: a hash of these would tell them to whoever tries a few dozen.
    """
    told = [[one.start - start, one.end - start, one.type] for one in labels(source, start, end)]
    return hashlib.sha256(json.dumps(told).encode()).digest()


def compare(source: Source, start: int, end: int, found: Sequence[Span]) -> Mapping[str, Counts]:
    """Return by type how what was `found` in the source compares with the labels of a stretch of the stored text.

    What was found across a border counts as far as it is inside.
    """
    first, last = source.place(start), source.place(end)
    gold = tuple(
        Gold(
            start=(at := source.place(one.start)) - first,
            end=at + len(one.surface) - first,
            type=one.type,
            types=frozenset({one.type}),
        )
        for one in labels(source, start, end)
    )
    inside = tuple(
        replace(one, start=max(one.start, first) - first, end=min(one.end, last) - first)
        for one in found
        if one.start < last and one.end > first
    )
    return by_type([Judged(where="", text=source.text[first:last], gold=gold, found=inside)])
