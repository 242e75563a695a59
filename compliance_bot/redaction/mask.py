"""Replace personal data in a text by fixed markers, for good: nothing can bring the values back.

A marker is the type in angle brackets, the same for every value of the type, so that it tells neither length nor
identity. Stored texts, titles, questions and output all pass here; quotes are verbatim in the masked text.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass, field, replace
from itertools import accumulate
from types import MappingProxyType
from typing import TYPE_CHECKING

from compliance_bot.records import Edit
from compliance_bot.redaction.abilities import patterns_of
from compliance_bot.redaction.cues import MARKER
from compliance_bot.redaction.kinds import KINDS
from compliance_bot.redaction.spans import DetectionFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from compliance_bot.redaction.spans import Detects, Span

MOST_PASSES = 8  # no natural text needs more than two


@dataclass(frozen=True, slots=True, kw_only=True)
class Masked:
    """A text without its personal data. `edits` lead from the source to it; `counts` are values masked, by type.

    `spans` are what was found, one per edit: where it stands in the source, and how sure and what found it.
    """

    text: str
    counts: Mapping[str, int] = field(hash=False)
    edits: tuple[Edit, ...]
    spans: tuple[Span, ...] = ()

    def without(self, source: str, spared: Collection[Span]) -> Masked:
        """Return it with some of what was found in the source left in the clear."""
        if not spared:
            return self
        kept = tuple(one for one in self.spans if one not in spared)
        return _masked(apply_edits(source, list(map(_edit, kept))), kept)


def mask(text: str, detector: Detects) -> Masked:
    """Return `text` with each detected value replaced by its type's marker, `<EMAIL_ADDRESS>`.

    Masking a masked text changes nothing: detection is repeated until it finds no more, since a marker is shorter or
    longer than its value and so moves the words that speak for the next one. An entity model reads the text once: it
    would cost as much again, and may think otherwise of names among markers each time. Markers that the source already
    has stay as they are and do not count. Raises DetectionFailed when detection fails or does not come to an end.
    """
    return mask_each((text,), detector)[0]


def mask_each(texts: Sequence[str], detector: Detects) -> tuple[Masked, ...]:
    """Return for each text what `mask` does. All go to the detector at once, which keeps a model's batches full."""
    if not texts:
        return ()
    found: list[tuple[Span, ...]] = [()] * len(texts)
    masked = list(texts)
    waiting = list(range(len(texts)))
    for _ in range(MOST_PASSES):
        seen = _detect_each(detector, [masked[n] for n in waiting])
        fresh = {
            n: outside
            for n, spans in zip(waiting, seen, strict=True)
            if (outside := tuple(part for span in spans for part in _outside_markers(masked[n], span)))
        }
        for n, spans in fresh.items():
            found[n] = _compose(found[n], spans)
            masked[n] = apply_edits(texts[n], [_edit(span) for span in found[n]])
        waiting = list(fresh)
        if not waiting:
            return tuple(map(_masked, masked, found))
        detector = patterns_of(detector)
    raise DetectionFailed(f"masking did not settle within {MOST_PASSES} passes; the text was refused")


def mask_or_refuse(texts: Sequence[str], detector: Detects) -> tuple[Masked | DetectionFailed, ...]:
    """Return `mask_each`, with its failure in place of a text that cannot be looked through; the others go on."""
    if not texts:
        return ()
    try:
        return mask_each(texts, detector)
    except DetectionFailed as error:
        if len(texts) == 1:
            return (error,)
    half = len(texts) // 2
    return (*mask_or_refuse(texts[:half], detector), *mask_or_refuse(texts[half:], detector))


def is_clean(text: str, detector: Detects) -> bool:
    """Return whether the detector finds nothing in a text but markers. One pass. Raises DetectionFailed."""
    return not any(edit for span in detector.detect(text) for edit in _outside_markers(text, span))


def _detect_each(detector: Detects, texts: Sequence[str]) -> Sequence[tuple[Span, ...]]:
    """Return the spans of each text, in one go where the detector can."""
    each: Callable[[Sequence[str]], Sequence[tuple[Span, ...]]] | None = getattr(detector, "detect_each", None)
    return each(texts) if each else [detector.detect(text) for text in texts]


def _masked(text: str, spans: tuple[Span, ...]) -> Masked:
    counts = Counter(span.type for span in spans)
    edits = tuple(map(_edit, spans))
    return Masked(text=text, counts=MappingProxyType(dict(sorted(counts.items()))), edits=edits, spans=spans)


def _edit(span: Span) -> Edit:
    return Edit(start=span.start, end=span.end, replacement=f"<{span.type}>")


def apply_edits(text: str, edits: Sequence[Edit]) -> str:
    """Return `text` with the sorted, disjoint `edits` made."""
    parts: list[str] = []
    done = 0
    for edit in edits:
        parts += (text[done : edit.start], edit.replacement)
        done = edit.end
    return "".join((*parts, text[done:]))


def _outside_markers(text: str, span: Span) -> Iterator[Span]:
    """Yield what of `span` is not a marker already."""
    start = span.start
    for match in (*MARKER.finditer(text, span.start, span.end), None):
        end = match.start() if match else span.end
        if start < end:
            yield replace(span, start=start, end=end)
        start = match.end() if match else end


def _compose(first: Sequence[Span], then: Sequence[Span]) -> tuple[Span, ...]:
    """Return in the source what was found there `first`, `then` in the masked text.

    No span of `then` touches a marker that was put in for `first`.
    """
    shrunk = list(accumulate((span.end - span.start - len(span.type) - 2 for span in first), initial=0))
    places = [span.end - after for span, after in zip(first, shrunk[1:], strict=True)]  # ends, in the masked text
    moved = (
        replace(
            span,
            start=span.start + shrunk[bisect_right(places, span.start)],
            end=span.end + shrunk[bisect_right(places, span.start)],
        )
        for span in then
    )
    return tuple(sorted((*first, *moved), key=lambda span: span.start))


def count_markers(text: str) -> Mapping[str, int]:
    """Return how many markers of each type stand in a masked text."""
    types = (match.group()[1:-1] for match in MARKER.finditer(text))
    return Counter(type_ for type_ in types if type_ in KINDS)
