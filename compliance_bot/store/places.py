"""Where documents lie: under which named paths and in which containers, known by keyed hashes only.

So a pass over a folder can tell which of its documents have no file any more, or one of another name. All of it is seen
through the classes that are open in the transaction.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from compliance_bot.records import ClassId, DocumentId
from compliance_bot.store.queries import named_queries
from compliance_bot.store.within import given, within

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from compliance_bot.records import Scope
    from compliance_bot.store.connect import Transaction

_SQL = named_queries("documents")


@dataclass(frozen=True, slots=True, kw_only=True)
class Absent:
    """A document whose source was not met."""

    source: bytes
    document: DocumentId
    class_id: ClassId
    title: str
    content: bytes


def add_places(transaction: Transaction, places: Mapping[bytes, Sequence[bytes]]) -> None:
    """Note where the documents of these sources lie, in addition to what is known."""
    pairs = [(source, place) for source, listed in places.items() for place in listed]
    values = {"tenant": transaction.tenant, "sources": [s for s, _ in pairs], "places": [p for _, p in pairs]}
    transaction.connection.execute(_SQL["add_places"], values)


def absent(
    transaction: Transaction,
    scope: Scope,
    places: Collection[bytes],
    *,
    present: Collection[bytes],
    spared: Collection[bytes] = (),
) -> tuple[Absent, ...]:
    """Return the readable documents of these places whose source is not `present`; none that lies in a `spared` one."""
    values = given(scope, places=list(places), present=list(present), spared=list(spared))
    return tuple(
        Absent(
            source=source, document=DocumentId(str(document)), class_id=ClassId(acl_id), title=title, content=content
        )
        for source, document, acl_id, title, content in transaction.connection.execute(
            within(_SQL["absent"], scope), values
        )
    )


def count_in_places(transaction: Transaction, scope: Scope, places: Collection[bytes]) -> int:
    """Return how many readable documents lie in these places."""
    values = given(scope, places=list(places))
    (count,) = transaction.connection.execute(within(_SQL["count_in_places"], scope), values).fetchone() or (0,)
    return int(count)


def move_source(transaction: Transaction, document: DocumentId, *, to: bytes) -> None:
    """Let a document come from another source; where it lies is then to be noted anew."""
    for query in ("move_source", "clear_places"):
        transaction.connection.execute(_SQL[query], {"tenant": transaction.tenant, "document": document, "to": to})
