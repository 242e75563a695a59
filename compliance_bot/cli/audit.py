"""`compliance-bot audit`: the records of the audit log, its keys and checkpoints, and proofs of what was answered."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from compliance_bot.cli import audit_check, audit_shapes, output, shapes
from compliance_bot.cli.common import LOCAL_ADMINISTRATOR, AsJson, AsUser, existing, opened, start_logging
from compliance_bot.errors import UsageError
from compliance_bot.records import RecordId

app = typer.Typer(no_args_is_help=True, help="The audit log. Reading it is recorded too.")
app.add_typer(audit_check.app)

To = Annotated[Path | None, typer.Option("--to", metavar="FILE", help="Write it to a new file instead.")]


@app.command("list")
def list_(
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Most records.")] = 100,
    as_user: AsUser = LOCAL_ADMINISTRATOR,
    as_json: AsJson = False,
) -> None:
    """List the newest records, newest first."""
    with opened() as bot:
        records = bot.records(principal=as_user, limit=limit)
    if as_json:
        output.say_json(shapes.records_shape(records))
        return
    for r in records:
        cited = f"  {len(r.citations)} citations" if r.citations else ""
        output.say(f"{r.record}  {shapes.instant(r.at)}  {r.type:<17} {r.outcome:<9} {output.line(r.principal)}{cited}")


@app.command()
def show(
    record: Annotated[str, typer.Argument(metavar="RECORD", help="Id of a record.")],
    as_user: AsUser = LOCAL_ADMINISTRATOR,
    as_json: AsJson = False,
) -> None:
    """Show one record with everything that its reviewer may see."""
    with opened() as bot:
        shown = bot.record(record, principal=as_user)
    shape = shapes.record_shape(shown)
    if as_json:
        output.say_json(shape)
    else:
        output.say(output.printable(json.dumps(shape, indent=2, ensure_ascii=False)))


@app.command()
def keys(as_user: AsUser = LOCAL_ADMINISTRATOR, as_json: AsJson = False) -> None:
    """Print the public keys of the log, which whoever verifies it needs beforehand."""
    with opened() as bot:
        known = bot.audit_log(principal=as_user).keys()
    if as_json:
        output.say_json(audit_shapes.keys_shape(known))
        return
    output.say(known.signing)
    for key in known.earlier:
        output.say(f"{key}  (earlier)")


@app.command("rotate-key")
def rotate_key(
    reason: Annotated[str, typer.Option(help="Why; it goes on record.")],
    as_user: AsUser = LOCAL_ADMINISTRATOR,
    as_json: AsJson = False,
) -> None:
    """Let another key sign the log from now on; both sign the checkpoint at which it takes over."""
    with opened() as bot:
        known = bot.audit_log(principal=as_user).rotate_key(reason=reason)
    if as_json:
        output.say_json(audit_shapes.keys_shape(known))
        return
    output.say(known.signing)
    output.tell("Give this key to whoever verifies the log. The one before stays in keys/log: back both up.")


@app.command("begin-anew")
def begin_anew(
    reason: Annotated[str, typer.Option(help="Why; it goes on record.")],
    as_user: AsUser = LOCAL_ADMINISTRATOR,
    as_json: AsJson = False,
) -> None:
    """Let the log go on under a new name: where its signing key is lost, or the database was put back."""
    from compliance_bot.bot import ComplianceBot
    from compliance_bot.settings import load_settings

    start_logging(load_settings())
    known = ComplianceBot.begin_log_anew(reason=reason, principal=as_user)
    if as_json:
        output.say_json(audit_shapes.keys_shape(known))
        return
    output.say(known.signing)
    output.tell(f"The log is called {known.origin} now. Tell whoever verifies it, give them this key, and say why.")


@app.command()
def checkpoint(
    to: To = None,
    witnessed: Annotated[
        bool, typer.Option("--witnessed", help="Ask the home's witnesses now; exit code 3 where too few saw it.")
    ] = False,
    as_user: AsUser = LOCAL_ADMINISTRATOR,
    as_json: AsJson = False,
) -> None:
    """Print the newest checkpoint, signed: keep it elsewhere, and nothing before it can be rewritten unseen."""
    with opened() as bot:
        room = bot.audit_log(principal=as_user)
        shown = room.witnessed_checkpoint() if witnessed else None
        note = shown.note if shown else room.checkpoint()
    attested = shown.attested if shown else None
    if attested is not None:
        for line in audit_shapes.attested_lines(attested):
            output.tell(output.line(line))
        attested.require_enough()
    _hand_out(note, to, audit_shapes.checkpoint_shape(note, attested) if as_json else None)


@app.command()
def proof(
    record: Annotated[str, typer.Argument(metavar="RECORD", help="Id of an answer's record.")],
    to: To = None,
    as_user: AsUser = LOCAL_ADMINISTRATOR,
    as_json: AsJson = False,
) -> None:
    """Print the proof that an answer's record is in the log, with its receipt; `audit receipt` checks it."""
    with opened() as bot:
        encoded = bot.audit_log(principal=as_user).receipt(RecordId(record))
    _hand_out(encoded, to, audit_shapes.proof_shape(record, encoded) if as_json else None)


@app.command()
def receipt(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A receipt, or a proof.")],
    answer: Annotated[Path, typer.Option(metavar="FILE", help="The text of the answer as it was shown.")],
    key: Annotated[list[str], typer.Option(metavar="KEY", help="Public key of the log; may be given more than once.")],
    as_json: AsJson = False,
) -> None:
    """Check a receipt or a proof against the text of an answer. Needs no home and no network."""
    from compliance_bot.audit.note_key import parse_verifier_key
    from compliance_bot.audit.receipt import check

    text = existing(answer).read_bytes().decode(errors="replace")
    receipt, proven = check(existing(file).read_bytes(), text, [parse_verifier_key(one) for one in key])
    if as_json:
        output.say_json(audit_shapes.receipt_shape(receipt, proven))
        return
    output.say(audit_shapes.receipt_line(receipt, proven))


def _hand_out(encoded: bytes, to: Path | None, shape: audit_shapes.Shape | None) -> None:
    """Write to a new file, or print."""
    if to is not None:
        _write_new(to, encoded)
    if shape is not None:
        output.say_json(shape)
    elif to is None:
        output.say(encoded.decode().rstrip("\n"))


def _write_new(path: Path, content: bytes) -> None:
    """Write a file whole or not at all. Raises UsageError, where there is one of this name too."""
    from compliance_bot.store.new_file import new_file

    try:
        with new_file(path) as new:
            new.file.write(content)
            new.settle()
            new.publish()
    except FileExistsError:
        raise UsageError(f"{path} is there already", hint="Name a file that is not.") from None
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None
