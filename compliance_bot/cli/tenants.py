"""`compliance-bot tenant …`: the institution that this home serves, as a whole."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from compliance_bot.cli import output, shapes
from compliance_bot.cli.common import LOCAL_ADMINISTRATOR, AsJson, AsUser, opened

app = typer.Typer(no_args_is_help=True, help="The institution that this home serves, among those of its database.")

File = Annotated[Path, typer.Argument(metavar="FILE", help="An export: a ZIP archive of CSV files.")]


@app.command()
def show(as_user: AsUser = LOCAL_ADMINISTRATOR, as_json: AsJson = False) -> None:
    """Show the tenant's name, how much it has, and whether an earlier log of it was removed."""
    with opened() as bot:
        state = bot.tenant(principal=as_user).show()
    if as_json:
        output.say_json(shapes.tenant_shape(state))
        return
    held = state.holdings
    output.say(f"tenant     {output.line(state.name)}")
    output.say(f"documents  {held.documents} in {held.versions} versions, {held.chunks} passages to search")
    output.say(f"records    {held.records}")
    for one in state.removals:
        output.say(f"removed    {shapes.instant(one.at)}  {one.records} records, export {one.export.hex()[:16]}")


@app.command()
def export(file: File, as_user: AsUser = LOCAL_ADMINISTRATOR, as_json: AsJson = False) -> None:
    """Write everything of the tenant that is in the database to a new file. Keys and policies are not in it."""
    with opened() as bot:
        manifest = bot.tenant(principal=as_user).export(file)
    if as_json:
        output.say_json(shapes.bundle_shape(manifest, str(file)))
        return
    rows = sum(member.rows for member in manifest.members)
    output.tell(f"{rows} rows of {len(manifest.members)} tables; the manifest has the SHA-256 {manifest.sha256}")
    output.tell("keys/, policies/ and compliance-bot.toml of this home are not in it: keep them apart")


@app.command("import")
def import_(
    file: File,
    anchor: Annotated[
        bool,
        typer.Option(
            "--anchor/--without-anchor",
            help="Do again what the anchor says has happened since, or forget it where that anchor is lost.",
            show_default=False,
        ),
    ] = True,
    as_user: AsUser = LOCAL_ADMINISTRATOR,
    as_json: AsJson = False,
) -> None:
    """Bring an export back into a tenant of the same name and keys that has nothing. All of it, or nothing."""
    with opened() as bot:
        manifest = bot.tenant(principal=as_user).bring_back(file, with_anchor=anchor)
    if as_json:
        output.say_json(shapes.bundle_shape(manifest, str(file)))
    else:
        output.tell(f"{sum(member.rows for member in manifest.members)} rows, as of {manifest.taken_at}")


@app.command()
def delete(
    name: Annotated[str, typer.Option("--yes-delete", metavar="NAME", help="The tenant's name, typed out.")],
    file: Annotated[Path, typer.Option("--export", metavar="FILE", help="An export of all that it has now.")],
    as_user: AsUser = LOCAL_ADMINISTRATOR,
    as_json: AsJson = False,
) -> None:
    """Delete the tenant with all documents and its log, for good. Needs the account that owns the schema."""
    with opened() as bot:
        removed = bot.tenant(principal=as_user).remove(name, file)
    if as_json:
        output.say_json(shapes.removed_shape(removed, name))
        return
    output.tell(f"deleted: {removed.rows} rows, among them the log of {removed.records} records")
    output.tell(f"the export that has them: {removed.export}")
