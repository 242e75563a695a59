"""Read the public question sets that quote mode is fitted on, and retrieve passages for their questions in memory.

XQuAD (paragraphs, answers with offsets), ObliQA (regulatory passages, gold passages per question) and NIST SP 800-53
(words of rules only). Retrieval here is the product's: BM25 over words and bigrams, cosine, min-max weighted fusion.
"""

from __future__ import annotations

import json
import math
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from compliance_bot.errors import ComplianceError
from compliance_bot.models.contract import Source
from compliance_bot.models.features import Evidence, ScoredPassage
from compliance_bot.records import ChunkId
from compliance_bot.terms import index_terms, query_terms, tokens

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

K1, B = 0.9, 0.4  # Lucene's defaults for passages; k1 and b of the product's index
BM25_WEIGHT = 0.4  # of the fused score; best on held-out ObliQA questions


class CorpusMissing(ComplianceError):
    """A data folder is not there."""

    exit_code = 3
    hint = "Point --data or COMPLIANCE_BOT_DATA at the folder that holds xquad, obliqa and nist80053."


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question, the passages that answer it, and where in them the answer stands (empty: anywhere)."""

    text: str
    gold: frozenset[int]
    answers: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Corpus:
    """Passages with the article or document that each is from, and questions about them."""

    name: str
    sources: tuple[Source, ...]
    parts: tuple[int, ...]
    asked: tuple[Asked, ...]


def read_xquad(data: Path) -> Corpus:
    """Return 240 paragraphs of 48 articles and 1,190 questions."""
    articles = _load(data / "xquad" / "xquad.en.json")["data"]
    paragraphs = [(part, paragraph) for part, article in enumerate(articles) for paragraph in article["paragraphs"]]
    asked = tuple(
        Asked(
            text=qa["question"],
            gold=frozenset({n}),
            answers=tuple((a["answer_start"], a["answer_start"] + len(a["text"])) for a in qa["answers"]),
        )
        for n, (_, paragraph) in enumerate(paragraphs)
        for qa in paragraph["qas"]
    )
    sources = tuple(_source(n, paragraph["context"]) for n, (_, paragraph) in enumerate(paragraphs))
    return Corpus(name="xquad", sources=sources, parts=tuple(part for part, _ in paragraphs), asked=asked)


def read_obliqa(data: Path, questions: int) -> Corpus:
    """Return all passages of the 40 documents and the first `questions` questions of the dev split."""
    files = sorted((data / "obliqa" / "documents").glob("*.json"), key=lambda path: int(path.stem))
    rows = [row for path in files for row in _load(path) if row["Passage"].strip()]
    place = {(row["DocumentID"], row["PassageID"]): n for n, row in enumerate(rows)}
    asked = []
    for row in _load(data / "obliqa" / "questions_dev.json")[:questions]:
        keys = [(passage["DocumentID"], passage["PassageID"]) for passage in row["Passages"]]
        asked.append(Asked(text=row["Question"], gold=frozenset(place[key] for key in keys if key in place)))
    sources = tuple(_source(n, row["Passage"]) for n, row in enumerate(rows))
    return Corpus(name="obliqa", sources=sources, parts=tuple(row["DocumentID"] for row in rows), asked=tuple(asked))


def common_words(data: Path, least: float) -> dict[str, float]:
    """Return the stems that at least this share of rules and of questions about them have, and the shares.

    The mean over ObliQA's passages, its questions, and the statements of NIST SP 800-53, so that no set speaks alone.
    """
    obliqa = read_obliqa(data, questions=10_000)
    catalogue = next((data / "nist80053").glob("*HIGH*.json"))
    groups = [
        [source.text for source in obliqa.sources],
        [asked.text for asked in obliqa.asked],
        list(_prose(_load(catalogue))),
    ]
    shares: Counter[str] = Counter()
    for texts in groups:
        found = Counter(stem for text in texts for stem in {token.stem for token in tokens(text) if not token.is_stop})
        for stem, n in found.items():
            shares[stem] += n / len(texts) / len(groups)  # type: ignore[assignment]  # a Counter of shares
    return {stem: round(share, 4) for stem, share in sorted(shares.items()) if share >= least and _is_word(stem)}


class Retriever:
    """Hybrid search over one corpus. `vectors` has a unit row per source."""

    def __init__(self, corpus: Corpus, vectors: NDArray[np.float32]) -> None:
        self.corpus = corpus
        self.vectors = vectors
        self._postings: defaultdict[str, list[tuple[int, float]]] = defaultdict(list)
        counts = [Counter(index_terms(source.text)) for source in corpus.sources]
        mean = sum(sum(count.values()) for count in counts) / len(counts)
        for n, count in enumerate(counts):
            norm = K1 * (1 - B + B * sum(count.values()) / mean)
            for term, tf in count.items():
                self._postings[term].append((n, tf * (K1 + 1) / (tf + norm)))

    def idf(self, term: str) -> float:
        return math.log((len(self.corpus.sources) + 1) / (len(self._postings.get(term, ())) + 0.5))

    def search(
        self, question: str, vector: NDArray[np.float32], k: int, without: frozenset[int]
    ) -> tuple[list[Source], Evidence]:
        """Return the best `k` sources, those in `without` left out, with what retrieval knows of them."""
        terms = query_terms(question)
        lexical = np.zeros(len(self.corpus.sources))
        for term in terms:
            rarity = self.idf(term)
            for n, weight in self._postings.get(term, ()):
                lexical[n] += rarity * weight
        cosine = self.vectors @ vector
        fused = BM25_WEIGHT * _min_max(lexical) + (1 - BM25_WEIGHT) * _min_max(cosine)
        fused[list(without)] = -1.0
        best = [int(n) for n in np.argsort(-fused, kind="stable")[:k]]
        sources = [self.corpus.sources[n] for n in best]
        scores = {
            source.id: ScoredPassage(lexical=float(lexical[n]), cosine=float(cosine[n]), fused=float(fused[n]))
            for n, source in zip(best, sources, strict=True)
        }
        idf = {term: self.idf(term) for term in terms}
        return sources, Evidence(idf=idf, scores=scores, passages=len(self.corpus.sources))


def _min_max(scores: NDArray[np.floating]) -> NDArray[np.floating]:
    low, high = scores.min(), scores.max()
    return (scores - low) / (high - low) if high > low else np.zeros_like(scores)


def _source(n: int, text: str) -> Source:
    return Source(id=ChunkId(f"{n:016x}"), title="", text=text)


def _load(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise CorpusMissing(f"{path} is not there") from error


def _prose(node: Any) -> Iterator[str]:
    """Yield the statements of an OSCAL catalogue."""
    if isinstance(node, dict):
        if isinstance(node.get("prose"), str):
            yield node["prose"]
        for value in node.values():
            yield from _prose(value)
    elif isinstance(node, list):
        for value in node:
            yield from _prose(value)


def _is_word(stem: str) -> bool:
    return stem.isalpha() and len(stem) > 2
