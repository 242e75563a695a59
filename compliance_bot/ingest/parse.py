"""Turn the bytes of a file into a `ParsedDocument`: what the content is decides, the name only where that is open.

Runs inside the parser's own process (`sandbox`); the product never calls it elsewhere, since it meets hostile input.
"""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import replace
from pathlib import PurePath
from typing import TYPE_CHECKING

from compliance_bot.ingest.assemble import one_line
from compliance_bot.ingest.container import is_mail, is_zip
from compliance_bot.ingest.formats.delimited import read_delimited
from compliance_bot.ingest.formats.docx import read_docx
from compliance_bot.ingest.formats.html import read_html
from compliance_bot.ingest.formats.mail import read_mail
from compliance_bot.ingest.formats.markdown import read_markdown
from compliance_bot.ingest.formats.odf import read_odf, read_ods
from compliance_bot.ingest.formats.oscal import is_catalog, read_oscal
from compliance_bot.ingest.formats.pdf import read_pdf
from compliance_bot.ingest.formats.pptx import read_pptx
from compliance_bot.ingest.formats.rtf import read_rtf
from compliance_bot.ingest.formats.text import read_text
from compliance_bot.ingest.formats.xlsx import read_xlsx
from compliance_bot.ingest.structure import BlockKind, ParsedDocument
from compliance_bot.ingest.unreadable import Limits, Reason, UnreadableDocument

if TYPE_CHECKING:
    from collections.abc import Callable

_PDF = re.compile(rb"\s*%PDF-")
_PDF_ANYWHERE = 1024  # bytes in which a reader looks for a PDF's mark
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED_OFFICE = "EncryptedPackage".encode("utf-16-le")
_REFUSED = (
    (b"\x89PNG\r\n", Reason.IMAGE),
    (b"\xff\xd8\xff", Reason.IMAGE),
    (b"GIF8", Reason.IMAGE),
    (b"II*\x00", Reason.IMAGE),
    (b"MM\x00*", Reason.IMAGE),
    (b"\x1f\x8b", Reason.ARCHIVE),
    (b"7z\xbc\xaf\x27\x1c", Reason.ARCHIVE),
    (b"Rar!\x1a", Reason.ARCHIVE),
    (b"BZh", Reason.ARCHIVE),
    (b"\xfd7zXZ\x00", Reason.ARCHIVE),
    (b"\x28\xb5\x2f\xfd", Reason.ARCHIVE),
)
_RTF = b"{\\rtf"
# The part that tells what is in a package; what has none of these is an archive, or no text.
_PACKAGES = (
    ("word/document.xml", read_docx),
    ("ppt/presentation.xml", read_pptx),
    ("xl/workbook.xml", read_xlsx),
    ("content.xml", read_odf),
)
# Text that has no mark of its own is what its name says.
_BY_SUFFIX = {
    ".md": read_markdown,
    ".markdown": read_markdown,
    ".csv": read_delimited,
    ".tsv": read_delimited,
    ".tab": read_delimited,
}
_NAMED_BY_FILE = frozenset({read_xlsx, read_ods})  # the first sheet's name is not the whole's
_ODS = b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet"
_OPENING = 200  # bytes in which an OpenDocument package says what it is
_HTML = re.compile(
    rb"(?:\xef\xbb\xbf)?(?:\s|<!--.{0,2000}?-->|<\?xml[^>]{0,200}>)*<(?:!doctype\s+html|html|head|body|title|meta|div|p|h[1-6]|table|ul|ol|section|article|main)\b",
    re.IGNORECASE | re.DOTALL,
)
_XML = re.compile(rb"(?:\xef\xbb\xbf)?\s*<\?xml\b")
_LONGEST_TITLE = 300  # characters
_FIRST_BLOCKS = 3  # where a heading is the document's own
_UNTITLED = "Untitled"


def parse(data: bytes, *, name: str, limits: Limits | None = None) -> ParsedDocument:
    """Return the document in `data`; its title is its own, or else made from the file's name.

    Raises UnreadableDocument with the reason, which never quotes content or name.
    """
    limits = limits or Limits()
    if not data:
        raise UnreadableDocument(Reason.EMPTY)
    if len(data) > limits.size_bytes:
        raise UnreadableDocument(Reason.TOO_LARGE, limits.size_bytes)
    reader = read_mail if is_mail(data, name) else _reader(data, PurePath(name).suffix.lower())
    document = reader(data, limits)
    return replace(document, title=_title(document, name, by_heading=reader not in _NAMED_BY_FILE))


def _reader(data: bytes, suffix: str) -> Callable[[bytes, Limits], ParsedDocument]:
    if _PDF.match(data) or (suffix == ".pdf" and b"%PDF-" in data[:_PDF_ANYWHERE]):
        return read_pdf
    if is_zip(data):
        return _zip_reader(data)
    if data.startswith(_OLE):
        is_outlook = suffix == ".msg"
        old = Reason.OUTLOOK if is_outlook else Reason.OLD_OFFICE
        raise UnreadableDocument(Reason.ENCRYPTED if _ENCRYPTED_OFFICE in data else old)
    if data.startswith(_RTF):
        return read_rtf
    for mark, reason in _REFUSED:
        if data.startswith(mark):
            raise UnreadableDocument(reason)
    if is_catalog(data):
        return read_oscal
    if _HTML.match(data) or suffix in (".html", ".htm", ".xhtml"):
        return read_html
    if _XML.match(data):
        raise UnreadableDocument(Reason.UNSUPPORTED)
    return _BY_SUFFIX.get(suffix, read_text)


def is_archive(data: bytes) -> bool:
    """Return whether this is a ZIP archive of files, and no document in the form of one."""
    if not is_zip(data):
        return False
    try:
        _zip_reader(data)
    except UnreadableDocument as refusal:
        return refusal.reason is Reason.ARCHIVE
    return False


def _zip_reader(data: bytes) -> Callable[[bytes, Limits], ParsedDocument]:
    try:
        names = set(zipfile.ZipFile(io.BytesIO(data)).namelist())
    except (zipfile.BadZipFile, ValueError, OSError) as error:
        raise UnreadableDocument(Reason.CORRUPT) from error
    if _ODS in data[:_OPENING]:
        return read_ods
    for part, reader in _PACKAGES:
        if part in names:
            return reader
    raise UnreadableDocument(Reason.OTHER_OFFICE if names & {"[Content_Types].xml", "mimetype"} else Reason.ARCHIVE)


def _title(document: ParsedDocument, name: str, *, by_heading: bool) -> str:
    """Return the document's title, its opening heading, or the file's name without ending; never empty."""
    opening = document.blocks[:_FIRST_BLOCKS] if by_heading else ()
    headings = (document.text[block.start : block.end] for block in opening if block.kind is BlockKind.HEADING)
    title = document.title or next(headings, "") or one_line(PurePath(one_line(name)).stem)
    return title[:_LONGEST_TITLE].strip() or _UNTITLED
