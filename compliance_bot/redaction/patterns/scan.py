"""What a scan yields, and what a list of scans is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Found(NamedTuple):
    """A value at text[start:end]; `score` in [0, 1] says how sure its shape, check digits and surroundings make it."""

    start: int
    end: int
    type: str
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """A scan by name, with the types it can find."""

    name: str
    types: tuple[str, ...]
    found: Callable[[str], Iterator[Found]]
