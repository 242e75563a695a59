"""Remove a tenant with its log, as the owner, in one transaction: all of it, or nothing.

Only what an export has is removed: every table must give the bytes that the export's manifest names. What came after it
may be the records of the export and of the removal itself; their envelopes, which hold no personal data, stay in the
mark that is left. The database keeps the log append-only for everything else: see migrations/0012_tenants.sql.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from compliance_bot.errors import ComplianceError
from compliance_bot.store import archive, tenants
from compliance_bot.store.models import open_everything
from compliance_bot.store.queries import named_queries

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from compliance_bot.store.archive import TenantTable
    from compliance_bot.store.bundle import Bundle
    from compliance_bot.store.connect import Transaction

_SQL = named_queries("archive")
_HOLD, _ENTRIES = "hold", "audit.entry"
# Types of records that say nothing about people's questions, nor of documents more than their ids.
ADMINISTRATION = ("tenant.", "policy.", "anchor.", "log.")


class ExportOutdated(ComplianceError):
    hint = "Stop whoever uses this tenant, export it again, keep that file, and name it."

    def __init__(self, tables: Sequence[str]) -> None:
        super().__init__(f"the export is not what the database has now; these differ: {', '.join(tables)}")


class TenantHeld(ComplianceError):
    """Something of this tenant is under a hold, so nothing of it may be removed."""

    hint = "Release the hold first, if you may."


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """What is left of a tenant."""

    at: datetime
    records: int
    rows: int
    last_leaf: bytes
    export: str


def remove(transaction: Transaction, export: Bundle) -> Removed:
    """Remove the tenant of an owning transaction. Raises TenantHeld or ExportOutdated: then nothing is changed."""
    open_everything(transaction)
    archive.settle(transaction)
    tables = archive.tables(transaction)
    if any(table.relation == _HOLD and archive.has_rows(transaction, table) for table in tables):
        raise TenantHeld
    later = _require_exported(transaction, tables, export)
    (leaf,) = transaction.connection.execute(_SQL["newest_leaf"], {"tenant": transaction.tenant}).fetchone() or (b"",)
    name, digest = tenants.forget(transaction), export.manifest.sha256
    values = {
        "tenant": transaction.tenant,
        "name": tenants.digest_of(name),
        "leaf": leaf,
        "later": list(later),
        "export": bytes.fromhex(digest),
    }
    (at, records) = transaction.connection.execute(_SQL["leave_mark"], values).fetchone() or (None, 0)
    assert at is not None, "the mark was just made"
    archive.remove_tree(transaction)
    rows = sum(archive.remove(transaction, table) for table in reversed(tables))
    archive.forget_revision(transaction)
    return Removed(at=at, records=records, rows=rows, last_leaf=bytes(leaf), export=digest)


def _require_exported(transaction: Transaction, tables: Sequence[TenantTable], export: Bundle) -> tuple[bytes, ...]:
    """Return the envelopes of the records that came after the export.

    Raises ExportOutdated unless it has all that the tenant has, but records of administration.
    """
    members = {member.table: member for member in export.manifest.members}
    (entries,) = (table for table in tables if table.name == _ENTRIES)
    if _ENTRIES not in members:
        raise ExportOutdated([_ENTRIES])
    archive.stage(transaction, entries, export.rows(members[_ENTRIES]))
    differing = [
        table.name
        for table in tables
        if table.name not in members
        or members.pop(table.name).sha256 != _digest(archive.rows_of(transaction, table, of_staged=True))
    ]
    later = archive.unstaged_records(transaction)
    archive.unstage(transaction)
    differing += [*sorted(members), *([] if is_administration(later) else ["the records since then"])]
    if differing:
        raise ExportOutdated(differing)
    return later


def is_administration(envelopes: Iterable[bytes]) -> bool:
    """Return whether these records are all of what administrators did to the tenant as a whole."""
    return all(str(json.loads(envelope)["type"]).startswith(ADMINISTRATION) for envelope in envelopes)


def _digest(rows: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for row in rows:
        digest.update(row)
    return digest.hexdigest()
