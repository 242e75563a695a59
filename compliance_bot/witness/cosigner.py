"""What a witness decides: C2SP tlog-witness (https://c2sp.org/tlog-witness) without its HTTP.

It remembers every checkpoint that it cosigned, a file for each log, and cosigns what follows from the last. Only the
standard library and `cryptography` are needed.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import time
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from compliance_bot.audit.merkle import ProofError
from compliance_bot.audit.note import Note, cosign_note, format_note, format_signature, open_note, parse_note
from compliance_bot.audit.note_key import NoteError, SignatureType
from compliance_bot.errors import UsageError
from compliance_bot.witness.faults import WitnessAhead, WitnessDisputes, WitnessFileAltered, WitnessFileUnusable
from compliance_bot.witness.file import CheckpointFile
from compliance_bot.witness.request import SIZE_TYPE, format_size, parse_request

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from pathlib import Path

    from compliance_bot.audit.note_key import SigningKey, VerifierKey
    from compliance_bot.witness.request import AddCheckpoint

_LOCK = "lock"
_CANNOT = "the witness cannot use what it remembers"


class StateInUse(UsageError):
    """Another witness works with this folder: two at once with one key could cosign two histories."""


class NotALogKey(UsageError):
    """A log is known by the key that signs its checkpoints (type 0x01), and this is a key that cosigns."""


class _WrongOldSize(Exception):
    def __init__(self, known: int) -> None:
        self.known = known


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a request is answered with."""

    status: HTTPStatus
    body: bytes
    content_type: str = "text/plain; charset=utf-8"


class Cosigner:
    """A key, the logs that it knows by their keys, and the folder that is its own until it is closed.

    The name of a log's key is the log's origin; a log whose key was changed has several.
    """

    def __init__(
        self, key: SigningKey, folder: Path, logs: Collection[VerifierKey], *, clock: Callable[[], float] = time.time
    ) -> None:
        if any(log.type is not SignatureType.ED25519 for log in logs):
            raise NotALogKey
        self._lock = _own(folder)
        self._key = key
        self._keys = {log.name: tuple(one for one in logs if one.name == log.name) for log in logs}
        self._files = {origin: CheckpointFile(folder / _file_name(origin), clock=clock) for origin in self._keys}

    def close(self) -> None:
        """Let go of the folder."""
        os.close(self._lock)

    def add_checkpoint(self, body: bytes) -> Reply:
        """Return the cosignature of a checkpoint, or why there is none (tlog-witness, "add-checkpoint")."""
        try:
            asked = parse_request(body)
        except NoteError as error:
            return told(HTTPStatus.BAD_REQUEST, str(error))
        origin = asked.checkpoint.origin
        if origin not in self._keys:
            return told(HTTPStatus.NOT_FOUND, "this witness does not know the log")
        try:
            signed = _signed_part(asked.note, self._keys[origin])
        except NoteError as error:
            return told(HTTPStatus.FORBIDDEN, str(error))
        if asked.old_size > asked.checkpoint.size:
            return told(HTTPStatus.BAD_REQUEST, "the old size is larger than that of the checkpoint")
        return self._cosign(asked, signed)

    def health(self) -> Reply:
        """Return whether what it remembers of each log can be read."""
        try:
            for file in self._files.values():
                file.last()
        except (WitnessFileUnusable, WitnessFileAltered):
            return told(HTTPStatus.SERVICE_UNAVAILABLE, _CANNOT)
        return told(HTTPStatus.OK, "ok")

    def _cosign(self, asked: AddCheckpoint, signed: bytes) -> Reply:
        def prove(known: int) -> tuple[bytes, ...]:
            if known != asked.old_size:
                raise _WrongOldSize(known)
            return asked.proof

        try:
            # INVARIANT: the file decides under its own lock, and is durable before anything is signed.
            at = self._files[asked.checkpoint.origin].append(signed, prove)
        except _WrongOldSize as wrong:
            return _size(wrong.known)
        except WitnessAhead as ahead:
            return _size(ahead.seen)
        except ProofError as error:
            return told(HTTPStatus.UNPROCESSABLE_ENTITY, str(error))
        except (WitnessFileUnusable, WitnessFileAltered):
            return told(HTTPStatus.SERVICE_UNAVAILABLE, _CANNOT)
        except WitnessDisputes as error:
            return told(HTTPStatus.CONFLICT, str(error))
        *_, cosignature = parse_note(cosign_note(signed, self._key, at=at)).signatures
        return Reply(status=HTTPStatus.OK, body=format_signature(cosignature).encode())


def told(status: HTTPStatus, words: str) -> Reply:
    """Return a reply for people."""
    return Reply(status=status, body=f"{words}\n".encode())


def _size(known: int) -> Reply:
    return Reply(status=HTTPStatus.CONFLICT, body=format_size(known), content_type=SIZE_TYPE)


def _own(folder: Path) -> int:
    """Return the lock of a folder, made where there is none. Raises StateInUse, WitnessFileUnusable."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(folder / _LOCK, os.O_WRONLY | os.O_CREAT, 0o600)
    except OSError as error:
        raise WitnessFileUnusable(folder, error) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise StateInUse from None
    return lock


def _file_name(origin: str) -> str:
    # An origin may hold any character: a slash, for one.
    return f"{hashlib.sha256(origin.encode()).hexdigest()}.jsonl"


def _signed_part(note: bytes, keys: Collection[VerifierKey]) -> bytes:
    """Return a note with the signatures of these keys alone. Raises NoteError unless there is one.

    What others signed is not kept: whoever passes a checkpoint on could add to it what they like.
    """
    opened = {(one.key.name, one.key.id) for one in open_note(note, keys).verified}
    parsed = parse_note(note)
    signatures = {(one.name, one.key_id): one for one in parsed.signatures if (one.name, one.key_id) in opened}
    return format_note(Note(text=parsed.text, signatures=tuple(signatures.values())))
