"""Give attribute values the types that the schema declares for them.

Values come as text (`--set`, CSV) or as YAML has them. The Cedar engine itself is asked which type fits, so that the
schema stays the only declaration. An undeclared key, or a value that fits no type, is refused before anything is
stored.
"""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import TYPE_CHECKING

import cedarpy

from compliance_bot.errors import UsageError
from compliance_bot.policy.constants import EvaluationError, parse_datetime
from compliance_bot.policy.schema import Kind
from compliance_bot.policy.values import moment, to_cedar
from compliance_bot.records import EntityRef

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from compliance_bot.policy.folder import Policies
    from compliance_bot.policy.schema import Type
    from compliance_bot.records import AttributeValue


_NUL = json.dumps("\0").strip('"')  # PostgreSQL has no text with it
_COLLECTION_LIMIT = 100
_LONG_DIGITS = 20  # of -2^63, its sign included


class UndeclaredAttribute(UsageError):
    hint = "Attributes are declared in the *.cedarschema file of the home's policies/ folder."

    def __init__(self, entity: str, name: str, *, where: str = "") -> None:
        self.entity, self.name = entity, name
        prefix = f"{where}: " if where else ""
        super().__init__(f"{prefix}attribute {name!r} is not declared for {entity}, or its value has another type")


def typed_attributes(policies: Policies, entity: str, given: Mapping[str, object]) -> dict[str, AttributeValue]:
    """Return the attributes with the schema's types; text with `|` is a set.

    A time is a day (`2026-03-03`, from its start in UTC) or a moment with its zone; an entity is its id alone.

    Raises UndeclaredAttribute (exit code 2) with the first name that does not fit.
    """
    # A document's required attribute stands in while the others are tried one by one.
    base: dict[str, AttributeValue] = {"collection": "-"} if entity == "Document" else {}
    typed: dict[str, AttributeValue] = {}
    declared = policies.declared.attributes(entity)
    for name, value in given.items():
        for candidate in _candidates(value, declared[name].type) if name in declared else ():
            if _fits(policies, entity, {**base, name: candidate}):
                typed[name] = candidate
                break
        else:
            raise UndeclaredAttribute(entity, name)
    return typed


def moment_of(value: object) -> datetime | None:
    """Return the time that a value names, read as an attribute would be; None where it names none."""
    return next(_times(value), None)


def require_declared(policies: Policies, entity: str, names: Iterable[str]) -> None:
    """Raise UndeclaredAttribute for the first name that the schema does not declare, whatever its value would be."""
    declared = policies.declared.attributes(entity)
    for name in names:
        if name not in declared:
            raise UndeclaredAttribute(entity, name)


def require_collection_name(given: str) -> str:
    """Return the name of a collection without blanks around it. Raises UsageError for one that cannot be printed."""
    name = given.strip()
    if not name or len(name) > _COLLECTION_LIMIT or not name.isprintable():
        raise UsageError(f"a collection needs a printable name of at most {_COLLECTION_LIMIT} characters")
    return name


def _candidates(value: object, declared: Type) -> Iterator[AttributeValue]:
    """Yield what a value may mean, for the engine to choose from."""
    if declared.kind is Kind.DATETIME:
        yield from _times(value)
    elif declared.kind is Kind.ENTITY:
        yield from _entities([value], declared.entity)
    elif declared.element is not None and declared.element.kind is Kind.ENTITY:
        yield frozenset(_entities(_items(value), declared.element.entity))
    elif declared.element is not None and declared.element.kind is Kind.LONG:
        yield from _numbers(value)
    else:
        yield from _plain_candidates(value)


def _times(value: object) -> Iterator[datetime]:
    if isinstance(value, datetime):
        if value.tzinfo is not None:
            yield value
        return
    text = value.isoformat() if isinstance(value, date) else value  # YAML reads a day as one
    if isinstance(text, str):
        try:
            yield moment(parse_datetime(_cedar_text(text.strip())).ms)
        except (EvaluationError, OverflowError):
            return


def _cedar_text(text: str) -> str:
    """Return a time as Cedar writes it, whose zones have no colon."""
    has_zone = len(text) > len("2026-01-01T00:00:00") and text[-3] == ":" and text[-6] in "+-"
    return text[:-3] + text[-2:] if has_zone else text


def _entities(values: Iterable[object], type_: str) -> Iterator[EntityRef]:
    for value in values:
        if isinstance(value, EntityRef):
            yield value
        elif isinstance(value, str) and value.strip():
            yield EntityRef(type_, value.strip())
        else:
            yield EntityRef("", "")  # which fits no schema


def _items(value: object) -> Iterable[object]:
    if isinstance(value, str):
        return [item for item in value.split("|") if item.strip()]
    return value if isinstance(value, list | tuple | set | frozenset) else [value]


def _numbers(value: object) -> Iterator[frozenset[int]]:
    items = [item.strip() if isinstance(item, str) else item for item in _items(value)]
    if all(_is_number(item) for item in items):
        yield frozenset(int(str(item)) for item in items)


def _is_number(item: object) -> bool:
    if isinstance(item, str):
        return item.removeprefix("-").isdecimal() and item.isascii() and len(item) <= _LONG_DIGITS
    return isinstance(item, int) and not isinstance(item, bool)


def _plain_candidates(value: object) -> Iterator[AttributeValue]:
    if isinstance(value, bool | int):
        yield value
    elif isinstance(value, list | tuple | set | frozenset):
        yield frozenset(str(item) for item in value)
    elif isinstance(value, str):
        text = value.strip()
        yield text
        if _is_number(text):
            yield int(text)
        if text in {"true", "false"}:
            yield text == "true"
        yield frozenset(item.strip() for item in text.split("|") if item.strip())


def _fits(policies: Policies, entity: str, attributes: Mapping[str, AttributeValue]) -> bool:
    entities = [{"uid": {"type": entity, "id": "candidate"}, "attrs": to_cedar(attributes), "parents": []}]
    text = json.dumps(entities)
    if _NUL in text:
        return False
    try:
        cedarpy.Entities.from_json_str(text, policies.schema)
    except ValueError:
        return False
    return True
