"""A redaction profile: which types of personal data are masked, and how sure a detector must be of each.

Not how it is read from a file (`profiles`), not which collection has which (`assignment`), and nothing about how a type
is found.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from compliance_bot.redaction.kinds import KINDS, threshold_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Identifier:
    """One item of the list in the rule that a profile follows, and what of it is masked.

    `not_detectable` says why software does not find the item, or not all of it, in text.
    """

    letter: str
    what: str
    types: frozenset[str]
    not_detectable: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What is masked: `types`, or with None every type there is; `thresholds` where they differ from `kinds`.

    `source` is the rule it follows, `identifiers` that rule's own list where it has one.
    """

    name: str
    description: str = ""
    source: str = ""
    types: frozenset[str] | None = None
    thresholds: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}), hash=False)
    identifiers: tuple[Identifier, ...] = ()

    @property
    def sha256(self) -> str:
        """The hash of what is masked and of how sure one must be. Name and description change no text: not in it."""
        types = None if self.types is None else sorted(self.types)
        return hashlib.sha256(json.dumps([types, sorted(self.thresholds.items())]).encode()).hexdigest()

    @property
    def certain(self) -> Profile:
        """This profile for texts that are masked already: what check digits or a shape alone make certain counts."""
        return replace(self, thresholds=MappingProxyType(dict.fromkeys(KINDS, 1.0)))

    def masks(self, name: str) -> bool:
        """Return whether a type is masked. What is not in `kinds`, from somebody's own recogniser, always is."""
        return self.types is None or name in self.types or name not in KINDS

    def threshold(self, name: str) -> float:
        """Return the least score at which a type counts."""
        return self.thresholds.get(name, threshold_of(name))

    def covers(self, other: Profile) -> bool:
        """Return whether a text masked under this profile is masked as much as `other` asks."""
        return all(
            self.masks(name) and self.threshold(name) <= other.threshold(name) for name in KINDS if other.masks(name)
        )


EVERYTHING = Profile(name="everything", description="Every type that there is.")


def strictest(profiles: Iterable[Profile]) -> Profile:
    """Return the profile that masks whatever one of `profiles` does, and is as easily convinced as the easiest."""
    among = sorted(set(profiles), key=lambda profile: profile.name)
    if len(among) == 1:
        return among[0]
    is_all = any(profile.types is None for profile in among)
    types = frozenset().union(*(profile.types or () for profile in among))
    least: dict[str, float] = {}
    for name in sorted({*KINDS, *types}):
        asked = [profile.threshold(name) for profile in among if profile.masks(name)]
        if asked and min(asked) != threshold_of(name):
            least[name] = min(asked)
    return Profile(
        name="+".join(profile.name for profile in among),
        description="Whatever one of these profiles masks.",
        types=None if is_all else types,
        thresholds=MappingProxyType(least),
    )
