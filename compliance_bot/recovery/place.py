"""The folder in which a home comes back: held by one restore, and no home before the last step.

A file in it says that a restore is at work, and which of its things a restore brought besides the database; the step
that ends the restore renames it to the mark of a home. Whatever ends a restore before, the folder is no home, and the
next restore takes away what was brought and starts over. What was there before it, keys and settings, is left alone.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING

from compliance_bot.errors import Unavailable, UsageError
from compliance_bot.home import UNFINISHED, finish_restore, is_home
from compliance_bot.keys import sync_folder
from compliance_bot.recovery.contents import KEYS, POLICIES
from compliance_bot.recovery.sealed_file import SealBroken
from compliance_bot.settings import FILE_NAME
from compliance_bot.store.embedded import destroy, forget_passwords

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compliance_bot.recovery.anchored import FoundAnchor
    from compliance_bot.recovery.members import MemberReader

_MAY_BE_THERE = frozenset({KEYS, FILE_NAME})
_BESIDE = ".restored"  # where files wait until the database is back


class PlaceTaken(UsageError):
    def __init__(self, home: Path) -> None:
        super().__init__(
            f"{home} is a home already, or holds something: expected no such folder, or one with nothing but "
            f"{KEYS}/ and {FILE_NAME}",
            hint="Name another folder with COMPLIANCE_BOT_HOME, or move the old home aside.",
        )


class RestoreRunning(UsageError):
    """Another restore is at work in this folder."""


class PlaceUnwritable(Unavailable):
    hint = "Nothing was restored. Make room, or name a folder that can be written."

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A folder that one restore holds."""

    home: Path
    brought: IO[str]

    @property
    def keys(self) -> Path:
        return self.home / KEYS

    def bring_keys(self, folder: Path) -> None:
        """Copy keys that were kept elsewhere, for this account alone. Raises UsageError."""
        if self.keys.exists():
            raise UsageError(f"{self.keys} is there already", hint="Leave out --keys, or move that folder aside.")
        if not folder.is_dir():
            raise UsageError(f"{folder}: there is no such folder", hint="Name the copy of the home's keys/.")
        self._announce(KEYS)
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not path.name.endswith(".partial"):
                self._write(self.keys / path.relative_to(folder), path.read_bytes())

    def bring_settings(self, content: bytes) -> None:
        """Put the settings of a backup in place, unless there are some."""
        if not (self.home / FILE_NAME).exists():
            self._announce(FILE_NAME)
            self._write(self.home / FILE_NAME, content)

    def forget_passwords(self) -> None:
        """Let the server that is made here have new ones: the old are of one that is elsewhere, or gone."""
        forget_passwords(self.home)

    def hold_back(self, member: MemberReader) -> None:
        """Write a file of a backup beside its place. Raises SealBroken for one that belongs elsewhere."""
        if PurePosixPath(member.name).parts[0] == KEYS:
            raise SealBroken
        self._write(self.home / _BESIDE / member.name, b"".join(member))

    @property
    def waiting_policies(self) -> Path:
        """The policies that will be in place."""
        return self.home / _BESIDE / POLICIES

    def bring_anchor(self, found: FoundAnchor) -> None:
        """Let the home have its anchor. Raises PlaceUnwritable."""
        try:
            found.bring()
        except OSError as error:
            raise PlaceUnwritable(found.target, error.strerror or "cannot be written") from error

    def bring_policies(self, folder: Path) -> None:
        """Let these policies be put in place instead of those of the backup."""
        waiting = self.waiting_policies
        shutil.rmtree(waiting, ignore_errors=True)
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                self._write(waiting / path.relative_to(folder), path.read_bytes())

    def put_in_place(self) -> None:
        """Let the files that wait have their places, but settings that are there, or were brought already."""
        (self.home / _BESIDE / FILE_NAME).unlink(missing_ok=True)
        for path in sorted((self.home / _BESIDE).iterdir()):
            path.rename(self.home / path.name)
        (self.home / _BESIDE).rmdir()

    def finish(self) -> None:
        """Let this be a home."""
        finish_restore(self.home)

    def clear(self) -> None:
        """Take away the server and all that was brought."""
        brought = (self.home / UNFINISHED).read_text(encoding="utf-8").splitlines()
        destroy(self.home)
        for path in list(self.home.iterdir()):
            if path.name == UNFINISHED or path.name in _MAY_BE_THERE.difference(brought):
                continue
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()

    def _announce(self, name: str) -> None:
        """Say durably what is about to be brought."""
        self.brought.write(f"{name}\n")
        self.brought.flush()
        os.fsync(self.brought.fileno())

    def _write(self, path: Path, content: bytes) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        sync_folder(path.parent)


@contextmanager
def held_place(home: Path) -> Iterator[Place]:
    """Hold a folder for a restore; when the block ends with an error, it is again as it was.

    Raises PlaceTaken, RestoreRunning and PlaceUnwritable.
    """
    unfinished, is_new = home / UNFINISHED, not home.exists()
    try:
        if is_home(home) or (not unfinished.exists() and not is_new and _strangers(home)):
            raise PlaceTaken(home)
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        home.chmod(0o700)
        with unfinished.open("a", encoding="utf-8") as brought:
            _lock(brought)
            if is_home(home):  # another restore has just ended, and took its mark along
                unfinished.unlink()
                raise PlaceTaken(home)
            place = Place(home=home, brought=brought)
            place.clear()
            brought.truncate(0)
            try:
                yield place
            except BaseException:
                if not is_home(home):  # what is one is never taken away
                    place.clear()
                    unfinished.unlink()
                    if is_new:
                        home.rmdir()
                raise
    except OSError as error:
        raise PlaceUnwritable(Path(error.filename or home), error.strerror or "cannot be written") from error


def _strangers(home: Path) -> set[str]:
    return {path.name for path in home.iterdir()} - _MAY_BE_THERE


def _lock(file: IO[str]) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise RestoreRunning from error
    if os.fstat(file.fileno()).st_nlink == 0:  # whoever held it has just gone
        raise RestoreRunning
