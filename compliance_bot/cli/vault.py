"""`compliance-bot vault`: what it holds, reveal, erase, and its key."""

from __future__ import annotations

from typing import Annotated

import typer

from compliance_bot.cli import output, vault_shapes
from compliance_bot.cli.common import LOCAL_ADMINISTRATOR, AsJson, AsUser, Purpose, opened
from compliance_bot.errors import UsageError

app = typer.Typer(
    no_args_is_help=True, help="The one place with personal values: reveal and erase them, look after its key."
)


@app.command()
def show(as_user: AsUser = LOCAL_ADMINISTRATOR, as_json: AsJson = False) -> None:
    """Show how much the vault holds, and under which keys."""
    with opened() as bot:
        state = bot.vault_state(principal=as_user)
    if as_json:
        output.say_json(vault_shapes.vault_shape(state))
        return
    output.say(
        f"{state.placeholders} placeholders in {state.documents} documents, {state.values} values and parts of names"
    )
    for epoch in state.epochs:
        output.say(vault_shapes.epoch_line(epoch))


@app.command()
def reveal(
    document: Annotated[
        str, typer.Argument(metavar="DOCUMENT", help="Id of a document, as `documents list` shows it.")
    ],
    placeholders: Annotated[
        list[str] | None,
        typer.Argument(metavar="[PLACEHOLDER…]", help="Such as `PERSON_1`; all that may be seen by default."),
    ] = None,
    version: Annotated[int | None, typer.Option(min=1, help="A superseded version.")] = None,
    purpose: Purpose = None,
    as_user: AsUser = LOCAL_ADMINISTRATOR,
    as_json: AsJson = False,
) -> None:
    """Show what placeholders of a document stand for. It goes on record with its purpose."""
    wanted = [one if one.startswith("<") else f"<{one}>" for one in placeholders or []]
    with opened() as bot:
        shown = bot.reveal(document, wanted, principal=as_user, purpose=purpose, version=version)
    if as_json:
        output.say_json(vault_shapes.revealed_shape(shown))
        return
    for one in shown:
        output.say(f"{one.placeholder}  {output.line(' / '.join(one.values))}")


@app.command()
def erase(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Of the person, or another value such as an address.")],
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why; it goes on record, without personal data.")],
    confirm: Annotated[
        bool, typer.Option("--confirm", help="Erase it. Without this, what would be erased is proposed.")
    ] = False,
    also: Annotated[
        list[str] | None, typer.Option("--also", metavar="HANDLE", help="With --confirm: a proposed value besides.")
    ] = None,
    purpose: Purpose = None,
    as_user: AsUser = LOCAL_ADMINISTRATOR,
    as_json: AsJson = False,
) -> None:
    """Erase a person: first proposed, then confirmed. What has to be kept is shown to nobody instead."""
    if also and not confirm:
        raise UsageError("--also says what to erase: it comes with --confirm")
    with opened() as bot:
        if not confirm:
            found = bot.propose_erasure(name, reason=reason, principal=as_user, purpose=purpose)
            if as_json:
                output.say_json({"proposed": [vault_shapes.candidate_shape(one) for one in found], "erased": None})
                return
            for one in found:
                output.say(output.line(vault_shapes.candidate_line(one)))
            output.tell("nothing is erased yet: add --confirm for the name, and --also HANDLE for each of the others")
            return
        done = bot.erase(name, also=also or (), reason=reason, principal=as_user, purpose=purpose)
    if as_json:
        output.say_json({"proposed": [], "erased": vault_shapes.certificate_shape(done)})
    else:
        for text in vault_shapes.certificate_lines(done):
            output.say(output.line(text))


@app.command()
def rotate(as_user: AsUser = LOCAL_ADMINISTRATOR, as_json: AsJson = False) -> None:
    """Give the vault a new key. May be interrupted; run again, it goes on."""
    with opened() as bot:
        done = bot.rotate_vault_key(principal=as_user)
    if as_json:
        output.say_json({"epoch": done.epoch, "wrapped": done.wrapped})
    else:
        output.tell(f"epoch {done.epoch}: {done.wrapped} values have the new key")


@app.command()
def discard(
    epoch: Annotated[int, typer.Argument(metavar="EPOCH", min=1, help="As `vault show` lists it.")],
    as_user: AsUser = LOCAL_ADMINISTRATOR,
    as_json: AsJson = False,
) -> None:
    """Destroy an old key for good: the values in backups of its time cannot be read any more."""
    with opened() as bot:
        bot.discard_vault_key(epoch, principal=as_user)
    if as_json:
        output.say_json({"discarded": epoch})
    else:
        output.tell(f"discarded the key of epoch {epoch}")
