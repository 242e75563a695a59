"""Cedar's operators where a side depends on the resource, as SQL over its stored attributes.

Values go in as parameters, attribute names too: no text of a customer stands in the SQL. Stored forms are those of
`values`. What has no exact form here raises Uncompilable.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from compliance_bot.policy import constants
from compliance_bot.policy.constants import EvaluationError, Moment
from compliance_bot.policy.fragments import BOOL, ERROR, Constant, Failure, Fragment, Sql, when_present
from compliance_bot.policy.schema import Kind, Type
from compliance_bot.records import EntityRef

if TYPE_CHECKING:
    from collections.abc import Sequence

    from compliance_bot.policy.constants import Value

_ARRAY = {Kind.STRING: "text[]", Kind.ENTITY: "text[]", Kind.LONG: "bigint[]", Kind.DATETIME: "bigint[]"}
_SCALAR = {Kind.STRING: "text", Kind.ENTITY: "text", Kind.LONG: "bigint", Kind.DATETIME: "bigint", Kind.BOOL: "boolean"}


class Uncompilable(Exception):
    """A construct that has no exact form in SQL; the message names it and the cure."""


@dataclass(slots=True)
class Parameters:
    """The parameters of one compiled predicate; equal values share one."""

    values: dict[str, Any] = field(default_factory=dict)
    _names: dict[tuple[str, str], str] = field(default_factory=dict)

    def add(self, value: Any, cast: str) -> str:
        """Return the placeholder of a value."""
        key = (cast, json.dumps(value))
        if key not in self._names:
            self._names[key] = f"p{len(self._names)}"
            self.values[self._names[key]] = value
        return f"%({self._names[key]})s::{cast}"


def attribute(parameters: Parameters, name: str, type_: Type, *, can_fail: bool) -> Sql:
    """Return a resource's attribute: NULL where it is absent."""
    if type_.kind is Kind.OTHER or (type_.element is not None and type_.element.kind is Kind.OTHER):
        raise Uncompilable(f"resource.{name} has a type that cannot be searched by")
    placeholder = parameters.add(name, "text")
    text = f"(c.attributes->>{placeholder})"
    if type_.kind in {Kind.LONG, Kind.BOOL}:
        text = f"({text}::{_SCALAR[type_.kind]})"
    elif type_.kind is Kind.DATETIME:
        text = f"((c.attributes->{placeholder}->>'datetime')::bigint)"
    elif type_.kind is Kind.ENTITY:
        text = f"(c.attributes->{placeholder}->>'id')"
    elif type_.kind is Kind.SET:
        text = f"(c.attributes->{placeholder})"
        if type_.element is not None and type_.element.kind is Kind.ENTITY:
            # An empty set of entities is an empty list, since nothing in it tells their type.
            text = f"COALESCE(c.attributes->{placeholder}->'ids', c.attributes->{placeholder})"
    return Sql(text, type_, can_fail=can_fail)


def equal(parameters: Parameters, a: Fragment, b: Fragment) -> Fragment:
    """Return `a == b`; values of different types are unequal."""
    if isinstance(a, Failure) or isinstance(b, Failure):
        return ERROR
    if isinstance(a, Constant) and isinstance(b, Constant):
        return Constant(constants.same(a.value, b.value))
    if isinstance(a, Sql) and isinstance(b, Sql):
        if a.type != b.type:
            raise Uncompilable("`==` between attributes of the resource that have different types")
        return Sql(f"({a.text} = {b.text})", BOOL, can_fail=a.can_fail or b.can_fail)
    attribute_, constant = (a, b) if isinstance(a, Sql) else (b, a)
    assert isinstance(attribute_, Sql), "one side depends on the resource"
    assert isinstance(constant, Constant), "the other does not"
    if attribute_.type.kind is Kind.SET:
        return _equal_set(parameters, attribute_, constant.value)
    if not _has_type(constant.value, attribute_.type):
        return when_present(attribute_, value=False)
    right = parameters.add(_plain(constant.value), _SCALAR[attribute_.type.kind])
    return Sql(f"({attribute_.text} = {right})", BOOL, can_fail=attribute_.can_fail)


def ordered(parameters: Parameters, operator: str, a: Fragment, b: Fragment) -> Fragment:
    """Return `a < b` and its like, of numbers or times."""
    if isinstance(a, Failure) or isinstance(b, Failure):
        return ERROR
    if isinstance(a, Constant) and isinstance(b, Constant):
        try:
            return Constant(constants.compare(operator, a.value, b.value))
        except EvaluationError:
            return ERROR
    type_ = a.type if isinstance(a, Sql) else b.type  # type: ignore[union-attr]  # one of them is
    if type_.kind not in {Kind.LONG, Kind.DATETIME}:
        return ERROR
    texts = []
    for side in (a, b):
        if isinstance(side, Sql):
            if side.type != type_:
                return ERROR
            texts.append(side.text)
        elif _has_type(side.value, type_):
            texts.append(parameters.add(_plain(side.value), "bigint"))
        else:
            return ERROR
    can_fail = any(isinstance(side, Sql) and side.can_fail for side in (a, b))
    return Sql(f"({texts[0]} {operator} {texts[1]})", BOOL, can_fail=can_fail)


def contains(parameters: Parameters, a: Fragment, b: Fragment) -> Fragment:
    """Return `a.contains(b)`."""
    if isinstance(a, Failure) or isinstance(b, Failure):
        return ERROR
    if isinstance(a, Constant) and isinstance(b, Constant):
        is_set = isinstance(a.value, tuple)
        return Constant(any(constants.same(item, b.value) for item in a.value)) if is_set else ERROR  # type: ignore[union-attr]
    if isinstance(a, Sql) and isinstance(b, Sql):
        raise Uncompilable("`contains` between two attributes of the resource")
    if isinstance(a, Sql):
        assert isinstance(b, Constant), "the other side"
        return _all_in(parameters, a, (b.value,)) if a.type.kind is Kind.SET else ERROR
    assert isinstance(b, Sql), "the other side"
    return any_of(parameters, b, a.value) if isinstance(a.value, tuple) else ERROR


def any_of(parameters: Parameters, scalar: Sql, values: Sequence[Value]) -> Fragment:
    """Return whether an attribute is one of these values."""
    if scalar.type.kind is Kind.SET:
        raise Uncompilable("a set of the resource inside another set")
    fitting = [_plain(value) for value in values if _has_type(value, scalar.type)]
    if not fitting:  # `x = ANY('{}')` would be false where x is NULL
        return when_present(scalar, value=False)
    cast = "boolean[]" if scalar.type.kind is Kind.BOOL else _ARRAY[scalar.type.kind]
    return Sql(f"({scalar.text} = ANY({parameters.add(fitting, cast)}))", BOOL, can_fail=scalar.can_fail)


def contains_all(parameters: Parameters, a: Fragment, b: Fragment) -> Fragment:
    """Return `a.containsAll(b)`."""
    failed = _sets(a, b, "containsAll")
    if failed is not None:
        return failed
    if isinstance(a, Constant) and isinstance(b, Constant):
        return Constant(all(any(constants.same(x, y) for y in a.value) for x in b.value))  # type: ignore[union-attr]
    if isinstance(a, Sql):
        assert isinstance(b, Constant), "the other side"
        return _all_in(parameters, a, b.value)  # type: ignore[arg-type]
    assert isinstance(b, Sql), "the other side"
    fitting = _fitting(a.value, b.type)  # type: ignore[arg-type]
    return Sql(f"({b.text} <@ {parameters.add(json.dumps(fitting), 'jsonb')})", BOOL, can_fail=b.can_fail)


def contains_any(parameters: Parameters, a: Fragment, b: Fragment) -> Fragment:
    """Return `a.containsAny(b)`."""
    failed = _sets(a, b, "containsAny")
    if failed is not None:
        return failed
    if isinstance(a, Constant) and isinstance(b, Constant):
        return Constant(any(constants.same(x, y) for y in a.value for x in b.value))  # type: ignore[union-attr]
    stored, given = (a, b) if isinstance(a, Sql) else (b, a)
    return some_in(parameters, stored, given.value)  # type: ignore[arg-type, union-attr]


def some_in(parameters: Parameters, stored: Sql, values: Sequence[Value]) -> Fragment:
    """Return whether a set of the resource holds one of these values."""
    fitting = _fitting(values, stored.type)
    if not fitting:
        return when_present(stored, value=False)
    if _is_text(stored.type):
        return Sql(
            f"jsonb_exists_any({stored.text}, {parameters.add(fitting, 'text[]')})", BOOL, can_fail=stored.can_fail
        )
    each = " OR ".join(f"{stored.text} @> {parameters.add(json.dumps([value]), 'jsonb')}" for value in fitting)
    return Sql(f"({each})", BOOL, can_fail=stored.can_fail)


def is_empty(a: Fragment) -> Fragment:
    """Return `a.isEmpty()`."""
    if isinstance(a, Constant):
        return Constant(not a.value) if isinstance(a.value, tuple) else ERROR
    if isinstance(a, Failure) or a.type.kind is not Kind.SET:
        return ERROR
    return Sql(f"(jsonb_array_length({a.text}) = 0)", BOOL, can_fail=a.can_fail)


def like(parameters: Parameters, a: Fragment, pattern: list[Any]) -> Fragment:
    """Return `a like pattern`."""
    if isinstance(a, Failure):
        return ERROR
    if isinstance(a, Constant):
        try:
            return Constant(constants.matches(a.value, pattern))
        except EvaluationError:
            return ERROR
    if a.type.kind is not Kind.STRING:
        return ERROR
    escaped = "".join(
        "%" if part == "Wildcard" else "".join(f"\\{c}" if c in "%_\\" else c for c in part["Literal"])
        for part in pattern
    )
    return Sql(f"({a.text} LIKE {parameters.add(escaped, 'text')})", BOOL, can_fail=a.can_fail)


def _sets(a: Fragment, b: Fragment, operator: str) -> Fragment | None:
    """Return the error of an operator on sets whose sides are not; None where both are. Raises Uncompilable."""
    for side in (a, b):
        if isinstance(side, Failure):
            return ERROR
    for side in (a, b):
        if isinstance(side, Constant) and not isinstance(side.value, tuple):
            return ERROR
        if isinstance(side, Sql) and side.type.kind is not Kind.SET:
            return ERROR
    if isinstance(a, Sql) and isinstance(b, Sql):
        raise Uncompilable(f"`{operator}` between two sets of the resource")
    return None


def _all_in(parameters: Parameters, stored: Sql, values: Sequence[Value]) -> Fragment:
    fitting = _fitting(values, stored.type)
    if len(fitting) != len(values):
        return when_present(stored, value=False)
    return Sql(f"({stored.text} @> {parameters.add(json.dumps(fitting), 'jsonb')})", BOOL, can_fail=stored.can_fail)


def _equal_set(parameters: Parameters, stored: Sql, value: Value) -> Fragment:
    if not isinstance(value, tuple) or len(fitting := _fitting(value, stored.type)) != len(value):
        return when_present(stored, value=False)
    right = parameters.add(json.dumps(fitting), "jsonb")
    return Sql(f"({stored.text} @> {right} AND {stored.text} <@ {right})", BOOL, can_fail=stored.can_fail)


def _fitting(values: Sequence[Value], type_: Type) -> list[Any]:
    assert type_.element is not None, "a set has elements of one type"
    return [_plain(value) for value in values if _has_type(value, type_.element)]


def _is_text(type_: Type) -> bool:
    return type_.element is not None and type_.element.kind in {Kind.STRING, Kind.ENTITY}


def _has_type(value: Value, type_: Type) -> bool:
    if type_.kind is Kind.ENTITY:
        return isinstance(value, EntityRef) and value.type == type_.entity
    wanted = {Kind.STRING: str, Kind.LONG: int, Kind.BOOL: bool, Kind.DATETIME: Moment}.get(type_.kind)
    return wanted is not None and type(value) is wanted


def _plain(value: Value) -> Any:
    """Return a value as the database compares it."""
    if isinstance(value, EntityRef):
        return value.id
    return value.ms if isinstance(value, Moment) else value
