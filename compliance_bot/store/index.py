"""The search index of live chunks: postings, document frequencies, vectors, and keeping them in step.

Everything here happens inside the transaction that changes the documents, so the index never says anything that the
documents do not. Document frequencies and counts are kept per access class, of live chunks only.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pgvector import HalfVector

from compliance_bot.errors import Unavailable
from compliance_bot.store.models import Use, register, serving_model
from compliance_bot.store.queries import named_queries

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import numpy as np

    from compliance_bot.records import ClassId, DocumentId, Lead
    from compliance_bot.store.connect import Transaction

_SQL = named_queries("index")
_MAX_TF = 2**15 - 1
_CHUNKS_AT_ONCE = 500  # some 80,000 postings, so that memory does not grow with a document


class EmbedderMismatch(Unavailable):
    """The vectors in this home were made by another embedding model than the one that is loaded."""

    hint = "Run `compliance-bot model re-embed`, or set the embedder that made them."


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexedChunk:
    """A chunk with what the index needs of it."""

    text: str
    start: int
    end: int
    page: int | None
    heading: str
    leads: tuple[Lead, ...]
    context: str  # title, heading, leads and text, as they were indexed
    terms: Mapping[int, int] = field(hash=False)  # hashed term: how often
    vector: np.ndarray = field(hash=False)  # shape (dim,), float32, unit length
    placeholders: int = 0  # how many stand in the context: each counts as a word, whatever it stands for
    names: Mapping[int, int] = field(default_factory=dict, hash=False)  # token of a value in the vault: how often

    @property
    def length(self) -> int:
        """How long the chunk is for BM25: the same whatever the values are that were taken out of it."""
        return sum(self.terms.values()) + self.placeholders


@dataclass(frozen=True, slots=True, kw_only=True)
class NewVersion:
    """The chunks of one version, with the ids they belong to."""

    document: DocumentId
    version: str
    class_id: ClassId
    chunks: tuple[IndexedChunk, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What of a chunk is counted: its length, and how often each hashed term or token stands there."""

    chunk: int
    class_id: ClassId
    length: int
    terms: Mapping[int, int] = field(hash=False)


def require_model(transaction: Transaction, *, hash: str, name: str, dim: int) -> int:
    """Return the number of the model that serves, this one where none did yet. Raises EmbedderMismatch for another."""
    model = serving_model(transaction) or register(transaction, hash=hash, name=name, dim=dim, use=Use.SERVING)
    if model.hash != hash:
        raise EmbedderMismatch
    return model.id


def add(transaction: Transaction, versions: Sequence[NewVersion], *, model_id: int) -> None:
    """Make the chunks of new versions searchable."""
    connection = transaction.connection
    rows = [
        _row(transaction.tenant, version, ordinal, chunk, model_id)
        for version in versions
        for ordinal, chunk in enumerate(version.chunks)
    ]
    if not rows:
        return
    with connection.cursor() as cursor:
        cursor.executemany(_SQL["add_chunks"], rows)
        cursor.executemany(_SQL["add_embeddings"], rows)
    count_in(
        transaction,
        [Counted(chunk=row["id"], class_id=row["acl_id"], length=row["length"], terms=row["counts"]) for row in rows],
    )


def count_in(transaction: Transaction, chunks: Sequence[Counted]) -> None:
    """Add chunks to the lexical index and to its statistics."""
    connection = transaction.connection
    for begin in range(0, len(chunks), _CHUNKS_AT_ONCE):
        columns = _postings(transaction.tenant, chunks[begin : begin + _CHUNKS_AT_ONCE])
        connection.execute(_SQL["add_postings"], columns)
        connection.execute(_SQL["count_terms"], columns)
    counted = {"classes": [one.class_id for one in chunks], "lengths": [one.length for one in chunks]}
    connection.execute(_SQL["count_chunks"], {"tenant": transaction.tenant, **counted})


def retire(transaction: Transaction, versions: Sequence[str]) -> None:
    """Move the chunks of superseded versions out of the index, into history."""
    kept = ("keep_history", "keep_vectors")
    _run(transaction, versions, "uncount_terms", "uncount_chunks", "delete_postings", *kept, "delete_chunks")


def remove(transaction: Transaction, versions: Sequence[str]) -> None:
    """Take the chunks of these versions out of the index for good."""
    _run(transaction, versions, "uncount_terms", "uncount_chunks", "delete_postings", "delete_chunks")


def reclassify(transaction: Transaction, versions: Sequence[str], *, to: ClassId) -> None:
    """Move the live chunks of these versions, their vectors, postings and statistics to another class."""
    values = {"tenant": transaction.tenant, "versions": list(versions), "to": to}
    for query in (
        *("uncount_terms", "uncount_chunks", "reclassify_postings", "reclassify_embeddings", "reclassify_chunks"),
        *("recount_terms", "recount_chunks"),
    ):
        transaction.connection.execute(_SQL[query], values)


def _run(transaction: Transaction, versions: Sequence[str], *queries: str) -> None:
    for query in queries:
        transaction.connection.execute(_SQL[query], {"tenant": transaction.tenant, "versions": list(versions)})


def _postings(tenant: int, chunks: Sequence[Counted]) -> dict[str, Any]:
    postings = [(term, chunk, tf) for chunk in chunks for term, tf in chunk.terms.items()]
    return {
        "tenant": tenant,
        "terms": _array(term for term, _, _ in postings),
        "classes": _array(chunk.class_id for _, chunk, _ in postings),
        "chunks": _array(chunk.chunk for _, chunk, _ in postings),
        "tfs": _array(min(tf, _MAX_TF) for _, _, tf in postings),
        "lengths": _array(chunk.length for _, chunk, _ in postings),
    }


def _array(numbers: Iterable[int]) -> str:
    """Return the array as PostgreSQL writes it: psycopg looks at each number alone, most of the time of storing."""
    return "{" + ",".join(map(str, numbers)) + "}"


def _row(tenant: int, version: NewVersion, ordinal: int, chunk: IndexedChunk, model_id: int) -> dict[str, Any]:
    return {
        "tenant": tenant,
        # Random, so that ids tell neither order nor number of what their reader may not see.
        "id": secrets.randbits(63),
        "acl_id": version.class_id,
        "document_id": version.document,
        "version_id": version.version,
        "ordinal": ordinal,
        "page": chunk.page,
        "heading": chunk.heading,
        "start": chunk.start,
        "end": chunk.end,
        "text": chunk.text,
        "sha256": hashlib.sha256(chunk.context.encode()).digest(),
        "lead_starts": [lead.start for lead in chunk.leads],
        "lead_texts": [lead.text for lead in chunk.leads],
        "length": chunk.length,
        "terms": _array((*chunk.terms, *chunk.names)),
        "counts": {**chunk.terms, **chunk.names},
        "model": model_id,
        "vector": HalfVector(chunk.vector),
    }
