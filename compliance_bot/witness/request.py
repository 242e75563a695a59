"""The call `add-checkpoint` of C2SP tlog-witness (https://c2sp.org/tlog-witness), as text. Pure functions.

    old 20852014
    <one line of base64 for each hash of the consistency proof>
    <an empty line>
    <the signed note>

What is parsed formats to the same bytes and the other way round; anything else is refused.
"""

from __future__ import annotations

from dataclasses import dataclass

from compliance_bot.audit.checkpoint import Checkpoint, format_hash, parse_checkpoint, parse_count, parse_hash
from compliance_bot.audit.note import MAX_NOTE_BYTES, parse_note
from compliance_bot.audit.note_key import NoteError

PATH = "add-checkpoint"
SIZE_TYPE = "text/x.tlog.size"  # of an answer that is the size which the witness knows
MAX_HASHES = 63
MAX_REQUEST_BYTES = MAX_NOTE_BYTES + 4096  # a number and the hashes, 45 bytes each
_OLD = "old "


@dataclass(frozen=True, slots=True, kw_only=True)
class AddCheckpoint:
    """A checkpoint for a witness, with the proof that it follows from the one that the witness knows."""

    old_size: int
    proof: tuple[bytes, ...]
    note: bytes
    checkpoint: Checkpoint  # what the note says


def parse_request(encoded: bytes) -> AddCheckpoint:
    """Return what a request says, with no signature and no proof checked. Raises NoteError."""
    if len(encoded) > MAX_REQUEST_BYTES:
        raise NoteError(f"a request has at most {MAX_REQUEST_BYTES} bytes, and this one has {len(encoded)}")
    head, blank, note = encoded.partition(b"\n\n")
    try:
        old, *hashes = head.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise NoteError("a request is ASCII up to its empty line, and this one is not") from None
    if not blank or not old.startswith(_OLD):
        raise NoteError(f"a request is {_OLD!r} and a size, hashes, an empty line and a note, and this one is not")
    if len(hashes) > MAX_HASHES:
        raise NoteError(f"a request has at most {MAX_HASHES} hashes, and this one has {len(hashes)}")
    return AddCheckpoint(
        old_size=parse_count(old.removeprefix(_OLD)),
        proof=tuple(map(parse_hash, hashes)),
        note=note,
        checkpoint=parse_checkpoint(parse_note(note).text),
    )


def format_request(old_size: int, proof: tuple[bytes, ...], note: bytes) -> bytes:
    """Return the body of a request. Raises NoteError for what would not parse."""
    lines = [f"{_OLD}{old_size}", *map(format_hash, proof)]
    encoded = "\n".join(lines).encode() + b"\n\n" + note
    parse_request(encoded)
    return encoded


def parse_size(body: bytes) -> int:
    """Return the size in the answer to a wrong old size: a number and a newline. Raises NoteError."""
    if not body.endswith(b"\n") or not body.isascii():
        raise NoteError("a size with its newline was expected, and something else came")
    return parse_count(body[:-1].decode("ascii"))


def format_size(size: int) -> bytes:
    """Return the answer to a wrong old size."""
    return f"{size}\n".encode()
