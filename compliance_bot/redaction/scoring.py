"""Score what a detector found against what somebody labelled. Pure functions: no detector, no files, no clock.

A gold span is found *strictly* with the same borders and a type that the label stands for, and is *covered* when all
its letters and digits are masked, whatever the type. Token figures are those of presidio-research (`pii_precision`,
`pii_recall`, `pii_f` with beta 2): a token is personal data or not, its type does not matter. Tokens here are runs of
letters and digits, and single other characters, blanks aside (presidio-research takes spaCy's).
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING

import numpy as np

from compliance_bot.redaction.shares import DRAWS, Measure, Share, f_beta

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from compliance_bot.redaction.spans import Span

_TOKEN = re.compile(r"[^\W_]+|[^\w\s]|_")


@dataclass(frozen=True, slots=True, kw_only=True)
class Gold:
    """Personal data at [start, end) of a text: `type` names it, and any of `types` is right.

    Where it is not required, it counts neither as missed nor as wrong.
    """

    start: int
    end: int
    type: str
    types: frozenset[str]
    is_required: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A text with what is in it and what was found in it. Found spans are disjoint; `where` is for people."""

    where: str
    text: str
    gold: tuple[Gold, ...]
    found: tuple[Span, ...]

    @property
    def required(self) -> tuple[Gold, ...]:
        """The gold spans that count."""
        return tuple(one for one in self.gold if one.is_required)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What is counted in one text, or added up over many. `right` are found spans that are strictly a gold one."""

    gold: int = 0
    strict: int = 0
    covered: int = 0
    gold_characters: int = 0
    covered_characters: int = 0
    found: int = 0
    right: int = 0
    found_characters: int = 0
    right_characters: int = 0
    gold_tokens: int = 0
    found_tokens: int = 0
    both_tokens: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(**{one.name: getattr(self, one.name) + getattr(other, one.name) for one in fields(Counts)})

    @property
    def spans(self) -> Mapping[str, Share]:
        """Recall and precision of spans, by name."""
        return {
            "covering_recall": Share(hits=self.covered, of=self.gold),
            "strict_recall": Share(hits=self.strict, of=self.gold),
            "precision": Share(hits=self.right, of=self.found),
        }

    @property
    def characters(self) -> Mapping[str, Share]:
        """Recall and precision of characters, by name."""
        return {
            "character_recall": Share(hits=self.covered_characters, of=self.gold_characters),
            "character_precision": Share(hits=self.right_characters, of=self.found_characters),
        }

    @property
    def measures(self) -> Mapping[str, Measure]:
        """All of these, with Wilson's intervals for spans. Characters of one span stand and fall together: none."""
        spans = {name: share.measure() for name, share in self.spans.items()}
        return spans | {name: Measure(value=share.value) for name, share in self.characters.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """Counts over some texts, and each figure of them by name, with its interval."""

    counts: Counts
    measures: Mapping[str, Measure] = field(hash=False)


def score(judged: Sequence[Judged]) -> Scores:
    """Return the scores over some texts.

    Intervals are Wilson's for spans; for characters, tokens and F they come from drawing as many texts anew, with
    replacement and always the same draws, since what one text has stands and falls together.
    """
    each = [count(one) for one in judged]
    total = sum(each, Counts())
    drawn = [_of_tokens(counts) for counts in _draws(each)]
    measures = {name: share.measure() for name, share in total.spans.items()}
    for name, value in _of_tokens(total).items():
        measures[name] = Measure.of(value, [one[name] for one in drawn])
    return Scores(counts=total, measures=measures)


def _of_tokens(counts: Counts) -> Mapping[str, float | None]:
    tokens = (counts.both_tokens, counts.gold_tokens, counts.found_tokens)
    return {
        **{name: share.value for name, share in counts.characters.items()},
        "token_recall": Share(hits=counts.both_tokens, of=counts.gold_tokens).value,
        "token_precision": Share(hits=counts.both_tokens, of=counts.found_tokens).value,
        "token_f1": f_beta(*tokens, beta=1),
        "token_f2": f_beta(*tokens, beta=2),
    }


def _draws(each: Sequence[Counts]) -> Iterator[Counts]:
    """Yield the sums over as many texts, drawn with replacement."""
    names = [one.name for one in fields(Counts)]
    table = np.array([[getattr(one, name) for name in names] for one in each], dtype=np.int64)
    chance, n = np.random.default_rng(0), len(each)
    for _ in range(DRAWS if n else 0):
        sums = np.bincount(chance.integers(0, n, n), minlength=n) @ table
        yield Counts(**dict(zip(names, map(int, sums), strict=True)))


def count(one: Judged) -> Counts:
    """Return the counts of one text."""
    masks = Masks.of(one)
    return replace(_recall(one, one.required, masks), **_precision(one, one.found), **_tokens(one.text, masks))


def by_type(judged: Sequence[Judged]) -> Mapping[str, Counts]:
    """Return the counts of each type: recall of what is labelled so, precision of what was found so. No tokens.

    Whatever masked a value covers it.
    """
    totals: dict[str, Counts] = {}
    for one in judged:
        masks = Masks.of(one)
        for name in {gold.type for gold in one.required} | {span.type for span in one.found}:
            gold = tuple(span for span in one.required if span.type == name)
            found = tuple(span for span in one.found if span.type == name)
            totals[name] = totals.get(name, Counts()) + replace(_recall(one, gold, masks), **_precision(one, found))
    return dict(sorted(totals.items()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Masks:
    """For each character of a text, 1 where it is in required gold, in any gold, and masked."""

    gold: bytearray
    free: bytearray
    found: bytearray

    @classmethod
    def of(cls, one: Judged) -> Masks:
        """Return the masks of a text."""
        size = len(one.text)
        return cls(gold=mask(size, one.required), free=mask(size, one.gold), found=mask(size, one.found))


def mask(size: int, spans: Iterable[Gold | Span]) -> bytearray:
    """Return `size` bytes, 1 under the spans and 0 elsewhere."""
    made = bytearray(size)
    for span in spans:
        made[span.start : span.end] = b"\x01" * (span.end - span.start)
    return made


def _recall(one: Judged, gold: Sequence[Gold], masks: Masks) -> Counts:
    wanted = mask(len(one.text), gold)
    return Counts(
        gold=len(gold),
        strict=sum(any(is_strict(span, found) for found in one.found) for span in gold),
        covered=sum(is_covered(span, one.text, masks.found) for span in gold),
        gold_characters=sum(wanted),
        covered_characters=_both(wanted, masks.found),
    )


def _precision(one: Judged, found: Sequence[Span]) -> dict[str, int]:
    judged = [span for span in found if not _need_not_be(span, one.gold)]
    masked = mask(len(one.text), found)
    right = _both(masked, mask(len(one.text), one.required))
    spare = _both(masked, mask(len(one.text), one.gold)) - right
    return {
        "found": len(judged),
        "right": sum(any(is_strict(gold, span) for gold in one.required) for span in judged),
        "found_characters": sum(masked) - spare,
        "right_characters": right,
    }


def _tokens(text: str, masks: Masks) -> dict[str, int]:
    totals = Counter(gold_tokens=0, found_tokens=0, both_tokens=0)
    for token in _TOKEN.finditer(text):
        is_gold, is_found = (mask.find(1, *token.span()) >= 0 for mask in (masks.gold, masks.found))
        if is_gold or masks.free.find(1, *token.span()) < 0:
            totals.update(gold_tokens=is_gold, found_tokens=is_found, both_tokens=is_gold and is_found)
    return dict(totals)


def is_strict(gold: Gold, found: Span) -> bool:
    """Say whether something was found with the borders and a type of a gold span."""
    return found.start == gold.start and found.end == gold.end and found.type in gold.types


def is_covered(gold: Gold, text: str, found: bytearray) -> bool:
    """Say whether all letters and digits of a span, or all of it where it has none, are masked."""
    places = range(gold.start, gold.end)
    return all(found[at] for at in [at for at in places if text[at].isalnum()] or places)


def shared(a: Gold | Span, b: Gold | Span) -> int:
    """Return how many characters two spans have in common."""
    return max(0, min(a.end, b.end) - max(a.start, b.start))


def _need_not_be(found: Span, gold: Iterable[Gold]) -> bool:
    """Say whether what was found touches gold, and none that is required."""
    touched = [span.is_required for span in gold if shared(span, found)]
    return bool(touched) and not any(touched)


def _both(a: bytearray, b: bytearray) -> int:
    return (int.from_bytes(a, "big") & int.from_bytes(b, "big")).bit_count()
