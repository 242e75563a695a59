"""What a detector got wrong, told without a value: which type was taken for which, and the outlines of misses."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from compliance_bot.redaction.scoring import is_covered, mask, shared

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from compliance_bot.redaction.scoring import Gold, Judged

MISSED, SPURIOUS = "missed", "spurious"
_LONGEST = 40  # characters of a shape


@dataclass(frozen=True, slots=True, kw_only=True)
class Miss:
    """Gold spans of one type and shape that were not covered: how many, and where the first of them is."""

    type: str
    shape: str
    count: int
    where: str
    start: int
    end: int


def confusion(judged: Iterable[Judged]) -> Mapping[tuple[str, str], int]:
    """Return how often each gold type was found as which, the most frequent first.

    A gold span goes to the found span that shares most with it, else it is `missed`; what was found where nothing is
    labelled is `spurious`.
    """
    pairs = Counter[tuple[str, str]]()
    for one in judged:
        for gold in one.required:
            best = max(one.found, key=lambda span: shared(gold, span), default=None)  # used at once
            pairs[gold.type, best.type if best and shared(gold, best) else MISSED] += 1
        pairs.update((SPURIOUS, span.type) for span in one.found if not any(shared(gold, span) for gold in one.gold))
    return dict(sorted(pairs.items(), key=lambda item: (-item[1], item[0])))


def worst_misses(judged: Iterable[Judged], most: int = 20) -> tuple[Miss, ...]:
    """Return what was not covered, by type and shape, the most frequent first."""
    places: dict[tuple[str, str], list[tuple[str, Gold]]] = {}
    for one in judged:
        found = mask(len(one.text), one.found)
        for gold in one.required:
            if not is_covered(gold, one.text, found):
                places.setdefault((gold.type, shape(one.text[gold.start : gold.end])), []).append((one.where, gold))
    ordered = sorted(places.items(), key=lambda item: (-len(item[1]), item[0]))
    return tuple(
        Miss(type=name, shape=seen, count=len(all_), where=all_[0][0], start=all_[0][1].start, end=all_[0][1].end)
        for (name, seen), all_ in ordered[:most]
    )


def shape(value: str) -> str:
    """Return what a value looks like and nothing else: `Xxxxx Xx.` for a name, 9 for a digit; punctuation stays."""
    return "".join(map(_shape, " ".join(value.split())[:_LONGEST]))


def _shape(character: str) -> str:
    if character.isdigit():
        return "9"
    if character.isalnum():
        return "X" if character.isupper() else "x"
    return character if character.isascii() and character.isprintable() else "?"
