"""`compliance-bot anchor`: the file that remembers what a restored database must not forget."""

from __future__ import annotations

from typing import Annotated

import typer

from compliance_bot.cli import anchor_shapes, output
from compliance_bot.cli.common import LOCAL_ADMINISTRATOR, AsJson, AsUser, opened, start_logging

app = typer.Typer(no_args_is_help=True, help="What a restored database must not forget.")


@app.command()
def show(as_user: AsUser = LOCAL_ADMINISTRATOR, as_json: AsJson = False) -> None:
    """Show where the anchor is and how far it goes. Every line of it is checked."""
    with opened() as bot:
        state = bot.anchor_state(principal=as_user)
    if as_json:
        output.say_json(anchor_shapes.state_shape(state))
    else:
        for text in anchor_shapes.state_lines(state):
            output.say(output.line(text))


@app.command("accept-loss")
def accept_loss(
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why; it goes on record.")],
    as_user: AsUser = LOCAL_ADMINISTRATOR,
    as_json: AsJson = False,
) -> None:
    """Go on without an anchor that is lost for good: what only it knew is forgotten. Another one begins."""
    from compliance_bot.bot import ComplianceBot
    from compliance_bot.settings import load_settings

    start_logging(load_settings())
    accepted = ComplianceBot.accept_anchor_loss(reason=reason, principal=as_user)
    if as_json:
        output.say_json(anchor_shapes.loss_shape(accepted))
        return
    done = f"{accepted.applied} of its lines were done again" if accepted.applied else "another one begins here"
    output.tell(f"accepted, on record {accepted.record}: {done}")
