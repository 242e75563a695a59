"""Keep documents in step with the paths they come from: a renamed file keeps its document, a vanished one loses it.

A rename is a new file with the bytes of one that is gone. Nothing is deleted on a doubt: not while a path, a folder or
the container of a document cannot be read, and not where so much is missing that a drive is more likely to be away
than its files to be deleted. Deleting asks the policies for each document, and is one recorded transaction.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import Enum
from itertools import compress
from typing import TYPE_CHECKING

from compliance_bot.anchor.acts import Deleted
from compliance_bot.audit.record import Event, describe
from compliance_bot.ingest.container import containers_of
from compliance_bot.ingest.items import is_among
from compliance_bot.ingest.sources import find_files, identity_of
from compliance_bot.records import Rejected
from compliance_bot.store import documents, places
from compliance_bot.store.moves import wait_for_answers
from compliance_bot.store.scope import class_attributes, open_scope

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from compliance_bot.audit.record import Json
    from compliance_bot.ingest.run import Identify, Request
    from compliance_bot.ingest.shelve import Candidate, Shelf
    from compliance_bot.ingest.sources import SourceFile
    from compliance_bot.records import DocumentId, Scope
    from compliance_bot.store.connect import Transaction
    from compliance_bot.store.places import Absent

_A_HANDFUL = 10  # so many may be missing without anybody asking
_MOST_MISSING = 0.5  # share of a folder's documents
_MOST_NAMED = 1000  # documents that an envelope of at most 65,535 bytes has room for


class Prune(Enum):
    """What is done about documents whose files are gone."""

    CAREFULLY = "carefully"  # not where more than half are
    ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What came of the documents whose files are gone."""

    deleted: int = 0
    rejected: tuple[Rejected, ...] = ()


class Folder:
    """The paths of one pass: what was there when it began, and what was met on the way."""

    def __init__(self, request: Request, identify: Identify, shelf: Shelf) -> None:
        self._request, self._shelf = request, shelf
        self._identify = identify
        self._files: list[SourceFile] = []
        self._is_whole = True  # every path and folder could be read
        for found in find_files(request.paths, base=request.base):
            if isinstance(found, Rejected):
                self._is_whole = False
            else:
                self._files.append(found)
        base = request.base.resolve() if request.base else None
        # Of an empty folder no file tells the root.
        self._roots = {self._place(identity_of(path, base)) for path in request.paths}
        self._present = {identify.source(request.collection, file.identity) for file in self._files}
        self.renamed = 0

    def meet(self, candidates: Sequence[Candidate]) -> None:
        """Take note of what is there; let new items that are known by another name keep their documents."""
        self._present |= {candidate.source for candidate in candidates}
        with self._shelf.database.reading() as snapshot:
            scope = self._open(snapshot)
            known = documents.class_of_sources(snapshot, [candidate.source for candidate in candidates])
            fresh = {c.content: c for c in candidates if c.source not in known}
            gone = self._gone(snapshot, scope) if fresh else ()
            has_moved = any(one.content in fresh for one in gone)
            lying = {c.source: c.places for c in candidates if c.source in known}
        if has_moved:
            self._rename(fresh)
        elif lying:
            self._note(lying)

    def settle(self, rejected: Sequence[Rejected]) -> Settled:
        """Delete the documents whose files are gone, where that is beyond doubt, and return what was done."""
        if not self._is_whole:
            path = ", ".join(str(path) for path in self._request.paths)
            reason = "not all of it can be read: nothing was deleted for what is missing there"
            return Settled(rejected=(Rejected(path=path, reason=reason),))
        shelf = self._shelf
        with shelf.log.recording() as recorder:
            transaction = recorder.transaction
            documents.lock_writers(transaction)
            scope = self._open(transaction)
            gone = self._gone(transaction, scope, spared=self._spared(rejected))
            told = self._doubt(transaction, scope, len(gone))
            refused: list[Absent] = []
            if told is None:
                refused = self._forbidden(transaction, gone)
                for one in gone:
                    if one not in refused:
                        documents.delete_document(transaction, one.document)
            deleted = [] if told else [one.document for one in gone if one not in refused]
            if deleted:
                wait_for_answers(transaction)
                recorder.anchor(Deleted(documents=tuple(deleted)))
            recorder.append(self._event("ingest.pruned", "deleted", deleted, missing=len(gone)), shelf.principal)
        names = tuple(
            Rejected(path=one.title, reason="its file is gone: not permitted to delete it") for one in refused
        )
        return Settled(deleted=len(deleted), rejected=(*names, *((told,) if told else ())))

    def _rename(self, fresh: dict[bytes, Candidate]) -> None:
        """Let documents come from where their bytes are now, with their record."""
        shelf = self._shelf
        moved: list[Absent] = []
        with shelf.log.recording() as recorder:
            transaction = recorder.transaction
            documents.lock_writers(transaction)
            scope = self._open(transaction)
            waiting = dict(fresh)
            for source in documents.class_of_sources(transaction, [one.source for one in fresh.values()]):
                waiting = {content: one for content, one in waiting.items() if one.source != source}
            for one in self._gone(transaction, scope):
                if (candidate := waiting.pop(one.content, None)) is not None:
                    places.move_source(transaction, one.document, to=candidate.source)
                    places.add_places(transaction, {candidate.source: candidate.places})
                    moved.append(one)
            event = self._event("ingest.renamed", "renamed", [one.document for one in moved])
            recorder.append(event, shelf.principal)
        self.renamed += len(moved)

    def _event(self, kind: str, became: str, which: Sequence[DocumentId], **counts: int) -> Event:
        """Return the record of what became of documents; which ones, of very many its sealed half alone says."""
        public: dict[str, Json] = {"policies": self._shelf.engine.hash, **counts}
        private: dict[str, Json] = {"principal": describe(self._shelf.principal), "collection": self._shelf.collection}
        if len(which) > _MOST_NAMED:
            private[became] = list(which)
            public[f"{became}_sha256"] = hashlib.sha256("\n".join(sorted(which)).encode()).hexdigest()  # one a line
        else:
            public[became] = list(which)
        return Event(type=kind, outcome="done", public=public, private=private)

    def _note(self, lying: dict[bytes, tuple[bytes, ...]]) -> None:
        """Note where known documents lie: those of earlier runs may have no place yet."""
        with self._shelf.database.writing() as transaction:
            places.add_places(transaction, lying)

    def _open(self, transaction: Transaction) -> Scope:
        """Open the transaction to what the principal may read."""
        return open_scope(transaction, self._shelf.engine, self._shelf.principal, self._shelf.circumstances)

    def _gone(self, transaction: Transaction, scope: Scope, *, spared: Collection[bytes] = ()) -> tuple[Absent, ...]:
        """Return the documents that the principal may read and whose files are not there."""
        found = places.absent(transaction, scope, self._roots, present=self._present, spared=spared)
        return tuple(compress(found, self._permitted(transaction, "read", found)))

    def _spared(self, rejected: Sequence[Rejected]) -> set[bytes]:
        """Return the files of which something could not be read: what lies in them may still be there."""
        bad = {(containers_of(one.path) or (one.path,))[0] for one in rejected}
        return {
            self._place(file.identity)
            for file in self._files
            if file.name in bad or any(path.startswith(f"{file.name} ") for path in bad)
        } | self._not_looked_into()

    def _not_looked_into(self) -> set[bytes]:
        only = self._request.only
        if only is None:
            return set()
        return {self._place(file.identity) for file in self._files if not is_among(file.path, only)}

    def _doubt(self, transaction: Transaction, scope: Scope, missing: int) -> Rejected | None:
        """Return why nothing is deleted, where so much is missing that it must be meant."""
        if self._request.prune is Prune.ALL or not missing:
            return None
        there = places.count_in_places(transaction, scope, self._roots)
        # An empty folder may be a drive that is not mounted.
        is_empty = not self._files and there > 1
        if not is_empty and (missing <= _A_HANDFUL or missing <= there * _MOST_MISSING):
            return None
        path = ", ".join(str(path) for path in self._request.paths)
        reason = (
            f"{missing} of {there} documents have no file any more: nothing was deleted; say --prune-all if it is so"
        )
        return Rejected(path=path, reason=reason)

    def _place(self, identity: str) -> bytes:
        return self._identify.place(self._request.collection, identity)

    def _forbidden(self, transaction: Transaction, gone: Sequence[Absent]) -> list[Absent]:
        permitted = self._permitted(transaction, "delete", gone)
        return [one for one, allowed in zip(gone, permitted, strict=True) if not allowed]

    def _permitted(self, transaction: Transaction, action: str, found: Sequence[Absent]) -> tuple[bool, ...]:
        attributes = class_attributes(transaction, [one.class_id for one in found])
        return self._shelf.permitted(action, [attributes[one.class_id] for one in found])
