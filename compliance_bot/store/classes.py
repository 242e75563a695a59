"""What there is in the access classes, whoever may read it: for explaining and comparing rights.

What is returned here is not filtered by anybody's rights. Who shows any of it decides what its viewer may know.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from compliance_bot.policy.values import from_stored
from compliance_bot.records import ClassId
from compliance_bot.store.documents import as_uuid
from compliance_bot.store.queries import named_queries
from compliance_bot.store.scope import open_classes

if TYPE_CHECKING:
    from datetime import datetime

    from compliance_bot.records import AttributeValue, DocumentId
    from compliance_bot.store.connect import Transaction

_SQL = named_queries("classes")


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """How much a class holds."""

    documents: int
    passages: int


def attributes_of_document(transaction: Transaction, document: DocumentId) -> dict[str, AttributeValue] | None:
    """Return the access attributes of a document; None for one that is absent. For deciding about."""
    values = {"tenant": transaction.tenant, "document": as_uuid(document)}
    row = transaction.connection.execute(_SQL["document"], values).fetchone()
    return from_stored(row[0]) if row else None


def attributes_then(
    transaction: Transaction, document: DocumentId, moment: datetime
) -> dict[str, AttributeValue] | None:
    """Return the access attributes that a document had at a moment; None where it was not there. For deciding about.

    Opens every class for a moment, and then what was open before: a history is behind the lock of its classes.
    """
    connection, values = transaction.connection, {"tenant": transaction.tenant}
    (before,) = connection.execute(_SQL["open_now"]).fetchone() or ("",)
    ids = [id_ for (id_,) in connection.execute(_SQL["class_ids"], values)]
    open_classes(transaction, ids)
    try:
        given = {**values, "document": as_uuid(document), "at": moment}
        row = connection.execute(_SQL["document_then"], given).fetchone()
    finally:
        connection.execute(_SQL["open_again"], {"bits": before})
    return from_stored(row[0]) if row else None


def class_holdings(transaction: Transaction) -> dict[ClassId, Held]:
    """Return how much each class holds that holds anything. For counting what a viewer may know of."""
    rows = transaction.connection.execute(_SQL["totals"], {"tenant": transaction.tenant})
    return {ClassId(id_): Held(documents=documents, passages=passages) for id_, documents, passages in rows}
