"""Review the audit log: list records and open one, permitted by the action `review` and recorded like any other act."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import compress
from typing import TYPE_CHECKING

from compliance_bot.audit.review import Shown, cited_documents, show, summarise
from compliance_bot.chains.case import closing
from compliance_bot.chains.rights import enter_scope, require_permission
from compliance_bot.errors import Refused
from compliance_bot.policy.permitted import permitted_each
from compliance_bot.store.documents import class_of_document
from compliance_bot.store.scope import class_attributes

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
                cited = sorted(cited_documents(opened))
                found = [(d, c) for d in cited if (c := class_of_document(snapshot, scope, d)) is not None]
                attributes = class_attributes(snapshot, [class_id for _, class_id in found])
            given = [attributes[class_id] for _, class_id in found]
            permitted = permitted_each(self.engine, case.principal, "read", given, now)
            case.read = dict(compress(found, permitted))
            readable = set(case.read)
            case.outcome = "done"
            case.public["shown"] = {"record": opened.id, "withheld": len(cited) - len(readable)}
        return show(opened, readable)
