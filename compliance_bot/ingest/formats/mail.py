"""Read an e-mail: its headers and its text are one document, each attachment is another (`members`).

The plain text is taken where there is one, else the HTML; further plain parts, such as a footer, follow it. Pictures
shown inside the text are left out. The date is what the sender wrote, and no version's date.
"""

from __future__ import annotations

import email
import email.policy
import mimetypes
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import TYPE_CHECKING, cast

from compliance_bot.ingest.assemble import Part, assemble, one_line
from compliance_bot.ingest.formats.html import read_html
from compliance_bot.ingest.formats.text import read_text
from compliance_bot.ingest.structure import BlockKind, ParsedDocument
from compliance_bot.ingest.unreadable import Limits, Reason, UnreadableDocument

if TYPE_CHECKING:
    from collections.abc import Iterator

_SHOWN = ("Subject", "From", "To", "Cc", "Date")
_ENCRYPTED = ("application/pkcs7-mime", "application/x-pkcs7-mime", "multipart/encrypted")
_SIGNATURES = ("application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-signature")
_DEEPEST = 30  # parts within parts


@dataclass(slots=True)
class _Parts:
    """The parts of a message by what becomes of them."""

    plain: list[EmailMessage] = field(default_factory=list)
    html: list[EmailMessage] = field(default_factory=list)
    attached: list[EmailMessage] = field(default_factory=list)


def read_mail(data: bytes, limits: Limits) -> ParsedDocument:
    """Return the message with its headers. Raises UnreadableDocument where it is encrypted or has no text at all."""
    message = _message(data)
    if message.get_content_type() in _ENCRYPTED:
        raise UnreadableDocument(Reason.ENCRYPTED)
    found = _sorted(message)
    headers = [Part(kind=BlockKind.PARAGRAPH, text=f"{name}: {_header(message, name)}") for name in _SHOWN]
    shown = [part for part in headers if not part.text.endswith(": ")]
    title = _header(message, "Subject")
    bodies = [_body(part, limits) for part in (found.plain or found.html[:1])]
    parts = [*shown, *(part for body in bodies if body for part in _parts(body))]
    return assemble(title, parts, limits)


def attachments(data: bytes, limits: Limits) -> Iterator[tuple[str, bytes]]:
    """Yield the name and the bytes of each attachment, a message in a message as `.eml`."""
    left = limits.unpacked_bytes
    for number, part in enumerate(_sorted(_message(data)).attached, 1):
        content = _bytes(part)
        left -= len(content)
        if left < 0:
            raise UnreadableDocument(Reason.UNPACKS_TOO_LARGE, limits.unpacked_bytes)
        yield _name(part, number), content


def _message(data: bytes) -> EmailMessage:
    try:
        return email.message_from_bytes(data, policy=email.policy.default)
    except (ValueError, LookupError, IndexError, RecursionError) as error:
        raise UnreadableDocument(Reason.CORRUPT) from error


def _sorted(message: EmailMessage) -> _Parts:
    found = _Parts()
    _sort(message, found, 0)
    return found


def _sort(part: EmailMessage, found: _Parts, depth: int) -> None:
    """Sort a part and what is in it."""
    if depth > _DEEPEST:
        raise UnreadableDocument(Reason.TOO_DEEP)
    kind = part.get_content_type()
    if kind == "message/rfc822" and depth:
        found.attached.append(part)
    elif part.is_multipart() and part.get_content_maintype() == "multipart":
        inner = [cast("EmailMessage", one) for one in part.get_payload()]
        for one in inner:
            _sort(one, found, depth + 1)
    elif _is_attached(part):
        if not (kind in _SIGNATURES or (part.get_content_maintype() == "image" and "Content-ID" in part)):
            found.attached.append(part)
    elif kind == "text/plain":
        found.plain.append(part)
    elif kind == "text/html":
        found.html.append(part)


def _is_attached(part: EmailMessage) -> bool:
    if part.get_content_disposition() == "attachment":
        return True
    return bool(_file_name(part)) or part.get_content_maintype() not in ("text", "multipart")


def _file_name(part: EmailMessage) -> str:
    try:
        return one_line(part.get_filename() or "")
    except (ValueError, LookupError, IndexError, TypeError):
        return ""


def _name(part: EmailMessage, number: int) -> str:
    if name := _file_name(part):
        return name
    if part.get_content_type() == "message/rfc822":
        return f"message-{number}.eml"
    return f"attachment-{number}{mimetypes.guess_extension(part.get_content_type()) or ''}"


def _header(message: EmailMessage, name: str) -> str:
    try:
        return one_line(str(message.get(name, "")))
    except (ValueError, LookupError, IndexError, TypeError):
        return ""  # a header that cannot be read is left out; the message is not


def _bytes(part: EmailMessage) -> bytes:
    if part.get_content_type() == "message/rfc822":
        payload = part.get_payload()
        inner = payload[0] if isinstance(payload, list) and payload else payload
        return inner.as_bytes() if isinstance(inner, EmailMessage) else str(inner).encode(errors="replace")
    decoded = part.get_payload(decode=True)
    return decoded if isinstance(decoded, bytes) else b""


def _body(part: EmailMessage, limits: Limits) -> ParsedDocument | None:
    """Return a body as a document; None where it holds no text."""
    raw = _bytes(part)
    try:
        text = raw.decode(part.get_content_charset() or "utf-8")
    except (UnicodeDecodeError, LookupError):
        text = raw.decode("utf-8", "replace") if _is_mostly_utf8(raw) else raw.decode("cp1252", "replace")
    reader = read_html if part.get_content_type() == "text/html" else read_text
    try:
        return reader(text.encode("utf-8", "replace"), limits)
    except UnreadableDocument as refusal:
        if refusal.reason in (Reason.NO_TEXT, Reason.EMPTY):
            return None
        raise


def _is_mostly_utf8(raw: bytes) -> bool:
    return raw.decode("utf-8", "ignore").encode() == raw


def _parts(document: ParsedDocument) -> Iterator[Part]:
    """Yield a document's blocks as parts, to stand after others."""
    for block in document.blocks:
        yield Part(kind=block.kind, text=document.text[block.start : block.end], level=block.level)
