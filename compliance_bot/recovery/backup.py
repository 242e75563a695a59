"""A backup that is read: its header, its members, and whether all of it is what was written.

Reading changes nothing. `check` reads the whole file; only what it has passed may be put anywhere, and who then reads
the file a second time has every byte authenticated again.
"""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING

from compliance_bot.errors import ComplianceError, UsageError
from compliance_bot.recovery.manifest import DUMP, MANIFEST, parse_header, parse_manifest
from compliance_bot.recovery.members import read_members
from compliance_bot.recovery.sealed_file import SealBroken, opened, read_preamble
from compliance_bot.settings import FILE_NAME
from compliance_bot.store.dump import require_listed
from compliance_bot.store.migrate import pending_migrations
from compliance_bot.store.tenants import claim

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from typing import IO

    from compliance_bot.keys import Keyring
    from compliance_bot.recovery.manifest import Header, Manifest
    from compliance_bot.recovery.members import MemberReader
    from compliance_bot.recovery.sealed_file import Preamble

_BLOCK_BYTES = 1 << 20
_MOST_HELD_BYTES = 1 << 26  # of a member that is read into memory


class BackupOfOtherKeys(ComplianceError):
    """The backup was made with other keys than these."""

    hint = "Give the `keys/` of the home that made it: `backup restore FILE --keys DIR`. Nobody can read it without."


class BackupUnreadable(UsageError):
    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}", hint="Name the file that `compliance-bot backup create` wrote.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What a backup is, all of it read."""

    header: Header
    manifest: Manifest
    size_bytes: int
    sha256: str  # of the file


class Backup:
    """A file that these keys sealed, as its header says; nothing of it is vouched for before it is read."""

    def __init__(self, path: Path, file: IO[bytes], keyring: Keyring, preamble: Preamble, header: Header) -> None:
        self._path, self._file, self._keyring, self._preamble = path, file, keyring, preamble
        self.header = header

    def members(self) -> Iterator[MemberReader]:
        """Yield the members from the first one on. Raises SealBroken, at the end at the latest."""
        return read_members(self._stream())

    def files(self) -> Iterator[MemberReader]:
        """Yield the files of the home, which come before its database. Raises SealBroken."""
        return takewhile(lambda member: member.name not in (DUMP, MANIFEST), self.members())

    def settings_file(self) -> bytes | None:
        """Return the home's settings, which are the first member where there are any. Raises SealBroken."""
        first = next(self.members())
        return held(first) if first.name == FILE_NAME else None

    def check(self, on_progress: Callable[[int, int], None] = lambda _done, _all: None) -> Checked:
        """Read everything, and return what it is.

        Raises SealBroken unless each member is as the manifest says and there is no other, NotRestored where the dump
        is none, and MadeByNewerVersion.
        """
        pending_migrations(self.header.migrations)
        size, found, manifest = self._size(), [], None
        for member in self.members():
            if manifest is not None:
                raise SealBroken  # the manifest is the last
            if member.name == MANIFEST:
                manifest = parse_manifest(held(member))
            elif member.name == DUMP:
                require_listed(self._told(member, size, on_progress))
                found.append(member.drained())
            else:
                found.append(member.drained())
        if manifest is None or tuple(found) != manifest.members or DUMP not in {one.name for one in found}:
            raise SealBroken
        return Checked(header=self.header, manifest=manifest, size_bytes=size, sha256=self._sha256())

    def _stream(self) -> Iterator[bytes]:
        try:
            self._file.seek(len(self._preamble.encoded()))
            yield from opened(self._file, self._keyring, self._preamble)
        except OSError as error:
            raise BackupUnreadable(self._path, error.strerror or "cannot be read") from error

    def _told(self, member: MemberReader, size: int, on_progress: Callable[[int, int], None]) -> Iterator[bytes]:
        for block in member:
            on_progress(self._file.tell(), size)
            yield block

    def _size(self) -> int:
        return self._file.seek(0, 2)

    def _sha256(self) -> str:
        digest = hashlib.sha256()
        self._file.seek(0)
        while block := self._file.read(_BLOCK_BYTES):
            digest.update(block)
        return digest.hexdigest()


@contextmanager
def opened_backup(path: Path, keyring: Keyring) -> Iterator[Backup]:
    """Open a backup that these keys sealed.

    Raises BackupUnreadable, NotSealed, SealBroken and BackupOfOtherKeys; while it is read, SealBroken.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        raise BackupUnreadable(path, error.strerror or "cannot be read") from error
    with file:
        try:
            preamble = read_preamble(file)
        except OSError as error:
            raise BackupUnreadable(path, error.strerror or "cannot be read") from error
        header = parse_header(preamble.header)
        if header.fingerprint != claim(header.tenant, keyring).fingerprint.hex():
            raise BackupOfOtherKeys
        yield Backup(path, file, keyring, preamble, header)


def held(member: MemberReader) -> bytes:
    """Return a small member as one. Raises SealBroken for one that is not."""
    content = bytearray()
    for block in member:
        content += block
        if len(content) > _MOST_HELD_BYTES:
            raise SealBroken
    return bytes(content)
