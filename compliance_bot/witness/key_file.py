"""The key of a witness: made once, in a file that its owner alone can read. It does not leave the witness's machine.

The file has one line, `PRIVATE+KEY+name+id+base64`, as golang.org/x/mod/sumdb/note writes it, so that other witnesses
can use it. What is handed to logs is the verifier key of the type that cosigns.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from compliance_bot.audit.note_key import NoteError, SignatureType, SigningKey, is_key_name, parse_base64
from compliance_bot.errors import UsageError
from compliance_bot.keys import read_private, write_once

if TYPE_CHECKING:
    from pathlib import Path

_PREFIX = "PRIVATE+KEY+"
_SEED_BYTES = 32


class WitnessKeyUnusable(UsageError):
    """The witness has no key that it could sign with."""

    hint = "Make one with --new-key NAME, or name the file that has it."


def create_key(path: Path, name: str) -> SigningKey:
    """Make a key under a name and write its file. Raises WitnessKeyUnusable where there is one: none is replaced."""
    if not is_key_name(name):
        raise WitnessKeyUnusable("the name of a key has neither spaces nor a plus", hint="Choose another name.")
    if path.exists():
        raise WitnessKeyUnusable(f"{path} is there already, and a key is never replaced", hint="Name another file.")
    try:
        key = SigningKey(name=name, private_key=Ed25519PrivateKey.generate())
        write_once(path.parent, path.name, format_key(key).encode())
    except OSError as error:
        raise WitnessKeyUnusable(f"{path}: {error.strerror}") from error
    return load_key(path)


def load_key(path: Path) -> SigningKey:
    """Return the key in a file. Raises WitnessKeyUnusable, and KeysExposed where others can read it."""
    try:
        return parse_key(read_private(path).decode("utf-8"))
    except OSError as error:
        raise WitnessKeyUnusable(f"{path}: {error.strerror}") from error
    except (NoteError, UnicodeDecodeError):
        raise WitnessKeyUnusable(f"{path}: expected one line {_PREFIX}name+id+base64") from None


def format_key(key: SigningKey) -> str:
    """Return the line of a key, with its end."""
    assert isinstance(key.private_key, Ed25519PrivateKey), "a witness has its key itself"
    encoded = base64.b64encode(bytes([SignatureType.ED25519]) + key.private_key.private_bytes_raw()).decode()
    return f"{_PREFIX}{key.name}+{key.verifier(SignatureType.ED25519).id.hex()}+{encoded}\n"


def parse_key(line: str) -> SigningKey:
    """Return the key of a line: the inverse of `format_key`. Raises NoteError."""
    name, *rest = line.removeprefix(_PREFIX).removesuffix("\n").split("+", 2)
    seed = parse_base64(rest[1]) if len(rest) == 2 else b""
    if len(seed) != 1 + _SEED_BYTES or not is_key_name(name):
        raise NoteError(f"expected {_PREFIX}name+id+base64")
    key = SigningKey(name=name, private_key=Ed25519PrivateKey.from_private_bytes(seed[1:]))
    if format_key(key) != line:
        raise NoteError("the id is not that of name and key, or the line has another form")
    return key
