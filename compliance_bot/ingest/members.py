"""What lies in a container: the files of a ZIP archive, the attachments of an e-mail. Runs in the parser's own process.

Nothing is written anywhere: a member's name is a name and no path. Sizes are counted while unpacking, never believed.
Hidden files, links and what operating systems add are left out, as they are in a folder.
"""

from __future__ import annotations

import io
import re
import stat
import zipfile
import zlib
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
_PIECE = 1 << 20


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
    left = limits.unpacked_bytes
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        files = sorted((info for info in archive.infolist() if _is_file(info)), key=lambda info: info.filename)
    except (zipfile.BadZipFile, ValueError, OSError) as error:
        raise UnreadableDocument(Reason.CORRUPT) from error
    if len(files) > limits.members:
        raise UnreadableDocument(Reason.TOO_MANY_MEMBERS, limits.members)
    for info in files:
        try:
            content = _content(archive, info, min(left, limits.size_bytes), limits)
        except UnreadableDocument as refusal:
            yield Member(name=info.filename, refused=refusal)
            if refusal.reason is Reason.UNPACKS_TOO_LARGE:
                left = 0
        else:
            left -= len(content)
            yield Member(name=info.filename, data=content)


def _content(archive: zipfile.ZipFile, info: zipfile.ZipInfo, most: int, limits: Limits) -> bytes:
    """Return the bytes of one file, at most `most`. Raises UnreadableDocument."""
    if info.flag_bits & _ENCRYPTED:
        raise UnreadableDocument(Reason.ENCRYPTED)
    content = bytearray()
    try:
        with archive.open(info) as member:
            while piece := member.read(_PIECE):
                content += piece
                if len(content) > most:
                    too_large = most == limits.size_bytes
                    reason = Reason.TOO_LARGE if too_large else Reason.UNPACKS_TOO_LARGE
                    raise UnreadableDocument(reason, limits.size_bytes if too_large else limits.unpacked_bytes)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError) as error:
        raise UnreadableDocument(Reason.CORRUPT) from error
    return bytes(content)


def _is_file(info: zipfile.ZipInfo) -> bool:
    parts = info.filename.replace("\\", "/").split("/")
    is_link = stat.S_ISLNK(info.external_attr >> 16)
    is_hidden = any((part.startswith(".") and part not in (".", "..")) or part in _SYSTEM for part in parts)
    return not info.is_dir() and not is_link and not is_hidden
