"""Fuse the scores of the lexical and the dense side into one order. Pure functions.

Weighted score fusion after min-max normalisation (Bruch, Gai and Ingber 2023, "An Analysis of Fusion Functions for
Hybrid Retrieval"): each side is scaled to 0..1 over the candidates, BM25 from its natural zero. Reciprocal rank fusion
loses to BM25 alone where the dense side is the weaker one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

LEXICAL_WEIGHT = 0.5  # cross-validated on ObliQA dev by `compliance_bot.tuning.fit_fusion`


def fuse(
    lexical: Mapping[int, float], cosine: Mapping[int, float], *, lexical_weight: float = LEXICAL_WEIGHT
) -> dict[int, float]:
    """Return the fused score of each candidate with a cosine. Higher is better; 1.0 is the best of both sides."""
    if not cosine:
        return {}
    top = max(lexical.values(), default=0.0) or 1.0
    low, high = min(cosine.values()), max(cosine.values())
    span = (high - low) or 1.0
    return {
        chunk: lexical_weight * lexical.get(chunk, 0.0) / top + (1 - lexical_weight) * (value - low) / span
        for chunk, value in cosine.items()
    }
