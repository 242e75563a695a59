"""Put other placeholders into a text that has some: what was missed gets one, what needs none gets its words back.

A stored text and what was taken out of it give the source; in that, spans are added or left out, and the text is made
again. Placeholders that stay keep their numbers. What was erased stands as its placeholder in the source too, for good.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass, field
from itertools import accumulate
from typing import TYPE_CHECKING

from compliance_bot.redaction.mask import apply_edits
from compliance_bot.redaction.placeholders import Held, Replacement, held, placeholder, placeholders_in, restore
from compliance_bot.redaction.values import normal_form

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from compliance_bot.redaction.placeholders import Field
    from compliance_bot.redaction.spans import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """source[start:end] is masked: as the `number`th value of its type, or, with 0, as what looked like one."""

    start: int
    end: int
    type: str
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """The source of a stored text, and what of it is masked, in order."""

    source: str = field(repr=False)
    values: tuple[Value, ...]

    @classmethod
    def of(cls, text: str, values: Sequence[Held]) -> Opened:
        """Return the source of a text, given everything that was taken out of it, in order."""
        shifts = accumulate((len(one.surface) - (one.end - one.start) for one in values), initial=0)
        placed = tuple(
            Value(start=one.start + shift, end=one.start + shift + len(one.surface), type=one.type, number=one.number)
            for one, shift in zip(values, shifts, strict=False)
        )
        return cls(source=restore(text, values), values=placed)

    def closed(self, field: Field) -> tuple[str, tuple[Held, ...]]:
        """Return the text again, and what is taken out of it."""
        made = [self._replacement(one) for one in self.values]
        return apply_edits(self.source, [one.edit for one in made]), held(self.source, made, field)

    def _replacement(self, one: Value) -> Replacement:
        inside = self.source[one.start + 1 : one.end - 1]
        text = placeholder(one.type, one.number) if one.number else f"‹{inside}›"
        return Replacement(start=one.start, end=one.end, type=one.type, number=one.number, text=text)

    def spared(self, gone: Collection[tuple[str, int]]) -> Opened:
        """Return it with these placeholders' words in the clear."""
        return Opened(
            source=self.source, values=tuple(one for one in self.values if (one.type, one.number) not in gone)
        )

    def marked(self, spans: Iterable[Span], numbers: Numbers) -> Opened:
        """Return it with these spans masked as well, each with what of it was masked before: as one value."""
        values = list(self.values)
        for span in spans:
            touched = [one for one in values if one.start < span.end and span.start < one.end]
            if any(one.number and one.start <= span.start and span.end <= one.end for one in touched):
                continue  # nothing of it is in the clear
            start = min([span.start, *(one.start for one in touched)])
            end = max([span.end, *(one.end for one in touched)])
            number = numbers.of(span.type, self.source[start:end])
            values = [one for one in values if one not in touched]
            values.append(Value(start=start, end=end, type=span.type, number=number))
        return Opened(source=self.source, values=tuple(sorted(values, key=lambda one: one.start)))


class Numbers:
    """The numbers of one version's values: one that has a number keeps it, a new one gets the next of its type."""

    def __init__(self, texts: Iterable[str], values: Iterable[Held]) -> None:
        self._numbers = {(one.type, normal_form(one.type, one.surface)): one.number for one in values if one.number}
        self._last: Counter[str] = Counter()
        for text in texts:
            for type_, number in placeholders_in(text):  # also those that stand for nothing any more
                self._last[type_] = max(self._last[type_], number)

    def of(self, type_: str, surface: str) -> int:
        """Return the number of a value."""
        key = (type_, normal_form(type_, surface))
        if key not in self._numbers:
            self._last[type_] += 1
            self._numbers[key] = self._last[type_]
        return self._numbers[key]


class Places:
    """Where the places of a text are in what it was made into."""

    def __init__(self, before: Sequence[Held], after: Opened, made: Sequence[Held]) -> None:
        self._before = _Steps(
            [one.start for one in before], [one.end for one in before], [len(one.surface) for one in before]
        )
        self._values = after.values
        self._starts = [one.start for one in after.values]
        self._made = [(one.start, one.end) for one in made]

    def start(self, offset: int) -> int:
        """Return where what begins at a place begins now: with a whole placeholder."""
        return self._place(offset, at_end=False)

    def end(self, offset: int) -> int:
        """Return where what ends at a place ends now: with a whole placeholder."""
        return self._place(offset, at_end=True)

    def _place(self, offset: int, *, at_end: bool) -> int:
        source = self._before.source(offset)
        at = bisect_right(self._starts, source) - 1
        if at < 0:
            return source
        value, (start, end) = self._values[at], self._made[at]
        if source >= value.end:
            return source - value.end + end
        return start if source == value.start or not at_end else end


class _Steps:
    """Places of a text in its source."""

    def __init__(self, starts: Sequence[int], ends: Sequence[int], lengths: Sequence[int]) -> None:
        self._ends = list(ends)
        self._starts = list(starts)
        grown = (length - (end - start) for start, end, length in zip(starts, ends, lengths, strict=True))
        self._shift = list(accumulate(grown, initial=0))

    def source(self, offset: int) -> int:
        before = bisect_right(self._ends, offset)
        if before < len(self._starts) and self._starts[before] < offset:  # within a placeholder: where it begins
            offset = self._starts[before]
        return offset + self._shift[before]
