"""What one batch of lines shows by itself: each leaf, envelope and content, and what is told of it to the whole.

Runs in as many processes as there are batches at a time. What has to do with other batches (lanes, times) goes back as
facts, a few small values for each record.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from compliance_bot.audit.bundle.form import BundleMalformed, FileMissing
from compliance_bot.audit.bundle.manifest import Content, Counts
from compliance_bot.audit.bundle.table import row
from compliance_bot.audit.canonical import parse_canonical_text
from compliance_bot.audit.envelope import ContentAltered, EnvelopeMalformed, open_ciphertext, parse_fields
from compliance_bot.audit.merkle import leaf_hash
from compliance_bot.audit.verify.findings import Fault, Findings, Kind
from compliance_bot.audit.verify.times import OWN_RECORDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from compliance_bot.audit.bundle.line import Line
    from compliance_bot.audit.bundle.selection import Selection
    from compliance_bot.audit.canonical import Json
    from compliance_bot.audit.envelope import Fields
    from compliance_bot.audit.source import Batch

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_ID_EARLIER_MS = 5000  # id and time of an act are made one after the other, by one clock


class Fact(NamedTuple):
    """What the whole has to know of a record. A tuple, since there are very many and they go between processes."""

    place: int  # index of the leaf
    id: str
    at_ms: int
    tenant: int
    type: str
    writer: str
    counter: int
    previous: bytes
    leaf: bytes  # as the tree has it
    public: Mapping[str, Json] | None  # of what the log says of itself; None for all other records


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """By what a batch is examined."""

    selection: Selection
    content: Content  # what the source says that it has
    opens_content: bool
    longest_act_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """What a batch showed."""

    facts: tuple[Fact, ...]
    faults: tuple[Fault, ...]
    counts: Counts
    opened: int  # contents that were opened
    table: str  # the rows of records.csv that belong to it


@dataclass(slots=True)
class _Batch:
    rules: Rules
    findings: Findings = field(default_factory=Findings)
    facts: list[Fact] = field(default_factory=list)
    rows: list[str] = field(default_factory=list)
    selected: int = 0
    disclosed: int = 0
    withheld: int = 0
    opened: int = 0


def examine(batch: Batch, rules: Rules) -> Examined:
    """Return what a batch shows."""
    work = _Batch(rules)
    seen = 0
    try:
        for index, leaf, line in _placed(batch):
            seen += 1
            _examine(work, index, leaf, line)
        if seen != batch.count:
            message = f"{batch.count} leaves from {batch.first} on were to have a line, and {seen} have one"
            work.findings.add(Kind.SELECTION, message, index=batch.first + seen)
    except BundleMalformed as error:
        work.findings.add(Kind.FORM, str(error), index=batch.first + seen)
    except FileMissing as error:
        work.findings.add(Kind.NOT_THERE, str(error), index=batch.first + seen)
    return Examined(
        facts=tuple(work.facts),
        faults=work.findings.faults,
        counts=Counts(selected=work.selected, disclosed=work.disclosed, withheld=work.withheld),
        opened=work.opened,
        table="".join(work.rows),
    )


def _placed(batch: Batch) -> Iterator[tuple[int, bytes, Line]]:
    """Yield the place of each line, the hash that the tree has there, and the line."""
    leaves = batch.leaf_hashes()
    for index, line in enumerate(batch.lines(), start=batch.first):
        leaf = next(leaves, None)
        if leaf is None:
            raise BundleMalformed(f"there are more lines than the {batch.count} leaves from {batch.first} on")
        yield index, leaf, line


def _examine(work: _Batch, index: int, leaf: bytes, line: Line) -> None:
    if (line.index, line.leaf) != (index, leaf):
        message = "the line is not of the leaf that the tree has at its place: it was changed, moved or removed"
        work.findings.add(Kind.LEAF, message, index=index)
    if line.envelope is None:
        if work.rules.selection.is_everything:
            work.findings.add(Kind.SELECTION, "every record was selected, and this one is not there", index=index)
        return
    is_of_the_leaf = leaf_hash(line.envelope) == leaf
    if not is_of_the_leaf:
        work.findings.add(Kind.ENVELOPE, "the envelope is not the one that the leaf is the hash of", index=index)
    try:
        envelope = parse_fields(line.envelope)
    except EnvelopeMalformed as error:
        work.findings.add(Kind.ENVELOPE, str(error), index=index)
        return
    at_ms = _milliseconds(envelope.at)
    _check_id(work, index, envelope, at_ms)
    if not work.rules.selection.selects(envelope):
        message = "the record is none of those that were selected"
        work.findings.add(Kind.SELECTION, message, index=index, record=envelope.id)
    _check_content(work, line, envelope)
    work.selected += 1
    work.rows.append(row(line, envelope))
    if not is_of_the_leaf:  # what it says of its lane is said by nobody
        return
    work.facts.append(
        Fact(
            index,
            envelope.id,
            at_ms,
            int(envelope.tenant),
            envelope.type,
            envelope.writer,
            int(envelope.counter),
            bytes.fromhex(envelope.previous),
            leaf,
            parse_canonical_text(envelope.public) if envelope.type.startswith(OWN_RECORDS) else None,
        )
    )


def _check_id(work: _Batch, index: int, envelope: Fields, at_ms: int) -> None:
    """Note an id that was made at another time than the record tells: the first 48 bits are milliseconds (RFC 9562)."""
    made_ms = int(envelope.id[:8] + envelope.id[9:13], 16)
    if not -_ID_EARLIER_MS <= made_ms - at_ms <= work.rules.longest_act_s * 1000:
        message = "the id of the record was made at another time than it tells"
        work.findings.add(Kind.IDENTITY, message, index=index, record=envelope.id)


def _check_content(work: _Batch, line: Line, envelope: Fields) -> None:
    if line.is_withheld:
        work.withheld += 1
    if line.ciphertext is None or line.key is None:
        if work.rules.content is Content.DISCLOSED and not line.is_withheld:
            message = "the content of the record is not there, and nobody declared it withheld"
            work.findings.add(Kind.CONTENT_MISSING, message, index=line.index, record=envelope.id)
        return
    work.disclosed += 1
    if not work.rules.opens_content:
        return
    try:
        open_ciphertext(line.ciphertext, line.key, envelope.id, envelope.sha256, envelope.commitment)
    except ContentAltered as error:
        work.findings.add(Kind.CONTENT, str(error), index=line.index, record=envelope.id)
    else:
        work.opened += 1


def _milliseconds(at: str) -> int:
    """Return a time in milliseconds since 1970, exactly: a float of seconds would round."""
    return (datetime.fromisoformat(at) - _EPOCH) // _MILLISECOND
