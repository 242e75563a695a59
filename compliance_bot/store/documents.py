"""Documents and versions: store a batch in one transaction, list, show, delete.

A document is found again by its source (a keyed hash of where it came from), and an unchanged one by its content (a
keyed hash of its bytes and of how they were processed). A new version replaces the old for the next question: both
changes, the index and its statistics are one transaction, and writers of one tenant take turns.
"""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from compliance_bot.policy.values import from_stored
from compliance_bot.records import ChunkId, ClassId, DocumentId, DocumentSummary, DocumentVersion, VersionId
from compliance_bot.store import index, names, vault
from compliance_bot.store.queries import named_queries
from compliance_bot.store.scope import everything_open
from compliance_bot.store.within import given, within

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from compliance_bot.records import Scope
    from compliance_bot.store.connect import Transaction
    from compliance_bot.store.index import IndexedChunk

_SQL = named_queries("documents")


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionDraft:
    """One document as parsed, masked, chunked and embedded."""

    source: bytes
    content: bytes
    class_id: ClassId
    title: str
    ref: str | None
    text: str
    page_starts: tuple[int, ...]
    chunks: tuple[IndexedChunk, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is stored of a source: the document, its class, and its current version."""

    document: DocumentId
    class_id: ClassId
    version: str
    number: int
    content: bytes


def lock_writers(transaction: Transaction) -> None:
    """Wait until no other writer of this tenant is at work; released with the transaction."""
    transaction.connection.execute(_SQL["lock_writers"], {"tenant": transaction.tenant})


def class_of_sources(transaction: Transaction, sources: Sequence[bytes]) -> dict[bytes, ClassId]:
    """Return the classes of the documents that came from these sources. For deciding about, never for showing."""
    values = {"tenant": transaction.tenant, "sources": list(sources)}
    return {
        source: ClassId(acl_id) for source, _, acl_id in transaction.connection.execute(_SQL["find_sources"], values)
    }


def known_sources(
    transaction: Transaction, sources: Sequence[bytes], *, within: Scope | None = None
) -> dict[bytes, Known]:
    """Return what is stored of these sources, as far as the classes open in this transaction show it.

    Who only asks gives a scope, and nothing outside it is told; who is about to replace them all has none.
    """
    connection, tenant = transaction.connection, transaction.tenant
    found = connection.execute(_SQL["find_sources"], {"tenant": tenant, "sources": list(sources)}).fetchall()
    if within is not None:
        readable = frozenset(within.classes)
        found = [row for row in found if row[2] in readable]
    values = {"tenant": tenant, "documents": [document for _, document, _ in found]}
    current = {row[0]: row[1:] for row in connection.execute(_SQL["current_versions"], values)}
    known = {}
    for source, document, acl_id in found:
        if document in current:
            version, number, content = current[document]
            known[source] = Known(
                document=DocumentId(str(document)),
                class_id=ClassId(acl_id),
                version=str(version),
                number=number,
                content=content,
            )
    return known


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A version as it now stands."""

    document: DocumentId
    version: str
    number: int
    sha256: str


def store_versions(
    transaction: Transaction, drafts: Sequence[VersionDraft], *, model_id: int, actor: uuid.UUID
) -> tuple[Stored, ...]:
    """Store each draft as the new current version of its document. Sources are distinct; classes stay as they are.

    The caller has locked the writers and opened the classes of all drafts.
    """
    known = known_sources(transaction, [draft.source for draft in drafts])
    stored = tuple(_next_version(draft, known.get(draft.source)) for draft in drafts)
    now = datetime.now(UTC)
    superseded = [known[draft.source].version for draft in drafts if draft.source in known]
    if superseded:
        index.retire(transaction, superseded)
        values = {"tenant": transaction.tenant, "versions": superseded, "now": now}
        transaction.connection.execute(_SQL["close_versions"], values)
    both = list(zip(drafts, stored, strict=True))
    _add_documents(transaction, [(draft, one) for draft, one in both if draft.source not in known])
    _add_versions(transaction, both, actor=actor, now=now)
    index.add(
        transaction,
        [
            index.NewVersion(document=one.document, version=one.version, class_id=draft.class_id, chunks=draft.chunks)
            for draft, one in both
        ],
        model_id=model_id,
    )
    return stored


def _next_version(draft: VersionDraft, known: Known | None) -> Stored:
    """Return what a draft will be: the next version of a known document, or the first of a new one."""
    return Stored(
        document=known.document if known else DocumentId(str(uuid.uuid4())),
        version=str(uuid.uuid4()),
        number=known.number + 1 if known else 1,
        sha256=hashlib.sha256(draft.text.encode()).hexdigest(),
    )


def _add_documents(transaction: Transaction, fresh: Sequence[tuple[VersionDraft, Stored]]) -> None:
    values = {
        "tenant": transaction.tenant,
        "ids": [one.document for _, one in fresh],
        "classes": [draft.class_id for draft, _ in fresh],
        "titles": [draft.title for draft, _ in fresh],
        "sources": [draft.source for draft, _ in fresh],
    }
    transaction.connection.execute(_SQL["add_documents"], values)
    transaction.connection.execute(_SQL["add_sources"], values)


def _add_versions(
    transaction: Transaction, both: Sequence[tuple[VersionDraft, Stored]], *, actor: uuid.UUID, now: datetime
) -> None:
    values = {
        "tenant": transaction.tenant,
        "now": now,
        "actor": actor,
        "ids": [one.version for _, one in both],
        "documents": [one.document for _, one in both],
        "classes": [draft.class_id for draft, _ in both],
        "numbers": [one.number for _, one in both],
        "titles": [draft.title for draft, _ in both],
        "refs": [draft.ref for draft, _ in both],
        "texts": [draft.text for draft, _ in both],
        "sha256s": [bytes.fromhex(one.sha256) for _, one in both],
        "contents": [draft.content for draft, _ in both],
        # An array of arrays must be rectangular, so these travel as text.
        "page_starts": ["{" + ",".join(map(str, draft.page_starts)) + "}" for draft, _ in both],
    }
    transaction.connection.execute(_SQL["retitle"], values)
    transaction.connection.execute(_SQL["add_versions"], values)


def list_documents(transaction: Transaction, scope: Scope) -> tuple[DocumentSummary, ...]:
    """Return the readable documents by title."""
    values = given(scope)
    return tuple(
        DocumentSummary(
            document=DocumentId(str(document)),
            title=title,
            collection=str(attributes["collection"]),
            version=number,
            versions=versions,
            attributes=from_stored(attributes),
        )
        for document, title, _, attributes, number, versions in transaction.connection.execute(
            within(_SQL["list"], scope), values
        )
    )


def document_versions(transaction: Transaction, scope: Scope, document: DocumentId) -> tuple[DocumentVersion, ...]:
    """Return the versions of a readable document, newest first; empty for one that is absent or forbidden."""
    values = given(scope, document=as_uuid(document))
    return tuple(_version(row) for row in transaction.connection.execute(within(_SQL["versions"], scope), values))


def version_text(
    transaction: Transaction, scope: Scope, document: DocumentId, number: int | None
) -> DocumentVersion | None:
    """Return one version of a readable document with its text, or None. Without a number, the current one."""
    values = given(scope, document=as_uuid(document), number=number)
    row = transaction.connection.execute(within(_SQL["version_text"], scope), values).fetchone()
    return _version(row) if row else None


def version_ids(
    transaction: Transaction, scope: Scope, places: Sequence[tuple[DocumentId, int]]
) -> dict[tuple[DocumentId, int], VersionId]:
    """Return the ids of versions, given by document and number; what is absent or forbidden is left out."""
    if not places:
        return {}
    values = given(scope, documents=[as_uuid(document) for document, _ in places], numbers=[n for _, n in places])
    rows = transaction.connection.execute(within(_SQL["version_ids"], scope), values)
    return {(DocumentId(str(document)), number): VersionId(str(id_)) for document, number, id_ in rows}


def hashes_of(
    transaction: Transaction, scope: Scope, places: Collection[tuple[DocumentId, int]]
) -> dict[tuple[DocumentId, int], str]:
    """Return the hashes of the texts of versions, given by document and number; what is forbidden is left out."""
    if not places:
        return {}
    values = given(scope, documents=[as_uuid(document) for document, _ in places], numbers=[n for _, n in places])
    rows = transaction.connection.execute(within(_SQL["hashes"], scope), values)
    return {(DocumentId(str(document)), number): sha256 for document, number, sha256 in rows}


def titles_of(
    transaction: Transaction, scope: Scope, versions: Collection[VersionId]
) -> dict[VersionId, tuple[str, int]]:
    """Return title and number of the readable ones of these versions."""
    if not versions:
        return {}
    values = given(scope, versions=list(versions))
    rows = transaction.connection.execute(within(_SQL["titles_of"], scope), values)
    return {VersionId(str(id_)): (title, number) for id_, title, number in rows}


def chunks_of(transaction: Transaction, scope: Scope, document: DocumentId) -> frozenset[ChunkId]:
    """Return the passages of a readable document, superseded ones included."""
    values = given(scope, document=as_uuid(document))
    rows = transaction.connection.execute(within(_SQL["chunks_of"], scope), values)
    return frozenset(ChunkId(f"{id_:016x}") for (id_,) in rows)


def classes_of_refs(transaction: Transaction, scope: Scope, refs: Sequence[str]) -> tuple[tuple[str, ClassId], ...]:
    """Return those of these `_id`s that a readable current version has, with its class; an `_id` may come twice."""
    values = given(scope, refs=list(refs))
    rows = transaction.connection.execute(within(_SQL["classes_of_refs"], scope), values)
    return tuple((ref, ClassId(acl_id)) for ref, acl_id in rows)


def class_of_document(transaction: Transaction, scope: Scope, document: DocumentId) -> ClassId | None:
    """Return the class of a readable document; None for one that is absent or forbidden."""
    values = given(scope, document=as_uuid(document))
    row = transaction.connection.execute(within(_SQL["class_of_document"], scope), values).fetchone()
    return ClassId(row[0]) if row else None


def delete_document(transaction: Transaction, document: DocumentId) -> None:
    """Take a document away with all its versions and what the vault holds of them.

    The caller has locked the writers and opened its class.
    """
    connection = transaction.connection
    values = {"tenant": transaction.tenant, "document": as_uuid(document), "documents": [as_uuid(document)]}
    current = connection.execute(_SQL["current_versions"], values).fetchall()
    held = vault.tokens_of_document(transaction, as_uuid(document))
    index.remove(transaction, [str(version) for _, version, _, _ in current])
    for query in ("delete_history", "delete_source", "delete_document"):
        connection.execute(_SQL[query], values)
    if held:
        with everything_open(transaction):
            names.forget_values(transaction, held)


def _version(row: tuple[Any, ...]) -> DocumentVersion:
    document, title, number, sha256, valid_from, valid_to, *text = row
    return DocumentVersion(
        document=DocumentId(str(document)),
        title=title,
        version=number,
        sha256=sha256,
        valid_from=valid_from,
        valid_to=valid_to,
        text=text[0] if text else None,
    )


def as_uuid(document: DocumentId) -> uuid.UUID:
    """Return the id as the database has it; what is no id at all finds nothing, as an unknown one does."""
    try:
        return uuid.UUID(document)
    except ValueError:
        return uuid.UUID(int=0)
