"""Access classes in the database, and opening a transaction to a scope.

Row-level security shows nothing until a scope is entered; entering is local to the transaction. The list of classes
given here is what the policies permitted: this module decides nothing.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from psycopg.types.json import Jsonb

from compliance_bot.records import AccessClass, ClassId
from compliance_bot.store.queries import named_queries

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from compliance_bot.records import AttributeValue, Scope
    from compliance_bot.store.connect import Transaction

_SQL = named_queries("scope")


def access_classes(transaction: Transaction) -> tuple[AccessClass, ...]:
    """Return every access class of the tenant. For deciding about, never for showing."""
    rows = transaction.connection.execute(_SQL["classes"], {"tenant": transaction.tenant})
    return tuple(
        AccessClass(id=ClassId(id_), attributes=from_json(attributes), chunks=chunks, terms=int(terms))
        for id_, attributes, chunks, terms in rows
    )


def enter(transaction: Transaction, scope: Scope) -> None:
    """Let the rest of this transaction read what the scope permits."""
    if scope.tenant != transaction.tenant:
        raise RuntimeError("a scope of one tenant was entered in a transaction of another")
    open_classes(transaction, scope.classes)


def open_classes(transaction: Transaction, classes: Iterable[ClassId]) -> None:
    """Open classes for writing: ingest and deletion, after their own decisions."""
    listed = "{" + ",".join(str(id_) for id_ in sorted(set(classes))) + "}"
    transaction.connection.execute(_SQL["enter"], {"classes": listed})


def class_of(transaction: Transaction, attributes: Mapping[str, AttributeValue]) -> ClassId:
    """Return the class with exactly these attributes, made where there is none."""
    values: dict[str, Any] = {
        "tenant": transaction.tenant,
        "digest": hashlib.sha256(canonical(attributes)).digest(),
        "attributes": Jsonb(to_json(attributes)),
    }
    for query in ("find_class", "add_class", "find_class"):
        row = transaction.connection.execute(_SQL[query], values).fetchone()
        if row is not None:
            return ClassId(row[0])
    raise RuntimeError("an access class could neither be found nor added")


def canonical(attributes: Mapping[str, AttributeValue]) -> bytes:
    """Return the one encoding of a combination of attributes."""
    return json.dumps(to_json(attributes), sort_keys=True, separators=(",", ":")).encode()


def to_json(attributes: Mapping[str, AttributeValue]) -> dict[str, Any]:
    """Return attributes as JSON has them: a set is a sorted list."""
    return {name: sorted(value) if isinstance(value, frozenset) else value for name, value in attributes.items()}


def from_json(attributes: Mapping[str, Any]) -> dict[str, AttributeValue]:
    """Return attributes as records have them: a JSON list is a set."""
    return {name: frozenset(value) if isinstance(value, list) else value for name, value in attributes.items()}
