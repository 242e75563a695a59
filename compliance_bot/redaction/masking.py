"""What masks in a home: its detector under the profiles of its collections.

A document is masked under its own collection's profile. A question, and a model's own words, may be about any
collection: they are masked under the strictest. A quote is verbatim in a text that was masked under its collection's
profile, so it is only looked over for what is certain by itself; a model's guess at a sentence without its document
would drop good answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from compliance_bot.redaction.abilities import patterns_of, under, version_of
from compliance_bot.redaction.corrections import Corrected, none

if TYPE_CHECKING:
    from collections.abc import Callable

    from compliance_bot.redaction.assignment import CollectionProfiles
    from compliance_bot.redaction.corrections import Corrections
    from compliance_bot.redaction.profile import Profile
    from compliance_bot.redaction.spans import Detects


@dataclass(frozen=True, slots=True, kw_only=True)
class Masking:
    """A profile, and the detector that looks for what it masks."""

    profile: Profile
    detector: Detects

    @property
    def described(self) -> dict[str, str]:
        """What records say of it: by which profile, and by which way of detection, a text was masked."""
        return {
            "profile": self.profile.name,
            "profile_sha256": self.profile.sha256,
            "detector": version_of(self.detector),
        }

    @property
    def fingerprint(self) -> tuple[str, str]:
        """What of it changes a masked text: the same document is another one when this is."""
        return self.profile.sha256, version_of(self.detector)


@dataclass(frozen=True, slots=True, kw_only=True)
class Redaction:
    """A detector of everything, and which of it counts where."""

    detector: Detects
    profiles: CollectionProfiles
    corrections: Callable[[], Corrections] = none  # what people said of it, as it stands

    @property
    def strict(self) -> Masking:
        """What masks a text that may be about any collection."""
        return self._under(self.profiles.strictest)

    def of(self, collection: str) -> Masking:
        """Return what masks the documents of a collection."""
        return self._under(self.profiles.of(collection))

    def quotes_of(self, collection: str) -> Masking:
        """Return what looks over quotes from a collection: by shape alone, and for what is certain."""
        profile = self.profiles.of(collection).certain
        certain = patterns_of(under(self.detector, profile))
        return Masking(profile=profile, detector=Corrected(certain, self.corrections, spares=True))

    def _under(self, profile: Profile) -> Masking:
        return Masking(profile=profile, detector=Corrected(under(self.detector, profile), self.corrections))
