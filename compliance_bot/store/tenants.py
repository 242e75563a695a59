"""Tenants by name: the institutions that share a database, each bound to the keys of its home.

The application account cannot list them: it asks for one exact name. What binds a tenant to keys is a keyed hash of
nothing, so that two homes with different keys never write into one tenant: neither could read what the other wrote.
A tenant's number follows from its keys and its name. It is part of keyed hashes and of audit records, so a tenant that
moves to another database has to have the same one there.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psycopg
from psycopg.rows import class_row

from compliance_bot.errors import Unavailable
from compliance_bot.store.connect import DEFAULT_TENANT, SEARCH_PATH, StoreUnavailable
from compliance_bot.store.queries import named_queries

if TYPE_CHECKING:
    from datetime import datetime

    from compliance_bot.keys import Keyring
    from compliance_bot.store.connect import Transaction

DEFAULT_NAME = "default"

_SQL = named_queries("tenants")


class UnknownTenant(Unavailable):
    """The tenant of this home is not registered in its database."""

    hint = (
        "Check the setting `tenant`. To register it, run `compliance-bot init` with COMPLIANCE_BOT_DATABASE_OWNER_URL "
        "set to the account that owns the schema."
    )


class ForeignTenant(Unavailable):
    """The tenant of this home belongs to other keys: what it holds was made by another home."""

    hint = (
        "If these keys replaced others, restore `keys/` from its backup. On a second machine of one institution, copy "
        "`keys/` of its first home. Another institution needs a name of its own in the setting `tenant`."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What a home says about its tenant. `number` is not taken on trust: it is used when the tenant is registered."""

    name: str
    number: int
    fingerprint: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """That the tenant had a log before, which was removed with it."""

    at: datetime
    records: int
    last_leaf: bytes | None
    export: bytes  # SHA-256 of the export's manifest


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """How much a tenant has, whoever may read it."""

    documents: int
    versions: int
    chunks: int
    records: int


def claim(name: str, keyring: Keyring) -> Claim:
    """Return the claim of a home with these keys."""
    digest = keyring.mac("tenant/number", name.encode())
    number = DEFAULT_TENANT if name == DEFAULT_NAME else 2 + int.from_bytes(digest[:8], "big") % (2**31 - 2)
    return Claim(name=name, number=number, fingerprint=keyring.mac("tenant/fingerprint", b""))


def find(conninfo: str, claimed: Claim) -> int:
    """Return the number of the claimed tenant, which is bound to its keys from now on.

    Raises UnknownTenant, ForeignTenant or StoreUnavailable.
    """
    values = {"name": claimed.name, "fingerprint": claimed.fingerprint}
    try:
        with psycopg.connect(conninfo, options=SEARCH_PATH) as connection:
            state, number = connection.execute(_SQL["open"], values).fetchone() or ("unknown", None)
    except psycopg.OperationalError as error:
        raise StoreUnavailable from error
    if state == "unknown":
        raise UnknownTenant
    if state == "foreign":
        raise ForeignTenant
    return int(number)


def register(owner_conninfo: str, claimed: Claim) -> None:
    """Make a tenant known, as the owner. One that is known already stays as it is."""
    values = {"number": claimed.number, "name": claimed.name, "fingerprint": claimed.fingerprint}
    try:
        with psycopg.connect(owner_conninfo, options=SEARCH_PATH) as connection:
            connection.execute(_SQL["register"], values)
    except psycopg.OperationalError as error:
        raise StoreUnavailable from error


def forget(transaction: Transaction) -> str:
    """Take the tenant's name away, as the owner, and return it."""
    row = transaction.connection.execute(_SQL["forget"], {"tenant": transaction.tenant}).fetchone()
    assert row is not None, "a tenant that is removed is there"
    return str(row[0])


def holdings(transaction: Transaction) -> Holdings:
    """Return how much there is in the open classes. For the administrator: counts only."""
    with transaction.connection.cursor(row_factory=class_row(Holdings)) as cursor:
        found = cursor.execute(_SQL["holdings"], {"tenant": transaction.tenant}).fetchone()
    assert found is not None, "the query returns one row"
    return found


def removals(transaction: Transaction) -> tuple[Removal, ...]:
    """Return what is left of earlier logs of this tenant, oldest first."""
    return tuple(
        Removal(at=at, records=records, last_leaf=leaf, export=export)
        for at, records, leaf, export in transaction.connection.execute(_SQL["removals"])
    )


def digest_of(name: str) -> bytes:
    """Return the hash by which the name of a removed tenant is kept."""
    return hashlib.sha256(name.encode()).digest()
