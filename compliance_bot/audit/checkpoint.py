"""Checkpoints: what a log says of its tree, which is its name, how many leaves there are, and the root. Pure functions.

The text of a note, as in C2SP tlog-checkpoint (https://c2sp.org/tlog-checkpoint). A parsed checkpoint is only what a
text says: whether to believe it is told by `note.open_note`, which the text comes from.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass

from compliance_bot.audit.merkle import HASH_BYTES
from compliance_bot.audit.note_key import NoteError, parse_base64


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """The tree of a log at one size."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()  # signed, but nobody can audit what they say


def parse_checkpoint(text: str) -> Checkpoint:
    """Return what the text of a note says of a tree (tlog-checkpoint, "Note text"). Raises NoteError."""
    lines = text.split("\n")
    if lines.pop() != "" or len(lines) < 3 or "" in lines:
        raise NoteError("a checkpoint is an origin, a size and a root, each a line that is not empty, and this is not")
    origin, size, root, *extensions = lines
    return Checkpoint(origin=origin, size=parse_count(size), root=parse_hash(root), extensions=tuple(extensions))


def format_checkpoint(checkpoint: Checkpoint) -> str:
    """Return the text to sign. Raises NoteError for what would not parse to the same."""
    lines = [checkpoint.origin, str(checkpoint.size), format_hash(checkpoint.root), *checkpoint.extensions]
    text = "".join(f"{line}\n" for line in lines)
    if parse_checkpoint(text) != checkpoint:
        raise NoteError("the origin of a checkpoint and its extensions are one line each")
    return text


def parse_count(text: str) -> int:
    """Return a count or an index in its one decimal form, below 2**63. Raises NoteError."""
    if len(text) > 19 or not text.isdecimal() or str(int(text)) != text or int(text) >= 2**63:
        raise NoteError("a decimal number without leading zeroes and below 2**63 was expected")
    return int(text)


def parse_hash(text: str) -> bytes:
    """Return a hash from its base64. Raises NoteError."""
    value = parse_base64(text)
    if len(value) != HASH_BYTES:
        raise NoteError(f"a hash has {HASH_BYTES} bytes, and one of {len(value)} came")
    return value


def format_hash(value: bytes) -> str:
    """Return a hash as base64."""
    return base64.b64encode(value).decode()
