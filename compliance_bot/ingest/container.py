"""A container is a file whose parts are files: an archive, an e-mail. What it holds, and how its parts are named.

A member of `mail/q3.zip` is `mail/q3.zip!/report.docx`, in messages, attribute lists and identities alike; a container
in a container goes on in the same way.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from compliance_bot.ingest.unreadable import UnreadableDocument

INSIDE = "!/"
DEEPEST = 3  # containers within each other
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
# What a server puts first; a text that begins with "Subject:" alone may be anything.
_MAIL = re.compile(rb"(?:Return-Path|Received|Delivered-To|MIME-Version|Message-ID|DKIM-Signature):", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One file of a container, or why it cannot be had."""

    name: str
    data: bytes = b""
    refused: UnreadableDocument | None = None


def containers_of(name: str) -> tuple[str, ...]:
    """Return the names of what a member lies in, the outermost first; nothing for a file of its own."""
    parts = name.split(INSIDE)
    return tuple(INSIDE.join(parts[:count]) for count in range(1, len(parts)))


def is_zip(data: bytes) -> bool:
    """Return whether this is a ZIP package: an archive, or a document in the form of one."""
    return data.startswith(_ZIP)


def is_mail(data: bytes, name: str) -> bool:
    """Return whether this is an e-mail as RFC 5322 has it."""
    return not is_zip(data) and (name.lower().endswith((".eml", ".email")) or bool(_MAIL.match(data)))


def may_hold_files(data: bytes, name: str) -> bool:
    """Return whether it is worth asking the parser what files lie in this."""
    return is_zip(data) or is_mail(data, name)
