"""Read the audit log, as an act of its own: permitted by the policies, and recorded.

A reviewer sees who asked what and what it rested on. Quoted text needs the right to read its document today: without
it a quote, and the sentences that rest on it, are withheld. A model's own words need it for everything the model was
sent, since they may come from any of it. So do the attributes that documents were given: a matter may be a secret.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from compliance_bot.records import CitedSpan, RecordSummary

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from datetime import datetime

    from compliance_bot.audit.record import Json, Opened
    from compliance_bot.records import DocumentId, RecordId

_TOMBSTONES = ("tombstones", "kept", "revised")
WITHHELD = "(withheld: its document may not be read by this reviewer)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One record with everything that this reviewer may see."""

    record: RecordId
    at: datetime
    type: str
    principal: str
    outcome: str
    envelope: Mapping[str, Json] = field(hash=False)
    payload: Mapping[str, Json] = field(hash=False)


def summarise(records: Sequence[Opened]) -> tuple[RecordSummary, ...]:
    """Return a line for each record, in the order given."""
    return tuple(
        RecordSummary(
            record=record.id,
            at=record.at,
            type=record.envelope["type"],
            principal=record.private["principal"]["id"],
            outcome=record.envelope["outcome"],
            citations=tuple(_cited(citation) for citation in record.envelope["public"].get("citations", [])),
        )
        for record in records
    )


def cited_documents(record: Opened) -> frozenset[DocumentId]:
    """Return the documents that a record quotes, that a model was sent for it, or whose attributes it tells."""
    public = record.envelope["public"]
    quoted = (citation["document"] for citation in public.get("citations", []))
    return frozenset((*quoted, *public.get("sent", {}).get("documents", []), *_moved(record), *_erased(record)))


def show(record: Opened, readable: Collection[DocumentId]) -> Shown:
    """Return a record with its payload, text from documents outside `readable` withheld."""
    cited = record.envelope["public"].get("citations", [])
    hidden = {citation["n"] for citation in cited if citation["document"] not in readable}
    return Shown(
        record=record.id,
        at=record.at,
        type=record.envelope["type"],
        principal=record.private["principal"]["id"],
        outcome=record.envelope["outcome"],
        envelope=record.envelope,
        payload=_payload(record, hidden, readable),
    )


def hide(shown: Shown, hidden: Callable[[str], str]) -> Shown:
    """Return a record with what was marked as personal data since behind its type: it is sealed as it was written."""
    told = {name: value if name == "principal" else _each(value, hidden) for name, value in shown.payload.items()}
    return replace(shown, payload=told)


def _each(value: Json, hidden: Callable[[str], str]) -> Json:
    if isinstance(value, str):
        return hidden(value)
    if isinstance(value, list):
        return [_each(one, hidden) for one in value]
    if isinstance(value, dict):
        return {name: _each(one, hidden) for name, one in value.items()}
    return value


def _payload(record: Opened, hidden: Collection[int], readable: Collection[DocumentId]) -> Mapping[str, Json]:
    if not cited_documents(record) - set(readable):
        return record.private
    if any(name in record.private for name in _TOMBSTONES):
        return _without_tombstones(record.private, readable)
    return _withhold(record.private, hidden)


def _cited(citation: Mapping[str, Json]) -> CitedSpan:
    return CitedSpan(
        n=citation["n"],
        document=citation["document"],
        version=citation["version"],
        sha256=citation["sha256"],
        start=citation["start"],
        end=citation["end"],
    )


def _moved(record: Opened) -> Iterator[DocumentId]:
    """Yield the documents that a record of `documents set` names; of very many only its sealed half does."""
    for half in (record.envelope["public"], record.private):
        for move in half.get("moved", []):
            yield from move["documents"]


def _erased(record: Opened) -> Iterator[DocumentId]:
    """Yield the documents in which an erasure or a correction found something."""
    for name in _TOMBSTONES:
        for document, *_ in record.private.get(name, []):
            yield document


def _without_tombstones(private: Mapping[str, Json], readable: Collection[DocumentId]) -> dict[str, Json]:
    """Return a payload without what an erasure or correction found in other documents: not even how much that is."""
    kept = {name: [one for one in private[name] if one[0] in readable] for name in _TOMBSTONES if name in private}
    return {**private, **kept}


def _withhold(private: Mapping[str, Json], hidden: Collection[int]) -> dict[str, Json]:
    payload: dict[str, Any] = dict(private)
    if "attributes" in payload:
        return {"principal": payload["principal"], "attributes": WITHHELD}
    if hidden:
        payload["answer"] = WITHHELD
    if "prompt" in payload:
        payload["prompt"] = WITHHELD
    spoken = [{name: value for name, value in s.items() if name != "prose"} for s in private.get("sentences", [])]
    payload["sentences"] = [
        {**sentence, "text": WITHHELD} if set(sentence["citations"]) & set(hidden) else sentence for sentence in spoken
    ]
    payload["citations"] = [
        {"n": citation["n"], "title": WITHHELD, "heading": "", "quote": WITHHELD}
        if citation["n"] in hidden
        else citation
        for citation in private.get("citations", [])
    ]
    return payload
