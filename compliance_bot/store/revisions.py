"""Versions whose text is made anew in place: what they hold, and putting other text, chunks and places in its stead.

A version keeps its number and its chunks their ids: it is the same document, masked otherwise. What its text was before
is kept as a hash, with the record of the act. Who changes anything here has locked the writers and opened every class.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from compliance_bot.records import ClassId, DocumentId, Lead, VersionId
from compliance_bot.store import index, models, vault
from compliance_bot.store.queries import named_queries

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    import numpy as np

    from compliance_bot.store.connect import Transaction
    from compliance_bot.store.models import VectorModel
    from compliance_bot.store.vault import Binding

_SQL = named_queries("revisions")


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredVersion:
    """A version as it is stored. `revision` is 0 for what was ingested."""

    id: VersionId
    document: DocumentId
    class_id: ClassId
    number: int
    title: str
    text: str = field(repr=False)
    sha256: str
    page_starts: tuple[int, ...]
    is_current: bool
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredChunk:
    """A live or superseded chunk. `sha256` is that of what was embedded and indexed of it."""

    id: int
    start: int
    end: int
    heading: str
    text: str = field(repr=False)
    sha256: bytes
    leads: tuple[Lead, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Indexed:
    """What a chunk has in the index."""

    chunk: int
    sha256: bytes
    length: int
    terms: Mapping[int, int] = field(hash=False)  # hashed term, or token of a value: how often
    vector: np.ndarray = field(hash=False)  # shape (dim,), float32, unit length


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """What a version's text became: the same version, masked otherwise."""

    document: DocumentId
    version: VersionId
    class_id: ClassId
    number: int
    revision: int
    replaced_sha256: str
    sha256: str


def holding(transaction: Transaction, words: Collection[str]) -> dict[VersionId, ClassId]:
    """Return the versions in whose text or title one of these words stands, with their classes. Reads every text."""
    values = {"tenant": transaction.tenant, "words": list(words)}
    rows = transaction.connection.execute(_SQL["holding"], values)
    return {VersionId(str(id_)): ClassId(class_id) for id_, class_id in rows}


def versions(transaction: Transaction, ids: Collection[VersionId]) -> tuple[StoredVersion, ...]:
    """Return these versions, locked."""
    values = {"tenant": transaction.tenant, "versions": list(ids)}
    return tuple(
        StoredVersion(
            id=VersionId(str(id_)),
            document=DocumentId(str(document)),
            class_id=ClassId(class_id),
            number=number,
            title=title,
            text=text,
            sha256=sha256,
            page_starts=tuple(page_starts),
            is_current=is_current,
            revision=revision,
        )
        for id_, document, class_id, number, title, text, sha256, page_starts, is_current, revision in (
            transaction.connection.execute(_SQL["versions"], values)
        )
    )


def chunks(transaction: Transaction, version: VersionId) -> tuple[StoredChunk, ...]:
    """Return the chunks of a version, in reading order."""
    values = {"tenant": transaction.tenant, "version": version}
    return tuple(
        StoredChunk(
            id=id_,
            start=start,
            end=end,
            heading=heading,
            text=text,
            sha256=bytes(sha256),
            leads=tuple(Lead(start=at, text=words) for at, words in zip(lead_starts, lead_texts, strict=True)),
        )
        for id_, start, end, heading, text, sha256, lead_starts, lead_texts in transaction.connection.execute(
            _SQL["chunks"], values
        )
    )


def bindings(transaction: Transaction, version: VersionId) -> tuple[Binding, ...]:
    """Return everything that is bound in a version, what is restricted too: its title first, in order."""
    values = {"tenant": transaction.tenant, "version": version}
    return vault.read_bindings(transaction.connection.execute(_SQL["all_bindings"], values))


def unbind(transaction: Transaction, version: VersionId) -> None:
    """Take away everything that is bound in a version, to be bound anew."""
    transaction.connection.execute(_SQL["drop_bindings"], {"tenant": transaction.tenant, "version": version})


def restrict(transaction: Transaction, version: VersionId, places: Sequence[tuple[bool, int]]) -> None:
    """Show these to nobody: what begins at a place of the title, or of the text."""
    values = {
        "tenant": transaction.tenant,
        "version": version,
        "in_titles": [in_title for in_title, _ in places],
        "starts": [start for _, start in places],
    }
    transaction.connection.execute(_SQL["restrict_again"], values)


def tokens(transaction: Transaction, version: VersionId) -> dict[tuple[str, int], int]:
    """Return the tokens of the values that may be found in a version, by type and number of their placeholder."""
    values = {"tenant": transaction.tenant, "version": version}
    rows = transaction.connection.execute(_SQL["tokens"], values)
    return {(type_, number): token for type_, number, token in rows}


def rewrite(
    transaction: Transaction,
    before: StoredVersion,
    *,
    title: str,
    text: str,
    page_starts: Sequence[int],
    record: str,
    at: datetime,
) -> Revision:
    """Give a version another text, and return what became of it."""
    digest = hashlib.sha256(text.encode())
    values: dict[str, Any] = {
        "tenant": transaction.tenant,
        "version": before.id,
        "document": before.document,
        "title": title,
        "text": text,
        "sha256": digest.digest(),
        "page_starts": list(page_starts),
        "revision": before.revision + 1,
        "acl_id": before.class_id,
        "replaced": bytes.fromhex(before.sha256),
        "record": record,
        "now": at,
    }
    queries = ("rewrite", "add_revision", *(["retitle"] if before.is_current else []))
    for query in queries:
        transaction.connection.execute(_SQL[query], values)
    return Revision(
        document=before.document,
        version=before.id,
        class_id=before.class_id,
        number=before.number,
        revision=before.revision + 1,
        replaced_sha256=before.sha256,
        sha256=digest.hexdigest(),
    )


def move_chunks(transaction: Transaction, made: Sequence[StoredChunk], *, are_live: bool) -> None:
    """Give chunks their words, and their places in the text that their version has now."""
    values = {
        "tenant": transaction.tenant,
        "ids": [one.id for one in made],
        "starts": [one.start for one in made],
        "ends": [one.end for one in made],
        "headings": [one.heading for one in made],
        "texts": [one.text for one in made],
        # Arrays of arrays must be rectangular, so these travel as text.
        "lead_starts": ["{" + ",".join(str(lead.start) for lead in one.leads) + "}" for one in made],
        "lead_texts": [json.dumps([lead.text for lead in one.leads]) for one in made],
    }
    transaction.connection.execute(_SQL["move_live" if are_live else "move_past"], values)


def index_anew(
    transaction: Transaction, made: Sequence[Indexed], *, class_id: ClassId, model: VectorModel, are_live: bool
) -> None:
    """Index chunks for the words that they have now; their vectors of other models go, until these are made again."""
    if not made:
        return
    values: dict[str, Any] = {
        "tenant": transaction.tenant,
        "ids": [one.chunk for one in made],
        "sha256s": [one.sha256 for one in made],
        "lengths": [one.length for one in made],
        "chunk_terms": ["{" + ",".join(map(str, one.terms)) + "}" for one in made],
    }
    if are_live:
        for query in ("uncount_terms", "uncount_chunks", "delete_postings", "set_terms", "delete_vectors"):
            transaction.connection.execute(_SQL[query], values)
        index.count_in(
            transaction,
            [index.Counted(chunk=one.chunk, class_id=class_id, length=one.length, terms=one.terms) for one in made],
        )
    else:
        for query in ("set_past", "delete_past_vectors"):
            transaction.connection.execute(_SQL[query], values)
    models.add_vectors(transaction, model, [one.chunk for one in made], [one.vector for one in made])
