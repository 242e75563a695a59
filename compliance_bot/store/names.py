"""How values are found by name: tokens behind keyed hashes, parts of names, and the tokens in the index of words.

No value is here, and nothing that one could be guessed by without the home's key.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from compliance_bot.records import ClassId, VersionId
from compliance_bot.store.queries import named_queries
from compliance_bot.store.within import given, within

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from compliance_bot.records import Scope
    from compliance_bot.store.connect import Transaction

_SQL = named_queries("vault")


def tokens(transaction: Transaction, macs: Collection[bytes]) -> dict[bytes, int]:
    """Return the token of each value that is known."""
    rows = transaction.connection.execute(_SQL["tokens"], {"tenant": transaction.tenant, "macs": list(macs)})
    return {bytes(mac): token for mac, token in rows}


def macs(transaction: Transaction, values: Collection[int]) -> tuple[bytes, ...]:
    """Return the keyed hashes of values, given by their tokens: what names them outside this database."""
    rows = transaction.connection.execute(_SQL["macs"], {"tenant": transaction.tenant, "tokens": list(values)})
    return tuple(bytes(mac) for (mac,) in rows)


def add_values(transaction: Transaction, fresh: Mapping[bytes, int]) -> None:
    """Give values tokens; one that has a token keeps it."""
    values = {"tenant": transaction.tenant, "macs": list(fresh), "tokens": list(fresh.values())}
    transaction.connection.execute(_SQL["add_values"], values)


def add_parts(transaction: Transaction, pairs: Collection[tuple[int, int]]) -> None:
    """Keep by which parts values are known: pairs of tokens."""
    values = {"values": [value for value, _ in pairs], "parts": [part for _, part in pairs]}
    transaction.connection.execute(_SQL["add_parts"], {"tenant": transaction.tenant, **values})


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
) -> tuple[tuple[VersionId, str, int], ...]:
    """Return version, type and number of the placeholders in scope that stand for one of these values."""
    if not versions or not tokens_:
        return ()
    query = within(_SQL["named"], scope)
    rows = transaction.connection.execute(query, given(scope, versions=list(versions), tokens=list(tokens_)))
    return tuple((VersionId(str(version)), type_, number) for version, type_, number in rows)


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


def beside(transaction: Transaction, scope: Scope, values: Collection[int], *, limit: int) -> dict[int, int]:
    """Return other values in the documents in scope that hold one of these, and in how many of these documents."""
    query = within(_SQL["beside"], scope)
    rows = transaction.connection.execute(query, given(scope, tokens=list(values), limit=limit))
    return dict(rows.fetchall())


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
