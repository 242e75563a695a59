"""What a verifier tells: what it looked at, what is wrong, and what it did not check."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from enum import StrEnum
from typing import TYPE_CHECKING

from compliance_bot.audit.verify.findings import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from compliance_bot.audit.canonical import Json
    from compliance_bot.audit.verify.findings import Fault
    from compliance_bot.audit.verify.times import Silence
    from compliance_bot.audit.verify.timestamps import Stamped
    from compliance_bot.audit.verify.witness_files import Compared


class Unchecked(StrEnum):
    """What an intact log may still hide. Each has a sentence for people."""

    KEY = "key"
    WITNESS = "witness"
    WITNESS_FILE = "witness_file"
    SINCE_WITNESS_FILE = "since_witness_file"
    TIMESTAMP = "timestamp"
    OLD_CHECKPOINT = "old_checkpoint"
    RANGE = "range"
    SELECTION = "selection"
    CONTENT = "content"
    CONTENT_WITHHELD = "content_withheld"
    BEFORE_TREE = "before_tree"
    LAST = "last"
    TRUTH = "truth"


SENTENCES: dict[Unchecked, str] = {
    Unchecked.KEY: "Who made this: no key of the log was given, or none that was given is of it.",
    Unchecked.WITNESS: "Whether somebody with the signing key rewrote history: no witness was asked for.",
    Unchecked.WITNESS_FILE: "Whether somebody with the signing key rewrote history: the witness's file could not be "
    "compared without the log's key and all hashes.",
    Unchecked.SINCE_WITNESS_FILE: "Whether records behind the last checkpoint in a witness's file were rewritten: "
    "nobody else saw them.",
    Unchecked.TIMESTAMP: "The time stamps of the checkpoint that are there: `compliance-bot audit verify` checks them "
    "with --timestamp-ca.",
    Unchecked.OLD_CHECKPOINT: "Whether the log was shortened or rewritten since you last saw it: "
    "no older checkpoint was compared.",
    Unchecked.RANGE: "The records outside of the range: of them there are hashes alone.",
    Unchecked.SELECTION: "Whether all is here that should have been selected: of the rest there are hashes alone.",
    Unchecked.CONTENT: "What was asked and answered: contents are not in here, or were not opened.",
    Unchecked.CONTENT_WITHHELD: "The contents that are withheld because whoever exported may not see them.",
    Unchecked.BEFORE_TREE: "The time before the log had a tree: until then only lanes protected its records.",
    Unchecked.LAST: "Whether a lane's last record was deleted before the log took it, if no heartbeat tells of it.",
    Unchecked.TRUTH: "Whether the records tell the truth, and their times: a program and its clock say so.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The outcome of a check."""

    verdict: Verdict
    origin: str | None  # None where not even a checkpoint can be read
    size: int
    first: int
    end: int
    records: int  # whose envelopes were read
    opened: int  # contents
    withheld: int
    faults: tuple[Fault, ...]
    silences: int  # longer than a heartbeat announced; told, but no fault: machines fail
    first_silence: Silence | None
    unchecked: tuple[Unchecked, ...]
    compared: tuple[Compared, ...] = ()  # files of witnesses
    stamped: tuple[Stamped, ...] = ()
    handed_over_to: str | None = None  # the log's key today, where it is another than those that were brought
    checkpoint: bytes | None = None  # to keep for the next time; None unless all is intact

    @property
    def exit_code(self) -> int:
        """0 intact, 1 tampered with, 2 incomplete."""
        return {Verdict.INTACT: 0, Verdict.TAMPERED: 1, Verdict.INCOMPLETE: 2}[self.verdict]


def report_shape(report: Report) -> Json:
    """Return a report as `--json` prints it."""
    silence = report.first_silence
    return {
        "verdict": report.verdict.value,
        "origin": report.origin,
        "size": report.size,
        "first": report.first,
        "end": report.end,
        "records": report.records,
        "opened": report.opened,
        "withheld": report.withheld,
        "faults": [
            {
                "kind": fault.kind.value,
                "message": fault.message,
                "index": fault.index,
                "record": fault.record,
                "count": fault.count,
            }
            for fault in report.faults
        ],
        "witness_files": [
            {"file": one.file, "checkpoints": one.checkpoints, "size": one.size} for one in report.compared
        ],
        "timestamps": [{"witness": one.witness, "at": _instant(one.at)} for one in report.stamped],
        "handed_over_to": report.handed_over_to,
        "silences": report.silences,
        "first_silence": None
        if silence is None
        else {
            "since": silence.since,
            "until": silence.until,
            "announced_s": silence.announced_s,
            "index": silence.index,
        },
        "unchecked": [{"what": what.value, "message": SENTENCES[what]} for what in report.unchecked],
    }


def report_lines(report: Report) -> Iterator[str]:
    """Yield a report for people."""
    if report.origin is not None:
        yield f"Log {_printable(report.origin)}, tree of {report.size}, records {report.first} to before {report.end}"
        yield f"Read {report.records} records; opened {report.opened} contents; {report.withheld} withheld"
    for file in report.compared:
        name = _printable(file.file)
        yield f"Checkpoints in {name} that agree with this log: {file.checkpoints}, the last of {file.size} records"
    for stamp in report.stamped:
        yield f"The checkpoint was there at {_instant(stamp.at)}, by time stamp {_printable(stamp.witness)}"
    if report.handed_over_to is not None:
        yield f"The log has another key now. Bring this one the next time: {report.handed_over_to}"
    for fault in report.faults:
        yield f"  {fault.kind.value}: {_printable(fault.message)}{_where(fault)}"
    if report.first_silence is not None:
        silence = report.first_silence
        yield f"  Silent longer than announced: {report.silences} times, first {silence.since} to {silence.until}"
    yield {
        Verdict.INTACT: "Intact.",
        Verdict.TAMPERED: "Tampered with. Keep it as it is, with this report.",
        Verdict.INCOMPLETE: "Incomplete: what was asked could not be checked.",
    }[report.verdict]
    yield "Not checked:"
    yield from (f"- {SENTENCES[what]}" for what in report.unchecked)


def _instant(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _where(fault: Fault) -> str:
    place = (
        "" if fault.index is None else f" (leaf {fault.index}" + (f", record {fault.record})" if fault.record else ")")
    )
    return place + (f", the first of {fault.count}" if fault.count > 1 else "")


def _printable(text: str) -> str:
    """Return a text without what steers a terminal: parts of it may be somebody else's."""
    return "".join(character if character.isprintable() else "?" for character in text)
