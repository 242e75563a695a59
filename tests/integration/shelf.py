"""What the integration tests store documents with: texts become versions as ingest makes them, in one statement."""

from __future__ import annotations

import base64
import uuid
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from compliance_bot.audit.record import new_record_id
from compliance_bot.keys import Keyring
from compliance_bot.keys.epochs import EpochKeys
from compliance_bot.keys.sources import EnvironmentKeys
from compliance_bot.records import Scope, VersionId
from compliance_bot.redaction.placeholders import Field, Held
from compliance_bot.redaction.scoring import Counts
from compliance_bot.store import documents, measures, quality, revisions
from compliance_bot.store.documents import Stored, VersionDraft
from compliance_bot.store.index import IndexedChunk, require_model
from compliance_bot.store.measures import Score
from compliance_bot.store.moves import move_documents
from compliance_bot.store.quality import Review
from compliance_bot.store.scope import access_classes, class_of, enter, everything_open, open_classes
from compliance_bot.terms import index_terms, term_hash
from compliance_bot.testing import HashEmbedder
from compliance_bot.vault.book import HeldVersion, Vault

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from compliance_bot.records import AttributeValue, ClassId
    from compliance_bot.store.connect import Database, Transaction

NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)
TERM_KEY = b"t" * 32
EMBEDDER = HashEmbedder()
VAULT = Vault(Keyring(b"r" * 32), EpochKeys(EnvironmentKeys("1:" + base64.b64encode(b"v" * 32).decode())))


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A document to store: its pieces become its chunks."""

    source: str
    pieces: tuple[str, ...]
    attributes: tuple[tuple[str, AttributeValue], ...] = (("collection", "aml"),)
    title: str = "Title"
    ref: str | None = None


def draft(
    source: str, *pieces: str, title: str = "Title", ref: str | None = None, **attributes: AttributeValue
) -> Draft:
    """Return a draft in the collection `aml`, or the one that is given."""
    named = {"collection": "aml", **attributes}
    return Draft(source=source, pieces=pieces, attributes=tuple(sorted(named.items())), title=title, ref=ref)


def embedding(text: str) -> NDArray[np.float32]:
    vector: NDArray[np.float32] = EMBEDDER.embed([text])[0]
    return vector


def chunks(pieces: Iterable[str]) -> tuple[IndexedChunk, ...]:
    """Return the pieces, which stand in their document one line each, as the index takes them."""
    made, start = [], 0
    for piece in pieces:
        terms = Counter(term_hash(term, TERM_KEY) for term in index_terms(piece))
        made.append(
            IndexedChunk(
                text=piece,
                start=start,
                end=start + len(piece),
                page=None,
                heading="",
                leads=(),
                context=piece,
                terms=terms,
                vector=embedding(piece),
            )
        )
        start += len(piece) + 1
    return tuple(made)


def put(transaction: Transaction, drafts: Sequence[Draft]) -> tuple[Stored, ...]:
    """Store the drafts as new current versions, moving documents whose attributes are others."""
    documents.lock_writers(transaction)
    classes = {one.source: class_of(transaction, dict(one.attributes)) for one in drafts}
    sources = {one.source: one.source.encode() for one in drafts}
    existing = documents.class_of_sources(transaction, list(sources.values()))
    open_classes(transaction, {*classes.values(), *existing.values()})
    known = documents.known_sources(transaction, list(sources.values()))
    moves = {
        stored.document: classes[source.decode()]
        for source, stored in known.items()
        if stored.class_id != classes[source.decode()]
    }
    move_documents(transaction, moves)
    model = require_model(transaction, hash=EMBEDDER.manifest_hash, name="test", dim=EMBEDDER.dim)
    versions = [
        VersionDraft(
            source=sources[one.source],
            content="\n".join(one.pieces).encode(),
            class_id=classes[one.source],
            title=one.title,
            ref=one.ref,
            text="\n".join(one.pieces),
            page_starts=(),
            chunks=chunks(one.pieces),
        )
        for one in drafts
    ]
    return documents.store_versions(transaction, versions, model_id=model, actor=uuid.UUID(int=1))


def store(database: Database, *drafts: Draft) -> tuple[Stored, ...]:
    """Store the drafts in a transaction of their own."""
    with database.writing() as transaction:
        return put(transaction, drafts)


def hold(database: Database, *stored: Stored) -> None:
    """Put a name into the vault for the first letters of each version."""
    with database.writing() as transaction, everything_open(transaction):
        documents.lock_writers(transaction)
        query = "SELECT acl_id FROM document_version WHERE id = %s"
        held = [
            HeldVersion(
                document=one.document,
                version=VersionId(one.version),
                class_id=transaction.connection.execute(query, [one.version]).fetchall()[0][0],
                values=[Held(field=Field.TEXT, start=0, end=3, type="PERSON", number=1, surface="Ana Lopez")],
            )
            for one in stored
        ]
        VAULT.bind(transaction, held, VAULT.known(transaction, held[0].values))


def revise(database: Database, *stored: Stored) -> None:
    """Let each version be what a correction has made anew, with the same words."""
    with database.writing() as transaction, everything_open(transaction):
        documents.lock_writers(transaction)
        for before in revisions.versions(transaction, [VersionId(one.version) for one in stored]):
            revisions.rewrite(
                transaction,
                before,
                title=before.title,
                text=before.text,
                page_starts=before.page_starts,
                record=str(uuid.uuid4()),
                at=datetime.now(UTC),
            )


def review(database: Database, *stored: Stored) -> None:
    """Confirm the first letters of each version, and measure once what a detector finds in all of them."""
    with database.writing() as transaction, everything_open(transaction):
        documents.lock_writers(transaction)
        query = "SELECT acl_id FROM document_version WHERE id = %s"
        confirmed = [
            Review(
                record=new_record_id(),
                version=VersionId(one.version),
                document=one.document,
                class_id=transaction.connection.execute(query, [one.version]).fetchall()[0][0],
                start=0,
                end=3,
                language="en",
            )
            for one in stored
        ]
        for one in confirmed:
            quality.add_review(transaction, one, actor=uuid.UUID(int=1), at=NOON)
        scores = [
            Score(
                review=one.record,
                profile="minimal",
                profile_sha256="00" * 32,
                labelled=bytes(32),
                types={"PERSON": Counts(gold=1, found=1)},
            )
            for one in confirmed
        ]
        collections = {str(one["collection"]) for one in all_classes(transaction).values()}
        scope = scope_of(transaction, collections)
        measures.add_run(transaction, scope, scores, record=new_record_id(), detector="test", at=NOON)


def scope_of(transaction: Transaction, collections: Collection[str], *, entered: bool = True) -> Scope:
    """Return the scope of everything in these collections, and enter it."""
    classes = [one for one in access_classes(transaction) if one.attributes["collection"] in collections]
    scope = Scope(
        tenant=transaction.tenant,
        principal="ana",
        classes=tuple(one.id for one in classes),
        chunks=sum(one.chunks for one in classes),
        terms=sum(one.terms for one in classes),
        policies="",
        determining=(),
    )
    if entered:
        enter(transaction, scope)
    return scope


def all_classes(transaction: Transaction) -> dict[ClassId, Mapping[str, AttributeValue]]:
    """Return every class of the tenant, and open all of them."""
    found = {one.id: one.attributes for one in access_classes(transaction)}
    open_classes(transaction, found)
    return found
