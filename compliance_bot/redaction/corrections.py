"""What a person said of detection: a value that it misses, or something it masks that is no personal data.

A value that was marked is found by its words, as they were written or in capitals, whatever stands between them and
whichever types a profile masks. What was said to be no personal data is spared where it is found as the same type; who
calls says where that holds. Pure functions over texts; the values come from the vault and stay in memory.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from compliance_bot.redaction.abilities import patterns_of, under, version_of
from compliance_bot.redaction.spans import Span, merge
from compliance_bot.redaction.values import normal_form

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from compliance_bot.records import ClassId
    from compliance_bot.redaction.profile import Profile
    from compliance_bot.redaction.spans import Detects

SOURCE = "correction"


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """What was said of a value: that it is personal data of a type, or, in some access classes, that it is none."""

    type: str
    surface: str = field(repr=False)
    is_personal: bool
    classes: frozenset[ClassId] = frozenset()

    @property
    def form(self) -> tuple[str, str]:
        """What is the same for every way to write the value."""
        return self.type, normal_form(self.type, self.surface)


@dataclass(frozen=True)
class Corrections:
    """All corrections of a home, the oldest first: the newest one of a value counts."""

    each: tuple[Correction, ...] = ()

    @cached_property
    def marked(self) -> tuple[Correction, ...]:
        """What detection misses. What was spared later stays marked where that does not hold."""
        newest = {one.form: one for one in self.each if one.is_personal}
        return tuple(newest.values())

    @cached_property
    def spared(self) -> dict[tuple[str, str], frozenset[ClassId]]:
        """In which classes what, by type and normal form, is no personal data."""
        made: dict[tuple[str, str], frozenset[ClassId]] = {}
        for one in self.each:
            made[one.form] = frozenset() if one.is_personal else made.get(one.form, frozenset()) | one.classes
        return {form: classes for form, classes in made.items() if classes}

    def spares(self, text: str, span: Span) -> frozenset[ClassId]:
        """Return the classes in which what was found in a text is no personal data."""
        return self.spared.get((span.type, normal_form(span.type, text[span.start : span.end])), frozenset())

    def hidden(self, text: str) -> str:
        """Return a text with what was marked behind its type, for texts that were kept before that."""
        return self._finder.sub(lambda found: f"<{self._type(found)}>", text) if self._finder else text

    def occurrences(self, text: str) -> Iterator[Span]:
        """Yield what was marked and stands in a text, in order."""
        if self._finder:
            for found in self._finder.finditer(text):
                yield Span(start=found.start(), end=found.end(), type=self._type(found), score=1.0, source=SOURCE)

    @cached_property
    def _finder(self) -> re.Pattern[str] | None:
        """Finds every marked value, the longest where several begin."""
        surfaces = sorted({one.surface for one in self.marked}, key=lambda surface: (-len(surface), surface))
        return re.compile("|".join(map(_written, surfaces))) if surfaces else None

    @cached_property
    def _types(self) -> dict[str, str]:
        return {_bare(one.surface): one.type for one in self.marked}

    def _type(self, found: re.Match[str]) -> str:
        return self._types[_bare(found.group())]


NONE = Corrections()


def none() -> Corrections:
    """Return no corrections: for a home without a vault, and for texts that nobody corrected."""
    return NONE


class Corrected:
    """A detector that finds what was marked as well, as it stands by `read` when a text is looked at.

    With `spares`, it finds nothing that is spared in any class.
    """

    def __init__(self, detector: Detects, read: Callable[[], Corrections], *, spares: bool = False) -> None:
        self._detector, self._read, self._spares = detector, read, spares

    @property
    def version(self) -> str:
        """The detector's own: documents are not masked anew for a correction, it reaches those that are stored."""
        return version_of(self._detector)

    @property
    def patterns(self) -> Detects:
        """What of it needs no model."""
        return Corrected(patterns_of(self._detector), self._read, spares=self._spares)

    def under(self, profile: Profile) -> Detects:
        """Return it looking only for what a profile masks, and for what was marked."""
        return Corrected(under(self._detector, profile), self._read, spares=self._spares)

    def detect(self, text: str) -> tuple[Span, ...]:
        """Return the personal data in a text: sorted, disjoint. Raises DetectionFailed."""
        return self._and_marked(text, self._detector.detect(text))

    def detect_each(self, texts: Sequence[str]) -> tuple[tuple[Span, ...], ...]:
        """Return for each text what `detect` does."""
        own = getattr(self._detector, "detect_each", None)
        found = own(texts) if own else [self._detector.detect(text) for text in texts]
        return tuple(self._and_marked(text, spans) for text, spans in zip(texts, found, strict=True))

    def _and_marked(self, text: str, spans: Sequence[Span]) -> tuple[Span, ...]:
        corrections = self._read()
        if not corrections.each:
            return tuple(spans)
        found = (*spans, *corrections.occurrences(text))
        return merge(one for one in found if not (self._spares and corrections.spares(text, one)))


def words_of(surface: str) -> tuple[str, ...]:
    """Return the runs of letters and digits of a value, as written and in capitals: a text without any has it not."""
    found = re.findall(r"[^\W_]+", surface)
    return tuple(dict.fromkeys((*found, *(word.upper() for word in found))))


def _written(surface: str) -> str:
    """Return a pattern for a value between words, as written or in capitals, with any blanks where it has one."""
    ways = dict.fromkeys((surface, surface.upper()))
    patterns = [r"\s+".join(map(re.escape, way.split())) for way in ways]
    before = r"(?<!\w)" if surface[:1].isalnum() else ""
    after = r"(?!\w)" if surface[-1:].isalnum() else ""
    return f"{before}(?:{'|'.join(patterns)}){after}"


def _bare(surface: str) -> str:
    return " ".join(surface.upper().split())
