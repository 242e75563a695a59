"""The file that a tenant is exported to: a ZIP archive with a CSV file for each table, and a manifest of them all.

`manifest.json` has, for each member, its columns, rows, size and SHA-256; `manifest.hmac` is the manifest's HMAC under
the keys of the home, so that whoever changed a member and the manifest too is found out by those who have the keys. It
has no keys in it. A bundle comes under its name whole or not at all, and never in the place of another file.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import zipfile
import zlib
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from pydantic import TypeAdapter, ValidationError

from compliance_bot.errors import ComplianceError, Unavailable, UsageError
from compliance_bot.store.archive import UsedModel  # noqa: TC001  # pydantic reads the types of a manifest
from compliance_bot.store.new_file import new_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from compliance_bot.keys import Keyring
    from compliance_bot.store.new_file import NewFile

FORMAT = "compliance-bot.tenant/1"
_MANIFEST, _SEAL, _USE = "manifest.json", "manifest.hmac", "tenant/export"
_BLOCK = 1 << 20
_MOST_MANIFEST_BYTES = 1 << 24
_LEVEL = 1  # deflate: the disk is slower than level 1 and faster than level 6
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, KeyError, ValueError, NotImplementedError, RuntimeError, OSError)


class BundleExists(UsageError):
    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} exists", hint="Name another file: an export never takes the place of one.")


class BundleUnwritable(Unavailable):
    hint = "Nothing was written under that name. Make room, or name a file in a folder that can be written."

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}")


class BundleDamaged(ComplianceError):
    """The export is not what was written: it is damaged, incomplete or changed, or it is no export at all."""

    hint = "Nothing was changed here. Take another copy of the export."


class BundleOfOtherKeys(ComplianceError):
    """The export was made with other keys than those of this home."""

    hint = "Put `keys/` of the home that made it into this home first: without them nobody can read its log."


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One table's rows in the bundle."""

    table: str
    columns: tuple[str, ...]
    rows: int
    size_bytes: int
    sha256: str

    @property
    def file(self) -> str:
        return f"{self.table}.csv"


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a bundle holds, and of whom."""

    tenant: str
    number: int
    fingerprint: str  # of the keys, as the database has it; nothing can be derived from it
    taken_at: str
    migrations: tuple[str, ...]
    models: tuple[UsedModel, ...]
    members: tuple[Member, ...]
    format: str = FORMAT

    def encoded(self) -> bytes:
        """Return the exact bytes that are hashed and sealed."""
        return json.dumps(asdict(self), indent=1, sort_keys=True).encode()

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.encoded()).hexdigest()


class Draft:
    """A bundle that is being written, under a name of its own until it is published."""

    def __init__(self, new: NewFile, archive: zipfile.ZipFile) -> None:
        self._new, self._archive = new, archive

    def add(self, table: str, columns: tuple[str, ...], rows: Iterable[bytes]) -> Member:
        """Write the rows of a table, the first of which is its header. Raises BundleUnwritable."""
        digest, size, count = hashlib.sha256(), 0, -1
        try:
            with self._archive.open(f"{table}.csv", "w", force_zip64=True) as member:
                for row in rows:
                    digest.update(row)
                    size, count = size + len(row), count + 1
                    member.write(row)
        except OSError as error:
            raise BundleUnwritable(self._new.path, error.strerror or "cannot be written") from error
        return Member(table=table, columns=columns, rows=count, size_bytes=size, sha256=digest.hexdigest())

    def finish(self, manifest: Manifest, keyring: Keyring) -> None:
        """Write the manifest with its seal, and everything to the disk."""
        encoded = manifest.encoded()
        try:
            self._archive.writestr(_MANIFEST, encoded)
            self._archive.writestr(_SEAL, keyring.mac(_USE, encoded).hex())
            self._archive.close()
            self._new.settle()
        except OSError as error:
            raise BundleUnwritable(self._new.path, error.strerror or "cannot be written") from error

    def publish(self) -> None:
        """Let the bundle have its name. Raises BundleExists where somebody took it meanwhile."""
        try:
            self._new.publish()
        except FileExistsError as error:
            raise BundleExists(self._new.path) from error
        except OSError as error:
            raise BundleUnwritable(self._new.path, error.strerror or "cannot be written") from error


@contextmanager
def draft(path: Path) -> Iterator[Draft]:
    """Begin a bundle that is gone after the block unless it was published. Raises BundleExists, BundleUnwritable."""
    with ExitStack() as kept:
        try:
            new = kept.enter_context(new_file(path))
        except FileExistsError as error:
            raise BundleExists(path) from error
        except OSError as error:
            raise BundleUnwritable(path, error.strerror or "cannot be written") from error
        archive = zipfile.ZipFile(new.file, "w", zipfile.ZIP_DEFLATED, allowZip64=True, compresslevel=_LEVEL)
        try:
            yield Draft(new, archive)
        finally:
            with suppress(OSError, ValueError):
                archive.close()


class Bundle:
    """A bundle that is read; its manifest is what the keys of this home sealed."""

    def __init__(self, archive: zipfile.ZipFile, manifest: Manifest) -> None:
        self._archive, self.manifest = archive, manifest

    def rows(self, member: Member) -> Iterator[bytes]:
        """Yield a member's bytes. Raises BundleDamaged, at the end at the latest, unless they are those written."""
        digest, left = hashlib.sha256(), member.size_bytes
        try:
            with self._archive.open(member.file) as file:
                while block := file.read(_BLOCK):
                    digest.update(block)
                    left -= len(block)
                    if left < 0:
                        raise BundleDamaged
                    yield block
        except _BROKEN as error:
            raise BundleDamaged from error
        if left or digest.hexdigest() != member.sha256:
            raise BundleDamaged

    def require_whole(self) -> None:
        """Read everything. Raises BundleDamaged unless each member is as the manifest says, and there is no other."""
        expected = sorted([_MANIFEST, _SEAL, *(member.file for member in self.manifest.members)])
        if sorted(self._archive.namelist()) != expected:
            raise BundleDamaged
        for member in self.manifest.members:
            for _ in self.rows(member):
                pass


@contextmanager
def opened(path: Path, keyring: Keyring, *, fingerprint: bytes) -> Iterator[Bundle]:
    """Open a bundle that these keys sealed. Raises UsageError where there is none, BundleDamaged, BundleOfOtherKeys."""
    try:
        file = path.open("rb")
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}", hint="Name the file that `tenant export` wrote.") from error
    with file:
        try:
            archive = zipfile.ZipFile(file)
            encoded, seal = _read(archive, _MANIFEST), _read(archive, _SEAL)
            manifest = TypeAdapter(Manifest).validate_json(encoded)
        except (*_BROKEN, ValidationError) as error:
            raise BundleDamaged from error
        if manifest.format != FORMAT or manifest.encoded() != encoded:
            raise BundleDamaged
        if manifest.fingerprint != fingerprint.hex():
            raise BundleOfOtherKeys
        if not hmac.compare_digest(seal, keyring.mac(_USE, encoded).hex().encode()):
            raise BundleDamaged
        yield Bundle(archive, manifest)


def _read(archive: zipfile.ZipFile, name: str) -> bytes:
    with archive.open(name) as file:
        content = file.read(_MOST_MANIFEST_BYTES + 1)
    if len(content) > _MOST_MANIFEST_BYTES:
        raise ValueError("larger than any manifest")
    return content
