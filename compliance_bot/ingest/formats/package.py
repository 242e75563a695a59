"""The XML parts of an Office package (ZIP), unpacked within limits: what every reader of such a file begins with.

Sizes are counted while unpacking, since a directory can lie. Parts that are no XML (pictures, macros, embedded files,
fonts) stay packed. XML with a document type is refused: no office program writes one (ECMA-376 part 2, 8.2.5), and
behind it stand entities that grow without end or name a file. Nothing is opened but the bytes given.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib

from lxml import etree

from compliance_bot.ingest.unreadable import Limits, Reason, UnreadableDocument

_MOST_ENTRIES = 20_000  # parts in a package; real ones have dozens to hundreds
_PIECE_BYTES = 1 << 16
_XML = (".xml", ".rels")
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
# What may stand before the root element, and the root. Tempered, so that no comment is read past its own end.
_ROOT = re.compile(r"\s*(?:(?:<\?(?:(?!\?>).)*\?>|<!--(?:(?!-->).)*-->)\s*)*<[^?!]", re.DOTALL)
_DECLARED = re.compile(rb"<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([\w.:-]{1,40})")
_ENCODINGS = frozenset({b"utf-8", b"us-ascii", b"ascii", b"iso-8859-1", b"windows-1252"})
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_PROLOG = 1 << 16  # bytes in which the root element has to begin
_MAIN_TYPE = re.compile(
    rb"application/vnd\.(?:openxmlformats-officedocument\.wordprocessingml\.template|ms-word\.(?:document|template)"
    rb"\.macroEnabled(?:Template)?)\.main\+xml|(application/vnd\.(?:openxmlformats-officedocument\.presentationml\."
    rb"(?:slideshow|template)|ms-powerpoint\.(?:presentation|slideshow|template)\.macroEnabled)\.main\+xml)",
    re.IGNORECASE,
)
_TYPES = "[Content_Types].xml"
_WORD_TYPE = b"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
_SLIDES_TYPE = b"application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml"


def xml_parts(data: bytes, limits: Limits) -> dict[str, bytes]:
    """Return the package's parts by name; those that are no XML are empty. Raises UnreadableDocument."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _unpacked(archive, limits)
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, OSError, NotImplementedError) as error:
        raise UnreadableDocument(Reason.CORRUPT) from error


def repacked(parts: dict[str, bytes]) -> io.BytesIO:
    """Return an uncompressed package of the parts, for a library that wants a file.

    Templates, slide shows and files with macros become plain ones, which is all that is left of them.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, content in parts.items():
            archive.writestr(name, _MAIN_TYPE.sub(_plain, content) if name == _TYPES else content)
    buffer.seek(0)
    return buffer


def tree(content: bytes) -> etree._Element:
    """Return the root of a part that `xml_parts` gave. Raises UnreadableDocument."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True)
    try:
        return etree.fromstring(content, parser)
    except etree.LxmlError as error:
        # libxml2 stops at 256 levels; no other fatal error speaks of depth.
        deep = "depth" in str(error)
        raise UnreadableDocument(Reason.TOO_DEEP if deep else Reason.CORRUPT) from error


def _unpacked(archive: zipfile.ZipFile, limits: Limits) -> dict[str, bytes]:
    entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    if any(entry.flag_bits & 1 for entry in entries):
        raise UnreadableDocument(Reason.ENCRYPTED)
    if len(entries) > _MOST_ENTRIES:
        raise UnreadableDocument(Reason.UNPACKS_TOO_LARGE, limits.unpacked_bytes)
    left = limits.unpacked_bytes
    parts: dict[str, bytes] = {}
    for entry in entries:
        parts[entry.filename] = _read(archive, entry, left, limits) if entry.filename.lower().endswith(_XML) else b""
        left -= len(parts[entry.filename])
        _check_prolog(parts[entry.filename])
    return parts


def _read(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, left: int, limits: Limits) -> bytes:
    if entry.compress_type not in _METHODS:
        raise UnreadableDocument(Reason.CORRUPT)
    content = bytearray()
    with archive.open(entry) as file:
        while piece := file.read(_PIECE_BYTES):
            content += piece
            if len(content) > left:
                raise UnreadableDocument(Reason.UNPACKS_TOO_LARGE, limits.unpacked_bytes)
    return bytes(content)


def _check_prolog(content: bytes) -> None:
    """Refuse whatever stands before the root and is no comment, and encodings in which it could hide from this."""
    opening = content[:_PROLOG]
    if opening.startswith(_UTF16):
        text = opening[: len(opening) & ~1].decode("utf-16", "replace")
    else:
        opening = opening.removeprefix(b"\xef\xbb\xbf")
        declared = _DECLARED.match(opening)
        if b"\0" in opening[:4] or (declared and declared[1].lower() not in _ENCODINGS):
            raise UnreadableDocument(Reason.CORRUPT)
        text = opening.decode("latin-1")
    if text and not _ROOT.match(text):
        raise UnreadableDocument(Reason.CORRUPT)


def _plain(found: re.Match[bytes]) -> bytes:
    return _SLIDES_TYPE if found[1] else _WORD_TYPE
