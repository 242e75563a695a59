"""Review the audit log: list records and open one, permitted by the action `review` and recorded like any other act."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import compress
from typing import TYPE_CHECKING

from compliance_bot.audit.review import Shown, cited_documents, hide, show, summarise
from compliance_bot.errors import Refused
from compliance_bot.policy.permitted import permitted_each
from compliance_bot.store.documents import class_of_document
from compliance_bot.store.scope import class_attributes

if TYPE_CHECKING:
    from compliance_bot.chains.act import Act
    from compliance_bot.records import RecordId, RecordSummary
    from compliance_bot.vault.labels import Labels


@dataclass(frozen=True, slots=True, kw_only=True)
class Trail:
    """The audit log of a home, for one reviewer."""

    act: Act
    labels: Labels

    def list(self, *, limit: int) -> tuple[RecordSummary, ...]:
        """Return the newest records, newest first. Raises Refused."""
        with self.act.closing("audit.list") as case:
            self.act.admit(case, "review")
            found = summarise(self.act.log.newest(limit))
            case.outcome = "done"
            case.public["listed"] = len(found)
        return found

    def show(self, record: RecordId) -> Shown:
        """Return one record with what this reviewer may see of it. Raises Refused, also for an unknown id."""
        with self.act.closing("audit.show") as case:
            now = self.act.circumstances()
            self.act.admit(case, "review", now)
            opened = self.act.log.one(record)
            if opened is None:
                raise Refused
            with self.act.database.reading() as snapshot:
                scope = self.act.enter(snapshot, case, now)
                cited = sorted(cited_documents(opened))
                found = [(d, c) for d in cited if (c := class_of_document(snapshot, scope, d)) is not None]
                attributes = class_attributes(snapshot, [class_id for _, class_id in found])
                said = self.labels.read(snapshot)
            given = [attributes[class_id] for _, class_id in found]
            permitted = permitted_each(self.act.engine, case.principal, "read", given, now)
            case.read = dict(compress(found, permitted))
            readable = set(case.read)
            case.outcome = "done"
            case.public["shown"] = {"record": opened.id, "withheld": len(cited) - len(readable)}
        return hide(show(opened, readable), said.hidden)
