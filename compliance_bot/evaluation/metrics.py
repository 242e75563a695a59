"""Ranking metrics as trec_eval defines them. Pure functions of a ranking and the graded relevant items."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def recall_at(ranking: Sequence[str], relevant: Mapping[str, int], k: int) -> float:
    """Return the share of relevant items among the first k."""
    return sum(item in relevant for item in ranking[:k]) / len(relevant)


def average_precision_at(ranking: Sequence[str], relevant: Mapping[str, int], k: int) -> float:
    """Return the mean of the precision at each relevant item among the first k, over all relevant items."""
    found, total = 0, 0.0
    for rank, item in enumerate(ranking[:k], 1):
        if item in relevant:
            found += 1
            total += found / rank
    return total / len(relevant)


def ndcg_at(ranking: Sequence[str], relevant: Mapping[str, int], k: int) -> float:
    """Return the discounted gain of the first k over the best possible one."""
    gain = sum(relevant.get(item, 0) / math.log2(rank + 1) for rank, item in enumerate(ranking[:k], 1))
    best = sorted(relevant.values(), reverse=True)[:k]
    return gain / sum(grade / math.log2(rank + 1) for rank, grade in enumerate(best, 1))
