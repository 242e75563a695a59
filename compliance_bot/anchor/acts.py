"""What is anchored: acts that a database which was restored from an old copy has to do again before it serves.

No act holds a value, a name of a person or a token: values go as the keyed hashes by which the vault knows them, and
attributes and names of collections, which a customer chooses, are sealed under a key of the home.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from compliance_bot.anchor.faults import AnchorFromNewer
from compliance_bot.keys import decrypt, encrypt
from compliance_bot.records import DocumentId, GrantId, StopKind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from compliance_bot.keys import Keyring

Json: TypeAlias = Any  # str, int, and lists and dicts of these


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """Values were erased; in the classes that a hold keeps as they are, they were restricted instead."""

    values: tuple[bytes, ...]  # keyed hashes, as in vault_value
    held: tuple[bytes, ...]  # keyed digests of classes: numbers of classes may be others after a restore


@dataclass(frozen=True, slots=True, kw_only=True)
class Deleted:
    """Documents were deleted."""

    documents: tuple[DocumentId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """Documents that got the same attributes, in their one encoding (`store.scope.canonical`)."""

    attributes: bytes
    documents: tuple[DocumentId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refiled:
    """Documents got other attributes."""

    moves: tuple[Move, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """A grant was given. It is not given again: what a restored copy does not know holds no more."""

    grant: GrantId


@dataclass(frozen=True, slots=True, kw_only=True)
class Revoked:
    """A grant was ended."""

    grant: GrantId


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopped:
    """Something was stopped."""

    kind: StopKind
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifted:
    """Something runs again."""

    kind: StopKind
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrected:
    """Detection was corrected. It is not done again, since that takes the value: somebody has to repeat it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Activated:
    """A policy set came into force. Nothing is done again: policies are files. It says which set it was."""

    digest: bytes

    @classmethod
    def of(cls, files: Mapping[str, str], keyring: Keyring, tenant: int) -> Activated:
        """Return what says that this set did: its keyed hash, given its files by name."""
        content = json.dumps(dict(files), sort_keys=True).encode()
        return cls(digest=keyring.mac(f"policy-set/{tenant}", content))


@dataclass(frozen=True, slots=True, kw_only=True)
class BegunAnew:
    """The anchor before this line was lost, and somebody who may has accepted that."""


Anchored: TypeAlias = (
    Erased | Deleted | Refiled | Granted | Revoked | Stopped | Lifted | Corrected | Activated | BegunAnew
)


def format_act(act: Anchored, key: bytes) -> tuple[str, dict[str, Json]]:
    """Return kind and content of an act, its names and attributes sealed under `key`."""

    def sealed(text: bytes) -> str:
        return encrypt(key, text, bound_to=b"anchor").hex()

    match act:
        case Erased():
            return "erased", {"values": [one.hex() for one in act.values], "held": [one.hex() for one in act.held]}
        case Deleted():
            return "deleted", {"documents": list(act.documents)}
        case Refiled():
            moves = [{"to": sealed(one.attributes), "documents": list(one.documents)} for one in act.moves]
            return "refiled", {"moves": moves}
        case Granted():
            return "granted", {"grant": act.grant}
        case Revoked():
            return "revoked", {"grant": act.grant}
        case Stopped():
            return "stopped", {"kind": act.kind.value, "name": sealed(act.name.encode())}
        case Lifted():
            return "lifted", {"kind": act.kind.value, "name": sealed(act.name.encode())}
        case Corrected():
            return "corrected", {}
        case Activated():
            return "activated", {"digest": act.digest.hex()}
        case BegunAnew():
            return "begun anew", {}


def parse_act(kind: str, content: Mapping[str, Json], key: bytes) -> Anchored:
    """Return an act: the inverse of `format_act`. Raises AnchorFromNewer and CannotDecrypt."""

    def opened(text: str) -> bytes:
        return decrypt(key, bytes.fromhex(text), bound_to=b"anchor")

    def stop(made: Callable[..., Stopped | Lifted]) -> Stopped | Lifted:
        return made(kind=StopKind(content["kind"]), name=opened(content["name"]).decode())

    match kind:
        case "erased":
            values, held = (tuple(bytes.fromhex(one) for one in content[name]) for name in ("values", "held"))
            return Erased(values=values, held=held)
        case "deleted":
            return Deleted(documents=_documents(content))
        case "refiled":
            moves = (Move(attributes=opened(one["to"]), documents=_documents(one)) for one in content["moves"])
            return Refiled(moves=tuple(moves))
        case "granted":
            return Granted(grant=GrantId(content["grant"]))
        case "revoked":
            return Revoked(grant=GrantId(content["grant"]))
        case "stopped":
            return stop(Stopped)
        case "lifted":
            return stop(Lifted)
        case "corrected":
            return Corrected()
        case "activated":
            return Activated(digest=bytes.fromhex(content["digest"]))
        case "begun anew":
            return BegunAnew()
    raise AnchorFromNewer


def _documents(content: Mapping[str, Json]) -> tuple[DocumentId, ...]:
    return tuple(DocumentId(one) for one in content["documents"])


def canonical_json(content: Mapping[str, Json]) -> bytes:
    """Return the one encoding of a line's content: ASCII, sorted keys, no blanks."""
    return json.dumps(content, sort_keys=True, separators=(",", ":")).encode("ascii")
