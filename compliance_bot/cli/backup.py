"""`compliance-bot backup …`: a home with the embedded database in one sealed file, and the way back."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from compliance_bot.cli import backup_shapes, output
from compliance_bot.cli.common import LOCAL_ADMINISTRATOR, AsJson, AsUser, opened, start_logging
from compliance_bot.errors import UsageError

app = typer.Typer(no_args_is_help=True, help="A home with the embedded database in one sealed file, and the way back.")

File = Annotated[Path, typer.Argument(metavar="FILE", help="A backup.")]


@app.command()
def create(file: File, as_user: AsUser = LOCAL_ADMINISTRATOR, as_json: AsJson = False) -> None:
    """Write everything but the keys to a new file, sealed with them; read it back and check it. Others may go on."""
    from compliance_bot.cli.progress import counting

    began = time.monotonic()
    with opened() as bot, counting() as told:
        checked = bot.create_backup(file, principal=as_user, on_progress=told)
    seconds = time.monotonic() - began
    if as_json:
        output.say_json(backup_shapes.created_shape(checked, file, seconds))
        return
    for text in backup_shapes.created_lines(checked, file, seconds):
        output.tell(text)


@app.command()
def verify(
    file: File,
    rehearse: Annotated[
        bool, typer.Option("--rehearse", help="Restore it to a throw-away server as well, and look at what came.")
    ] = False,
    as_user: AsUser = LOCAL_ADMINISTRATOR,
    as_json: AsJson = False,
) -> None:
    """Read a backup to its end and tell what it is. Needs the keys; where there is a home, it goes on record."""
    from compliance_bot.cli.progress import counting
    from compliance_bot.home import is_home
    from compliance_bot.keys import load_keys
    from compliance_bot.recovery.verify import verify as verify_file
    from compliance_bot.settings import load_settings

    settings = load_settings()
    if is_home(settings.home):
        with opened() as bot, counting() as told:
            verified = bot.verify_backup(file, rehearse=rehearse, principal=as_user, on_progress=told)
    else:
        start_logging(settings)
        keyring = load_keys(settings.home / "keys")
        with counting() as told:
            verified = verify_file(settings, keyring, file, rehearses=rehearse, on_progress=told)
    if as_json:
        output.say_json(backup_shapes.verified_shape(verified, file))
        return
    for text in backup_shapes.verified_lines(verified, file):
        output.tell(text)


@app.command()
def restore(
    file: File,
    keys: Annotated[
        Path | None, typer.Option(metavar="DIR", help="A copy of the home's keys/, where they are not in place.")
    ] = None,
    policies: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Policies to put in place instead of those of the backup.")
    ] = None,
    anchor: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The home's anchor, where it is not where it was when the backup was made."),
    ] = None,
    without_anchor: Annotated[
        bool, typer.Option("--without-anchor", help="The anchor is lost for good: forget what happened since.")
    ] = False,
    policies_of_backup: Annotated[
        bool, typer.Option("--policies-of-backup", help="Go back to the policies of then, though others came since.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Bring a home back to the folder COMPLIANCE_BOT_HOME, which must not be there or hold keys/ alone."""
    from compliance_bot.cli.progress import counting
    from compliance_bot.recovery.restore import restore as restore_home
    from compliance_bot.settings import load_settings

    if anchor is not None and without_anchor:
        raise UsageError("--anchor names it, and --without-anchor says that it is lost: expected one of them")
    if policies is not None and policies_of_backup:
        raise UsageError("--policies and --policies-of-backup: expected one of them")
    settings = load_settings()
    start_logging(settings)
    with counting() as told:
        restored = restore_home(
            settings,
            file,
            keys=keys,
            policies=policies,
            anchor=anchor,
            is_anchor_lost=without_anchor,
            are_old_policies_meant=policies_of_backup,
            on_progress=told,
        )
    for text in backup_shapes.restored_lines(restored):
        output.tell(text)
    applied = None
    if restored.anchor is not None:
        with opened() as bot:  # what has happened since is done again before anybody is served
            applied = bot.caught_up
        for text in backup_shapes.applied_lines(applied):
            output.tell(text)
    if as_json:
        output.say_json(backup_shapes.restored_shape(restored, file, applied))
