"""`compliance-bot kill-switch`: stop a model, a collection or everything, and let it run again."""

from __future__ import annotations

from typing import Annotated

import typer

from compliance_bot.cli import output, shapes
from compliance_bot.cli.common import LOCAL_ADMINISTRATOR, AsJson, AsUser, opened

app = typer.Typer(no_args_is_help=True, help="Stop a model, a collection or the whole tenant, at once.")

Kind = Annotated[str, typer.Argument(metavar="KIND", help="`model`, `collection` or `tenant`.")]
Name = Annotated[str, typer.Argument(metavar="[NAME]", help="Of the model or the collection.")]


@app.command("list")
def list_(as_user: AsUser = LOCAL_ADMINISTRATOR, as_json: AsJson = False) -> None:
    """List what is stopped."""
    with opened() as bot:
        stops = bot.stops(principal=as_user)
    if as_json:
        output.say_json(shapes.stops_shape(stops))
        return
    for stop_ in stops:
        output.say(f"{stop_.kind} {output.line(stop_.name)}  since {stop_.at:%Y-%m-%d %H:%M} UTC")


@app.command()
def stop(
    kind: Kind,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why; it goes on record.")],
    name: Name = "",
    as_user: AsUser = LOCAL_ADMINISTRATOR,
    as_json: AsJson = False,
) -> None:
    """Stop something, for every process that serves this home."""
    with opened() as bot:
        changed = bot.stop(kind, name, reason=reason, principal=as_user)
    _say(changed, "stopped", "was stopped already", as_json=as_json)


@app.command()
def lift(kind: Kind, name: Name = "", as_user: AsUser = LOCAL_ADMINISTRATOR, as_json: AsJson = False) -> None:
    """Let something run again."""
    with opened() as bot:
        changed = bot.lift(kind, name, principal=as_user)
    _say(changed, "runs again", "was not stopped", as_json=as_json)


def _say(changed: bool, done: str, nothing: str, *, as_json: bool) -> None:
    if as_json:
        output.say_json({"changed": changed})
    else:
        output.tell(done if changed else nothing)
