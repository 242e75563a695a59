"""`compliance-bot privacy`: what is held on a person, and who saw it or a document."""

from __future__ import annotations

from typing import Annotated

import typer

from compliance_bot.cli import output, vault_shapes
from compliance_bot.cli.common import LOCAL_ADMINISTRATOR, AsJson, AsUser, Purpose, opened

app = typer.Typer(no_args_is_help=True, help="Requests of access, who was shown what, and how well redaction does.")

Reason = Annotated[str, typer.Option(metavar="TEXT", help="Why; it goes on record, without personal data.")]


@app.command()
def held(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Of a person, or another value such as an address.")],
    reason: Reason,
    purpose: Purpose = None,
    as_user: AsUser = LOCAL_ADMINISTRATOR,
    as_json: AsJson = False,
) -> None:
    """Show what is held on a person, where, and who was shown it, as far as you may read."""
    with opened() as bot:
        report = bot.held_on(name, reason=reason, principal=as_user, purpose=purpose)
    if as_json:
        output.say_json(vault_shapes.person_shape(report))
    else:
        for text in vault_shapes.person_lines(report):
            output.say(output.line(text))


@app.command()
def exposure(
    document: Annotated[str, typer.Argument(metavar="DOCUMENT", help="Id of a document.")],
    reason: Reason,
    purpose: Purpose = None,
    as_user: AsUser = LOCAL_ADMINISTRATOR,
    as_json: AsJson = False,
) -> None:
    """Show who was shown a document, or was answered from it."""
    with opened() as bot:
        report = bot.exposure(document, reason=reason, principal=as_user, purpose=purpose)
    if as_json:
        output.say_json(vault_shapes.exposure_shape(report))
    else:
        for text in vault_shapes.sighting_lines(report.sightings, report.searched):
            output.say(output.line(text))
