"""Redaction profiles: which types of personal data are masked, and how sure a detector must be of each.

Not which collection has which profile, and nothing about how a type is found.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What is masked: `types`, or with None every type there is; `thresholds` where they differ from `kinds`."""

    name: str
    types: frozenset[str] | None = None
    thresholds: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}), hash=False)


EVERYTHING = Profile(name="everything")
