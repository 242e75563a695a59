"""Fuse the scores of the lexical and the dense side into one order. Pure functions.

A weighted sum of scores (Bruch, Gai and Ingber 2023, "An Analysis of Fusion Functions for Hybrid Retrieval"): cosine is
taken as it is, BM25 is divided by the idf that a word in no other passage would have, so that its scale does not grow
with the number of passages. Scaling both to 0..1 over the candidates, and reciprocal rank fusion, were worse.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

# Both fitted by `compliance_bot.tuning.fit_fusion`; docs/reference/benchmarks.md has the cross-validation.
LEXICAL_WEIGHT = 0.1
K1 = 0.6

B = 0.4  # Trotman, Puurula and Burgess 2014


def fuse(
    lexical: Mapping[int, float], cosine: Mapping[int, float], *, passages: int, weight: float = LEXICAL_WEIGHT
) -> dict[int, float]:
    """Return the fused score of each candidate that has a cosine, higher is better.

    `passages` is how many there are in scope; a candidate without a lexical score shares no term with the question.
    """
    scale = weight / math.log(passages + 1) if passages else 0.0
    return {chunk: scale * lexical.get(chunk, 0.0) + value for chunk, value in cosine.items()}
