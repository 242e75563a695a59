"""Proofs to hand out: that an entry is in a log, with the signed checkpoint it is in. Pure functions.

The format is C2SP tlog-proof (https://c2sp.org/tlog-proof). Parsing checks the form alone. To believe a proof, open its
checkpoint with `note.open_note`, and give its index and hashes, with the size and root that are signed, to
`merkle.check_inclusion`.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass

from compliance_bot.audit.checkpoint import format_hash, parse_checkpoint, parse_count, parse_hash
from compliance_bot.audit.merkle import ProofError
from compliance_bot.audit.note import MAX_NOTE_BYTES, parse_note
from compliance_bot.audit.note_key import NoteError, parse_base64

MAX_PROOF_BYTES = 2 * MAX_NOTE_BYTES  # the note, and as much for the rest
MAX_HASHES = 63  # a tree of fewer than 2**63 leaves has no more levels
_HEADER = "c2sp.org/tlog-proof@v1"
_EXTRA = "extra "
_INDEX = "index "


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """Where an entry is in a log, the hashes that lead from it to the root, and the note that signs the root."""

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: bytes  # the signed note as it came, not verified
    extra: bytes = b""  # signed by nobody: nothing follows from it


def parse_proof(encoded: bytes) -> Proof:
    """Return what a proof says, with nothing of it verified (tlog-proof, "Format"). Raises ProofError."""
    if len(encoded) > MAX_PROOF_BYTES:
        raise ProofError(f"a proof has at most {MAX_PROOF_BYTES} bytes, and this one has {len(encoded)}")
    head, blank, checkpoint = encoded.partition(b"\n\n")
    if not blank:
        raise ProofError("a proof has an empty line before its checkpoint, and this has none")
    try:
        proof = _parse_lines(head.decode().split("\n"), checkpoint)
        parse_checkpoint(parse_note(checkpoint).text)
    except UnicodeDecodeError:
        raise ProofError("a proof is UTF-8, and this is not") from None
    except NoteError as error:
        raise ProofError(f"this is not a well formed proof: {error}") from error
    if len(proof.hashes) > MAX_HASHES:
        raise ProofError(f"a proof has at most {MAX_HASHES} hashes, and this one has {len(proof.hashes)}")
    return proof


def format_proof(proof: Proof) -> bytes:
    """Return the bytes of a proof. Raises ProofError for what would not parse."""
    lines = [_HEADER]
    if proof.extra:
        lines.append(_EXTRA + base64.b64encode(proof.extra).decode())
    lines += [f"{_INDEX}{proof.index}", *map(format_hash, proof.hashes)]
    encoded = "\n".join(lines).encode() + b"\n\n" + proof.checkpoint
    parse_proof(encoded)
    return encoded


def _parse_lines(lines: list[str], checkpoint: bytes) -> Proof:
    header, *lines = lines
    if header != _HEADER:
        raise ProofError(f"a proof begins with {_HEADER!r}, and this does not")
    extra = b""
    if lines and lines[0].startswith(_EXTRA):
        extra = parse_base64(lines.pop(0).removeprefix(_EXTRA))
        if not extra:
            raise ProofError("a line for extra data has none: leave it out")
    if not lines or not lines[0].startswith(_INDEX):
        raise ProofError(f"a proof has {_INDEX!r} and a number before its hashes, and this has not")
    index = parse_count(lines.pop(0).removeprefix(_INDEX))
    return Proof(index=index, hashes=tuple(map(parse_hash, lines)), checkpoint=checkpoint, extra=extra)
