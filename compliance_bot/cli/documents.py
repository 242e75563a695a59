"""`compliance-bot documents`: list, show, history, set, delete."""

from __future__ import annotations

from typing import Annotated

import typer

from compliance_bot.cli import output, shapes
from compliance_bot.cli.common import LOCAL_ADMINISTRATOR, AsJson, AsUser, Purpose, Reveal, opened, parse_settings
from compliance_bot.errors import UsageError

app = typer.Typer(no_args_is_help=True, help="Documents within the rights of a principal.")

Document = Annotated[str, typer.Argument(metavar="DOCUMENT", help="Id of a document, as `documents list` shows it.")]


@app.command("list")
def list_(
    purpose: Purpose = None,
    reveal: Reveal = True,
    as_user: AsUser = LOCAL_ADMINISTRATOR,
    as_json: AsJson = False,
) -> None:
    """List the documents that may be read."""
    with opened() as bot:
        documents = bot.documents(principal=as_user, purpose=purpose, reveal=reveal)
    if as_json:
        output.say_json(shapes.documents_shape(documents))
    else:
        for text in output.document_lines(documents):
            output.say(text)


@app.command()
def show(
    document: Document,
    version: Annotated[
        int | None, typer.Option(min=1, help="A superseded version; the current one by default.")
    ] = None,
    text: Annotated[bool, typer.Option("--text", help="Print the text too.")] = False,
    purpose: Purpose = None,
    reveal: Reveal = True,
    as_user: AsUser = LOCAL_ADMINISTRATOR,
    as_json: AsJson = False,
) -> None:
    """Show one version of a document. Offsets in citations count in its text."""
    from dataclasses import replace

    with opened() as bot:
        shown = bot.document(document, principal=as_user, version=version, purpose=purpose, reveal=reveal and text)
    if not text:
        shown = replace(shown, text=None)
    if as_json:
        output.say_json(shapes.version_shape(shown))
        return
    output.say(output.line(shown.title))
    for described in output.version_lines(shown):
        output.say(described)
    if shown.text is not None:
        output.say("\n" + output.printable(shown.text))


@app.command()
def history(
    document: Document,
    purpose: Purpose = None,
    reveal: Reveal = True,
    as_user: AsUser = LOCAL_ADMINISTRATOR,
    as_json: AsJson = False,
) -> None:
    """List the versions of a document, newest first."""
    with opened() as bot:
        versions = bot.history(document, principal=as_user, purpose=purpose, reveal=reveal)
    if as_json:
        output.say_json(shapes.history_shape(versions))
        return
    for version in versions:
        for text in output.version_lines(version):
            output.say(text)


@app.command("set")
def set_(
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="[DOCUMENT] [key=value…]", help="Id of a document, and its new attributes."),
    ] = None,
    unset: Annotated[list[str] | None, typer.Option("--unset", metavar="key", help="Attribute to take away.")] = None,
    collection: Annotated[
        str | None, typer.Option(metavar="NAME", help="In place of DOCUMENT: all of a collection.")
    ] = None,
    where: Annotated[
        list[str] | None, typer.Option("--where", metavar="key=value", help="In place of DOCUMENT: all that have it.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would change, and change nothing.")] = False,
    as_user: AsUser = LOCAL_ADMINISTRATOR,
    as_json: AsJson = False,
) -> None:
    """Change the attributes of documents. Who may read them is another from the next question on."""
    meant = parse_settings(where or [], option="--where")
    if collection is not None:
        if "collection" in meant:
            raise UsageError("the collection is given twice: by --collection and by --where")
        meant["collection"] = collection
    pairs, document = list(words or []), None
    if not meant:
        if not pairs or "=" in pairs[0]:
            raise UsageError("which documents? expected the id of one, --collection or --where")
        document = pairs.pop(0)
    given = parse_settings(pairs, option="documents set")
    with opened() as bot:
        if document is None:
            done = bot.set_attributes_where(meant, given, unset or [], principal=as_user, dry_run=dry_run)
        else:
            done = bot.set_attributes(document, given, unset or [], principal=as_user, dry_run=dry_run)
    if as_json:
        output.say_json(shapes.reclassified_shape(done))
    else:
        for text in output.reclassified_lines(done):
            output.tell(text)


@app.command()
def delete(document: Document, as_user: AsUser = LOCAL_ADMINISTRATOR, as_json: AsJson = False) -> None:
    """Delete a document with all its versions. Its audit records stay."""
    with opened() as bot:
        bot.delete(document, principal=as_user)
    if as_json:
        output.say_json({"deleted": document})
    else:
        output.tell("deleted")
