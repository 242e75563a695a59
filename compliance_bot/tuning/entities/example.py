"""A text with the places of the names in it: what the entity model learns from."""

from __future__ import annotations

from dataclasses import dataclass

KINDS = ("PER", "LOC", "ORG")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """A name at text[start:end]; `kind` is one of KINDS."""

    start: int
    end: int
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A text, its mentions in order, and the domain it is from."""

    text: str
    mentions: tuple[Mention, ...]
    domain: str
