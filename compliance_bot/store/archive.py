"""All rows of a tenant, table by table: read them out, take them in, remove them.

The tables are found in the catalogue, so that a new one is never forgotten. Rows travel as CSV in the order of their
key, one at a time, so that memory does not grow with a tenant, and the same rows are the same bytes. The tenant's
number is left out of them. Who calls has opened every class (`models.open_everything`).
"""

from __future__ import annotations

from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING, LiteralString

import psycopg
from psycopg import sql

from compliance_bot.errors import ComplianceError
from compliance_bot.store.queries import named_queries

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from compliance_bot.store.connect import Transaction

_SQL = named_queries("archive")
CLASSES = "compliance_bot.access_class"
# What a home has as soon as it is opened: its rules, and a reference of whoever acted. These stay beside what comes.
_POLICIES = frozenset({"compliance_bot.policy_set", "compliance_bot.policy_activation"})
# And what an opening does again in an empty tenant, as the anchor of its home says.
_BY_ANCHOR = frozenset({"compliance_bot.anchor_position", "compliance_bot.stop", "compliance_bot.vault_erasure"})
_KEPT = frozenset({"audit.actor", "compliance_bot.stop"}) | _POLICIES
_REPLACED = frozenset({"compliance_bot.anchor_position"})
# Triggers write it when documents come in, and nobody else may: which classes they had before stays in the export.
_BY_TRIGGER = frozenset({"compliance_bot.document_class_history"})
_TREE = ("cosignature", "checkpoint", "tile", "leaf", "pending")  # each before what its rows refer to
_PROBE = 1000  # records that an empty tenant may have


class RowsUnfit(ComplianceError):
    """The rows do not fit the tables: the export was changed, or another version made it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantTable:
    """A table with rows of tenants. `model_column` names the column with the number of an embedding model."""

    schema: str
    relation: str
    columns: tuple[str, ...]
    key: tuple[str, ...]
    model_column: str | None

    @property
    def name(self) -> str:
        return f"{self.schema}.{self.relation}"

    @property
    def is_of_documents(self) -> bool:
        """Whether a home that was only opened has no row of it."""
        return not self.is_of_the_log and self.name not in _POLICIES | _BY_ANCHOR

    @property
    def is_of_records(self) -> bool:
        return "entry_id" in self.columns

    @property
    def is_of_the_log(self) -> bool:
        return self.schema == "audit"


@dataclass(frozen=True, slots=True, kw_only=True)
class UsedModel:
    """An embedding model of a tenant, with its number in the database that the rows come from."""

    number: int
    hash: str
    dim: int


def tables(transaction: Transaction) -> tuple[TenantTable, ...]:
    """Return every table with rows of tenants, each behind those that its rows refer to."""
    connection = transaction.connection
    found = {
        (schema, relation): TenantTable(
            schema=schema, relation=relation, columns=tuple(columns), key=tuple(key), model_column=model
        )
        for schema, relation, columns, key, model in connection.execute(_SQL["tables"])
    }
    order: TopologicalSorter[tuple[str, str]] = TopologicalSorter(dict.fromkeys(sorted(found), ()))
    # Classes first: row-level security takes no row of a class that is not open.
    (classes,) = (name for name, table in found.items() if table.name == CLASSES)
    for name, table in found.items():
        if "acl_id" in table.columns:
            order.add(name, classes)
    for schema, relation, parent_schema, parent in connection.execute(_SQL["references"]):
        child, other = (schema, relation), (parent_schema, parent)
        if child in found and other in found and child != other:
            order.add(child, other)
    return tuple(found[name] for name in order.static_order())


def settle(transaction: Transaction) -> None:
    """Let the rest of this transaction write values in the one form that exports have."""
    transaction.connection.execute(_SQL["settle"])


def rows_of(transaction: Transaction, table: TenantTable, *, of_staged: bool = False) -> Iterator[bytes]:
    """Yield the tenant's rows as CSV, its header first, in order; with `of_staged`, of staged records only."""
    query = "copy_staged_out" if of_staged and table.is_of_records else "copy_out"
    statement = sql.SQL(_SQL[query]).format(
        columns=_listed(table.columns),
        table=sql.Identifier(table.schema, table.relation),
        tenant=sql.Literal(transaction.tenant),
        key=_listed(table.key or table.columns),
    )
    with transaction.connection.cursor() as cursor, cursor.copy(statement) as copy:
        for block in copy:
            yield bytes(block)


def stage(transaction: Transaction, table: TenantTable, rows: Iterable[bytes]) -> None:
    """Hold rows as `rows_of` gave them aside, for this transaction, one table's at a time. Raises RowsUnfit."""
    columns = _listed(table.columns)
    try:
        with transaction.connection.cursor() as cursor:
            cursor.execute(_on(transaction, table, "stage"))
            with cursor.copy(sql.SQL(_SQL["copy_in"]).format(columns=columns)) as copy:
                for block in rows:
                    copy.write(block)
    except psycopg.DataError as error:
        raise RowsUnfit from error


def unstage(transaction: Transaction) -> None:
    """Make room for the rows of another table."""
    transaction.connection.execute(_SQL["unstage"])


def unstaged_records(transaction: Transaction) -> tuple[bytes, ...]:
    """Return the envelopes of the records that are not staged, oldest first."""
    rows = transaction.connection.execute(_SQL["unstaged_records"], {"tenant": transaction.tenant})
    return tuple(bytes(envelope) for (envelope,) in rows)


def first_records(transaction: Transaction) -> tuple[bytes, ...]:
    """Return the envelopes of the first records: of all, where a tenant is still empty."""
    values = {"tenant": transaction.tenant, "limit": _PROBE}
    return tuple(bytes(envelope) for (envelope,) in transaction.connection.execute(_SQL["all_records"], values))


def used_models(transaction: Transaction) -> tuple[UsedModel, ...]:
    """Return the models that the tenant's vectors are of."""
    rows = transaction.connection.execute(_SQL["models"], {"tenant": transaction.tenant})
    return tuple(UsedModel(number=number, hash=hash_, dim=dim) for number, hash_, dim in rows)


def has_rows(transaction: Transaction, table: TenantTable) -> bool:
    """Return whether the tenant has rows in a table."""
    row = transaction.connection.execute(_on(transaction, table, "has_rows")).fetchone()
    return bool(row and row[0])


def take_in(transaction: Transaction, table: TenantTable, rows: Iterable[bytes], *, models: Mapping[int, int]) -> None:
    """Store rows as `rows_of` gave them. Raises RowsUnfit.

    `models` has the number in this database of each model, by its number where the rows come from.
    """
    taken = [
        sql.SQL(_SQL["own_model"]).format(column=sql.Identifier(name))
        if name == table.model_column
        else sql.Identifier(name)
        for name in table.columns
    ]
    statement = sql.SQL(_SQL["take_in"]).format(
        columns=_listed(table.columns),
        table=sql.Identifier(table.schema, table.relation),
        tenant=sql.Literal(transaction.tenant),
        values=sql.SQL(", ").join(taken),
        otherwise=sql.SQL(_otherwise(table)),
    )
    stage(transaction, table, rows)
    if table.name in _BY_TRIGGER:
        unstage(transaction)
        return
    try:
        transaction.connection.execute(statement, {"theirs": list(models), "own": list(models.values())})
    except (psycopg.DataError, psycopg.IntegrityError, psycopg.errors.InsufficientPrivilege) as error:
        raise RowsUnfit from error
    unstage(transaction)


def _otherwise(table: TenantTable) -> LiteralString:
    """Return what becomes of a row whose key is there already; without it the import is refused."""
    if table.name in _REPLACED:
        return _SQL["replace_position"]
    return _SQL["keep"] if table.name in _KEPT else ""


def skip_class_ids(transaction: Transaction) -> None:
    """Let access classes that are made from now on have ids that no imported one has."""
    transaction.connection.execute(_SQL["skip_class_ids"])


def own_numbers(transaction: Transaction, models: Sequence[UsedModel]) -> dict[int, int]:
    """Return the numbers that models have in this database, by those that they had where the rows come from."""
    query = named_queries("models")["model_number"]
    numbers = {}
    for model in models:
        row = transaction.connection.execute(query, {"hash": model.hash, "dim": model.dim}).fetchone()
        assert row is not None, "the function returns a number"
        numbers[model.number] = int(row[0])
    return numbers


def remove(transaction: Transaction, table: TenantTable) -> int:
    """Take the tenant's rows out of a table, as the owner, and return how many they were."""
    return transaction.connection.execute(_on(transaction, table, "remove")).rowcount


def remove_tree(transaction: Transaction) -> None:
    """Take the tree of the tenant's log out, as the owner: it is made again from the records, and in no export."""
    for relation in _TREE:
        statement = sql.SQL(_SQL["remove"]).format(
            table=sql.Identifier("audit", relation), tenant=sql.Literal(transaction.tenant)
        )
        transaction.connection.execute(statement)


def forget_revision(transaction: Transaction) -> None:
    """Take out what triggers kept of the tenant's classes, once all its rows are removed."""
    transaction.connection.execute(_SQL["forget_revision"], {"tenant": transaction.tenant})


def _on(transaction: Transaction, table: TenantTable, query: str) -> sql.Composed:
    return sql.SQL(_SQL[query]).format(
        table=sql.Identifier(table.schema, table.relation),
        tenant=sql.Literal(transaction.tenant),
        columns=_listed(table.columns),
    )


def _listed(columns: Sequence[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, columns))
