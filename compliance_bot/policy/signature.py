"""Sign a policy folder, and require that somebody other than its author has signed it.

`approval.json` in the folder names every file with its SHA-256, the author, the approver and the time, signed with the
approver's Ed25519 key over the exact bytes of the statement. Whose keys count stands outside the folder, in the home's
`approvers.yaml`: who may write policies must not be able to add an approver.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import yaml
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from compliance_bot.errors import UsageError
from compliance_bot.policy.files import APPROVAL, InvalidPolicies, read_files

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from compliance_bot.policy.files import PolicyFiles

APPROVERS = "approvers.yaml"
_CONTEXT = b"compliance-bot policy set v1\n"  # a signature of something else is none of this
_STATEMENT = {"files", "author", "approver", "at"}


class NotApproved(InvalidPolicies):
    """The policy folder is not approved: expected a valid signature by somebody other than its author."""

    hint = "In production a policy set runs only when it is signed: `compliance-bot policy sign`."


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """Who wrote a policy set, who approved it, and when."""

    author: str
    approver: str
    at: datetime


def new_key() -> tuple[bytes, str]:
    """Return a private key for an approver (PEM, not encrypted) and the public key as `approvers.yaml` has it."""
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return pem, _public_text(key.public_key())


def keep_new_key(path: Path) -> str:
    """Write a new private key that only this account can read, and return the public key. Raises UsageError."""
    private, public = new_key()
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(private)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}: expected a new file in a folder that can be written") from error
    return public


def sign(folder: Path, *, author: str, approver: str, private_key: bytes) -> Approval:
    """Sign the folder as it stands and return the approval. Raises UsageError for a bad key, or an author's own."""
    if _name(author) == _name(approver):
        raise UsageError("the approver must be somebody other than the author")
    try:
        key = serialization.load_pem_private_key(private_key, password=None)
    except (ValueError, TypeError) as error:
        raise UsageError("expected an Ed25519 private key in PEM form, not encrypted") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise UsageError("expected an Ed25519 private key in PEM form, found a key of another kind")
    at = datetime.now(UTC).replace(microsecond=0)
    statement = {"files": _hashes(read_files(folder)), "author": author, "approver": approver, "at": at.isoformat()}
    signed = json.dumps(statement, sort_keys=True, ensure_ascii=True)
    signature = base64.b64encode(key.sign(_CONTEXT + signed.encode())).decode()
    partial = folder / f"{APPROVAL}.partial"
    partial.write_text(json.dumps({"statement": signed, "signature": signature}, indent=2) + "\n", encoding="utf-8")
    partial.rename(folder / APPROVAL)
    return Approval(author=author, approver=approver, at=at)


def require_approved(files: PolicyFiles, approvers: Mapping[str, str]) -> Approval:
    """Return who approved exactly these files. Raises NotApproved with what is missing or does not fit."""
    folder = files.folder
    if APPROVAL not in files.content:
        raise NotApproved(f"{folder}: there is no {APPROVAL}")
    try:
        outer = json.loads(files.text(APPROVAL))
        signed, signature = str(outer["statement"]), base64.b64decode(outer["signature"], validate=True)
        statement: dict[str, Any] = json.loads(signed)
        approval = Approval(
            author=str(statement["author"]),
            approver=str(statement["approver"]),
            at=datetime.fromisoformat(statement["at"]),
        )
    except (InvalidPolicies, ValueError, KeyError, TypeError, RecursionError) as error:
        raise NotApproved(f"{folder / APPROVAL}: not an approval") from error
    if approval.approver not in approvers:
        raise NotApproved(f"{folder / APPROVAL}: the approver is not listed in {APPROVERS}")
    try:
        _public_key(approvers[approval.approver]).verify(signature, _CONTEXT + signed.encode())
    except InvalidSignature as error:
        raise NotApproved(f"{folder / APPROVAL}: the signature is not valid") from error
    if _name(approval.author) == _name(approval.approver):
        raise NotApproved(f"{folder / APPROVAL}: the author has approved it")
    if set(statement) != _STATEMENT or statement["files"] != _hashes(files):
        raise NotApproved(f"{folder}: the files are not those that were approved")
    return approval


def read_approvers(path: Path) -> dict[str, str]:
    """Return the approvers' public keys by id. Raises NotApproved where the list is missing or not valid."""
    try:
        entries = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise NotApproved(f"{path}: cannot be read as YAML") from error
    if not isinstance(entries, list) or not all(
        isinstance(entry, dict) and set(entry) == {"id", "key"} and all(isinstance(v, str) for v in entry.values())
        for entry in entries
    ):
        raise NotApproved(f"{path}: expected a list of approvers, each with id and key")
    approvers = {entry["id"]: entry["key"] for entry in entries}
    if len({_name(id_) for id_ in approvers}) != len(entries) or len(set(approvers.values())) != len(entries):
        raise NotApproved(f"{path}: an id or a key stands twice")
    for key in approvers.values():
        _public_key(key)
    return approvers


def _hashes(files: PolicyFiles) -> dict[str, str]:
    """Return the SHA-256 of every file that says something about rights."""
    return {name: hashlib.sha256(content).hexdigest() for name, content in files.content.items() if name != APPROVAL}


def _name(id_: str) -> str:
    return id_.strip().casefold()


def _public_key(text: str) -> Ed25519PublicKey:
    try:
        return Ed25519PublicKey.from_public_bytes(base64.b64decode(text, validate=True))
    except ValueError as error:
        raise NotApproved(f"{APPROVERS}: expected Ed25519 public keys in base64") from error


def _public_text(key: Ed25519PublicKey) -> str:
    raw = key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return base64.b64encode(raw).decode()
