"""Put prepared documents on the shelf: a group of them with its audit record, in one transaction, for one principal.

Who may ingest into a collection may replace the documents that came from the same places. Moving a document to another
access class needs the action `reclassify` on it besides.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import compress
from typing import TYPE_CHECKING

from compliance_bot.anchor.acts import Move, Refiled
from compliance_bot.audit.record import Event, describe
from compliance_bot.errors import Unavailable
from compliance_bot.ingest.prepare import UNTOLD
from compliance_bot.logs import note
from compliance_bot.policy.permitted import permitted_each
from compliance_bot.records import Rejected, VersionId
from compliance_bot.redaction.mask import mask
from compliance_bot.redaction.placeholders import placeholders_in
from compliance_bot.redaction.spans import DetectionFailed
from compliance_bot.store import documents, places
from compliance_bot.store.documents import VersionDraft
from compliance_bot.store.index import require_model
from compliance_bot.store.moves import move_documents, wait_for_answers
from compliance_bot.store.scope import (
    canonical,
    class_attributes,
    class_of,
    known_class,
    open_classes,
    open_scope,
)
from compliance_bot.vault.book import HeldVersion, by_placeholder, occurrences

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from compliance_bot.audit.log import AuditLog
    from compliance_bot.ingest.prepare import Prepared
    from compliance_bot.models.embed import Embedder
    from compliance_bot.policy.decide import Circumstances, PolicyEngine
    from compliance_bot.records import AttributeValue, ClassId, DocumentId, IngestReport, Principal
    from compliance_bot.redaction.corrections import Corrections
    from compliance_bot.redaction.masking import Masking
    from compliance_bot.store.connect import Database, Transaction
    from compliance_bot.store.documents import Stored
    from compliance_bot.vault.book import Known, Vault
    from compliance_bot.vault.labels import Labels


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """What an item is, before it is parsed."""

    name: str
    source: bytes
    content: bytes
    attributes: Mapping[str, AttributeValue] = field(hash=False)
    ref: str | None
    places: tuple[bytes, ...] = ()  # where it lies


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """What is ready to be stored, and what was said of detection when it was masked."""

    items: tuple[tuple[Candidate, Prepared], ...]
    corrections: Corrections


class CorrectedMeanwhile(Unavailable):
    """Detection was corrected since these documents were masked: they are masked anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """Where one principal's documents go, and with which rights."""

    database: Database
    log: AuditLog
    engine: PolicyEngine
    principal: Principal
    circumstances: Circumstances
    embedder: Embedder
    embedder_name: str  # what loads it again
    masking: Masking
    collection: str
    vault: Vault
    labels: Labels

    def said(self, candidates: Sequence[Candidate]) -> tuple[Corrections, tuple[ClassId | None, ...]]:
        """Return what is said of detection now, and, where it matters, the classes that these documents will be in."""
        with self.database.reading() as transaction:
            corrections = self.labels.read(transaction)
            if not corrections.spared:
                return corrections, (None,) * len(candidates)
            return corrections, tuple(known_class(transaction, one.attributes) for one in candidates)

    def unchanged(self, candidates: Sequence[Candidate]) -> frozenset[bytes]:
        """Return the sources of what is stored just so, as far as the principal may read it."""
        with self.database.reading() as transaction:
            scope = open_scope(transaction, self.engine, self.principal, self.circumstances)
            known = documents.known_sources(transaction, [c.source for c in candidates], within=scope)
            attributes = class_attributes(transaction, [stored.class_id for stored in known.values()])
        same = [
            candidate
            for candidate in candidates
            if (stored := known.get(candidate.source)) is not None
            and stored.content == candidate.content
            and attributes[stored.class_id] == candidate.attributes
        ]
        permitted = self.permitted("read", [candidate.attributes for candidate in same])
        return frozenset(candidate.source for candidate in compress(same, permitted))

    def permitted(self, action: str, attributes: Sequence[Mapping[str, AttributeValue]]) -> tuple[bool, ...]:
        """Return for each document, given by its attributes, whether the policies permit the action on it."""
        return permitted_each(self.engine, self.principal, action, attributes, self.circumstances)

    def put(self, ready: Ready) -> tuple[Rejected, ...]:
        """Store everything with its record, durably, and return what the policies did not permit.

        Raises CorrectedMeanwhile, with nothing stored, where detection was corrected since this was masked.
        """
        if not ready.items:
            return ()
        with self.log.recording() as recorder:
            transaction = recorder.transaction
            documents.lock_writers(transaction)
            if self.labels.read(transaction) is not ready.corrections:
                raise CorrectedMeanwhile
            classes = self._open(transaction, [candidate for candidate, _ in ready.items])
            known = documents.known_sources(transaction, list(classes))
            moving = {source: stored for source, stored in known.items() if stored.class_id != classes[source]}
            forbidden = self._forbidden_moves(transaction, [stored.class_id for stored in moving.values()])
            refused = {source for source, stored in moving.items() if stored.class_id in forbidden}
            moved = {stored.document: classes[source] for source, stored in moving.items() if source not in refused}
            move_documents(transaction, moved)
            fresh = [
                (candidate, prepared)
                for candidate, prepared in ready.items
                if candidate.source not in refused
                # Stored meanwhile by another run, or unreadable to this principal: there is nothing to add.
                and not (candidate.source in known and known[candidate.source].content == candidate.content)
            ]
            self.vault.require_key(transaction)  # before anything is stored whose values could not be kept
            tokens = self.vault.known(transaction, (value for _, prepared in fresh for value in prepared.values))
            drafts = [
                self._version(candidate, prepared, classes[candidate.source], tokens) for candidate, prepared in fresh
            ]
            model = require_model(
                transaction, hash=self.embedder.manifest_hash, name=self.embedder_name, dim=self.embedder.dim
            )
            stored = documents.store_versions(transaction, drafts, model_id=model, actor=recorder.actor(self.principal))
            held = self._hold(transaction, fresh, drafts, stored, tokens)
            places.add_places(transaction, {c.source: c.places for c, _ in ready.items if c.source not in refused})
            if moved:
                wait_for_answers(transaction)
                recorder.anchor(_refiled(transaction, moved))
            recorder.append(self._event(stored, sorted(moved), held), self.principal)
            assert recorder.sealed is not None, "the record was appended"
        note("ingest.group", record=recorder.sealed.id, tenant=transaction.tenant, documents=len(drafts))
        names = [candidate.name for candidate, _ in ready.items if candidate.source in refused]
        return tuple(Rejected(path=name, reason="not permitted") for name in names)

    def conclude(self, report: IngestReport) -> None:
        """Record what became of the whole run."""
        note(
            "ingest.done",
            tenant=self.database.tenant,
            ingested=report.ingested,
            skipped=report.skipped,
            rejected=len(report.rejected),
        )
        counts = {"ingested": report.ingested, "skipped": report.skipped, "rejected": len(report.rejected)}
        reasons = [[self._masked(item.path), item.reason] for item in report.rejected[:1000]]
        private = {"principal": describe(self.principal), "collection": self.collection, "rejected": reasons}
        self.log.append(
            Event(type="ingest", outcome="done", public={"policies": self.engine.hash, **counts}, private=private),
            self.principal,
        )

    def _masked(self, name: str) -> str:
        """Return the name of a file without personal data; nothing of it where these cannot be looked for."""
        try:
            return mask(name, self.masking.detector).text
        except DetectionFailed:
            return UNTOLD

    def _open(self, transaction: Transaction, candidates: Sequence[Candidate]) -> dict[bytes, ClassId]:
        """Open the classes of the candidates and of what they replace; return the former by source."""
        classes = {candidate.source: class_of(transaction, candidate.attributes) for candidate in candidates}
        existing = documents.class_of_sources(transaction, list(classes))
        open_classes(transaction, {*classes.values(), *existing.values()})
        return classes

    def _forbidden_moves(self, transaction: Transaction, sources: Sequence[ClassId]) -> frozenset[ClassId]:
        """Return the classes out of which the principal may not move documents."""
        moved = class_attributes(transaction, sources)
        permitted = self.permitted("reclassify", list(moved.values()))
        return frozenset(class_id for class_id, allowed in zip(moved, permitted, strict=True) if not allowed)

    def _hold(
        self,
        transaction: Transaction,
        fresh: Sequence[tuple[Candidate, Prepared]],
        drafts: Sequence[VersionDraft],
        stored: Sequence[Stored],
        tokens: Mapping[tuple[str, str], Known],
    ) -> int:
        """Put what was taken out of the documents into the vault, and return how many values."""
        versions = [
            HeldVersion(
                document=one.document,
                version=VersionId(one.version),
                class_id=draft.class_id,
                values=prepared.values,
            )
            for (_, prepared), draft, one in zip(fresh, drafts, stored, strict=True)
        ]
        return self.vault.bind(transaction, versions, tokens)

    def _event(self, stored: Sequence[Stored], reclassified: Sequence[DocumentId], held: int) -> Event:
        versions = [
            {"document": one.document, "version": one.version, "number": one.number, "sha256": one.sha256}
            for one in stored
        ]
        public = {
            "policies": self.engine.hash,
            "embedder": self.embedder.manifest_hash,
            "redaction": self.masking.described,
            "versions": versions,
            "held": held,
            "reclassified": list(reclassified),
        }
        private = {"principal": describe(self.principal), "collection": self.collection}
        return Event(type="ingest.stored", outcome="done", public=public, private=private)

    def _version(
        self,
        candidate: Candidate,
        prepared: Prepared,
        class_id: ClassId,
        tokens: Mapping[tuple[str, str], Known],
    ) -> VersionDraft:
        known = by_placeholder(prepared.values, tokens)
        return VersionDraft(
            source=candidate.source,
            content=candidate.content,
            class_id=class_id,
            title=prepared.title,
            ref=candidate.ref,
            text=prepared.text,
            page_starts=prepared.page_starts,
            chunks=tuple(
                replace(chunk, names=occurrences(placeholders_in(chunk.context), known)) for chunk in prepared.chunks
            ),
        )


def _refiled(transaction: Transaction, moved: Mapping[DocumentId, ClassId]) -> Refiled:
    """Return what a restored copy has to do again: which documents have which attributes now."""
    documents_of: dict[ClassId, list[DocumentId]] = {}
    for document, class_id in sorted(moved.items()):
        documents_of.setdefault(class_id, []).append(document)
    attributes = class_attributes(transaction, documents_of)
    moves = (Move(attributes=canonical(attributes[to]), documents=tuple(those)) for to, those in documents_of.items())
    return Refiled(moves=tuple(moves))
