"""List, show and delete documents, each within the principal's rights and on record.

A document that is forbidden and one that is absent are refused with the same words.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import compress
from typing import TYPE_CHECKING

from compliance_bot.anchor.acts import Deleted
from compliance_bot.chains.case import Case
from compliance_bot.chains.draw import Drawing, draw_titles, draw_version
from compliance_bot.errors import Refused
from compliance_bot.policy.decide import Resource
from compliance_bot.policy.permitted import permitted_each
from compliance_bot.privacy.reveal import Viewer
from compliance_bot.store import documents
from compliance_bot.store.moves import wait_for_answers
from compliance_bot.store.scope import class_attributes, open_classes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from compliance_bot.audit.log import Recorder
    from compliance_bot.chains.act import Act
    from compliance_bot.policy.decide import Circumstances
    from compliance_bot.records import (
        ClassId,
        DocumentId,
        DocumentSummary,
        DocumentVersion,
    )
    from compliance_bot.store.connect import Transaction
    from compliance_bot.vault.book import Vault


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """The documents of a home, for one principal."""

    act: Act
    vault: Vault

    def list(self, *, reveals: bool = False) -> tuple[DocumentSummary, ...]:
        """Return the readable documents by title; with `reveals`, drawn with the values that the principal may see."""
        with self.act.closing("documents.list") as case, self.act.database.reading() as snapshot:
            now = self.act.circumstances()
            scope = self.act.enter(snapshot, case, now)
            found = documents.list_documents(snapshot, scope)
            permitted = permitted_each(self.act.engine, case.principal, "read", [one.attributes for one in found], now)
            listed = tuple(compress(found, permitted))
            if reveals:
                drawing = self._drawing(case, now)
                listed = draw_titles(drawing, snapshot, scope, listed)
                drawing.tell(case)
            case.outcome = "done"
        return listed

    def show(self, document: DocumentId, *, version: int | None = None, reveals: bool = False) -> DocumentVersion:
        """Return a version with its text; the current one where none is named. Raises Refused.

        With `reveals` it is drawn with the values that the principal may see; the record says which.
        """
        with self.act.closing("documents.show") as case, self.act.database.reading() as snapshot:
            now = self.act.circumstances()
            scope = self.act.enter(snapshot, case, now)
            found = documents.version_text(snapshot, scope, document, version)
            class_id = documents.class_of_document(snapshot, scope, document)
            if found is None or class_id is None:
                raise Refused
            # The policies are asked again for what is about to be shown: a mistake in the query shows nothing.
            self.act.admit(case, "read", now, resource=_resource(snapshot, class_id))
            case.outcome, case.read = "done", {found.document: class_id}
            case.public["shown"] = {"document": found.document, "number": found.version, "sha256": found.sha256}
            if reveals:
                drawing = self._drawing(case, now)
                found = draw_version(drawing, snapshot, scope, found)
                drawing.tell(case)
        return found

    def _drawing(self, case: Case, now: Circumstances) -> Drawing:
        return Drawing(Viewer(engine=self.act.engine, vault=self.vault, principal=case.principal, circumstances=now))

    def history(self, document: DocumentId, *, reveals: bool = False) -> tuple[DocumentVersion, ...]:
        """Return the versions of a document, newest first, without text. Raises Refused.

        With `reveals`, their titles are drawn with the values that the principal may see.
        """
        with self.act.closing("documents.history") as case, self.act.database.reading() as snapshot:
            now = self.act.circumstances()
            scope = self.act.enter(snapshot, case, now)
            found = documents.document_versions(snapshot, scope, document)
            class_id = documents.class_of_document(snapshot, scope, document)
            if not found or class_id is None:
                raise Refused
            self.act.admit(case, "read", now, resource=_resource(snapshot, class_id))
            if reveals:
                drawing = self._drawing(case, now)
                found = draw_titles(drawing, snapshot, scope, found)
                drawing.tell(case)
            case.outcome = "done"
            case.public["shown"] = {"document": found[0].document}
        return found

    def has_refs(self, refs: Sequence[str]) -> bool:
        """Return whether there is a readable current passage for each of these `_id`s."""
        with self.act.closing("documents.list") as case, self.act.database.reading() as snapshot:
            now = self.act.circumstances()
            scope = self.act.enter(snapshot, case, now)
            found = documents.classes_of_refs(snapshot, scope, refs)
            attributes = class_attributes(snapshot, [class_id for _, class_id in found])
            given = [attributes[class_id] for _, class_id in found]
            permitted = permitted_each(self.act.engine, case.principal, "read", given, now)
            case.outcome = "done"
        return {ref for ref, _ in compress(found, permitted)} == set(refs)

    def delete(self, document: DocumentId) -> None:
        """Take a document away with all its versions, durably, with its record. Raises Refused."""
        case = Case(type="documents.delete")

        def do(recorder: Recorder) -> None:
            documents.lock_writers(recorder.transaction)
            class_id = self._deletable(recorder.transaction, document, case)
            open_classes(recorder.transaction, [class_id])
            documents.delete_document(recorder.transaction, document)
            wait_for_answers(recorder.transaction)
            case.public["deleted"] = {"document": document}
            recorder.anchor(Deleted(documents=(document,)))

        self.act.recorded(case, do)

    def _deletable(self, transaction: Transaction, document: DocumentId, case: Case) -> ClassId:
        """Return the class of a document that the principal may read and delete. Raises Refused."""
        now = self.act.circumstances()
        scope = self.act.enter(transaction, case, now)
        class_id = documents.class_of_document(transaction, scope, document)
        if class_id is None:
            raise Refused
        resource = _resource(transaction, class_id)
        for action in ("read", "delete"):
            self.act.admit(case, action, now, resource=resource)
        return class_id


def _resource(transaction: Transaction, class_id: ClassId) -> Resource:
    return Resource.document(class_attributes(transaction, [class_id])[class_id])
