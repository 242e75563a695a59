"""The whole log, for one principal: check it where it stands, and export it for whoever checks it elsewhere."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from itertools import compress
from typing import TYPE_CHECKING

from compliance_bot.audit.bundle.manifest import Content
from compliance_bot.audit.bundle.selection import EVERYTHING, Selection, selection_shape
from compliance_bot.audit.bundle.write import write_export
from compliance_bot.audit.live import LiveLog, to_nobody, to_verify
from compliance_bot.audit.record import RecordAltered, open_record
from compliance_bot.audit.review import cited_documents, hide, show
from compliance_bot.audit.tip import LogInconsistent
from compliance_bot.audit.verify.findings import Kind
from compliance_bot.audit.verify.log import LogCheck
from compliance_bot.chains.case import Case
from compliance_bot.errors import UsageError
from compliance_bot.policy.permitted import permitted_each
from compliance_bot.store import evidence, tree
from compliance_bot.store.documents import class_of_document
from compliance_bot.store.locks import log_locks
from compliance_bot.store.log import known_actor
from compliance_bot.store.models import open_everything
from compliance_bot.store.scope import class_attributes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from compliance_bot.audit.bundle.manifest import Manifest
    from compliance_bot.audit.integrate import Integrator
    from compliance_bot.audit.pulse import Pulse
    from compliance_bot.audit.record import Opened
    from compliance_bot.audit.verify.asked import Asked
    from compliance_bot.audit.verify.findings import Findings
    from compliance_bot.audit.verify.report import Report
    from compliance_bot.chains.act import Act
    from compliance_bot.chains.witnessing import Witnessing
    from compliance_bot.keys import Keyring
    from compliance_bot.policy.decide import Circumstances
    from compliance_bot.records import ClassId, DocumentId, Scope
    from compliance_bot.redaction.corrections import Corrections
    from compliance_bot.store.connect import Transaction
    from compliance_bot.store.tree import PlacedRecord
    from compliance_bot.vault.labels import Labels

_NOBODY = "nobody"  # no reference of an actor


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEvidence:
    """Each call is an act of its own, by the rules of then, and on record."""

    begin: Callable[[], Act]
    integrator: Integrator
    pulse: Pulse
    witnessing: Witnessing | None
    keyring: Keyring
    labels: Labels

    def verify(self, asked: Asked) -> Report:
        """Return what a check of the log finds where it stands. Raises Refused.

        Beside what an export can show: records that the log never took, erasures and corrections without a record,
        contents under the home's key, and whether the database still keeps the log append-only.
        """
        act = self.begin()
        with act.closing("audit.verify") as case:
            act.admit(case, "review")
            self._settle()
            if asked.witnesses or asked.opens_timestamp:
                self._witness()
            with act.database.reading() as snapshot:
                log = LiveLog(snapshot, self.keyring, content=Content.DISCLOSED, shows=to_verify)
                check = LogCheck(log, asked)
                for _ in check.check():
                    pass
                self._look_around(act, snapshot, check.findings)
                report = check.report()
            case.public |= {"verdict": report.verdict.value, "size": report.size}
            case.public["faults"] = {fault.kind.value: fault.count for fault in report.faults}
            case.outcome = "done"
        return report

    def export(
        self,
        path: Path,
        *,
        selection: Selection = EVERYTHING,
        person: str | None = None,
        first: int = 0,
        end: int | None = None,
        with_content: bool = False,
    ) -> Manifest:
        """Write an export to a folder or a `.zip`, and return what is in it.

        Needs `export`, and `review` for contents, of which those are withheld that quote what this reviewer may not
        read today, or what was marked as personal since. Raises Refused, UsageError for a range that is none,
        ExportInTheWay and ExportNotWritten: then nothing was written.
        """
        act, content = self.begin(), Content.DISCLOSED if with_content else Content.NONE
        case = Case(type="audit.export.started")
        with act.begun(case):
            act.admit(case, "export")
            if with_content:
                act.admit(case, "review")
            if person is not None:
                selection = self._of(act, selection, person)
            case.public |= {"selection": selection_shape(selection), "content": content.value}
            case.outcome = "done"
            # Durable before there is a file: whatever comes of it, that it was begun is known.
            act.log.append(case.event(), case.principal, id=case.id, at=case.at)
        with act.closing("audit.export") as done:
            self._settle()
            self._witness()
            now = act.circumstances()
            with act.database.reading() as snapshot:
                shows = _Disclosing(self, act, done, snapshot, now) if with_content else to_nobody
                log = LiveLog(
                    snapshot, self.keyring, first=first, end=end, selection=selection, content=content, shows=shows
                )
                if not 0 <= log.extent.first <= log.extent.end <= log.size:
                    raise UsageError(f"a range is from 0 to {log.size}, the number of records, and this one is not")
                manifest = write_export(log, path, self.integrator.signer())
            done.public |= {"size": manifest.size, "range": [manifest.first, manifest.end], "started": case.id}
            done.public["counts"] = {
                "selected": manifest.counts.selected,
                "disclosed": manifest.counts.disclosed,
                "withheld": manifest.counts.withheld,
            }
            done.outcome = "done"
        return manifest

    def _settle(self) -> None:
        """Let the tree have all that waits, unless the log cannot go on: then what there is is looked at."""
        with suppress(LogInconsistent):
            self.pulse.catch_up(wait=True)

    def _witness(self) -> None:
        if self.witnessing is not None:
            self.witnessing.ask(at_least_every_s=0)

    def _of(self, act: Act, selection: Selection, person: str) -> Selection:
        with act.database.reading() as snapshot:
            known = known_actor(snapshot, self.keyring.mac(f"actor/{snapshot.tenant}", person.encode()))
        return Selection(
            types=selection.types,
            outcomes=selection.outcomes,
            actors=frozenset({str(known) if known else _NOBODY}),
            since=selection.since,
            until=selection.until,
        )

    def _look_around(self, act: Act, snapshot: Transaction, findings: Findings) -> None:
        """Note what only the database can tell."""
        open_everything(snapshot)
        for strays, kind, message in (
            (evidence.unplaced(snapshot), Kind.UNPLACED, "a record is in the database, and the log never took it"),
            (evidence.misnamed(snapshot), Kind.IDENTITY, "a record is stored under another id than it has"),
            (evidence.unrecorded_erasures(snapshot), Kind.UNRECORDED, "values were erased, and no record tells of it"),
            (
                evidence.unrecorded_revisions(snapshot),
                Kind.UNRECORDED,
                "a text was corrected, and no record tells of it",
            ),
        ):
            for _ in range(strays.count):
                findings.add(kind, message, record=strays.first)
        for waiting in tree.waiting(snapshot, 10_000):
            if waiting.seal != act.log.seal_of(waiting.leaf_hash):
                findings.add(
                    Kind.UNSEALED, "a record waits, and nobody with the home's keys appended it", record=waiting.id
                )
        for breach in log_locks(snapshot):
            findings.add(Kind.LOCK, breach.what)


@dataclass(slots=True)
class _Disclosing:
    """Which contents a reviewer may see whole: every document that they tell of, and nothing marked since."""

    evidence: LogEvidence
    act: Act
    case: Case
    snapshot: Transaction
    now: Circumstances
    _scope: Scope | None = None
    _said: Corrections | None = None
    _known: dict[DocumentId, bool] = field(default_factory=dict)

    def __call__(self, records: Sequence[PlacedRecord], /) -> Sequence[bool]:
        opened = [self._open(record) for record in records]
        self._look_up({document for one in opened if one is not None for document in cited_documents(one)})
        readable = {document for document, may in self._known.items() if may}
        if self._said is None:
            self._said = self.evidence.labels.read(self.snapshot)
        hidden = self._said.hidden
        # What does not open is shown as it is: somebody changed it.
        return [one is None or hide(show(one, readable), hidden).payload == one.private for one in opened]

    def _open(self, record: PlacedRecord) -> Opened | None:
        try:
            return open_record(record, self.evidence.keyring)
        except RecordAltered:
            return None

    def _look_up(self, documents: set[DocumentId]) -> None:
        """Ask of documents that were not asked of before whether they may be read."""
        if self._scope is None:
            self._scope = self.act.enter(self.snapshot, self.case, self.now)
        scope, fresh = self._scope, sorted(documents - self._known.keys())
        found: dict[DocumentId, ClassId] = {
            document: class_id
            for document in fresh
            if (class_id := class_of_document(self.snapshot, scope, document)) is not None
        }
        attributes = class_attributes(self.snapshot, list(found.values()))
        given = [attributes[class_id] for class_id in found.values()]
        permitted = set(compress(found, permitted_each(self.act.engine, self.case.principal, "read", given, self.now)))
        self._known |= {document: document in permitted for document in fresh}
        self.case.read |= {document: found[document] for document in permitted}
