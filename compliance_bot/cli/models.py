"""`compliance-bot model …`: the models of the home."""

from __future__ import annotations

from typing import Annotated

import typer

from compliance_bot.cli import output, shapes
from compliance_bot.cli.common import LOCAL_ADMINISTRATOR, AsJson, AsUser, opened

app = typer.Typer(no_args_is_help=True, help="List the models, and make the vectors of another embedder.")


@app.command("list")
def list_models(as_user: AsUser = LOCAL_ADMINISTRATOR, as_json: AsJson = False) -> None:
    """List the embedders that the home has vectors of, and what composes answers."""
    with opened() as bot:
        embedders = bot.embedders(principal=as_user)
        wanted, answerer = bot.settings.embedder, bot.settings.chat_model
    if as_json:
        output.say_json(shapes.models_shape(embedders, wanted=wanted, answerer=answerer))
        return
    for one in embedders:
        output.say(
            f"embedder  {one.use:<8} {output.line(one.name)}  {one.hash[:12]}  {one.dim} numbers  "
            f"{one.vectors} of {one.chunks} chunks"
        )
    if wanted not in {one.name for one in embedders if one.use == "serving"}:
        output.say(f"embedder  wanted   {output.line(wanted)}  (`compliance-bot model re-embed` lets it serve)")
    output.say(f"answerer  set      {output.line(answerer)}")


@app.command("re-embed")
def re_embed(
    keep_old: Annotated[bool, typer.Option("--keep-old", help="Keep the vectors of the old embedder.")] = False,
    as_user: AsUser = LOCAL_ADMINISTRATOR,
    as_json: AsJson = False,
) -> None:
    """Make the vectors of the embedder in the settings; the old one serves until all are there. May be interrupted."""
    from compliance_bot.cli.progress import counting

    with opened() as bot, counting() as advance:
        made = bot.re_embed(principal=as_user, keep_old=keep_old, on_progress=advance)
        name = bot.settings.embedder
    if as_json:
        output.say_json({"embedder": name, "made": made})
    else:
        output.tell(f"{made} vectors made; {output.line(name)} serves")
