"""The queries of a search. Each takes a `Scope` and filters by its classes, whatever row-level security would do.

Statistics are those of the readable scope: neither scores nor their order say anything about text outside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pgvector import HalfVector
from psycopg import sql

from compliance_bot.records import ChunkId, ClassId, DocumentId, Lead, Passage, VersionId
from compliance_bot.store.queries import named_queries
from compliance_bot.store.within import given, within

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np

    from compliance_bot.records import Scope
    from compliance_bot.store.connect import Transaction
    from compliance_bot.store.models import VectorModel

_SQL = named_queries("search")

Scores = dict[int, float]  # chunk: score


def document_frequencies(transaction: Transaction, scope: Scope, terms: Sequence[int]) -> dict[int, int]:
    """Return in how many readable chunks each term occurs; a term that occurs in none is left out."""
    return dict(_rows(transaction, scope, "document_frequencies", terms=list(terms)))


def lexical(
    transaction: Transaction, scope: Scope, idfs: Mapping[int, float], *, k1: float, b: float, limit: int
) -> Scores:
    """Return the readable chunks with the highest BM25 scores, given the weight of each term."""
    return _top(transaction, scope, "lexical", limit, **_weighed(scope, idfs, k1, b))


def lexical_of(
    transaction: Transaction, scope: Scope, idfs: Mapping[int, float], chunks: Sequence[int], *, k1: float, b: float
) -> Scores:
    """Return the BM25 scores of these readable chunks for the given terms; those that have none are left out."""
    return dict(_rows(transaction, scope, "lexical_of", chunks=list(chunks), **_weighed(scope, idfs, k1, b)))


def _weighed(scope: Scope, idfs: Mapping[int, float], k1: float, b: float) -> dict[str, Any]:
    average = max(1.0, scope.terms / max(1, scope.chunks))
    weights = [1e7 * (k1 + 1) * idf for idf in idfs.values()]
    return {"terms": list(idfs), "weights": weights, "fixed": k1 * (1 - b), "per_term": k1 * b / average}


def nearest_exact(
    transaction: Transaction, scope: Scope, model: VectorModel, vector: np.ndarray, *, limit: int
) -> Scores:
    """Return the readable chunks with the highest cosines; every readable chunk is compared.

    Stored vectors have length 1 but for the rounding of half precision, so their inner product is taken.
    """
    found = _top(transaction, scope, "nearest_exact", limit, model=model.id, vector=HalfVector(vector))
    return {chunk: -distance for chunk, distance in found.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """How far the HNSW index is followed for one question."""

    ef_search: int  # entries that are taken at a time, in order
    fetch: int  # readable chunks that end the walk
    longest: int  # entries that are looked at, at most


def nearest_approximate(
    transaction: Transaction, scope: Scope, model: VectorModel, vector: np.ndarray, *, walk: Walk
) -> Scores:
    """Return readable chunks with high cosines through the HNSW index, the highest first: rarely not quite all of them.

    They are fewer than were to be fetched where the walk came to its end before.
    """
    settings = {"ef_search": str(walk.ef_search), "longest": str(walk.longest)}
    transaction.connection.execute(_SQL["walk_hnsw"], settings)
    query = sql.SQL(within(_SQL["nearest_approximate"], scope)).format(
        dim=sql.Literal(model.dim), model=sql.Literal(model.id)
    )
    values = given(scope, vector=HalfVector(vector), limit=walk.fetch)
    rows = transaction.connection.execute(query, values).fetchall()
    transaction.connection.execute(_SQL["stop_walking"])
    return dict(sorted(rows, key=lambda row: -row[1]))


def cosines(
    transaction: Transaction, scope: Scope, model: VectorModel, vector: np.ndarray, chunks: Sequence[int]
) -> Scores:
    """Return the cosine of each of these readable chunks."""
    return dict(_rows(transaction, scope, "cosines", model=model.id, vector=HalfVector(vector), chunks=list(chunks)))


def content_order(transaction: Transaction, scope: Scope, chunks: Sequence[int]) -> dict[int, str]:
    """Return a key of each readable chunk's content: ties break by content, never by id."""
    return dict(_rows(transaction, scope, "content_order", chunks=list(chunks)))


def passages(transaction: Transaction, scope: Scope, chunks: Sequence[int]) -> dict[int, Passage]:
    """Return the readable ones of these chunks, ready to be quoted."""
    return {row[0]: _passage(row) for row in _rows(transaction, scope, "passages", chunks=list(chunks))}


def _rows(transaction: Transaction, scope: Scope, query: str, **values: Any) -> list[tuple[Any, ...]]:
    return transaction.connection.execute(within(_SQL[query], scope), given(scope, **values)).fetchall()


def _top(transaction: Transaction, scope: Scope, query: str, limit: int, **values: Any) -> Scores:
    """Return the first `limit` rows, and those that score the same as the last of them.

    To keep ties the server sorts every row; so it is asked for one row too many first, and again only if that one ties.
    """
    found = within(_SQL[query], scope)

    def fetch(ties: str, most: int) -> list[tuple[Any, ...]]:
        statement = sql.SQL(found).format(ties=sql.SQL(ties))
        return transaction.connection.execute(statement, given(scope, **values, limit=most)).fetchall()

    rows = fetch("ONLY", limit + 1)
    if len(rows) > limit and rows[limit - 1][1] == rows[limit][1]:
        return dict(fetch("WITH TIES", limit))
    return dict(rows[:limit])


def _passage(row: tuple[Any, ...]) -> Passage:
    (chunk, document, title, collection, number, version, version_sha256, valid_from) = row[:8]
    (sha256, ref, page, page_starts, heading, start, end, text, lead_starts, lead_texts, class_id) = row[8:]
    return Passage(
        chunk=ChunkId(f"{chunk:016x}"),
        document=DocumentId(str(document)),
        title=title,
        collection=collection,
        version=number,
        version_id=VersionId(str(version)),
        version_sha256=version_sha256,
        valid_from=valid_from,
        sha256=sha256,
        ref=ref,
        page=page,
        page_starts=tuple(page_starts),
        heading=heading,
        start=start,
        end=end,
        text=text,
        leads=tuple(Lead(start=at, text=words) for at, words in zip(lead_starts, lead_texts, strict=True)),
        class_id=ClassId(class_id),
    )
