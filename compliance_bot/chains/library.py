"""List, show and delete documents, each within the principal's rights and on record.

A document that is forbidden and one that is absent are refused with the same words.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import compress
from typing import TYPE_CHECKING

from compliance_bot.chains.case import Case, closing, identify_case
from compliance_bot.chains.rights import enter_scope, require_permission
from compliance_bot.errors import ComplianceError, Refused
from compliance_bot.policy.decide import Resource
from compliance_bot.policy.permitted import permitted_each
from compliance_bot.store import documents
from compliance_bot.store.moves import wait_for_answers
from compliance_bot.store.scope import class_attributes, open_classes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from compliance_bot.audit.log import AuditLog
    from compliance_bot.policy.decide import Circumstances, PolicyEngine
    from compliance_bot.records import (
        ClassId,
        DocumentId,
        DocumentSummary,
        DocumentVersion,
        Principal,
    )
    from compliance_bot.store.connect import Database, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """The documents of a home, for one principal."""

    database: Database
    log: AuditLog
    engine: PolicyEngine
    identify: Callable[[], Principal]
    circumstances: Callable[[], Circumstances]

    def list(self) -> tuple[DocumentSummary, ...]:
        """Return the readable documents by title."""
        with closing(self.log, "documents.list", self.identify) as case, self.database.reading() as snapshot:
            now = self.circumstances()
            scope = enter_scope(snapshot, self.engine, case.principal, now, case)
            found = documents.list_documents(snapshot, scope)
            permitted = permitted_each(self.engine, case.principal, "read", [one.attributes for one in found], now)
            case.outcome = "done"
        return tuple(compress(found, permitted))

    def show(self, document: DocumentId, *, version: int | None = None) -> DocumentVersion:
        """Return a version with its text; the current one where none is named. Raises Refused."""
        with closing(self.log, "documents.show", self.identify) as case, self.database.reading() as snapshot:
            now = self.circumstances()
            scope = enter_scope(snapshot, self.engine, case.principal, now, case)
            found = documents.version_text(snapshot, scope, document, version)
            class_id = documents.class_of_document(snapshot, scope, document)
            if found is None or class_id is None:
                raise Refused
            # The policies are asked again for what is about to be shown: a mistake in the query shows nothing.
            require_permission(self.engine, case.principal, "read", now, case, resource=_resource(snapshot, class_id))
            case.outcome, case.read = "done", {found.document: class_id}
            case.public["shown"] = {"document": found.document, "number": found.version, "sha256": found.sha256}
        return found

    def history(self, document: DocumentId) -> tuple[DocumentVersion, ...]:
        """Return the versions of a document, newest first, without text. Raises Refused."""
        with closing(self.log, "documents.history", self.identify) as case, self.database.reading() as snapshot:
            now = self.circumstances()
            scope = enter_scope(snapshot, self.engine, case.principal, now, case)
            found = documents.document_versions(snapshot, scope, document)
            class_id = documents.class_of_document(snapshot, scope, document)
            if not found or class_id is None:
                raise Refused
            require_permission(self.engine, case.principal, "read", now, case, resource=_resource(snapshot, class_id))
            case.outcome = "done"
            case.public["shown"] = {"document": found[0].document}
        return found

    def has_refs(self, refs: Sequence[str]) -> bool:
        """Return whether there is a readable current passage for each of these `_id`s."""
        with closing(self.log, "documents.list", self.identify) as case, self.database.reading() as snapshot:
            now = self.circumstances()
            scope = enter_scope(snapshot, self.engine, case.principal, now, case)
            found = documents.classes_of_refs(snapshot, scope, refs)
            attributes = class_attributes(snapshot, [class_id for _, class_id in found])
            given = [attributes[class_id] for _, class_id in found]
            permitted = permitted_each(self.engine, case.principal, "read", given, now)
            case.outcome = "done"
        return {ref for ref, _ in compress(found, permitted)} == set(refs)

    def delete(self, document: DocumentId) -> None:
        """Take a document away with all its versions, durably, with its record. Raises Refused."""
        case = Case(type="documents.delete")
        refusal: ComplianceError | None = None
        identify_case(case, self.identify, self.log)
        with self.log.recording() as recorder:
            documents.lock_writers(recorder.transaction)
            try:
                class_id = self._deletable(recorder.transaction, document, case)
            except ComplianceError as error:
                refusal, case.outcome = error, "refused"
            else:
                open_classes(recorder.transaction, [class_id])
                documents.delete_document(recorder.transaction, document)
                wait_for_answers(recorder.transaction)
                case.public["deleted"], case.outcome = {"document": document}, "done"
            recorder.append(case.event(), case.principal, id=case.id, at=case.at)
        if refusal is not None:
            raise refusal

    def _deletable(self, transaction: Transaction, document: DocumentId, case: Case) -> ClassId:
        """Return the class of a document that the principal may read and delete. Raises Refused."""
        now = self.circumstances()
        scope = enter_scope(transaction, self.engine, case.principal, now, case)
        class_id = documents.class_of_document(transaction, scope, document)
        if class_id is None:
            raise Refused
        resource = _resource(transaction, class_id)
        for action in ("read", "delete"):
            require_permission(self.engine, case.principal, action, now, case, resource=resource)
        return class_id


def _resource(transaction: Transaction, class_id: ClassId) -> Resource:
    return Resource.document(class_attributes(transaction, [class_id])[class_id])
