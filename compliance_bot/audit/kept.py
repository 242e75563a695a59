"""A checkpoint as a witness keeps it, a line of its file: when it was written down, and the note as it was shown.

    {"at":1767323045,"note":"…","version":1}

Pure functions, and nothing of a note is verified. How lines get into a file is `witness.file`; whether the tree of a
log bears them out is `verify.witness_files`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from compliance_bot.audit.checkpoint import Checkpoint, parse_checkpoint
from compliance_bot.audit.note import parse_note
from compliance_bot.audit.note_key import NoteError

VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A checkpoint in the file."""

    at: int  # when it was written, in seconds since 1970
    note: bytes
    checkpoint: Checkpoint


def format_kept(at: int, note: bytes) -> bytes:
    """Return the line of a checkpoint, with its end."""
    fields = {"at": at, "note": note.decode(), "version": VERSION}
    return json.dumps(fields, sort_keys=True, separators=(",", ":")).encode() + b"\n"


def parse_kept(line: bytes) -> Kept:
    """Return what a line says. Raises NoteError for one that `format_kept` does not make."""
    try:
        fields = json.loads(line)
        at, note = fields["at"], fields["note"].encode()
        if type(at) is int and format_kept(at, note) == line:
            return Kept(at=at, note=note, checkpoint=parse_checkpoint(parse_note(note).text))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise NoteError("the time and the note of a checkpoint were expected, and something else came") from error
    raise NoteError("this line says what a witness writes, but not as a witness writes it")
