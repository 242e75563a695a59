"""Review the audit log: list records and open one, permitted by the action `review` and recorded like any other act."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from compliance_bot.audit.review import Shown, cited_documents, show, summarise
from compliance_bot.chains.case import closing
from compliance_bot.chains.rights import enter_scope, require_permission
from compliance_bot.errors import Refused
from compliance_bot.store.documents import class_of_document

if TYPE_CHECKING:
    from collections.abc import Callable

    from compliance_bot.audit.log import AuditLog
    from compliance_bot.policy.decide import Circumstances, PolicyEngine
    from compliance_bot.records import Principal, RecordId, RecordSummary
    from compliance_bot.store.connect import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Trail:
    """The audit log of a home, for one reviewer."""

    database: Database
    log: AuditLog
    engine: PolicyEngine
    identify: Callable[[], Principal]
    circumstances: Callable[[], Circumstances]

    def list(self, *, limit: int) -> tuple[RecordSummary, ...]:
        """Return the newest records, newest first. Raises Refused."""
        with closing(self.log, "audit.list") as case:
            case.principal = self.identify()
            require_permission(self.engine, case.principal, "review", self.circumstances(), case)
            found = summarise(self.log.newest(limit))
            case.outcome = "done"
            case.public["listed"] = len(found)
        return found

    def show(self, record: RecordId) -> Shown:
        """Return one record with what this reviewer may see of it. Raises Refused, also for an unknown id."""
        with closing(self.log, "audit.show") as case:
            case.principal = self.identify()
            now = self.circumstances()
            require_permission(self.engine, case.principal, "review", now, case)
            opened = self.log.one(record)
            if opened is None:
                raise Refused
            with self.database.reading() as snapshot:
                scope = enter_scope(snapshot, self.engine, case.principal, now, case)
                cited = cited_documents(opened)
                classes = {document: class_of_document(snapshot, scope, document) for document in cited}
            case.read = {document: class_id for document, class_id in classes.items() if class_id is not None}
            readable = set(case.read)
            case.outcome = "done"
            case.public["shown"] = {"record": opened.id, "withheld": len(cited) - len(readable)}
        return show(opened, readable)
