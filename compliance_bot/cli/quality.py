"""`compliance-bot privacy sample|confirm|measure|quality`: how well redaction does on a home's own documents."""

from __future__ import annotations

import re
from typing import Annotated

import typer

from compliance_bot.cli import output, quality_output
from compliance_bot.cli.common import LOCAL_ADMINISTRATOR, AsJson, AsUser, Purpose, opened
from compliance_bot.cli.progress import counting
from compliance_bot.errors import UsageError

app = typer.Typer()

_STRETCH = re.compile(r"([0-9]{1,9}):([0-9]{1,9})")


@app.command()
def sample(
    n: Annotated[int, typer.Option("-n", min=1, max=1000, help="Most passages.")] = 10,
    seed: Annotated[
        int | None, typer.Option(min=0, max=2**31 - 1, help="Draw the same passages as with this number before.")
    ] = None,
    collection: Annotated[str | None, typer.Option(metavar="NAME", help="Of this collection alone.")] = None,
    purpose: Purpose = None,
    as_user: AsUser = LOCAL_ADMINISTRATOR,
    as_json: AsJson = False,
) -> None:
    """Draw passages at random that nobody has reviewed, and show what of them is masked as what."""
    with opened() as bot:
        drawn = bot.sample_passages(n, principal=as_user, seed=seed, collection=collection, purpose=purpose)
    if as_json:
        output.say_json(quality_output.sample_shape(drawn))
        return
    for text in quality_output.sample_lines(drawn):
        output.say(text)
    output.tell(f"{len(drawn.passages)} passages, drawn with --seed {drawn.seed}")


@app.command()
def confirm(
    document: Annotated[str, typer.Argument(metavar="DOCUMENT", help="Id of a document.")],
    stretch: Annotated[
        str, typer.Argument(metavar="START:END", help="Places in its text, as `documents show --text` gives it to you.")
    ],
    version: Annotated[int | None, typer.Option(min=1, help="A superseded version.")] = None,
    language: Annotated[str | None, typer.Option(metavar="CODE", help="Its language, such as en.")] = None,
    purpose: Purpose = None,
    as_user: AsUser = LOCAL_ADMINISTRATOR,
    as_json: AsJson = False,
) -> None:
    """Confirm that in a stretch all that is personal is masked with the right type, and nothing else is."""
    places = _STRETCH.fullmatch(stretch)
    if places is None:
        raise UsageError("the stretch is not START:END: expected two numbers, such as 120:348")
    with opened() as bot:
        done = bot.confirm_redaction(
            document,
            int(places[1]),
            int(places[2]),
            principal=as_user,
            version=version,
            language=language,
            purpose=purpose,
        )
    if as_json:
        output.say_json(quality_output.confirmed_shape(done))
    else:
        output.say(output.line(quality_output.confirmed_line(done)))


@app.command()
def measure(purpose: Purpose = None, as_user: AsUser = LOCAL_ADMINISTRATOR, as_json: AsJson = False) -> None:
    """Run the detector of today over what was confirmed, and keep what it misses and what it finds wrongly."""
    with opened() as bot, counting() as advance:
        done = bot.measure_redaction(principal=as_user, purpose=purpose, on_progress=advance)
    if as_json:
        output.say_json(quality_output.measured_shape(done))
    else:
        for text in quality_output.measured_lines(done):
            output.say(text)


@app.command()
def quality(purpose: Purpose = None, as_user: AsUser = LOCAL_ADMINISTRATOR, as_json: AsJson = False) -> None:
    """Show recall and precision by type and language, their history, and what got worse, as far as you may read."""
    with opened() as bot:
        ledger = bot.redaction_quality(principal=as_user, purpose=purpose)
    if as_json:
        output.say_json(quality_output.quality_shape(ledger))
    else:
        for text in quality_output.quality_lines(ledger):
            output.say(output.printable(text))
