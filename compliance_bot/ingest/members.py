"""What lies in a container: the files of a ZIP archive, the attachments of an e-mail. Runs in the parser's own process.

Nothing is written anywhere: a member's name is a name and no path. What is unpacked is counted: a size that is told is
believed only where it is beyond the limit. Hidden files, links and what operating systems add are left out, as they
are in a folder.
"""

from __future__ import annotations

import io
import re
import stat
import zipfile
import zlib
from dataclasses import dataclass
from itertools import pairwise
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from compliance_bot.ingest.assemble import one_line
from compliance_bot.ingest.container import INSIDE, Member, is_mail
from compliance_bot.ingest.formats.mail import attachments
from compliance_bot.ingest.parse import is_archive
from compliance_bot.ingest.unreadable import Limits, Reason, UnreadableDocument

if TYPE_CHECKING:
    from collections.abc import Iterator

_LONGEST_NAME = 300  # characters
_DRIVE = re.compile(r"^[A-Za-z]:")
_SYSTEM = frozenset({"__MACOSX", "Thumbs.db", "desktop.ini"})
_ENCRYPTED = 0x1  # bit of a ZIP member's flags
_LEAST_HEADER = 30  # bytes before a ZIP member's name (APPNOTE.TXT 4.3.7)
_PIECE = 1 << 20


@dataclass(slots=True)
class _Room:
    """What may still be unpacked of an archive."""

    bytes: int


def unpack(data: bytes, *, name: str, limits: Limits) -> tuple[Member, ...] | None:
    """Return the members of a container, each name once; None for what is no container.

    Raises UnreadableDocument for a container that cannot be read at all.
    """
    if is_archive(data):
        found = _archived(data, limits)
    elif is_mail(data, name):
        found = (Member(name=label, data=content) for label, content in attachments(data, limits))
    else:
        return None
    names: dict[str, int] = {}
    members: list[Member] = []
    for member in found:
        label = plain_name(member.name)
        names[label] = names.get(label, 0) + 1
        while names[label] > 1:
            label = _numbered(label, names[label])
            names[label] = names.get(label, 0) + 1
        members.append(Member(name=label, data=member.data, refused=member.refused))
        if len(members) > limits.members:
            raise UnreadableDocument(Reason.TOO_MANY_MEMBERS, limits.members)
    return tuple(members)


def plain_name(name: str) -> str:
    """Return a member's name as messages and lists call it: parts that lead elsewhere and unseen characters go."""
    parts = _DRIVE.sub("", name.replace("\\", "/")).split("/")
    kept = (one_line(part) for part in parts)
    plain = "/".join(part for part in kept if part not in ("", ".", ".."))
    return plain.replace(INSIDE, "/")[-_LONGEST_NAME:].strip("/. ") or "unnamed"


def _numbered(label: str, number: int) -> str:
    path = PurePosixPath(label)
    return str(path.with_name(f"{path.stem} ({number}){path.suffix}"))


def _archived(data: bytes, limits: Limits) -> Iterator[Member]:
    """Yield the files of a ZIP archive, in the order of their names."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, OSError) as error:
        raise UnreadableDocument(Reason.CORRUPT) from error
    files = sorted((info for info in archive.infolist() if _is_file(info)), key=lambda info: info.filename)
    if len(files) > limits.members:
        raise UnreadableDocument(Reason.TOO_MANY_MEMBERS, limits.members)
    if _overlap(archive.infolist()):
        raise UnreadableDocument(Reason.CORRUPT)
    room = _Room(bytes=limits.unpacked_bytes)
    for info in files:
        try:
            yield Member(name=info.filename, data=_content(archive, info, room, limits))
        except UnreadableDocument as refusal:
            yield Member(name=info.filename, refused=refusal)


def _overlap(entries: list[zipfile.ZipInfo]) -> bool:
    """Return whether entries share bytes: so few bytes unpack to very many, and no program writes such an archive."""
    placed = sorted((info.header_offset, info.compress_size) for info in entries)
    return any(start + _LEAST_HEADER + size > following for (start, size), (following, _) in pairwise(placed))


def _content(archive: zipfile.ZipFile, info: zipfile.ZipInfo, room: _Room, limits: Limits) -> bytes:
    """Return the bytes of one file and take their room, also where it turns out damaged. Raises UnreadableDocument."""
    if info.flag_bits & _ENCRYPTED:
        raise UnreadableDocument(Reason.ENCRYPTED)
    if info.file_size > limits.size_bytes:
        raise UnreadableDocument(Reason.TOO_LARGE, limits.size_bytes)
    content = bytearray()
    try:
        with archive.open(info) as member:
            while piece := member.read(_PIECE):
                content += piece
                room.bytes -= len(piece)
                if room.bytes < 0:
                    raise UnreadableDocument(Reason.UNPACKS_TOO_LARGE, limits.unpacked_bytes)
    except NotImplementedError as error:
        raise UnreadableDocument(Reason.COMPRESSION) from error
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError) as error:
        raise UnreadableDocument(Reason.CORRUPT) from error
    return bytes(content)


def _is_file(info: zipfile.ZipInfo) -> bool:
    parts = info.filename.replace("\\", "/").split("/")
    is_link = stat.S_ISLNK(info.external_attr >> 16)
    is_hidden = any((part.startswith(".") and part not in (".", "..")) or part in _SYSTEM for part in parts)
    return not info.is_dir() and not is_link and not is_hidden
