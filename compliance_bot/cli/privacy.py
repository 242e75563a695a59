"""`compliance-bot privacy`: what is held on a person, and who saw it or a document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from compliance_bot.cli import output, privacy_shapes, vault_shapes
from compliance_bot.cli.common import LOCAL_ADMINISTRATOR, AsJson, AsUser, Purpose, opened
from compliance_bot.cli.progress import counting
from compliance_bot.errors import UsageError

if TYPE_CHECKING:
    from compliance_bot.chains.correcting import Corrected

app = typer.Typer(no_args_is_help=True, help="Requests of access, corrections of redaction, and how well it does.")

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


@app.command()
def mark(
    document: Annotated[str, typer.Argument(metavar="DOCUMENT", help="Id of a document in which it stands.")],
    entity_type: Annotated[str, typer.Option("--type", metavar="TYPE", help="Such as PERSON or CUSTOMER_NUMBER.")],
    reason: Reason,
    words: Annotated[str | None, typer.Argument(metavar="[WORDS]", help="What was missed, as it is written.")] = None,
    at: Annotated[
        str | None,
        typer.Option(metavar="START:END", help="Where it stands in the text of `documents show`, in place of WORDS."),
    ] = None,
    purpose: Purpose = None,
    as_user: AsUser = LOCAL_ADMINISTRATOR,
    as_json: AsJson = False,
) -> None:
    """Mark personal data that detection missed. It is masked wherever it stands, now and later."""
    if (words is None) == (at is None):
        raise UsageError("what was missed? expected WORDS, or --at START:END")
    meant = words if words is not None else _stretch(at or "")
    with opened() as bot, counting() as on_progress:
        done = bot.mark(
            document,
            meant,
            entity_type=entity_type,
            reason=reason,
            principal=as_user,
            purpose=purpose,
            on_progress=on_progress,
        )
    _tell(done, as_json, "masked")


@app.command()
def unmark(
    document: Annotated[str, typer.Argument(metavar="DOCUMENT", help="Id of a document in which it stands.")],
    placeholder: Annotated[
        str, typer.Argument(metavar="PLACEHOLDER", help="Such as PERSON_1: `documents show --no-reveal` shows them.")
    ],
    reason: Reason,
    version: Annotated[int | None, typer.Option(min=1, help="A superseded version.")] = None,
    purpose: Purpose = None,
    as_user: AsUser = LOCAL_ADMINISTRATOR,
    as_json: AsJson = False,
) -> None:
    """Give back words that are no personal data, wherever you may reclassify and see them, now and later."""
    wanted = placeholder if placeholder.startswith("<") else f"<{placeholder}>"
    with opened() as bot, counting() as on_progress:
        done = bot.unmark(
            document,
            wanted,
            reason=reason,
            version=version,
            principal=as_user,
            purpose=purpose,
            on_progress=on_progress,
        )
    _tell(done, as_json, "given back")


@app.command()
def corrections(as_user: AsUser = LOCAL_ADMINISTRATOR, as_json: AsJson = False) -> None:
    """List what was marked and unmarked, the newest first, without the values."""
    with opened() as bot:
        found = bot.corrections(principal=as_user)
    if as_json:
        output.say_json({"corrections": [privacy_shapes.label_shape(one) for one in found]})
        return
    for one in found:
        output.say(privacy_shapes.label_line(one))


def _stretch(text: str) -> tuple[int, int]:
    start, _, end = text.partition(":")
    if not (start.isascii() and start.isdigit() and end.isascii() and end.isdigit()):
        raise UsageError(f"expected START:END, two numbers, not {text!r}")
    return int(start), int(end)


def _tell(done: Corrected, as_json: bool, what: str) -> None:
    if as_json:
        output.say_json(privacy_shapes.corrected_shape(done))
    else:
        output.tell(
            f"{done.type}: {what} in {done.documents} documents, {done.versions} versions; record {done.record}"
        )
