"""What a detector may be able to do beyond finding, and what stands in for it where it is not.

Anything with a `detect` serves (`spans.Detects`): a double in a test, somebody's own service. The product's detector
narrows itself to a profile, knows its version, and has a part that needs no model.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from compliance_bot.redaction.profile import Profile
    from compliance_bot.redaction.spans import Detects, Span


def under(detector: Detects, profile: Profile) -> Detects:
    """Return the detector looking only for what a profile masks, by its thresholds."""
    own: Callable[[Profile], Detects] | None = getattr(detector, "under", None)
    return own(profile) if own else _Narrowed(detector, profile)


def patterns_of(detector: Detects) -> Detects:
    """Return what of the detector finds values by their shape; all of it where it does not tell."""
    own: Detects | None = getattr(detector, "patterns", None)
    return own or detector


def version_of(detector: Detects) -> str:
    """Return what names the way of detection: another one may find other values in the same text."""
    own: str | None = getattr(detector, "version", None)
    return own or f"{type(detector).__module__}.{type(detector).__qualname__}"


@dataclass(frozen=True, slots=True)
class _Narrowed:
    """A detector that knows of no profiles, under one: what it finds besides does not count."""

    detector: Detects
    profile: Profile

    @property
    def version(self) -> str:
        return version_of(self.detector)

    def under(self, profile: Profile) -> Detects:
        return _Narrowed(self.detector, profile)

    def detect(self, text: str) -> tuple[Span, ...]:
        return tuple(filter(self._counts, self.detector.detect(text)))

    def _counts(self, span: Span) -> bool:
        return self.profile.masks(span.type) and span.score >= self.profile.thresholds.get(span.type, 0.0)
