"""Where an export is written: a new folder, or a new archive. It has its name when it is whole, and not before.

Files are for their owner alone. What the operating system raises is left as it is.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import zipfile
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Protocol

from compliance_bot.audit.bundle.form import limit_bytes
from compliance_bot.audit.bundle.manifest import File
from compliance_bot.keys import sync_folder
from compliance_bot.store.new_file import new_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path


class Place(Protocol):
    """A place for the files of one export."""

    def create(self, name: str, /) -> AbstractContextManager[IO[bytes]]:
        """Open a new file for the time of a block; one at a time."""


def put(place: Place, name: str, written: Iterable[bytes]) -> File:
    """Write a file and return what a manifest says of it. Raises BundleMalformed for a name that no export has."""
    limit_bytes(name)  # a witness's name comes from the database, and must not lead out of the export
    size, digest = 0, hashlib.sha256()
    with place.create(name) as file:
        for piece in written:
            size += len(piece)
            digest.update(piece)
            file.write(piece)
    return File(name=name, size=size, sha256=digest.hexdigest())


@contextmanager
def new_place(path: Path) -> Iterator[Place]:
    """Begin an export that is published after the block: an archive if its name ends with `.zip`, else a folder.

    Raises FileExistsError and OSError; then there is nothing of it.
    """
    with _new_archive(path) if path.suffix == ".zip" else _new_folder(path) as place:
        yield place


class _Folder:
    def __init__(self, path: Path) -> None:
        self._path = path

    @contextmanager
    def create(self, name: str) -> Iterator[IO[bytes]]:
        target = self._path / name
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())


class _Archive:
    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive

    @contextmanager
    def create(self, name: str) -> Iterator[IO[bytes]]:
        entry = zipfile.ZipInfo(name)  # without the time: the same export is the same bytes
        entry.compress_type = zipfile.ZIP_DEFLATED
        entry.create_system = 3
        entry.external_attr = 0o600 << 16
        with self._archive.open(entry, "w", force_zip64=name.startswith("records")) as file:
            yield file


@contextmanager
def _new_folder(path: Path) -> Iterator[_Folder]:
    if path.exists() or path.is_symlink():
        raise FileExistsError(path)
    partial = path.with_name(f".{path.name[:100]}.{secrets.token_hex(6)}.partial")
    partial.mkdir(mode=0o700)
    try:
        yield _Folder(partial)
        partial.rename(path)  # fails where somebody put something there meanwhile
        sync_folder(path.parent)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


@contextmanager
def _new_archive(path: Path) -> Iterator[_Archive]:
    with new_file(path) as begun:
        with zipfile.ZipFile(begun.file, "w") as archive:
            yield _Archive(archive)
        begun.settle()
        begun.publish()
