"""A home: the folder of one installation, with its policies, keys and (unless a DSN is set) its database.

`create_home` makes one and may be repeated after an interruption; `open_home` refuses one that is missing or that other
accounts can read, and hands out what lies in it.
"""

from __future__ import annotations

import os
import shutil
import stat
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from compliance_bot.bundled import bundled
from compliance_bot.errors import Unavailable, UsageError
from compliance_bot.keys import create_keys, load_keys, sync_folder
from compliance_bot.keys.custody import AtSigner, InEnvironment, Wrapped
from compliance_bot.keys.epochs import FIRST
from compliance_bot.keys.management import CommandManagement, ManagedKeys
from compliance_bot.keys.signing import InHome, SigningKeyFiles, SigningKeyUnreadable
from compliance_bot.keys.sources import EnvironmentKeys, FileKeys
from compliance_bot.settings import load_settings
from compliance_bot.store.embedded import destroy
from compliance_bot.store.open import open_dsn, open_embedded, prepare_dsn
from compliance_bot.store.tenants import claim

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from compliance_bot.keys import Keyring
    from compliance_bot.keys.epochs import KeySource
    from compliance_bot.keys.signing import Custody
    from compliance_bot.settings import Settings
    from compliance_bot.store.connect import Database
    from compliance_bot.store.tenants import Claim

_MARK = "compliance-bot.home"  # says that init came to its end
UNFINISHED = "compliance-bot.restoring"  # says that a restore did not, and becomes the mark when it does


class NoHome(Unavailable):
    hint = "Run `compliance-bot init`, or name another home with COMPLIANCE_BOT_HOME."

    def __init__(self, path: Path) -> None:
        super().__init__(f"there is no home at {path}")


class RestoreUnfinished(Unavailable):
    hint = "Run `compliance-bot backup restore` again: it starts over. Or remove the folder."

    def __init__(self, path: Path) -> None:
        super().__init__(f"a backup was being restored to {path} and is not complete")


class HomeExposed(Unavailable):
    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} can be entered by other accounts", hint=f"Run `chmod 700 {path}`.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """An open home."""

    path: Path
    keyring: Keyring
    database: Database
    anchor: Path

    @property
    def policies(self) -> Path:
        return self.path / "policies"


def create_home(settings: Settings, *, policies: Literal["starter", "sample"] = "starter") -> bool:
    """Make a home and return whether it is new. What exists already is kept, whatever was to be put there."""
    home = settings.home
    require_finished(home)
    is_new = not is_home(home)
    if is_new and home.exists() and any(home.iterdir()) and not (home / "keys").exists():
        raise UsageError(f"{home} is not empty and not a home", hint="Choose an empty or new folder.")
    _require_place(settings)
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        home.chmod(0o700)
        if not (home / "policies").exists():
            shutil.copytree(bundled("policies") / policies, home / "policies.partial", dirs_exist_ok=True)
            (home / "policies.partial").rename(home / "policies")
    except OSError as error:
        raise Unavailable(f"{error.filename}: {error.strerror}") from error
    claimed = claim(settings.tenant, create_keys(home / "keys"))
    vault_keys = key_source(settings, home / "keys")
    if is_new and not vault_keys.load():  # in a home of before it may have been discarded, or be lost
        vault_keys.add(FIRST)
    if settings.database_url is not None:
        prepare_dsn(settings.database_url.get_secret_value(), _owner_url(settings), claimed)
    with _database(settings, claimed):
        (home / _MARK).touch(mode=0o600)
    return is_new


def _require_place(settings: Settings) -> None:
    """Raise UsageError where this account could not write the anchor, which nothing could be done without."""
    anchor = settings.anchor_file
    place = anchor if anchor.exists() else anchor.parent
    while settings.anchor is None and not place.exists():
        place = place.parent  # it will be made with the home
    if not os.access(place, os.W_OK):
        raise UsageError(
            f"the anchor {anchor} could not be written by this account",
            hint="Set `anchor` to a file that it may write, best on another disk: docs/how-to/keep-the-anchor.md.",
        )


def key_source(settings: Settings, keys: Path) -> KeySource:
    """Return where the keys of the vault lie, as the settings say."""
    if settings.vault_keys is not None:
        return EnvironmentKeys(settings.vault_keys.get_secret_value())
    if settings.vault_key_command is not None:
        return ManagedKeys(keys, CommandManagement(settings.vault_key_command))
    return FileKeys(keys)


def signing_keys(settings: Settings, keys: Path) -> SigningKeyFiles:
    """Return the keys that sign the log, in whose custody they are as the settings say."""
    return SigningKeyFiles(keys, _custody(settings))


def _custody(settings: Settings) -> Custody:
    if settings.log_keys is not None:
        return InEnvironment(settings.log_keys.get_secret_value())
    if (command := settings.log_key_command) is not None:
        return Wrapped(CommandManagement(command, setting="log_key_command", refuse=SigningKeyUnreadable))
    if settings.log_sign_command is not None:
        return AtSigner(settings.log_sign_command)
    return InHome()


def is_home(path: Path) -> bool:
    """Return whether `init` came to its end there."""
    return (path / _MARK).exists()


def require_finished(path: Path) -> None:
    """Raise RestoreUnfinished where a restore was interrupted: what lies there is no home, and nothing to build on."""
    if (path / UNFINISHED).exists() and not is_home(path):
        raise RestoreUnfinished(path)


def finish_restore(path: Path) -> None:
    """Let what was restored to a folder be a home from now on: in one step, durably."""
    (path / UNFINISHED).rename(path / _MARK)
    sync_folder(path)


@contextmanager
def open_home(settings: Settings) -> Iterator[Home]:
    """Open a home for the length of the block. Raises NoHome, HomeExposed and what the database raises."""
    path = settings.home
    require_finished(path)
    if not is_home(path):
        raise NoHome(path)
    if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise HomeExposed(path)
    keyring = load_keys(path / "keys")
    with _database(settings, claim(settings.tenant, keyring)) as database:
        yield Home(path=path, keyring=keyring, database=database, anchor=settings.anchor_file)


@contextmanager
def throw_away_home(
    path: Path, *, policies: Literal["starter", "sample"] = "starter", keep: bool = False
) -> Iterator[Path]:
    """Make a home with an embedded database and, unless it is to be kept, remove it after the block.

    Raises UsageError where the environment names a database or an anchor: what is to be thrown away must not get there.
    """
    settings = load_settings(home=path)
    if settings.database_url is not None:
        raise UsageError(
            "a throw-away home has a database of its own, but COMPLIANCE_BOT_DATABASE_URL names one",
            hint="Unset COMPLIANCE_BOT_DATABASE_URL for this command.",
        )
    if settings.anchor is not None:
        raise UsageError(
            "a throw-away home has an anchor of its own, but COMPLIANCE_BOT_ANCHOR names one",
            hint="Unset COMPLIANCE_BOT_ANCHOR for this command.",
        )
    create_home(settings, policies=policies)
    try:
        yield path
    finally:
        if not keep:
            destroy(path)
            settings.anchor_file.unlink(missing_ok=True)
            shutil.rmtree(path, ignore_errors=True)


@contextmanager
def _database(settings: Settings, claimed: Claim) -> Iterator[Database]:
    if settings.database_url is not None:
        url = settings.database_url.get_secret_value()
        with open_dsn(url, claimed, owner_url=_owner_url(settings)) as database:
            yield database
    else:
        with open_embedded(settings.home, claimed, database_dir=settings.database_dir) as database:
            yield database


def _owner_url(settings: Settings) -> str | None:
    return settings.database_owner_url.get_secret_value() if settings.database_owner_url else None
