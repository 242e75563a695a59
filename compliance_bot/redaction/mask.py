"""Replace personal data in a text by fixed markers, for good: nothing can bring the values back.

A marker is the type in angle brackets, the same for every value of the type, so that it tells neither length nor
identity. Stored texts, titles, questions and output all pass here; quotes are verbatim in the masked text.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass, field
from itertools import accumulate
from types import MappingProxyType
from typing import TYPE_CHECKING

from compliance_bot.records import Edit
from compliance_bot.redaction.abilities import patterns_of
from compliance_bot.redaction.cues import MARKER
from compliance_bot.redaction.kinds import KINDS
from compliance_bot.redaction.spans import DetectionFailed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from compliance_bot.redaction.spans import Detects, Span

MOST_PASSES = 8  # no natural text needs more than two


@dataclass(frozen=True, slots=True, kw_only=True)
class Masked:
    """A text without its personal data. `edits` lead from the source to it; `counts` are values masked, by type."""

    text: str
    counts: Mapping[str, int] = field(hash=False)
    edits: tuple[Edit, ...]


def mask(text: str, detector: Detects) -> Masked:
    """Return `text` with each detected value replaced by its type's marker, `<EMAIL_ADDRESS>`.

    Masking a masked text changes nothing: detection is repeated until it finds no more, since a marker is shorter or
    longer than its value and so moves the words that speak for the next one. An entity model reads the text once: it
    would cost as much again, and may think otherwise of names among markers each time. Markers that the source already
    has stay as they are and do not count. Raises DetectionFailed when detection fails or does not come to an end.
    """
    edits: tuple[Edit, ...] = ()
    masked = text
    for _ in range(MOST_PASSES):
        fresh = tuple(edit for span in detector.detect(masked) for edit in _outside_markers(masked, span))
        if not fresh:
            counts = Counter(edit.replacement[1:-1] for edit in edits)
            return Masked(text=masked, counts=MappingProxyType(dict(sorted(counts.items()))), edits=edits)
        edits = _compose(edits, fresh)
        masked = apply_edits(text, edits)
        detector = patterns_of(detector)
    raise DetectionFailed(f"masking did not settle within {MOST_PASSES} passes; the text was refused")


def is_clean(text: str, detector: Detects) -> bool:
    """Return whether the detector finds nothing in a text but markers. One pass. Raises DetectionFailed."""
    return not any(edit for span in detector.detect(text) for edit in _outside_markers(text, span))


def apply_edits(text: str, edits: Sequence[Edit]) -> str:
    """Return `text` with the sorted, disjoint `edits` made."""
    parts: list[str] = []
    done = 0
    for edit in edits:
        parts += (text[done : edit.start], edit.replacement)
        done = edit.end
    return "".join((*parts, text[done:]))


def _outside_markers(text: str, span: Span) -> Iterator[Edit]:
    """Yield the edits for what of `span` is not a marker already."""
    start = span.start
    for match in (*MARKER.finditer(text, span.start, span.end), None):
        end = match.start() if match else span.end
        if start < end:
            yield Edit(start=start, end=end, replacement=f"<{span.type}>")
        start = match.end() if match else end


def _compose(first: Sequence[Edit], then: Sequence[Edit]) -> tuple[Edit, ...]:
    """Return the edits that do `first`, then `then`; no edit of `then` touches what `first` put in."""
    shrunk = list(accumulate((edit.end - edit.start - len(edit.replacement) for edit in first), initial=0))
    places = [edit.end - after for edit, after in zip(first, shrunk[1:], strict=True)]  # ends, in the edited text
    moved = (
        Edit(
            start=edit.start + shrunk[bisect_right(places, edit.start)],
            end=edit.end + shrunk[bisect_right(places, edit.start)],
            replacement=edit.replacement,
        )
        for edit in then
    )
    return tuple(sorted((*first, *moved), key=lambda edit: edit.start))


def count_markers(text: str) -> Mapping[str, int]:
    """Return how many markers of each type stand in a masked text."""
    types = (match.group()[1:-1] for match in MARKER.finditer(text))
    return Counter(type_ for type_ in types if type_ in KINDS)
