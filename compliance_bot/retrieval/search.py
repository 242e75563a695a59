"""Search within a scope: BM25 over words and bigrams, vectors, and their fusion, in one transaction.

Up to a threshold of readable chunks everything is compared exactly; above it a question's most frequent words score
only what its other words have found, and the HNSW index is followed until enough readable chunks were found; where it
falls short, all are compared after all. The scope's own counts decide, so no planner guesses.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from compliance_bot.records import Hit
from compliance_bot.redaction.placeholders import placeholder
from compliance_bot.retrieval.fuse import K1, B, fuse
from compliance_bot.retrieval.plan import EXACT, plan
from compliance_bot.store import names
from compliance_bot.store import search as queries
from compliance_bot.store.tuning import BUILT_IN, measured
from compliance_bot.terms import query_terms, term_hash

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy as np

    from compliance_bot.records import ChunkId, Scope, VersionId
    from compliance_bot.retrieval.plan import Plan
    from compliance_bot.store.connect import Transaction
    from compliance_bot.store.models import VectorModel

_MOST_TERMS = 64  # of a question; the rest are its most frequent ones
_FREQUENT_SHARE = 0.2  # of a question's idf: at 100,000 chunks a sixth of the postings, 99 % of the ten best are left
_SPARE = 2  # how many times the candidates are chosen by the rarer terms alone
_DIGITS = 9  # scores that agree to here are equal: then content decides the order


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A value that a question names, to be found by its tokens in the vault, where its asker may see it and only there.

    To everybody else, and everywhere else, `stem` is a word that stands nowhere.
    """

    stem: str  # what stands for it in the question
    tokens: tuple[int, ...]  # of the whole and of each part of a name
    values: frozenset[int]  # tokens of the values that are meant
    scope: Scope  # the part of the search's scope in which the asker may see it


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The hits of a search, best first, the statistics that an answerer needs, and which path was taken."""

    hits: tuple[Hit, ...]
    idf: Mapping[str, float] = field(hash=False)  # of the question's terms within the scope
    passages: int  # in scope
    exact: bool
    # Of each passage: which of its placeholders stand for a value that the question names, and for which.
    same: Mapping[ChunkId, Mapping[str, str]] = field(default_factory=dict, hash=False)


def search(
    transaction: Transaction,
    scope: Scope,
    question: str,
    embedded: Callable[[], np.ndarray],
    *,
    model: VectorModel | None,
    term_key: bytes,
    k: int,
    candidates: int = 100,
    stored: int | None = None,
    exact_threshold: int | None = None,
    named: Sequence[Named] = (),
) -> Found:
    """Return the `k` best readable passages for a question.

    `embedded` returns its embedding by `model`, shape (dim,); it is called once the search by words is done. Without a
    model nothing was ever stored, and there is nothing to compare the vector with. `stored` is how many live chunks the
    tenant has, the readable ones by default. Without `exact_threshold` the one that was measured holds. `named` are
    the values in the question that the asker may see somewhere.
    """
    idf = weigh_terms(transaction, scope, question, term_key)
    weighed = [(one, weigh_tokens(transaction, scope, one)) for one in named]
    known: dict[str, float] = {}
    for one, weights in weighed:
        known[one.stem] = max(known.get(one.stem, 0.0), *weights.values()) if weights else known.get(one.stem, 0.0)
    idf |= {stem: value for stem, value in known.items() if value and stem in idf}
    reach = (model and measured(transaction, model)) or BUILT_IN
    way = plan(scope.chunks, stored or scope.chunks, candidates, reach, threshold=exact_threshold)
    lexical, cosine = gather(
        transaction, scope, idf, embedded, model=model, term_key=term_key, candidates=candidates, way=way, named=weighed
    )
    fused = {chunk: round(score, _DIGITS) for chunk, score in fuse(lexical, cosine, passages=scope.chunks).items()}
    hits = _hits(transaction, scope, _best(transaction, scope, fused, k), lexical, cosine)
    return Found(hits=hits, idf=idf, passages=scope.chunks, exact=way.is_exact, same=_same(transaction, named, hits))


def gather(
    transaction: Transaction,
    scope: Scope,
    idf: Mapping[str, float],
    embedded: Callable[[], np.ndarray],
    *,
    model: VectorModel | None,
    term_key: bytes,
    candidates: int,
    way: Plan = EXACT,
    k1: float = K1,
    named: Sequence[tuple[Named, Mapping[int, float]]] = (),
) -> tuple[queries.Scores, queries.Scores]:
    """Return the candidates of both sides: BM25 scores, and the cosine of each chunk that either side found."""
    weights = {term_hash(term, term_key): value for term, value in idf.items()}
    lexical = _lexical(transaction, scope, weights, k1, candidates, exact=way.is_exact) if weights else {}
    for one, tokens in named:
        lexical = _with_named(transaction, scope, lexical, weights, one.scope, tokens, k1, candidates)
    vector = embedded()
    if scope.is_empty or model is None:
        return {}, {}
    cosine = nearest(transaction, scope, model, vector, candidates, way)
    unseen = [chunk for chunk in lexical if chunk not in cosine]
    return lexical, cosine | queries.cosines(transaction, scope, model, vector, unseen)


def weigh_terms(transaction: Transaction, scope: Scope, question: str, key: bytes) -> dict[str, float]:
    """Return the idf of each term of the question within the scope; a term that no readable chunk has, the highest."""
    hashes = {term: term_hash(term, key) for term in query_terms(question)}
    frequencies = queries.document_frequencies(transaction, scope, list(hashes.values()))
    idf = {
        term: inverse_document_frequency(scope.chunks, frequencies.get(hashed, 0)) for term, hashed in hashes.items()
    }
    kept = sorted(idf, key=lambda term: -idf[term])[:_MOST_TERMS]
    return {term: idf[term] for term in idf if term in kept}


def weigh_tokens(transaction: Transaction, scope: Scope, named: Named) -> dict[int, float]:
    """Return the idf of each token of a named value that stands where its asker may see it."""
    frequencies = queries.document_frequencies(transaction, named.scope, list(named.tokens))
    return {token: inverse_document_frequency(scope.chunks, count) for token, count in frequencies.items() if count > 0}


def _with_named(
    transaction: Transaction,
    scope: Scope,
    lexical: queries.Scores,
    weights: Mapping[int, float],
    within: Scope,
    tokens: Mapping[int, float],
    k1: float,
    limit: int,
) -> queries.Scores:
    """Return BM25 scores with what a named value adds: its tokens are terms, in the part of the scope they are in."""
    best = queries.lexical(transaction, within, tokens, k1=k1, b=B, limit=limit)
    added = queries.lexical_of(transaction, within, tokens, [*lexical, *best], k1=k1, b=B)
    fresh = [chunk for chunk in best if chunk not in lexical]
    others = queries.lexical_of(transaction, scope, weights, fresh, k1=k1, b=B)
    chunks = dict.fromkeys((*lexical, *best))
    return {chunk: lexical.get(chunk, others.get(chunk, 0.0)) + added.get(chunk, 0.0) for chunk in chunks}


def _same(transaction: Transaction, named: Sequence[Named], hits: Sequence[Hit]) -> dict[ChunkId, dict[str, str]]:
    """Return which placeholders of each passage stand for a value that the question names."""
    versions = {hit.passage.version_id for hit in hits}
    known: dict[VersionId, dict[str, str]] = {}
    for one in named:
        for version, type_, number in names.named(transaction, one.scope, versions, one.values):
            known.setdefault(version, {})[placeholder(type_, number)] = one.stem
    return {hit.chunk: known[hit.passage.version_id] for hit in hits if hit.passage.version_id in known}


def inverse_document_frequency(chunks: int, frequency: int) -> float:
    """Return BM25's idf, never negative (the form of Lucene)."""
    return math.log(1 + (chunks - frequency + 0.5) / (frequency + 0.5))


def _lexical(
    transaction: Transaction, scope: Scope, idfs: Mapping[int, float], k1: float, limit: int, *, exact: bool
) -> queries.Scores:
    """Return the chunks with the highest BM25 scores; where not `exact`, rarely not quite the highest.

    Most of the work is on the most frequent terms, which hardly change who comes first (the reasoning of MaxScore,
    Turtle and Flood 1995). So the others choose more chunks than are needed, and then these get their whole score.
    Where the others find too few, all terms choose.
    """
    rare, frequent = (idfs, {}) if exact else split_terms(idfs)
    found = queries.lexical(transaction, scope, rare, k1=k1, b=B, limit=_SPARE * limit if frequent else limit)
    if not frequent:
        return found
    if len(found) < limit:
        return queries.lexical(transaction, scope, idfs, k1=k1, b=B, limit=limit)
    more = queries.lexical_of(transaction, scope, frequent, list(found), k1=k1, b=B)
    whole = {chunk: score + more.get(chunk, 0.0) for chunk, score in found.items()}
    least = sorted(whole.values(), reverse=True)[:limit][-1:]
    return {chunk: score for chunk, score in whole.items() if score >= least[0]}


def split_terms(idfs: Mapping[int, float]) -> tuple[dict[int, float], dict[int, float]]:
    """Return the rarer terms, and the most frequent ones: as many as add up to no more than a share of all idf."""
    budget = _FREQUENT_SHARE * sum(idfs.values())
    frequent: dict[int, float] = {}
    for term, idf in sorted(idfs.items(), key=lambda item: item[1]):
        budget -= (K1 + 1) * idf  # the most that the term can add to a score
        if budget < 0:
            break
        frequent[term] = idf
    return {term: idf for term, idf in idfs.items() if term not in frequent}, frequent


def nearest(
    transaction: Transaction, scope: Scope, model: VectorModel, vector: np.ndarray, limit: int, way: Plan
) -> queries.Scores:
    """Return the nearest chunks, by their exact cosines whichever way they were found."""
    if way.walk is not None:
        found = queries.nearest_approximate(transaction, scope, model, vector, walk=way.walk)
        if len(found) >= min(way.walk.fetch, scope.chunks):
            least = min(islice(found.values(), limit))
            return {chunk: cosine for chunk, cosine in found.items() if cosine >= least}
    return queries.nearest_exact(transaction, scope, model, vector, limit=limit)


def _best(transaction: Transaction, scope: Scope, fused: Mapping[int, float], k: int) -> list[tuple[int, float]]:
    """Return the k best chunks with scores normalised to the best one. Equal scores are ordered by content."""
    ranked = sorted(fused.items(), key=lambda item: -item[1])
    if not ranked:
        return []
    cut = ranked[min(k, len(ranked)) - 1][1]
    within = [(chunk, score) for chunk, score in ranked if score >= cut]
    content = queries.content_order(transaction, scope, [chunk for chunk, _ in within])
    within.sort(key=lambda item: (-item[1], content[item[0]]))
    top = within[0][1]
    # Cosines can be negative: then nothing is near, and the scores say no more than the order.
    return [(chunk, max(0.0, score / top) if top > 0 else 0.0) for chunk, score in within[:k]]


def _hits(
    transaction: Transaction,
    scope: Scope,
    best: Sequence[tuple[int, float]],
    lexical: Mapping[int, float],
    cosine: Mapping[int, float],
) -> tuple[Hit, ...]:
    passages = queries.passages(transaction, scope, [chunk for chunk, _ in best])
    return tuple(
        Hit(
            passage=passages[chunk],
            rank=rank,
            score=round(score, 6),
            lexical=lexical.get(chunk, 0.0),
            cosine=cosine[chunk],
        )
        for rank, (chunk, score) in enumerate(best, 1)
    )
