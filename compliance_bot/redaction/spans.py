"""What a detector reports: disjoint spans of personal data, and the refusal when it cannot tell.

Not detection itself (`detect`) and not what is done about it (`mask`). Standard library only, so that a caller can name
these types without loading Presidio.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import TYPE_CHECKING, Protocol

from compliance_bot.errors import ComplianceError
from compliance_bot.redaction.kinds import KINDS, PRECEDENCE, Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_UNKNOWN = Kind(name="", what="a type of somebody's own recogniser")


class DetectionFailed(ComplianceError):
    """Personal data could not be looked for, so the text was refused."""

    exit_code = 3
    hint = "Nothing was stored and nothing was shown. Report the failing detector; the text is safe to try again."


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Personal data at text[start:end].

    `type` is Presidio's name for it, `score` is in (0, 1], `source` says what found it.
    """

    start: int
    end: int
    type: str
    score: float
    source: str = ""


class Detects(Protocol):
    """Anything that finds personal data: sorted, disjoint spans, or `DetectionFailed`."""

    def detect(self, text: str) -> tuple[Span, ...]: ...


class TagsEntities(Protocol):
    """A model that finds names. What it returns for a text: sorted, disjoint spans in characters of that text."""

    @property
    def types(self) -> Sequence[str]: ...

    @property
    def version(self) -> str: ...

    def tag(self, texts: Sequence[str]) -> Sequence[tuple[Span, ...]]: ...


def merge(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Return the spans sorted and disjoint.

    Overlapping spans become one that covers their union: choosing a winner would leave the rest of the loser in the
    text. The union has the type, score and source of its longest member, at equal length by `PRECEDENCE`. Only what
    gives way, a telephone number for one, is dropped where it overlaps a number whose check digits passed: it is that
    number, misread.
    """
    merged: list[Span] = []
    names: list[Span] = []  # per merged span, the member that names it
    for span in _without_misread(sorted(spans, key=lambda span: (span.start, span.end))):
        if not merged or span.start >= merged[-1].end:
            merged.append(span)
            names.append(span)
            continue
        names[-1] = name = min(names[-1], span, key=_rank)
        end = max(merged[-1].end, span.end)
        merged[-1] = replace(name, start=merged[-1].start, end=end)
    return tuple(merged)


def _without_misread(spans: Sequence[Span]) -> list[Span]:
    checked = [span for span in spans if span.score == 1.0 and _kind(span).has_checksum]
    starts = [span.start for span in checked]
    ends = list(accumulate((span.end for span in checked), max))

    def is_misread(span: Span) -> bool:
        before = bisect_left(starts, span.end)  # how many checked ones start before it ends
        return _kind(span).gives_way and before > 0 and ends[before - 1] > span.start

    return [span for span in spans if not is_misread(span)]


def _rank(span: Span) -> tuple[int, int, str]:
    return (span.start - span.end, PRECEDENCE.get(span.type, len(PRECEDENCE)), span.type)


def _kind(span: Span) -> Kind:
    return KINDS.get(span.type, _UNKNOWN)
