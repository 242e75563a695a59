"""Figures of the quality ledger, out of counts: by type and language, and what has changed between two runs.

Pure functions: no database, no detector. What a figure stands on is always told with it.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from compliance_bot.redaction.scoring import Counts
from compliance_bot.redaction.shares import difference

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from compliance_bot.redaction.shares import Measure, Share


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What was counted of one type in one language. An empty word stands for all of them."""

    type: str
    language: str
    counts: Counts


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """How a figure of one type, or of all where it is empty, changed on the same labels."""

    type: str
    figure: str  # covering_recall, strict_recall or precision
    before: Share
    after: Share

    @property
    def by(self) -> Measure:
        """By how much, with its interval."""
        return difference(self.before, self.after)

    @property
    def is_worse(self) -> bool:
        """Whether it fell by more than chance explains."""
        high = self.by.high
        return high is not None and high < 0


def figures(stretches: Iterable[tuple[str, Mapping[str, Counts]]]) -> tuple[Figures, ...]:
    """Return the figures of stretches, given by language and with their counts by type.

    All together first; then each language where there are several; then each type, in all languages and in each.
    """
    sums: defaultdict[tuple[str, str], Counts] = defaultdict(Counts)
    languages = set()
    for language, types in stretches:
        languages.add(language)
        for type_, counts in types.items():
            for key in (("", ""), ("", language), (type_, ""), (type_, language)):
                sums[key] += counts
    shown = (key for key in sorted(sums) if not key[1] or len(languages) > 1)
    return tuple(Figures(type=type_, language=language, counts=sums[type_, language]) for type_, language in shown)


def changes(before: Iterable[Mapping[str, Counts]], after: Iterable[Mapping[str, Counts]]) -> tuple[Change, ...]:
    """Return how figures changed from one run to another on the same stretches: of all types together, then of each.

    A figure that one of them does not have, as the precision of what was never found, has no change.
    """
    was, is_ = (_totals(each) for each in (before, after))
    each = (
        Change(type=type_, figure=figure, before=share, after=is_[type_].spans[figure])
        for type_ in sorted(was.keys() & is_.keys())
        for figure, share in was[type_].spans.items()
    )
    return tuple(one for one in each if one.before.of and one.after.of)


def _totals(stretches: Iterable[Mapping[str, Counts]]) -> defaultdict[str, Counts]:
    sums: defaultdict[str, Counts] = defaultdict(Counts)
    for types in stretches:
        for type_, counts in types.items():
            sums[""] += counts
            sums[type_] += counts
    return sums
