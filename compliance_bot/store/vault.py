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
    from collections.abc import Collection, Mapping, Sequence

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


def tokens(transaction: Transaction, macs: Collection[bytes]) -> dict[bytes, int]:
    """Return the token of each value that is known."""
    rows = transaction.connection.execute(_SQL["tokens"], {"tenant": transaction.tenant, "macs": list(macs)})
    return {bytes(mac): token for mac, token in rows}


def add_values(transaction: Transaction, fresh: Mapping[bytes, int]) -> None:
    """Give values tokens; one that has a token keeps it."""
    values = {"tenant": transaction.tenant, "macs": list(fresh), "tokens": list(fresh.values())}
    transaction.connection.execute(_SQL["add_values"], values)


def add_parts(transaction: Transaction, pairs: Collection[tuple[int, int]]) -> None:
    """Keep by which parts values are known: pairs of tokens."""
    values = {"values": [value for value, _ in pairs], "parts": [part for _, part in pairs]}
    transaction.connection.execute(_SQL["add_parts"], {"tenant": transaction.tenant, **values})


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
    return tuple(map(_binding, rows))


def known_by(transaction: Transaction, parts: Collection[int]) -> frozenset[int]:
    """Return the tokens of the values that are known by all of these parts."""
    values = {"tenant": transaction.tenant, "parts": list(parts), "count": len(set(parts))}
    return frozenset(value for (value,) in transaction.connection.execute(_SQL["known_by"], values))


def sharing(transaction: Transaction, parts: Collection[int]) -> frozenset[int]:
    """Return the tokens of the values that are known by one of these parts."""
    values = {"tenant": transaction.tenant, "parts": list(parts)}
    return frozenset(value for (value,) in transaction.connection.execute(_SQL["sharing"], values))


def named(
    transaction: Transaction, scope: Scope, versions: Collection[VersionId], tokens_: Collection[int]
) -> tuple[tuple[VersionId, str, int, int], ...]:
    """Return version, type, number and token of the placeholders in scope that stand for one of these values."""
    if not versions or not tokens_:
        return ()
    query = within(_SQL["named"], scope)
    rows = transaction.connection.execute(query, given(scope, versions=list(versions), tokens=list(tokens_)))
    return tuple((VersionId(str(version)), type_, number, token) for version, type_, number, token in rows)


def wrapped_before(transaction: Transaction, epoch: int, *, limit: int) -> tuple[Binding, ...]:
    """Return some bindings whose keys an earlier epoch wraps, locked. Every class is open."""
    values = {"tenant": transaction.tenant, "epoch": epoch, "limit": limit}
    return tuple(map(_binding, transaction.connection.execute(_SQL["wrapped_before"], values)))


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


def forget_values(transaction: Transaction, unused: Collection[int]) -> None:
    """Take those of these values out of the index that nothing stands for any more, and then parts likewise.

    Every class must be open: what cannot be seen would count as not there.
    """
    if not unused:
        return
    values = {"tenant": transaction.tenant, "tokens": list(unused)}
    parts = [part for (part,) in transaction.connection.execute(_SQL["parts_of"], values)]
    transaction.connection.execute(_SQL["forget_values"], values)
    if parts:
        transaction.connection.execute(_SQL["forget_values"], {"tenant": transaction.tenant, "tokens": parts})


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedChunk:
    """A live chunk in which tokens of values are terms. `context` is all of it that may have placeholders."""

    id: int
    class_id: ClassId
    version: VersionId
    terms: frozenset[int]
    context: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Recount:
    """How often a token stands in a chunk now."""

    token: int
    class_id: ClassId
    chunk: int
    tf: int


def bindings_of(transaction: Transaction, values: Collection[int]) -> tuple[Binding, ...]:
    """Return every place that stands for one of these values, in the classes that are open; restricted ones too."""
    rows = transaction.connection.execute(_SQL["bindings_of"], {"tenant": transaction.tenant, "tokens": list(values)})
    return tuple(map(_binding, rows))


def beside(
    transaction: Transaction, scope: Scope, values: Collection[int], *, limit: int
) -> tuple[tuple[int, int, int], ...]:
    """Return other values in the documents in scope that hold one of these: token, in how many of them, in how many."""
    query = within(_SQL["beside"], scope)
    rows = transaction.connection.execute(query, given(scope, tokens=list(values), limit=limit))
    return tuple((token, shared, everywhere) for token, shared, everywhere in rows)


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


def placeholders(
    transaction: Transaction, versions: Collection[VersionId]
) -> dict[VersionId, dict[tuple[str, int], frozenset[int]]]:
    """Return by which tokens the placeholders of these versions are known, by type and number."""
    values = {"tenant": transaction.tenant, "versions": list(versions)}
    found = transaction.connection.execute(_SQL["placeholders"], values).fetchall()
    parts: dict[int, set[int]] = {}
    wanted = {"tenant": transaction.tenant, "tokens": sorted({token for *_, token in found})}
    for value, part in transaction.connection.execute(_SQL["all_parts"], wanted):
        parts.setdefault(value, set()).add(part)
    made: dict[VersionId, dict[tuple[str, int], frozenset[int]]] = {}
    for version, type_, number, token in found:
        known = frozenset({token, *parts.get(token, ())})
        made.setdefault(VersionId(str(version)), {})[type_, number] = known
    return made


def parts_of(transaction: Transaction, values: Collection[int]) -> frozenset[int]:
    """Return the tokens of the parts by which these values are known."""
    rows = transaction.connection.execute(_SQL["parts_of"], {"tenant": transaction.tenant, "tokens": list(values)})
    return frozenset(part for (part,) in rows)


def named_chunks(
    transaction: Transaction, versions: Collection[VersionId], tokens_: Collection[int]
) -> tuple[NamedChunk, ...]:
    """Return the live chunks of these versions that some of these tokens find."""
    values = {"tenant": transaction.tenant, "versions": list(versions), "tokens": list(tokens_)}
    return tuple(
        NamedChunk(
            id=id_,
            class_id=ClassId(class_id),
            version=VersionId(str(version)),
            terms=frozenset(terms),
            context="\n".join((title, heading, *leads, text)),
        )
        for id_, class_id, version, terms, title, heading, leads, text in transaction.connection.execute(
            _SQL["named_chunks"], values
        )
    )


def recount(transaction: Transaction, counts: Sequence[Recount]) -> None:
    """Let tokens find chunks as often as they stand there now; where they stand no more, not at all."""
    for query, chosen in (
        ("recount_postings", [one for one in counts if one.tf]),
        ("forget_postings", gone := [one for one in counts if not one.tf]),
        ("forget_terms", gone),
        ("uncount_names", gone),
    ):
        if chosen:
            values = {
                "tenant": transaction.tenant,
                "terms": [one.token for one in chosen],
                "classes": [one.class_id for one in chosen],
                "chunks": [one.chunk for one in chosen],
                "tfs": [one.tf for one in chosen],
            }
            transaction.connection.execute(_SQL[query], values)


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
