"""What is held on a person, and who saw it: for requests of access, and after a wrong disclosure.

Both are read out of the vault and the log, as far as the officer may read the documents: what stands elsewhere, and who
saw that, is not told. Who was shown a value is known from the records of the acts that showed it.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from compliance_bot.chains.draw import tell_of
from compliance_bot.chains.explain import require_one_of
from compliance_bot.chains.reason import reason_of
from compliance_bot.chains.typed import typed_value
from compliance_bot.errors import Refused
from compliance_bot.policy.decide import Resource
from compliance_bot.privacy.erase import by_value
from compliance_bot.privacy.reveal import Viewer
from compliance_bot.redaction.mask import mask
from compliance_bot.redaction.placeholders import placeholder
from compliance_bot.store import vault as rows
from compliance_bot.store.documents import chunks_of, class_of_document, titles_of
from compliance_bot.store.scope import class_attributes

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from datetime import datetime

    from compliance_bot.audit.record import Opened
    from compliance_bot.chains.act import Act
    from compliance_bot.chains.case import Case
    from compliance_bot.records import DocumentId, RecordId, Scope
    from compliance_bot.redaction.spans import Detects
    from compliance_bot.store.connect import Transaction
    from compliance_bot.store.vault import Binding
    from compliance_bot.vault.book import Vault

_OFFICERS = ("review", "erase")


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """Where a value of a person stands. `value` is None where the officer may not see it."""

    document: DocumentId
    title: str
    version: int
    type: str
    placeholder: str
    value: str | None = field(repr=False)
    times: int
    is_restricted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """An act in which something was shown: to whom, when, what for."""

    record: RecordId
    at: datetime
    type: str
    principal: str
    purpose: str | None
    document: DocumentId
    placeholders: tuple[str, ...]  # whose values were shown; empty where the document was, with placeholders
    model: str | None = None  # the chat model elsewhere that was sent passages of it, with placeholders


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonReport:
    """What is held on a person and who saw it, as far as the officer may read, in `searched` records."""

    holdings: tuple[Holding, ...]
    sightings: tuple[Sighting, ...]
    searched: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentReport:
    """Who saw a document, or was answered from it, and which models it was sent to, in `searched` records."""

    sightings: tuple[Sighting, ...]
    searched: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """What is held and who saw it, for one officer."""

    act: Act
    vault: Vault
    detector: Detects

    def of_person(self, name: str, *, reason: str) -> PersonReport:
        """Return what is held on whoever has all parts of a name, or on another value. Raises Refused, UsageError."""
        said = reason_of(reason)
        type_, typed = typed_value(name, self.detector)
        with self.act.closing("privacy.held") as case, self.act.database.reading() as snapshot:
            scope = self._admitted(snapshot, case, said)
            sought = {value for one in self.vault.sought(snapshot, type_, typed) for value in one.values}
            found = rows.bindings_of(snapshot, sought)
            holdings = self._holdings(snapshot, scope, found, case)
            bound: defaultdict[str, set[str]] = defaultdict(set)
            for one in found:
                bound[one.version].add(placeholder(one.type, one.number))
            case.outcome = "done"
            case.public["held"] = len(holdings)
        sightings, searched = [], 0
        for record in self._others(case):
            searched += 1
            for shown in record.private.get("disclosed", []):
                seen = tuple(one for one in shown["placeholders"] if one in bound.get(shown["version"], ()))
                if seen:
                    sightings.append(_sighting(record, shown["document"], seen))
        return PersonReport(holdings=holdings, sightings=tuple(sightings), searched=searched)

    def of_document(self, document: DocumentId, *, reason: str) -> DocumentReport:
        """Return who was shown a document or an answer from it. Raises Refused where it may not be read, UsageError."""
        said = reason_of(reason)
        with self.act.closing("privacy.exposure") as case, self.act.database.reading() as snapshot:
            scope = self._admitted(snapshot, case, said)
            class_id = class_of_document(snapshot, scope, document)
            if class_id is None:
                raise Refused
            resource = Resource.document(class_attributes(snapshot, [class_id])[class_id])
            self.act.admit(case, "read", self.act.circumstances(), resource=resource)
            case.outcome = "done"
            case.public["exposure"] = {"document": document}
            passages = chunks_of(snapshot, scope, document)
        sightings, searched = [], 0
        for record in self._others(case):
            searched += 1
            is_sent = document in record.envelope["public"].get("sent", {}).get("documents", [])
            if is_sent or document in _shown(record) or passages & _listed(record):
                values = [
                    one
                    for shown in record.private.get("disclosed", [])
                    if shown["document"] == document
                    for one in shown["placeholders"]
                ]
                sightings.append(_sighting(record, document, tuple(dict.fromkeys(values)), is_sent=is_sent))
        return DocumentReport(sightings=tuple(sightings), searched=searched)

    def _others(self, case: Case) -> Iterator[Opened]:
        """Yield the records of all acts but this one."""
        return (record for record in self.act.log.each() if record.id != case.id)

    def _admitted(self, snapshot: Transaction, case: Case, reason: str) -> Scope:
        """Return what the officer may read, the snapshot opened to it. Raises Refused."""
        now = self.act.circumstances()
        require_one_of(self.act.engine, case.principal, _OFFICERS, now, case)
        case.private["reason"] = mask(reason, self.detector).text
        return self.act.enter(snapshot, case, now)

    def _holdings(
        self, snapshot: Transaction, scope: Scope, found: Sequence[Binding], case: Case
    ) -> tuple[Holding, ...]:
        viewer = Viewer(
            engine=self.act.engine, vault=self.vault, principal=case.principal, circumstances=self.act.circumstances()
        )
        attributes = class_attributes(snapshot, {one.class_id for one in found})
        permitted = viewer.permitted_types(attributes, {one.type for one in found})
        titles = titles_of(snapshot, scope, {one.version for one in found})
        made, shown = [], []
        for those in by_value(found).values():
            places: defaultdict[tuple[str, int], list[Binding]] = defaultdict(list)
            for one in those:
                places[one.version, one.number].append(one)
            for bound in places.values():
                first = bound[0]
                if first.version not in titles:
                    continue
                visible = (first.class_id, first.type) in permitted and not first.is_restricted
                if visible:
                    shown.append(first)
                title, number = titles[first.version]
                made.append(
                    Holding(
                        document=first.document,
                        title=title,
                        version=number,
                        type=first.type,
                        placeholder=placeholder(first.type, first.number),
                        value=self.vault.open(snapshot.tenant, first) if visible else None,
                        times=len(bound),
                        is_restricted=first.is_restricted,
                    )
                )
        tell_of(case, shown)
        case.erasures = rows.erasures(snapshot) if shown else None
        return tuple(sorted(made, key=lambda one: (one.title, one.document, one.version, one.placeholder)))


def _shown(record: Opened) -> Collection[DocumentId]:
    """Return the documents that the asker of a record was shown, or answered from; a refusal showed none."""
    public = record.envelope["public"]
    if record.envelope["outcome"] not in ("answered", "shown", "done"):
        return frozenset()
    quoted = (citation["document"] for citation in public.get("citations", []))
    disclosed = (one["document"] for one in record.private.get("disclosed", []))
    opened = (public["shown"]["document"],) if "document" in public.get("shown", {}) else ()
    return frozenset((*quoted, *disclosed, *opened))


def _listed(record: Opened) -> frozenset[str]:
    """Return the passages that a search listed; those that an answer was chosen among were not shown."""
    if record.envelope["type"] != "search" or record.envelope["outcome"] != "answered":
        return frozenset()
    return frozenset(one["chunk"] for one in record.envelope["public"].get("candidates", []))


def _sighting(
    record: Opened, document: DocumentId, placeholders: tuple[str, ...], *, is_sent: bool = False
) -> Sighting:
    return Sighting(
        record=record.id,
        at=record.at,
        type=record.envelope["type"],
        principal=record.private["principal"]["id"],
        purpose=record.private.get("reason"),
        document=document,
        placeholders=placeholders,
        model=record.envelope["public"]["sent"]["model"] if is_sent else None,
    )
