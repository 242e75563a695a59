"""Describe in a few plain numbers how well a unit answers a question, and whether a question is answered at all.

Words are compared as stems and weighted by their rarity in what the asker may read. A scope of a few passages says
little about rarity, so its counts are blended with a background of words that rules use everywhere ("period").
Nothing here looks at any text but the question and the passages given.
"""

from __future__ import annotations

import bisect
import math
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from compliance_bot.models.question import offers, read
from compliance_bot.models.units import Unit, units
from compliance_bot.terms import content_places, content_stems

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from compliance_bot.models.contract import Source
    from compliance_bot.models.question import Question
    from compliance_bot.records import ChunkId

UNIT_FEATURES = (
    "coverage",  # share of the question's words that the unit has, by rarity
    "phrase",  # share of the question's word pairs that stand close together in the unit
    "context",  # share that only the title or the rest of the passage has
    "before",  # share that the unit before has and this one lacks
    "after",  # the same of the unit after
    "lexical",  # BM25 of the passage: 1.0 is the best passage
    "cosine",  # of question and passage
    "offers",  # 1 has the kind of answer asked for, -1 lacks it, 0 no kind is asked for
)
QUESTION_FEATURES = (
    "coverage",  # of the best unit, as above
    "phrase",
    "context",
    "cosine",
    "offers",
    "words",  # logarithm of the number of the question's words
)

_PREFIX = 4  # letters that a variant must share
_SYNONYM = 0.9
_ALIKE = 0.8
_BEGINNING = 0.65  # of the longer word: "disclos" is like "disclosur" and not like "discuss"
_NEAR = 2  # content words


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredPassage:
    """What retrieval knows of a passage: BM25 over the readable scope, cosine, and the fused score."""

    lexical: float
    cosine: float
    fused: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Statistics of the readable scope. `idf` is ln((passages + 1) / (df + 0.5)); a term it lacks stands nowhere."""

    idf: Mapping[str, float]
    scores: Mapping[ChunkId, ScoredPassage] = field(default_factory=dict)
    passages: int | None = None  # in scope; estimated from the rarest term where it is not given
    same: Mapping[ChunkId, Mapping[str, str]] = field(default_factory=dict)  # placeholders that the question means


@dataclass(frozen=True, slots=True, kw_only=True)
class Lexicon:
    """What is known of words beforehand, as data: the share of passages a stem is in, and stems that mean the same."""

    shares: Mapping[str, float]
    alike: Mapping[str, frozenset[str]]
    strength: float  # how many passages of the scope the shares weigh as much as


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A unit of the passage at `position`."""

    position: int
    unit: Unit
    covered: tuple[float, ...]  # how far it has each word of the question, 0.0 to 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A question beside all units of its passages.

    `features` is float64, shape (len(candidates), len(UNIT_FEATURES)).
    """

    question: Question
    shares: tuple[float, ...]  # of each word of the question, by rarity; they sum to 1
    candidates: tuple[Candidate, ...]
    around: tuple[tuple[float, ...], ...]  # for each passage: how far it or its title has each word
    features: np.ndarray


def compare(question: str, sources: Sequence[Source], lexicon: Lexicon, evidence: Evidence | None = None) -> Comparison:
    """Return the features of each unit of `sources`. What retrieval did not say is NaN: the model puts its mean there.

    Linear in the passages: about 0.6 ms per 100 words.
    """
    asked = read(question)
    meant = evidence.same if evidence else {}
    passages = [_Read(source, meant.get(source.id, {})) for source in sources]
    evidence = evidence or _count(asked, passages)
    shares = _shares(asked.stems, evidence, lexicon)
    matches = _matches(asked.stems, frozenset().union(*(passage.stems for passage in passages)), lexicon)
    best = max((score.lexical for score in evidence.scores.values()), default=0.0)
    candidates: list[Candidate] = []
    around: list[tuple[float, ...]] = []
    rest: list[tuple[float, ...]] = []  # phrase, lexical, cosine, offers
    for position, passage in enumerate(passages):
        score = evidence.scores.get(passage.source.id)
        found = (score.lexical / best if best else 0.0, score.cosine) if score else (math.nan, math.nan)
        around.append(_Seen(passage.stems, matches, len(shares)).covered)
        for unit, stems in zip(passage.units, passage.unit_stems, strict=True):
            seen = _Seen(stems, matches, len(shares))
            rest.append((_phrase(asked.pairs, shares, seen.places), *found, offers(unit.text, asked)))
            candidates.append(Candidate(position=position, unit=unit, covered=seen.covered))
    return Comparison(
        question=asked,
        shares=shares,
        candidates=tuple(candidates),
        around=tuple(around),
        features=_features(shares, candidates, around, rest),
    )


def _features(
    shares: Sequence[float],
    candidates: Sequence[Candidate],
    around: Sequence[Sequence[float]],
    rest: Sequence[Sequence[float]],
) -> np.ndarray:
    """Return the rows of all candidates, in the order of UNIT_FEATURES."""
    if not candidates:
        return np.empty((0, len(UNIT_FEATURES)))
    weights = np.array(shares)
    mine = np.array([one.covered for one in candidates]).reshape(len(candidates), len(shares))
    position = np.array([one.position for one in candidates])
    first = np.diff(position, prepend=-1) > 0
    last = np.diff(position, append=len(around)) > 0
    context = np.array(around).reshape(len(around), len(shares))[position]
    before = np.where(first[:, None], mine, np.roll(mine, 1, axis=0))
    after = np.where(last[:, None], mine, np.roll(mine, -1, axis=0))
    beyond = [np.maximum(other - mine, 0.0) @ weights for other in (context, before, after)]
    phrase, lexical, cosine, offered = np.array(rest).T
    return np.column_stack((mine @ weights, phrase, *beyond, lexical, cosine, offered))


def question_features(comparison: Comparison, best: int) -> np.ndarray:
    """Return the features of the whole question, given its best candidate: float64, shape (len(QUESTION_FEATURES),)."""
    row = dict(zip(UNIT_FEATURES, comparison.features[best], strict=True))
    row["words"] = math.log(1 + len(comparison.question.stems))
    return np.array([row[name] for name in QUESTION_FEATURES])


class _Read:
    """A passage with the content stems of its units, in order."""

    def __init__(self, source: Source, meant: Mapping[str, str]) -> None:
        self.source = source
        self.units = units(source.text, start=source.start, leads=source.leads)
        pieces = [*((lead.start, lead.text) for lead in source.leads), (source.start, source.text)]
        placed = sorted((at + start, stem) for at, text in pieces for start, stem in content_places(text))
        starts, stems = [start for start, _ in placed], [meant.get(stem, stem) for _, stem in placed]
        self.unit_stems = [
            [
                stem
                for span in unit.spans
                for stem in stems[bisect.bisect_left(starts, span.start) : bisect.bisect_left(starts, span.end)]
            ]
            for unit in self.units
        ]
        self.stems = frozenset(stems).union(meant.get(stem, stem) for stem in content_stems(source.title))


class _Seen:
    """Which of the question's words some stems have: how far (0.0 to 1.0), and at which places."""

    def __init__(self, stems: Iterable[str], matches: Mapping[str, Sequence[tuple[int, float]]], words: int) -> None:
        covered = [0.0] * words
        self.places: list[list[int]] = [[] for _ in range(words)]
        for place, stem in enumerate(stems):
            for word, value in matches.get(stem, ()):
                covered[word] = max(covered[word], value)
                self.places[word].append(place)
        self.covered = tuple(covered)


def _count(question: Question, passages: Sequence[_Read]) -> Evidence:
    """Return the rarity of the question's words among the passages themselves."""
    found = Counter(stem for passage in passages for stem in passage.stems.intersection(question.stems))
    idf = {stem: math.log((len(passages) + 1) / (found[stem] + 0.5)) for stem in question.stems}
    return Evidence(idf=idf, passages=len(passages))


def _shares(stems: Sequence[str], evidence: Evidence, lexicon: Lexicon) -> tuple[float, ...]:
    """Return how much of the question's meaning each word carries: its blended idf over the sum of all."""
    rarest = max(evidence.idf.values(), default=math.log(2))
    total = evidence.passages if evidence.passages is not None else max(0.0, math.exp(rarest) / 2 - 1)
    weights = []
    for stem in stems:
        df = max(0.0, (total + 1) / math.exp(evidence.idf[stem]) - 0.5) if stem in evidence.idf else 0.0
        blended = df + lexicon.strength * lexicon.shares.get(stem, 0.0)
        weights.append(math.log((total + lexicon.strength + 1) / (blended + 0.5)))
    whole = sum(weights)
    return tuple(weight / whole for weight in weights)


def _matches(stems: Sequence[str], known: Iterable[str], lexicon: Lexicon) -> dict[str, list[tuple[int, float]]]:
    """Return, for each known stem, the question's words that it counts as, and how fully.

    A word itself counts 1.0, a synonym 0.9, a like beginning up to 0.8, by its share of the longer word.
    """
    beginnings: defaultdict[str, list[str]] = defaultdict(list)
    for other in known:
        beginnings[other[:_PREFIX]].append(other)
    found: defaultdict[str, list[tuple[int, float]]] = defaultdict(list)
    for word, stem in enumerate(stems):
        values = dict.fromkeys(lexicon.alike.get(stem, ()), _SYNONYM)
        if len(stem) >= _PREFIX and stem.isalpha():
            for other in beginnings[stem[:_PREFIX]]:
                values[other] = max(values.get(other, 0.0), _likeness(stem, other))
        for other, value in (values | {stem: 1.0}).items():
            if value:
                found[other].append((word, value))
    return dict(found)


def _likeness(stem: str, other: str) -> float:
    common = next((n for n, (a, b) in enumerate(zip(stem, other, strict=False)) if a != b), min(len(stem), len(other)))
    share = common / max(len(stem), len(other))
    return _ALIKE * share if share >= _BEGINNING else 0.0


def _phrase(pairs: Sequence[tuple[int, int]], shares: Sequence[float], places: Sequence[Sequence[int]]) -> float:
    """Return the share of the question's pairs, by rarity, whose two words stand within a few words of each other."""
    whole = close = 0.0
    for first, second in pairs:
        weight = min(shares[first], shares[second])
        whole += weight
        if any(abs(one - other) <= _NEAR for one in places[first] for other in places[second]):
            close += weight
    return close / whole if whole else 0.0
