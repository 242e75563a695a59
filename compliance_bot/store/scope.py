"""Make the scope of a person and open a transaction to it: which access classes they may read, and how much is in them.

The only place that makes a `Scope`. The policies select the classes in the database, compiled; nothing is readable by
default, and classes that the schema in force does not describe are nobody's. Row-level security shows nothing until a
scope is entered, and entering is local to the transaction.
"""

from __future__ import annotations

import hashlib
import json
import re
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from psycopg import sql
from psycopg.types.json import Jsonb

from compliance_bot.logs import note
from compliance_bot.policy.decide import Resource
from compliance_bot.policy.operators import Uncompilable
from compliance_bot.policy.values import from_stored, to_stored
from compliance_bot.records import AccessClass, ClassId, Scope
from compliance_bot.store.queries import named_queries
from compliance_bot.store.stops import Stopped
from compliance_bot.store.within import bitmap, is_mapped

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from compliance_bot.keys import Keyring
    from compliance_bot.policy.compile import Compiled
    from compliance_bot.policy.decide import Circumstances, PolicyEngine
    from compliance_bot.records import AttributeValue, Principal
    from compliance_bot.store.connect import Transaction

_SQL = named_queries("scope")

# Up to so many, the engine is asked about each class when a scope is made: some 6 ms, once for a person and a state of
# the classes. So a mistake in compiling does not even change statistics; where there are more, the passages are asked
# about that were found.
_FEW_CLASSES = 50

# How compiled policies look at an attribute: nothing of it can fail, a cast of what is found stands around it.
_LOOKING = re.compile(r"jsonb_exists\(c\.attributes, %\(\w+\)s::text\)|c\.attributes->>?%\(\w+\)s::text")

ClassAttributes = dict[ClassId, dict[str, "AttributeValue"]]


def open_scope(
    transaction: Transaction,
    engine: PolicyEngine,
    principal: Principal,
    circumstances: Circumstances,
    *,
    action: str = "read",
    by_engine: bool = False,
) -> Scope:
    """Return what the principal may read, and let the rest of this transaction read it.

    A scope is kept until a class or its counts change: the same question about the same classes has the same answer.
    With `by_engine` nothing kept is used, and the engine decides about each class that the compiled policies select:
    0.1 ms each, for when these were found to be wrong. Raises Stopped while the whole tenant is.
    """
    compiled = engine.compile(principal, action, circumstances)
    row = transaction.connection.execute(_SQL["standing"], {"tenant": transaction.tenant}).fetchone()
    assert row is not None, "a query without a table has one row"
    revision, is_stopped, stopped = row
    if is_stopped:
        raise Stopped
    key = (transaction.tenant, revision, tuple(stopped), engine.hash, principal.id, action, compiled.key)
    kept = None if by_engine else transaction.scopes.get(key)
    if kept is None:
        scope = _permitted(transaction, engine, compiled, principal, stopped)
        if compiled.needs_engine or by_engine or len(scope.classes) <= _FEW_CLASSES:
            decided = _decided(transaction, engine, principal, circumstances, action, scope)
            if decided.classes != scope.classes:
                if not compiled.needs_engine:
                    note("scope.wrong", level="warning", tenant=transaction.tenant, denied=_fewer(scope, decided))
                scope = decided
        bits = bitmap(scope.classes)
        is_many = is_mapped(len(scope.classes), scope.chunks, scope.stored)
        scope = replace(scope, revision=revision, bitmap=bits if is_many else b"")
        kept = (scope, bits)
        if not (compiled.needs_engine or by_engine):  # the engine may have looked at what the key does not have
            transaction.scopes.keep(key, kept)
    _open(transaction, kept[1])
    return kept[0]


def narrowed(scope: Scope, classes: Collection[ClassId]) -> Scope:
    """Return a scope with those of its classes that are among these; counts stay, since scores are compared with it."""
    among = frozenset(classes)
    kept = tuple(class_id for class_id in scope.classes if class_id in among)
    return replace(scope, classes=kept, bitmap=bitmap(kept) if scope.bitmap else b"")


def permitted_classes(
    transaction: Transaction,
    engine: PolicyEngine,
    principal: Principal,
    circumstances: Circumstances,
    *,
    kept: dict[tuple[str, str], frozenset[ClassId]],
    action: str = "read",
) -> frozenset[ClassId]:
    """Return the classes to whose documents the principal may do something, and open nothing: for comparing rights.

    `kept` lasts for this transaction: people whom the policies do not tell apart share what is found for the first.
    Policies about another action than `read` need have no form in SQL: then the engine decides about every class.
    """
    try:
        compiled = engine.compile(principal, action, circumstances)
    except Uncompilable:
        classes = access_classes(transaction)
        resources = [Resource.document(one.attributes) for one in classes]
        decisions = engine.decide_each(principal, action, resources, circumstances)
        return frozenset(one.id for one, decision in zip(classes, decisions, strict=True) if decision.allowed)
    key = (engine.hash, compiled.key)
    if key in kept:
        return kept[key]
    scope = _permitted(transaction, engine, compiled, principal, [])  # of rights, not of what runs at the moment
    if compiled.needs_engine:  # which may look at what the key does not have
        return frozenset(_decided(transaction, engine, principal, circumstances, action, scope).classes)
    kept[key] = frozenset(scope.classes)
    return kept[key]


def _permitted(
    transaction: Transaction, engine: PolicyEngine, compiled: Compiled, principal: Principal, stopped: list[str]
) -> Scope:
    """Return the scope that the compiled policies select."""
    classes, chunks, terms, stored, permits = [], 0, 0, 0, []
    if not compiled.permits_nothing:
        found = transaction.connection.execute(_SQL["shapes"], {"tenant": transaction.tenant}).fetchall()
        shapes = [id_ for id_, types in found if engine.fits(types)]
        permits_ = "".join(f", {text} AS p{n}" for n, (_, text) in enumerate(compiled.permits))
        looked_at, predicate, permits_ = _read_once(compiled.sql, permits_)
        query = sql.SQL(_SQL["permitted"]).format(
            looked_at=_compiled(looked_at),
            predicate=_compiled(predicate),
            permits=_compiled(permits_),
            determining=_compiled("".join(f", bool_or(p{n})" for n in range(len(compiled.permits)))),
        )
        given = {"tenant": transaction.tenant, "shapes": shapes, "stopped": stopped, **compiled.parameters}
        row = transaction.connection.execute(query, given).fetchone()
        assert row is not None, "an aggregate has one row"
        classes, chunks, terms, stored, *permits = row
    return Scope(
        tenant=transaction.tenant,
        principal=principal.id,
        classes=tuple(map(ClassId, classes)),
        chunks=chunks,
        terms=terms,
        policies=engine.hash,
        determining=tuple(sorted(id_ for (id_, _), some in zip(compiled.permits, permits, strict=True) if some)),
        stored=stored,
    )


def _read_once(*compiled: str) -> tuple[str, ...]:
    """Return columns that read the attributes which some compiled SQL looks at, and that SQL with these columns."""
    columns: dict[str, str] = {}

    def column(found: re.Match[str]) -> str:
        return "c." + columns.setdefault(found.group().replace("c.attributes", "attributes"), f"a{len(columns)}")

    texts = tuple(_LOOKING.sub(column, text) for text in compiled)
    return "".join(f", {text} AS {name}" for text, name in columns.items()), *texts


def _fewer(scope: Scope, decided: Scope) -> int:
    return len(scope.classes) - len(decided.classes)


def _compiled(text: str) -> sql.SQL:
    """Return SQL that `policy.compile` made: of a customer's values and names it has placeholders only."""
    return sql.SQL(text)


def _decided(
    transaction: Transaction,
    engine: PolicyEngine,
    principal: Principal,
    circumstances: Circumstances,
    action: str,
    scope: Scope,
) -> Scope:
    """Return what the engine leaves of a scope, where a forbid could not be compiled: each class is decided."""
    attributes = class_attributes(transaction, scope.classes)
    resources = [Resource.document(attributes[class_id]) for class_id in scope.classes]
    decisions = engine.decide_each(principal, action, resources, circumstances)
    kept = [class_id for class_id, decision in zip(scope.classes, decisions, strict=True) if decision.allowed]
    determining = {policy for decision in decisions if decision.allowed for policy in decision.determining}
    values = {"tenant": transaction.tenant, "classes": kept}
    chunks, terms = transaction.connection.execute(_SQL["counts"], values).fetchone() or (0, 0)
    return Scope(
        tenant=scope.tenant,
        principal=scope.principal,
        classes=tuple(kept),
        chunks=chunks,
        terms=terms,
        policies=scope.policies,
        determining=tuple(sorted(determining)),
        stored=scope.stored,
    )


def class_attributes(transaction: Transaction, classes: Iterable[ClassId]) -> ClassAttributes:
    """Return the attributes of these classes. For deciding about, never for showing."""
    values = {"tenant": transaction.tenant, "classes": sorted(set(classes))}
    rows = transaction.connection.execute(_SQL["attributes"], values)
    return {ClassId(id_): from_stored(attributes) for id_, attributes in rows}


def access_classes(transaction: Transaction) -> tuple[AccessClass, ...]:
    """Return every access class of the tenant. For deciding about, never for showing."""
    rows = transaction.connection.execute(_SQL["classes"], {"tenant": transaction.tenant})
    return tuple(
        AccessClass(id=ClassId(id_), attributes=from_stored(attributes), chunks=chunks, terms=int(terms))
        for id_, attributes, chunks, terms in rows
    )


def enter(transaction: Transaction, scope: Scope) -> None:
    """Let the rest of this transaction read what the scope permits."""
    if scope.tenant != transaction.tenant:
        raise RuntimeError("a scope of one tenant was entered in a transaction of another")
    open_classes(transaction, scope.classes)


@contextmanager
def everything_open(transaction: Transaction) -> Iterator[None]:
    """Open every class for the block, and what was open before it again after it: to count and to keep house.

    Never for showing. Where the block fails, nothing is restored: its transaction is over.
    """
    (before,) = transaction.connection.execute(_SQL["open_now"]).fetchone() or ("",)
    (size,) = transaction.connection.execute(_SQL["all_bits"], {"tenant": transaction.tenant}).fetchone() or (1,)
    _open(transaction, b"\xff" * size)
    yield
    transaction.connection.execute(_SQL["enter"], {"bits": before or ""})


def open_classes(transaction: Transaction, classes: Iterable[ClassId]) -> None:
    """Open classes for writing: ingest and deletion, after their own decisions."""
    _open(transaction, bitmap(tuple(classes)))


def class_bits(classes: Iterable[ClassId]) -> str:
    """Return how the setting that opens classes is written; empty where there are none."""
    chosen = tuple(classes)
    return _setting(bitmap(chosen)) if chosen else ""


def _open(transaction: Transaction, bits: bytes) -> None:
    transaction.connection.execute(_SQL["enter"], {"bits": _setting(bits)})


def _setting(bits: bytes) -> str:
    return "\\x" + bits.hex() if bits else ""


def class_of(transaction: Transaction, attributes: Mapping[str, AttributeValue]) -> ClassId:
    """Return the class with exactly these attributes, made where there is none."""
    stored = to_stored(attributes)
    values: dict[str, Any] = {
        "tenant": transaction.tenant,
        "digest": hashlib.sha256(canonical(attributes)).digest(),
        "attributes": Jsonb(stored),
    }
    for query in ("find_class", "add_shape", "add_class", "find_class"):
        found = transaction.connection.execute(_SQL[query], values)
        row = found.fetchone() if query != "add_shape" else None
        if row is not None:
            return ClassId(row[0])
    raise RuntimeError("an access class could neither be found nor added")


def known_class(transaction: Transaction, attributes: Mapping[str, AttributeValue]) -> ClassId | None:
    """Return the class with exactly these attributes; None where there is none yet."""
    digest = hashlib.sha256(canonical(attributes)).digest()
    row = transaction.connection.execute(
        _SQL["find_class"], {"tenant": transaction.tenant, "digest": digest}
    ).fetchone()
    return ClassId(row[0]) if row else None


def canonical(attributes: Mapping[str, AttributeValue]) -> bytes:
    """Return the one encoding of a combination of attributes."""
    return json.dumps(to_stored(attributes), sort_keys=True, separators=(",", ":")).encode()


def class_digest(keyring: Keyring, tenant: int, attributes: Mapping[str, AttributeValue]) -> bytes:
    """Return what names a combination of attributes to those who have the key: there are few to guess from."""
    return keyring.mac(f"class/{tenant}", canonical(attributes))
