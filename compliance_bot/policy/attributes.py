"""Give attribute values the types that the schema declares for them.

Values come as text (`--set`, CSV) or as YAML has them. The Cedar engine itself is asked which type fits, so that the
schema stays the only declaration. An undeclared key, or a value that fits no type, is refused before anything is
stored.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import cedarpy

from compliance_bot.errors import UsageError
from compliance_bot.policy.decide import to_cedar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from compliance_bot.policy.load import Policies
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
    """Return the attributes with the schema's types. Text with `|` is a set; `true` and digits follow the schema.

    Raises UndeclaredAttribute (exit code 2) with the first name that does not fit.
    """
    # A document's required attribute stands in while the others are tried one by one.
    base: dict[str, AttributeValue] = {"collection": "-"} if entity == "Document" else {}
    typed: dict[str, AttributeValue] = {}
    for name, value in given.items():
        for candidate in _candidates(value):
            if _fits(policies, entity, {**base, name: candidate}):
                typed[name] = candidate
                break
        else:
            raise UndeclaredAttribute(entity, name)
    return typed


def require_declared(policies: Policies, entity: str, names: Iterable[str]) -> None:
    """Raise UndeclaredAttribute for the first name that the schema does not declare, whatever its value would be."""
    base: dict[str, AttributeValue] = {"collection": "-"} if entity == "Document" else {}
    for name in names:
        samples: tuple[AttributeValue, ...] = ("-", 0, True, frozenset({"-"}))
        if not any(_fits(policies, entity, {**base, name: sample}) for sample in samples):
            raise UndeclaredAttribute(entity, name)


def require_collection_name(given: str) -> str:
    """Return the name of a collection without blanks around it. Raises UsageError for one that cannot be printed."""
    name = given.strip()
    if not name or len(name) > _COLLECTION_LIMIT or not name.isprintable():
        raise UsageError(f"a collection needs a printable name of at most {_COLLECTION_LIMIT} characters")
    return name


def _candidates(value: object) -> Iterator[AttributeValue]:
    if isinstance(value, bool | int):
        yield value
    elif isinstance(value, list | tuple | set | frozenset):
        yield frozenset(str(item) for item in value)
    elif isinstance(value, str):
        text = value.strip()
        yield text
        if text.removeprefix("-").isdecimal() and text.isascii() and len(text) <= _LONG_DIGITS:
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
