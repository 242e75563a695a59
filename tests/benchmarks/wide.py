"""An embedder for a large corpus in little time: a passage made of known sentences gets the mean of their vectors.

All else about such a passage goes the product's own way. Real passages, and what masking has changed, are embedded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from compliance_bot.models.embed import Embedder


class SentenceMeans:
    """Embeds the sentences of `made` once; `made` has the sentences of each passage by its text."""

    def __init__(self, embedder: Embedder, made: Mapping[str, Sequence[str]]) -> None:
        self.dim = embedder.dim
        self.manifest_hash = embedder.manifest_hash
        self._embedder, self._made = embedder, made
        pieces = sorted({piece for parts in made.values() for piece in parts})
        self._rows = {piece: n for n, piece in enumerate(pieces)}
        self._vectors = embedder.embed(pieces)

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one unit vector per text: float32, shape (len(texts), dim)."""
        vectors = np.empty((len(texts), self.dim), np.float32)
        known = [n for n, text in enumerate(texts) if text in self._made]
        others = [n for n, text in enumerate(texts) if text not in self._made]
        for n in known:
            mean = self._vectors[[self._rows[piece] for piece in self._made[texts[n]]]].mean(axis=0)
            vectors[n] = mean / np.linalg.norm(mean)
        if others:
            vectors[others] = self._embedder.embed([texts[n] for n in others])
        return vectors
