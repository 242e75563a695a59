"""Choose the units that answer a question, or none: two linear models over the plain numbers of `features`.

The first ranks units (a conditional logit: which of these units holds the answer), the second decides whether there is
an answer at all (a logistic regression on the best unit's features and a threshold). Both are fitted by
`tuning.fit_quote` and can be fitted again on a customer's questions; the coefficients are a JSON file that people read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from compliance_bot.models.contract import Quote, Reply, ReplySentence
from compliance_bot.models.features import compare, question_features
from compliance_bot.models.units import Unit, union

if TYPE_CHECKING:
    from collections.abc import Sequence

    from compliance_bot.models.contract import Source
    from compliance_bot.models.features import Comparison, Evidence, Lexicon

MOST_SENTENCES = 3
_NEAR_BEST = 1.0  # difference of scores: a unit this much behind the best is e times less likely to hold the answer
_CLEARLY_NEW = 0.15  # share of the question that a further sentence must add
_DISCRIMINATES = 0.3  # a word with this share of the question must be in the passage or its title


@dataclass(frozen=True, slots=True, kw_only=True)
class Linear:
    """A weighted sum of named features. An unknown feature (NaN) counts as its mean."""

    weights: tuple[float, ...]
    means: tuple[float, ...]
    bias: float = 0.0

    def __call__(self, features: np.ndarray) -> np.ndarray:
        """Return one score per row of `features`, shape (…, len(weights))."""
        known = np.where(np.isnan(features), np.asarray(self.means), features)
        scores: np.ndarray = known @ np.asarray(self.weights) + self.bias
        return scores


@dataclass(frozen=True, slots=True, kw_only=True)
class Selector:
    """All that quote mode has learned. It abstains where `answered` scores below `threshold` (log-odds)."""

    ranked: Linear  # over UNIT_FEATURES
    answered: Linear  # over QUESTION_FEATURES
    threshold: float
    lexicon: Lexicon


def select(question: str, sources: Sequence[Source], selector: Selector, evidence: Evidence | None = None) -> Reply:
    """Return one to three quoted sentences, best first, or an abstention."""
    comparison = compare(question, sources, selector.lexicon, evidence)
    if not comparison.candidates or not comparison.shares:
        return Reply()
    scores = selector.ranked(comparison.features)
    order = [int(n) for n in np.argsort(-scores, kind="stable")]
    # INVARIANT: shared words are no answer. What the question turns on must stand where the answer does.
    if not is_about(comparison, order[0]):
        return Reply()
    if selector.answered(question_features(comparison, order[0])) < selector.threshold:
        return Reply()
    chosen = _choose(comparison, order, scores)
    return Reply(sentences=tuple(_sentence(unit, sources[position]) for position, unit in chosen))


def is_about(comparison: Comparison, best: int) -> bool:
    """Tell whether the passage of candidate `best`, or its title, has each word that the question turns on."""
    around = comparison.around[comparison.candidates[best].position]
    return all(there or share < _DISCRIMINATES for share, there in zip(comparison.shares, around, strict=True))


def _choose(comparison: Comparison, order: Sequence[int], scores: np.ndarray) -> list[tuple[int, Unit]]:
    """Return the best unit and those near it that add something, by passage; items of one list become one unit.

    All items of a list that are near the best are quoted: some of them would look like all of them.
    """
    chosen: list[tuple[int, Unit]] = []
    covered = [0.0] * len(comparison.shares)
    for n in order:
        if scores[n] < scores[order[0]] - _NEAR_BEST:
            break
        unit, position = comparison.candidates[n].unit, comparison.candidates[n].position
        lists = [(place, other.group) for place, other in chosen]
        if (position, unit.group) in lists:
            at = lists.index((position, unit.group))
            chosen[at] = (position, union(chosen[at][1], unit))
        elif not chosen or (len(chosen) < MOST_SENTENCES and _adds(comparison, n, covered)):
            chosen.append((position, unit))
        else:
            continue
        covered = [max(pair) for pair in zip(covered, comparison.candidates[n].covered, strict=True)]
    return chosen


def _adds(comparison: Comparison, n: int, covered: Sequence[float]) -> bool:
    """Tell whether candidate `n` clearly covers more of the question: the same words of another document do not."""
    mine = comparison.candidates[n].covered
    new = (share * max(0.0, m - had) for share, m, had in zip(comparison.shares, mine, covered, strict=True))
    return bool(sum(new) >= _CLEARLY_NEW)


def _sentence(unit: Unit, source: Source) -> ReplySentence:
    quotes = tuple(Quote(id=source.id, quote=span.text, start=span.start) for span in unit.spans)
    return ReplySentence(text=unit.text, quotes=quotes)
