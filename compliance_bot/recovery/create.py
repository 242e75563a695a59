"""Make a backup of a home with the embedded server, while others go on using it.

Counts, recovery point and dump are of one snapshot. Everything goes through the encryption on its way to the disk, and
what came to lie there is read back and checked before the file gets its name.
"""

from __future__ import annotations

import os
import uuid
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING

from compliance_bot.errors import Unavailable, UsageError
from compliance_bot.home import key_source
from compliance_bot.keys.epochs import EpochKeys, VaultKeyUnreadable
from compliance_bot.recovery.backup import opened_backup
from compliance_bot.recovery.contents import KEYS, files_of, secrets_in
from compliance_bot.recovery.manifest import DUMP, MANIFEST, AnchorPoint, Header, Manifest, NeededKey, RecoveryPoint
from compliance_bot.recovery.members import write_end, write_member
from compliance_bot.recovery.sealed_file import Sealing
from compliance_bot.settings import FILE_NAME
from compliance_bot.store.embedded import APP_ROLE, SUPERUSER, EmbeddedServer
from compliance_bot.store.migrate import applied_migrations
from compliance_bot.store.moment import moment
from compliance_bot.store.new_file import new_file
from compliance_bot.store.tenants import claim

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from compliance_bot.keys import Keyring
    from compliance_bot.recovery.backup import Checked
    from compliance_bot.settings import Settings
    from compliance_bot.store.moment import Moment
    from compliance_bot.store.new_file import NewFile


class NotEmbedded(UsageError):
    """The database of this home is run by somebody else, who makes its backups."""

    hint = "Use the tools of that PostgreSQL, such as pg_dump: docs/how-to/back-up-and-upgrade.md."


class BackupExists(UsageError):
    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} exists", hint="Name another file: a backup never takes the place of one.")


class BackupUnwritable(Unavailable):
    hint = "Nothing was written under that name. Make room, or name a file in a folder that can be written."

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}")


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupDraft:
    """A backup that is being made, under a name of its own until it is published."""

    settings: Settings
    keyring: Keyring
    new: NewFile

    def write(self, on_progress: Callable[[int, int], None] = lambda _done, _all: None) -> Checked:
        """Write everything, read it back, and return what it is. Raises BackupUnwritable, and as `Backup.check`."""
        server = EmbeddedServer.open(self.settings.home, database_dir=self.settings.database_dir)
        try:
            with moment(server.conninfo(SUPERUSER)) as snapshot:
                self._write(snapshot, applied_migrations(server.conninfo(APP_ROLE)), on_progress)
            self.new.settle()
            if hasattr(
                os, "posix_fadvise"
            ):  # what is checked shall be what lies on the disk, not what memory kept of it
                os.posix_fadvise(self.new.file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        except OSError as error:
            raise BackupUnwritable(self.new.path, error.strerror or "cannot be written") from error
        finally:
            server.close()
        with opened_backup(self.new.partial, self.keyring) as backup:
            return backup.check(on_progress)

    def publish(self) -> None:
        """Let the backup have its name. Raises BackupExists and BackupUnwritable."""
        try:
            self.new.publish()
        except FileExistsError as error:
            raise BackupExists(self.new.path) from error
        except OSError as error:
            raise BackupUnwritable(self.new.path, error.strerror or "cannot be written") from error

    def _write(self, snapshot: Moment, migrations: tuple[str, ...], on_progress: Callable[[int, int], None]) -> None:
        home, at = self.settings.home, snapshot.at.isoformat(timespec="milliseconds")
        header = Header(
            backup=str(uuid.uuid4()),
            tenant=self.settings.tenant,
            made_at=at,
            fingerprint=claim(self.settings.tenant, self.keyring).fingerprint.hex(),
            migrations=migrations,
        )
        sealing = Sealing(self.new.file, self.keyring, header.encoded())
        members = [write_member(sealing, name, [(home / name).read_bytes()]) for name in files_of(home)]
        tables, (records, newest) = snapshot.rows(), snapshot.records()
        members.append(write_member(sealing, DUMP, _counted(snapshot, on_progress)))
        manifest = Manifest(
            program=version("compliance-bot"),
            postgresql=snapshot.server_version(),
            recovery_point=RecoveryPoint(at=at, records=records, newest=newest),
            tables=tables,
            keys=tuple(self._needed(snapshot)),
            anchor=self._anchor(snapshot),
            left_out=(FILE_NAME,) if secrets_in(home) else (),
            members=tuple(members),
        )
        write_member(sealing, MANIFEST, [manifest.encoded()])
        write_end(sealing)
        sealing.finish()

    def _needed(self, snapshot: Moment) -> Iterator[NeededKey]:
        keys = EpochKeys(key_source(self.settings, self.settings.home / KEYS))
        for epoch in snapshot.epochs():
            if epoch.is_needed:
                was_there = False
                with suppress(
                    VaultKeyUnreadable
                ):  # a key management system that is away is no reason to have no backup
                    was_there = keys.has(epoch.number, epoch.check)
                yield NeededKey(epoch=epoch.number, check=epoch.check.hex(), values=epoch.values, was_there=was_there)

    def _anchor(self, snapshot: Moment) -> AnchorPoint:
        known = snapshot.anchor(claim(self.settings.tenant, self.keyring).number)
        return AnchorPoint(path=str(self.settings.anchor_file), position=known.number, mac=known.mac.hex())


@contextmanager
def draft(path: Path, settings: Settings, keyring: Keyring) -> Iterator[BackupDraft]:
    """Begin a backup that is gone after the block unless it was published.

    Raises NotEmbedded, BackupExists and BackupUnwritable.
    """
    if settings.database_url is not None:
        raise NotEmbedded
    with ExitStack() as kept:
        try:
            new = kept.enter_context(new_file(path))
        except FileExistsError as error:
            raise BackupExists(path) from error
        except OSError as error:
            raise BackupUnwritable(path, error.strerror or "cannot be written") from error
        yield BackupDraft(settings=settings, keyring=keyring, new=new)


def _counted(snapshot: Moment, on_progress: Callable[[int, int], None]) -> Iterator[bytes]:
    """Yield the dump, telling how far it is: about, for it is smaller than the database."""
    done, size = 0, snapshot.size_bytes()
    for block in snapshot.dump():
        done += len(block)
        on_progress(min(done, size), size)
        yield block
