"""Receipts: what a log signs for whoever got an answer, at once; and with a proof, once its tree has the record.

A receipt binds the text as it was shown, by a keyed hash whose salt is in the receipt, to the leaf of its record. The
log has the same keyed hash in the open and the salt sealed, so nobody can guess at the text from the log. Standard
library and cryptography only: whoever checks one needs the text, the receipt and a public key. See docs/decisions/0016.
"""

from __future__ import annotations

import base64
import hmac
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from compliance_bot.audit.checkpoint import format_hash, parse_checkpoint, parse_hash
from compliance_bot.audit.merkle import ProofError, check_inclusion
from compliance_bot.audit.note import open_note, parse_note, sign_note
from compliance_bot.audit.note_key import NoteError, parse_base64
from compliance_bot.audit.proof import Proof, format_proof, parse_proof
from compliance_bot.errors import ComplianceError

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from compliance_bot.audit.note_key import SigningKey, VerifierKey

SALT_BYTES = 32
_HEADER = "compliance-bot receipt v1"
_FIELDS = ("record", "leaf", "answer", "salt")


class ReceiptError(ComplianceError):
    """The receipt does not show what it was given for."""

    hint = "Rely on nothing it was to show. Keep it with the text, and ask whoever gave the answer."


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """That a log took in the record of an answer, and which text that was."""

    origin: str
    record: str
    leaf_hash: bytes
    answer: bytes  # keyed hash of the text, as `commit` makes it
    salt: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Proven:
    """A receipt whose record stands in a tree that was signed."""

    receipt: Receipt
    index: int
    size: int


def commit(text: str, salt: bytes) -> bytes:
    """Return HMAC-SHA256 of a text under a salt of 32 random bytes."""
    return hmac.digest(salt, text.encode(), "sha256")


def format_receipt(receipt: Receipt, key: SigningKey) -> bytes:
    """Return the receipt, signed (C2SP signed-note)."""
    lines = [
        _HEADER,
        receipt.origin,
        f"record {receipt.record}",
        f"leaf {format_hash(receipt.leaf_hash)}",
        f"answer {format_hash(receipt.answer)}",
        f"salt {base64.b64encode(receipt.salt).decode()}",
    ]
    return sign_note("".join(f"{line}\n" for line in lines), key)


def open_receipt(encoded: bytes, keys: Collection[VerifierKey]) -> Receipt:
    """Return what a receipt says, its signature verified. Raises ReceiptError unless one of these keys made it."""
    try:
        receipt = _parse(parse_note(encoded).text)
        # The name of a log's key is its origin: another log's key cannot sign for this one.
        open_note(encoded, [key for key in keys if key.name == receipt.origin])
    except NoteError as error:
        raise ReceiptError(f"the receipt cannot be relied on: {error}") from error
    return receipt


def check_receipt(encoded: bytes, text: str, keys: Collection[VerifierKey]) -> Receipt:
    """Return a receipt if it is for this text. Raises ReceiptError, for another text too."""
    receipt = open_receipt(encoded, keys)
    if not hmac.compare_digest(commit(text, receipt.salt), receipt.answer):
        raise ReceiptError("the receipt is for another text than this one")
    return receipt


def check(encoded: bytes, text: str, keys: Collection[VerifierKey]) -> tuple[Receipt, Proven | None]:
    """Return what a receipt says, and a proof beside it if that is what it is. Raises ReceiptError.

    A file of a text may end with a newline that was not in the answer.
    """
    for candidate in (text, text.removesuffix("\n")):
        with suppress(ReceiptError):
            return _check(encoded, candidate, keys)
    return _check(encoded, text, keys)


def _check(encoded: bytes, text: str, keys: Collection[VerifierKey]) -> tuple[Receipt, Proven | None]:
    if not encoded.startswith(b"c2sp.org/tlog-proof@"):
        return check_receipt(encoded, text, keys), None
    proven = check_proof(encoded, text, keys)
    return proven.receipt, proven


def prove(receipt: bytes, index: int, hashes: Sequence[bytes], checkpoint: bytes) -> bytes:
    """Return a proof (C2SP tlog-proof) that the record of a receipt is in a log; the receipt is its extra data."""
    return format_proof(Proof(index=index, hashes=tuple(hashes), checkpoint=checkpoint, extra=receipt))


def check_proof(encoded: bytes, text: str, keys: Collection[VerifierKey]) -> Proven:
    """Return where the record of this text stands in a tree that was signed. Raises ReceiptError."""
    try:
        proof = parse_proof(encoded)
        receipt = check_receipt(proof.extra, text, keys)
        signers = [key for key in keys if key.name == receipt.origin]
        checkpoint = parse_checkpoint(open_note(proof.checkpoint, signers).text)
        if checkpoint.origin != receipt.origin:
            raise ReceiptError("the checkpoint in the proof is of another log than the receipt")
        check_inclusion(receipt.leaf_hash, proof.index, checkpoint.size, proof.hashes, checkpoint.root)
    except (NoteError, ProofError) as error:
        raise ReceiptError(f"the proof cannot be relied on: {error}") from error
    return Proven(receipt=receipt, index=proof.index, size=checkpoint.size)


def _parse(text: str) -> Receipt:
    lines = text.split("\n")
    if len(lines) != 3 + len(_FIELDS) or lines[0] != _HEADER or lines[-1] != "":
        raise NoteError(f"a receipt begins with {_HEADER!r} and has {2 + len(_FIELDS)} lines, and this has not")
    values = []
    for name, line in zip(_FIELDS, lines[2:-1], strict=True):
        given, blank, value = line.partition(" ")
        if (given, blank) != (name, " ") or not value:
            raise NoteError(f"a receipt has a line with its {name!r}, and here stands something else")
        values.append(value)
    record, leaf, answer, salt = values
    receipt = Receipt(
        origin=lines[1], record=record, leaf_hash=parse_hash(leaf), answer=parse_hash(answer), salt=parse_base64(salt)
    )
    if len(receipt.salt) != SALT_BYTES:
        raise NoteError(f"the salt of a receipt has {SALT_BYTES} bytes, and this one has {len(receipt.salt)}")
    return receipt
