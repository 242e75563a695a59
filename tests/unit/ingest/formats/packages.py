"""Make Office packages for tests, sound ones and hostile ones."""

from __future__ import annotations

import io
import struct
import zipfile
from typing import Any

_ODF = "urn:oasis:names:tc:opendocument:xmlns:"
SPACES = (
    " ".join(
        f'xmlns:{prefix}="{_ODF}{name}:1.0"'
        for prefix, name in (
            ("office", "office"),
            ("text", "text"),
            ("table", "table"),
            ("draw", "drawing"),
            ("style", "style"),
            ("presentation", "presentation"),
            ("manifest", "manifest"),
            ("fo", "xsl-fo-compatible"),
        )
    )
    + ' xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:dc="http://purl.org/dc/elements/1.1/"'
)


def saved(document: Any) -> bytes:
    """Return what a library's document writes."""
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def zipped(parts: dict[str, bytes | str]) -> bytes:
    """Return an archive that is the same at any time."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as package:
        for name, content in parts.items():
            packing = zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
            package.writestr(zipfile.ZipInfo(name), content, packing)  # of 1980
    return buffer.getvalue()


def odf(body: str, kind: str = "text", *, styles: str = "", **parts: str) -> bytes:
    """Return an OpenDocument package of a kind (text, spreadsheet, presentation); `meta="…"` makes a meta.xml."""
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {SPACES}>'
        f"<office:automatic-styles>{styles}</office:automatic-styles>"
        f"<office:body><office:{kind}>{body}</office:{kind}></office:body></office:document-content>"
    )
    return zipped(
        {
            "mimetype": f"application/vnd.oasis.opendocument.{kind}",
            "content.xml": content,
            "META-INF/manifest.xml": f"<manifest:manifest {SPACES}/>",
            **{f"{name}.xml": part for name, part in parts.items()},
        }
    )


def replaced(data: bytes, name: str, old: bytes, new: bytes) -> bytes:
    """Return the package with a part's bytes changed, or the part added where it is not there."""
    with zipfile.ZipFile(io.BytesIO(data)) as source:
        parts: dict[str, bytes | str] = {entry: source.read(entry) for entry in source.namelist()}
    content = parts.get(name, old)
    assert isinstance(content, bytes)
    assert old in content
    parts[name] = content.replace(old, new)
    return zipped(parts)


def understated(data: bytes, size: int) -> bytes:
    """Return the package with every size that its directory and headers declare lowered to `size`."""
    changed = bytearray(data)
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        for entry in package.infolist():
            struct.pack_into("<I", changed, entry.header_offset + 22, size)
    position = changed.find(b"PK\x01\x02")
    while position >= 0:
        struct.pack_into("<I", changed, position + 24, size)
        position = changed.find(b"PK\x01\x02", position + 4)
    return bytes(changed)
