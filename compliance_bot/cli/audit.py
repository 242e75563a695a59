"""`compliance-bot audit`: list and show records of the audit log."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from compliance_bot.cli import output, shapes
from compliance_bot.cli.common import LOCAL_ADMINISTRATOR, AsJson, AsUser, opened

app = typer.Typer(no_args_is_help=True, help="The audit log. Reading it is recorded too.")


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
