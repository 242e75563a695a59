"""Why a file could not be turned into text, and how much of a file is read before it is refused.

The reasons are a closed list, so that none can carry a file's content: the parser's answer crosses a process boundary
from code that met hostile input.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from compliance_bot.errors import ComplianceError


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much of a file is read before it is refused."""

    size_bytes: int = 50_000_000
    pages: int = 5_000
    unpacked_bytes: int = 300_000_000
    characters: int = 20_000_000
    members: int = 10_000


class Reason(StrEnum):
    """Why a file was refused, in words for the person who has it. `{n}` is a count."""

    EMPTY = "the file is empty"
    UNSUPPORTED = (
        "the file is not of a supported type; supported are PDF, DOCX, XLSX, PPTX, ODT, ODS, ODP, RTF, CSV, HTML, "
        "Markdown, e-mail (EML), OSCAL catalogues, plain text, and ZIP archives of these"
    )
    IMAGE = "the file is an image; recognise its text (OCR) and ingest the PDF or text that this makes"
    OLD_OFFICE = "the file is of an old Office format; save it as .docx, .xlsx, .pptx or PDF"
    OTHER_OFFICE = "the file is an Office file of a kind that is not read; save it as PDF or text"
    OUTLOOK = "the file is an Outlook message; save it as .eml"
    ARCHIVE = (
        "the file is an archive of a kind that is not read; unpack it and ingest the files in it, or make it a ZIP"
    )
    NESTED = "the file lies in too many archives or messages within each other: more than {n}"
    TOO_MANY_MEMBERS = "the archive holds too many files: more than {n}"
    BINARY = "the file is binary data, not text"
    CORRUPT = "the file is damaged: it could not be read as what its content says it is"
    COMPRESSION = (
        "the file is packed in a way that is not read; pack it as a usual ZIP (Deflate), or ingest it unpacked"
    )
    TOO_DEEP = "the file nests its parts too deeply to be read whole"
    ENCRYPTED = "the file is encrypted; remove its password first"
    NO_TEXT = "no text was found in the file"
    NO_TEXT_IN_PAGES = "{n} pages, no text: scanned? Recognise its text (OCR) first"
    ENCODING = "the text is in an unknown encoding; save it as UTF-8"
    TOO_LARGE = "the file is too large: more than {n} bytes"
    UNPACKS_TOO_LARGE = "the file unpacks to more than {n} bytes"
    TOO_MANY_PAGES = "the file has too many pages: more than {n}"
    TOO_MUCH_TEXT = "the file has too much text: more than {n} characters"
    UNOPENED = "the file could not be opened; check that it exists and that you may read it"
    STOPPED = "the parser stopped: out of memory or crashed; the file may be damaged or hostile"
    TIMED_OUT = "the parser took longer than {n} seconds; the file may be too complex or hostile"
    DISTRUSTED = "the parser gave an answer that does not hold together; the file may be hostile"


class UnreadableDocument(ComplianceError):
    """A file could not be turned into text."""

    def __init__(self, reason: Reason, n: int = 0) -> None:
        super().__init__(reason.value.format(n=n))
        self.reason = reason
        self.n = n
