"""Doubles for the tests of applications that use this package: fast, deterministic, without a model file or a network.

They keep the contracts of what they stand for, and nothing else: a `HashEmbedder` knows words, not meanings, and a
`ListedDetector` finds only what it was told of. The database, the policies and the audit log have no double: a
`throw_away_bot` runs the real ones.
"""

from __future__ import annotations

import hashlib
import json
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal

import numpy as np

from compliance_bot.bot import ComplianceBot
from compliance_bot.home import throw_away_home
from compliance_bot.redaction.spans import DetectionFailed, Span, merge
from compliance_bot.terms import tokens

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from compliance_bot.models.embed import Embedder
    from compliance_bot.redaction.spans import Detects

__all__ = ["FailingDetector", "HashEmbedder", "ListedDetector", "throw_away_bot"]


class HashEmbedder:
    """Embeds a text as the direction of its words: texts that share words are near, others nearly orthogonal."""

    is_local = True
    manifest_hash = hashlib.sha256(b"compliance_bot.testing.HashEmbedder/1").hexdigest()

    def __init__(self, dim: int = 384) -> None:
        self.dim = dim

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one unit vector per text: float32, shape (len(texts), dim). Raises EmptyText."""
        vectors = np.empty((len(texts), self.dim), np.float32)
        for position, text in enumerate(texts):
            vectors[position] = self._vector(position, text)
        return vectors

    def _vector(self, position: int, text: str) -> NDArray[np.float64]:
        stems = [token.stem for token in tokens(text)]
        if not stems:
            from compliance_bot.models.embed import EmptyText  # imports LangChain

            raise EmptyText(position)
        total: NDArray[np.float64] = np.sum([self._direction(stem) for stem in stems], axis=0)
        return total / np.linalg.norm(total)

    def _direction(self, stem: str) -> NDArray[np.float64]:
        seed = int.from_bytes(hashlib.blake2b(stem.encode(), digest_size=8).digest(), "big")
        return np.random.default_rng(seed).standard_normal(self.dim)


class ListedDetector:
    """Finds the values it was given, wherever they stand: `ListedDetector({"Ana Lopez": "PERSON"})`."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = dict(values)

    @property
    def version(self) -> str:
        """What changes with the values: a document is then masked anew when it is ingested again."""
        return hashlib.sha256(json.dumps(self._values, sort_keys=True).encode()).hexdigest()

    def detect(self, text: str) -> tuple[Span, ...]:
        """Return the listed values in `text`: sorted, disjoint, in characters of `text`."""
        return merge(
            Span(start=match.start(), end=match.end(), type=kind, score=1.0)
            for value, kind in self._values.items()
            for match in re.finditer(re.escape(value), text)
        )


class FailingDetector:
    """Refuses every text, as a detector does that cannot tell: what depends on it must refuse as well."""

    def detect(self, text: str) -> tuple[Span, ...]:
        """Raise DetectionFailed."""
        raise DetectionFailed(f"this detector refuses everything: {len(text)} characters came")


@contextmanager
def throw_away_bot(
    home: Path,
    *,
    policies: Literal["starter", "sample"] = "starter",
    embedder: Embedder | None = None,
    detector: Detects | None = None,
) -> Iterator[ComplianceBot]:
    """Make a bot in a new home with a database of its own, and remove both after the block.

    Without an embedder or a detector it has the doubles above, the detector one that finds nothing. The starter
    policies permit everything to the principal `admin`.
    """
    with throw_away_home(home, policies=policies), ComplianceBot.open(home) as bot:
        bot.embedder = embedder or HashEmbedder()
        bot.detector = detector or ListedDetector({})
        yield bot
