"""`compliance-bot audit verify` and `export`: check the log where it stands or an export of it, and write one."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from compliance_bot.cli import audit_shapes, output
from compliance_bot.cli.common import LOCAL_ADMINISTRATOR, AsJson, AsUser, existing, opened
from compliance_bot.errors import UsageError

if TYPE_CHECKING:
    from compliance_bot.audit.verify.asked import Asked
    from compliance_bot.audit.verify.timestamps import OpenTimestamp
    from compliance_bot.audit.verify.witness_files import WitnessFile

app = typer.Typer()
Words = list[str] | None
Place = Annotated[Path, typer.Argument(metavar="PATH", help="A new folder, or a new .zip.")]
Keys = Annotated[
    Words, typer.Option("--key", metavar="KEY", help="Public key of the log, as you got it; an older one will do.")
]


@app.command()
def verify(
    export: Annotated[
        Path | None, typer.Argument(metavar="[EXPORT]", help="Folder or .zip; left out, the log of this home.")
    ] = None,
    key: Keys = None,
    witness: Annotated[Words, typer.Option(metavar="KEY", help="Public key of a witness that you trust.")] = None,
    quorum: Annotated[
        int | None, typer.Option(min=0, help="How many of the witnesses have to have signed; all, if not said.")
    ] = None,
    checkpoint: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The checkpoint that you kept the last time.")
    ] = None,
    witness_file: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="Checkpoints that a witness kept; each has to be what the log was."),
    ] = None,
    timestamp_ca: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="Certificates, in PEM, of time stamping authorities that you trust."),
    ] = None,
    save_checkpoint: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where to keep this one, if all is intact.")
    ] = None,
    no_content: Annotated[bool, typer.Option("--no-content", help="Do not open contents.")] = False,
    max_silence: Annotated[
        int | None, typer.Option(min=0, metavar="SECONDS", help="Longest time without a record.")
    ] = None,
    as_user: AsUser = LOCAL_ADMINISTRATOR,
    as_json: AsJson = False,
) -> None:
    """Check the log: 0 intact, 1 tampered with, 2 incomplete. An export is checked without a home and a network."""
    from compliance_bot.audit.verify.export import verify_export
    from compliance_bot.audit.verify.keep import keep_checkpoint
    from compliance_bot.audit.verify.report import report_lines, report_shape

    asked = dataclasses.replace(
        _asked(key or [], witness or [], quorum, checkpoint, opens_content=not no_content, max_silence=max_silence),
        witness_files=_witness_files(witness_file or []),
        opens_timestamp=_timestamps_by(timestamp_ca or []),
    )
    if export is not None:
        report = verify_export(export, asked)
    else:
        with opened() as bot:
            report = bot.log_evidence(principal=as_user).verify(asked)
    if as_json:
        output.say_json(report_shape(report))
    else:
        for line in report_lines(report):
            output.say(line)
    if save_checkpoint is not None and report.checkpoint is not None:
        keep_checkpoint(save_checkpoint, report.checkpoint)
    raise typer.Exit(report.exit_code)


@app.command()
def export(
    path: Place,
    type_: Annotated[Words, typer.Option("--type", metavar="TYPE", help="Records of this type, or these.")] = None,
    outcome: Annotated[Words, typer.Option(metavar="OUTCOME", help="Records that ended so; more than once.")] = None,
    person: Annotated[str | None, typer.Option(metavar="ID", help="Records of what this principal did.")] = None,
    since: Annotated[datetime | None, typer.Option(help="Acts that began at this time or later, UTC.")] = None,
    until: Annotated[datetime | None, typer.Option(help="Acts that began before this time, UTC.")] = None,
    first: Annotated[int, typer.Option(min=0, help="Index of the first record of a range, from 0.")] = 0,
    end: Annotated[int | None, typer.Option(min=0, help="Index behind its last; all there are, if not said.")] = None,
    content: Annotated[
        bool, typer.Option("--content", help="Disclose contents with their keys, but those that you may not see whole.")
    ] = False,
    as_user: AsUser = LOCAL_ADMINISTRATOR,
    as_json: AsJson = False,
) -> None:
    """Write the log, a range or a selection of it, for whoever checks it elsewhere. It goes on record."""
    from compliance_bot.audit.bundle.selection import Selection

    selection = Selection(
        types=frozenset(type_ or ()), outcomes=frozenset(outcome or ()), since=_moment(since), until=_moment(until)
    )
    with opened() as bot:
        manifest = bot.log_evidence(principal=as_user).export(
            path, selection=selection, person=person, first=first, end=end, with_content=content
        )
    if as_json:
        output.say_json(audit_shapes.export_shape(path, manifest))
        return
    for line in audit_shapes.export_lines(path, manifest):
        output.tell(line)


def _asked(
    keys: list[str],
    witnesses: list[str],
    quorum: int | None,
    checkpoint: Path | None,
    *,
    opens_content: bool,
    max_silence: int | None,
) -> Asked:
    """Return what the options ask for. Raises UsageError."""
    from compliance_bot.audit.note import MAX_NOTE_BYTES
    from compliance_bot.audit.note_key import NoteError, SignatureType, parse_verifier_key
    from compliance_bot.audit.verify.asked import Asked

    try:
        logs, trusted = (tuple(parse_verifier_key(one) for one in given) for given in (keys, witnesses))
    except NoteError as error:  # nothing was checked: that is no word on the log
        raise UsageError(str(error)) from None
    if any(key.type is not SignatureType.ED25519 for key in logs):
        raise UsageError("--key is for keys of logs, and one that was given is of a witness")
    if any(key.type is not SignatureType.COSIGNATURE for key in trusted):
        raise UsageError("--witness is for keys of witnesses, and one that was given is of a log")
    enough = len(trusted) if quorum is None else quorum
    if enough > len(trusted):
        raise UsageError(f"--quorum is at most the number of witnesses, {len(trusted)}")
    old = None
    if checkpoint is not None:
        with existing(checkpoint).open("rb") as file:
            old = file.read(MAX_NOTE_BYTES + 1)
    return Asked(
        keys=logs,
        witnesses=trusted,
        quorum=enough,
        old_checkpoint=old,
        opens_content=opens_content,
        longest_silence_s=max_silence,
    )


def _witness_files(paths: list[Path]) -> tuple[WitnessFile, ...]:
    """Return the files of checkpoints that are given. Raises NotAWitnessFile."""
    from compliance_bot.audit.verify.witness_files import open_witness_file

    return tuple(map(open_witness_file, paths))


def _timestamps_by(paths: list[Path]) -> OpenTimestamp | None:
    """Return what opens time stamps under the certificates in these files. Raises UsageError, TimestampsMissing."""
    if not paths:
        return None
    from compliance_bot.witness.timestamp import load_roots, timestamp_opener

    return timestamp_opener([root for path in paths for root in load_roots(existing(path).read_bytes())])


def _moment(given: datetime | None) -> str | None:
    """Return a time as envelopes tell it."""
    if given is None:
        return None
    moment = given.replace(tzinfo=UTC) if given.tzinfo is None else given.astimezone(UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
