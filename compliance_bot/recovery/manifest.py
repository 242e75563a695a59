"""What a backup says of itself: a header that anybody can read, and a manifest inside that says all the rest.

Both are JSON. The header tells which backup it is and whose keys open it; the manifest is the last member, since it has
the hashes of the others. Neither has a key, a password or anything of a document in it.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, TypeVar

from pydantic import TypeAdapter, ValidationError

from compliance_bot.recovery.members import Member  # noqa: TC001  # pydantic reads the types
from compliance_bot.recovery.sealed_file import SealBroken
from compliance_bot.store.anchored import Position
from compliance_bot.store.moment import TableRows  # noqa: TC001  # pydantic reads the types

if TYPE_CHECKING:
    from collections.abc import Mapping

    from compliance_bot.keys.epochs import EpochKeys

MANIFEST, DUMP = "manifest.json", "database.dump"

Told = TypeVar("Told")


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """Which backup this is, and what it takes to bring it back."""

    backup: str  # a random id
    tenant: str
    made_at: str
    fingerprint: str  # of the keys, as the database has it; nothing can be derived from it
    migrations: tuple[str, ...]

    def encoded(self) -> bytes:
        """Return the bytes that the file has."""
        return _encoded(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryPoint:
    """Up to when a backup knows everything: what was recorded before is in it."""

    at: str
    records: int
    newest: str | None  # record


@dataclass(frozen=True, slots=True, kw_only=True)
class NeededKey:
    """A key of the vault without which some values of the backup cannot be opened."""

    epoch: int
    check: str  # tells the right key from others without telling it
    values: int
    was_there: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AnchorPoint:
    """Where the home's anchor was, and up to which line the database had done everything: 0 before the first."""

    path: str
    position: int
    mac: str

    @property
    def reached(self) -> Position:
        """The last line whose act the database had done."""
        return Position(number=self.position, mac=bytes.fromhex(self.mac))


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """All that is in a backup."""

    program: str
    postgresql: str
    recovery_point: RecoveryPoint
    tables: tuple[TableRows, ...]
    keys: tuple[NeededKey, ...]
    anchor: AnchorPoint
    left_out: tuple[str, ...]  # files of the home that hold secrets
    members: tuple[Member, ...]

    def encoded(self) -> bytes:
        """Return the bytes of the last member."""
        return _encoded(self)

    @property
    def rows(self) -> int:
        """How many rows all tables have."""
        return sum(table.rows for table in self.tables)

    def missing_epochs(self, keys: EpochKeys) -> tuple[int, ...]:
        """Return the epochs of the vault whose values these keys do not open. Raises VaultKeyUnreadable."""
        missing = {key.epoch for key in self.keys if not keys.has(key.epoch, bytes.fromhex(key.check))}
        return tuple(sorted(missing))


def parse_header(encoded: bytes) -> Header:
    """Return a header. Raises SealBroken."""
    return _parsed(Header, encoded)


def parse_manifest(encoded: bytes) -> Manifest:
    """Return a manifest. Raises SealBroken."""
    return _parsed(Manifest, encoded)


def _encoded(told: Header | Manifest) -> bytes:
    given: Mapping[str, object] = asdict(told)
    return json.dumps(given, indent=1, sort_keys=True).encode()


def _parsed(kind: type[Told], encoded: bytes) -> Told:
    try:
        return TypeAdapter(kind).validate_json(encoded)
    except ValidationError as error:
        raise SealBroken from error
