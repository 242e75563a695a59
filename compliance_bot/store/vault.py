"""The rows of the vault. Nothing here can open a value: what is sealed and how is in `vault`.

What placeholders stand for is kept with its document's class, under the same row-level security as the text.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from compliance_bot.records import ClassId, DocumentId, VersionId
from compliance_bot.store.queries import named_queries
from compliance_bot.store.within import given, within

if TYPE_CHECKING:
    import uuid
    from collections.abc import Collection, Iterable, Sequence

    from compliance_bot.records import Scope
    from compliance_bot.store.connect import Transaction

_SQL = named_queries("vault")


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """What one placeholder stands for, sealed, and the stretch of its version that it is bound to."""

    version: VersionId
    in_title: bool
    start: int
    end: int
    document: DocumentId
    class_id: ClassId
    type: str
    number: int
    token: int | None
    epoch: int
    wrapped_key: bytes = field(repr=False)
    ciphertext: bytes = field(repr=False)
    is_restricted: bool = False  # was to be erased and has to be kept: shown to nobody


@dataclass(frozen=True, slots=True, kw_only=True)
class Epoch:
    """The time from one rotation of the vault's key to the next; `values` are those that its key still wraps."""

    number: int
    check: bytes = field(repr=False)
    began_at: datetime
    discarded_at: datetime | None
    values: int


def current_epoch(transaction: Transaction) -> tuple[int, bytes] | None:
    """Return the epoch in which values are sealed now with its check; None before the first."""
    row = transaction.connection.execute(_SQL["epoch"], {"tenant": transaction.tenant}).fetchone()
    return (row[0], bytes(row[1])) if row else None


def epochs(transaction: Transaction) -> tuple[Epoch, ...]:
    """Return every epoch, the first one first. What each still wraps is counted in the classes that are open."""
    rows = transaction.connection.execute(_SQL["epochs"], {"tenant": transaction.tenant})
    return tuple(
        Epoch(number=number, check=bytes(check), began_at=began, discarded_at=discarded, values=values)
        for number, check, began, discarded, values in rows
    )


def count_from_before(transaction: Transaction) -> int:
    """Return how many documents were masked before there was a vault. Every class is open."""
    row = transaction.connection.execute(_SQL["from_before"], {"tenant": transaction.tenant}).fetchone()
    return int(row[0]) if row else 0


def begin_epoch(transaction: Transaction, epoch: int, check: bytes) -> None:
    """Let values be sealed in this epoch from now on."""
    values = {"tenant": transaction.tenant, "epoch": epoch, "check": check, "now": datetime.now(UTC)}
    transaction.connection.execute(_SQL["begin_epoch"], values)


def discard_epoch(transaction: Transaction, epoch: int) -> None:
    """Keep that the key of an epoch was destroyed."""
    values = {"tenant": transaction.tenant, "epoch": epoch, "now": datetime.now(UTC)}
    transaction.connection.execute(_SQL["discard_epoch"], values)


def bind(transaction: Transaction, bindings: Sequence[Binding], *, epoch: int) -> None:
    """Store what placeholders stand for. The classes of their documents are open."""
    values: dict[str, Any] = {
        "tenant": transaction.tenant,
        "epoch": epoch,
        "versions": [one.version for one in bindings],
        "in_titles": [one.in_title for one in bindings],
        "starts": [one.start for one in bindings],
        "ends": [one.end for one in bindings],
        "documents": [one.document for one in bindings],
        "classes": [one.class_id for one in bindings],
        "types": [one.type for one in bindings],
        "numbers": [one.number for one in bindings],
        "tokens": [one.token for one in bindings],
        "wrapped": [one.wrapped_key for one in bindings],
        "ciphertexts": [one.ciphertext for one in bindings],
    }
    transaction.connection.execute(_SQL["bind"], values)


def bindings(
    transaction: Transaction, scope: Scope, versions: Collection[VersionId], *, in_titles: bool = False
) -> tuple[Binding, ...]:
    """Return what the placeholders of these versions stand for, as far as they are in scope: title first, in order.

    With `in_titles`, only what stands in titles.
    """
    if not versions:
        return ()
    query = within(_SQL["in_titles" if in_titles else "bindings"], scope)
    rows = transaction.connection.execute(query, given(scope, versions=list(versions)))
    return read_bindings(rows)


def wrapped_before(transaction: Transaction, epoch: int, *, limit: int) -> tuple[Binding, ...]:
    """Return some bindings whose keys an earlier epoch wraps, locked. Every class is open."""
    values = {"tenant": transaction.tenant, "epoch": epoch, "limit": limit}
    return read_bindings(transaction.connection.execute(_SQL["wrapped_before"], values))


def some_of_epoch(transaction: Transaction, epoch: int, *, limit: int) -> tuple[Binding, ...]:
    """Return some bindings whose keys this epoch wraps. Every class is open."""
    values = {"tenant": transaction.tenant, "epoch": epoch, "limit": limit}
    return tuple(map(_binding, transaction.connection.execute(_SQL["some_of_epoch"], values)))


def rewrap(transaction: Transaction, wrapped: Sequence[tuple[Binding, bytes]], *, epoch: int) -> None:
    """Store other wrapped keys for the same values."""
    values = {
        "tenant": transaction.tenant,
        "epoch": epoch,
        "versions": [one.version for one, _ in wrapped],
        "in_titles": [one.in_title for one, _ in wrapped],
        "starts": [one.start for one, _ in wrapped],
        "wrapped": [key for _, key in wrapped],
    }
    transaction.connection.execute(_SQL["rewrap"], values)


def tokens_of_document(transaction: Transaction, document: uuid.UUID) -> tuple[int, ...]:
    """Return the tokens of the values that a document holds, in all of its versions."""
    values = {"tenant": transaction.tenant, "document": document}
    return tuple(token for (token,) in transaction.connection.execute(_SQL["tokens_of_document"], values))


def bindings_of(transaction: Transaction, values: Collection[int]) -> tuple[Binding, ...]:
    """Return every place that stands for one of these values, in the classes that are open; restricted ones too."""
    rows = transaction.connection.execute(_SQL["bindings_of"], {"tenant": transaction.tenant, "tokens": list(values)})
    return read_bindings(rows)


def restrict(transaction: Transaction, values: Collection[int], held: Collection[ClassId]) -> None:
    """Show these values to nobody, where they are in one of these classes. Every class is open."""
    given_ = {"tenant": transaction.tenant, "tokens": list(values), "held": list(held)}
    transaction.connection.execute(_SQL["restrict"], given_)


def unbind(transaction: Transaction, values: Collection[int], held: Collection[ClassId]) -> int:
    """Take these values away for good, but where they are in one of these classes; return from how many places.

    Every class is open.
    """
    given_ = {"tenant": transaction.tenant, "tokens": list(values), "held": list(held)}
    return transaction.connection.execute(_SQL["unbind"], given_).rowcount


def add_erasure(transaction: Transaction, record: str, at: datetime) -> None:
    """Keep that values were erased: answers that were drawn before and not shown yet are made anew."""
    values = {"tenant": transaction.tenant, "record": record, "now": at}
    transaction.connection.execute(_SQL["add_erasure"], values)


def erasures(transaction: Transaction) -> int:
    """Return how often values were erased."""
    row = transaction.connection.execute(_SQL["erasures"], {"tenant": transaction.tenant}).fetchone()
    return int(row[0]) if row else 0


def count(transaction: Transaction) -> tuple[int, int, int]:
    """Return how many placeholders are bound, in how many documents, and how many values and parts are known."""
    row = transaction.connection.execute(_SQL["count"], {"tenant": transaction.tenant}).fetchone() or (0, 0, 0)
    return int(row[0]), int(row[1]), int(row[2])


def read_bindings(found: Iterable[tuple[Any, ...]]) -> tuple[Binding, ...]:
    """Return rows of bindings, with all columns in the order of the queries here."""
    return tuple(map(_binding, found))


def _binding(row: tuple[Any, ...]) -> Binding:
    (
        version,
        in_title,
        start,
        end,
        document,
        class_id,
        type_,
        number,
        token,
        epoch,
        wrapped,
        ciphertext,
        is_restricted,
    ) = row
    return Binding(
        version=VersionId(str(version)),
        in_title=in_title,
        start=start,
        end=end,
        document=DocumentId(str(document)),
        class_id=ClassId(class_id),
        type=type_,
        number=number,
        token=token,
        epoch=epoch,
        wrapped_key=bytes(wrapped),
        ciphertext=bytes(ciphertext),
        is_restricted=is_restricted,
    )
