"""Rehearse a restore: bring a backup back into a throw-away server, look whether it could serve, and remove it.

What is looked at: the rows of every table, the migrations and locks that every start checks, every audit record, and a
sample of the values in the vault for each key that is there. It lies in the home's `.rehearsal/`, so that one that was
killed is found and removed by the next.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from compliance_bot.audit.log import AuditLog
from compliance_bot.errors import UsageError
from compliance_bot.home import key_source
from compliance_bot.keys.epochs import EpochKeys
from compliance_bot.recovery.contents import KEYS
from compliance_bot.recovery.rebuild import rebuild
from compliance_bot.store import vault as rows
from compliance_bot.store.connect import Database
from compliance_bot.store.embedded import APP_ROLE, SUPERUSER, EmbeddedServer, destroy
from compliance_bot.store.moment import moment
from compliance_bot.store.open import open_embedded
from compliance_bot.store.scope import everything_open
from compliance_bot.store.tenants import claim
from compliance_bot.vault.book import Vault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from compliance_bot.keys import Keyring
    from compliance_bot.recovery.backup import Backup, Checked
    from compliance_bot.settings import Settings

FOLDER = ".rehearsal"
_SAMPLE = 100  # values of each epoch


class RehearsalRunning(UsageError):
    """Another rehearsal is at work in this home."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """What a rehearsal found: everything it looked at was as it should be."""

    seconds: float  # that the database took to come back
    records: int
    values: int  # that were opened


def rehearse(
    settings: Settings,
    keyring: Keyring,
    backup: Backup,
    checked: Checked,
    on_progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> Rehearsal:
    """Restore a backup that was checked into a throw-away server and look at it.

    Raises RehearsalRunning, what `rebuild` raises, RecordAltered and CannotDecrypt.
    """
    began = time.monotonic()
    with _throw_away(settings.home / FOLDER) as folder:
        rebuild(folder, backup, checked, database_dir=settings.database_dir, on_progress=on_progress)
        seconds = time.monotonic() - began
        with open_embedded(folder, claim(checked.header.tenant, keyring), database_dir=settings.database_dir):
            pass  # migrated where needed, with its locks in force
        server = EmbeddedServer.open(folder)
        try:
            with moment(server.conninfo(SUPERUSER)) as after:
                tenants, epochs = after.tenants(), [epoch.number for epoch in after.epochs() if epoch.values]
            missing = checked.manifest.missing_epochs(EpochKeys(key_source(settings, settings.home / KEYS)))
            records = values = 0
            for tenant in tenants:
                with closing(Database(server.conninfo(APP_ROLE), tenant=tenant)) as database:
                    records += sum(1 for _ in AuditLog(database, keyring).each())
                    values += _opened_values(database, _vault(settings, keyring), {*epochs} - {*missing})
        finally:
            server.close()
    return Rehearsal(seconds=seconds, records=records, values=values)


def _vault(settings: Settings, keyring: Keyring) -> Vault:
    return Vault(keyring, EpochKeys(key_source(settings, settings.home / KEYS)))


def _opened_values(database: Database, vault: Vault, epochs: set[int]) -> int:
    """Open some values of each of these epochs and return how many. Raises CannotDecrypt."""
    opened = 0
    with database.reading() as snapshot, everything_open(snapshot):
        for epoch in sorted(epochs):
            for binding in rows.some_of_epoch(snapshot, epoch, limit=_SAMPLE):
                vault.open(snapshot.tenant, binding)
                opened += 1
    return opened


@contextmanager
def _throw_away(folder: Path) -> Iterator[Path]:
    """Hold an empty folder for a server, and remove both after the block. Raises RehearsalRunning."""
    held = os.open(folder.parent, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        _remove(folder)  # one that was killed
        folder.mkdir(mode=0o700)
        try:
            yield folder
        finally:
            _remove(folder)
    except BlockingIOError as error:
        raise RehearsalRunning from error
    finally:
        os.close(held)


def _remove(folder: Path) -> None:
    if folder.exists():
        destroy(folder)
        shutil.rmtree(folder)
