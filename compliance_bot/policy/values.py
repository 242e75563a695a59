"""Attribute values in their three forms: as records have them, as Cedar's JSON has them, and as the database stores.

The stored form is what the compiled policies read: text, numbers and truth values as they are, a time as
{"datetime": milliseconds}, an entity as {"entity": type, "id": id}, a set as a sorted list, a set of entities as
{"entities": type, "ids": [...]}. Each form has its inverse.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from compliance_bot.records import EntityRef

if TYPE_CHECKING:
    from collections.abc import Mapping

    from compliance_bot.records import AttributeValue

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def milliseconds(moment: datetime) -> int:
    """Return a time as Cedar counts it: milliseconds since 1970 in UTC, rounded down."""
    return (moment - _EPOCH) // _MILLISECOND


def moment(ms: int) -> datetime:
    """Return the time that Cedar counts as this: the inverse of `milliseconds`. Raises OverflowError."""
    return _EPOCH + ms * _MILLISECOND


def to_cedar(attributes: Mapping[str, AttributeValue]) -> dict[str, Any]:
    """Return attributes as Cedar's JSON entity format has them."""
    return {name: _cedar(value) for name, value in sorted(attributes.items())}


def cedar_datetime(moment: datetime) -> dict[str, Any]:
    """Return a time as Cedar's JSON has it."""
    text = moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {"__extn": {"fn": "datetime", "arg": text}}


def _cedar(value: AttributeValue) -> Any:
    if isinstance(value, frozenset):
        return [_cedar(item) for item in ordered(value)]
    if isinstance(value, datetime):
        return cedar_datetime(value)
    if isinstance(value, EntityRef):
        return {"__entity": {"type": value.type, "id": value.id}}
    return value


def to_plain(attributes: Mapping[str, AttributeValue]) -> dict[str, Any]:
    """Return attributes as JSON for people has them: a time in ISO 8601, an entity as its id, a set as a list."""
    return {name: _plain(value) for name, value in sorted(attributes.items())}


def _plain(value: AttributeValue) -> Any:
    if isinstance(value, frozenset):
        return [_plain(item) for item in ordered(value)]
    if isinstance(value, datetime):
        return cedar_datetime(value)["__extn"]["arg"]
    return value.id if isinstance(value, EntityRef) else value


def to_stored(attributes: Mapping[str, AttributeValue]) -> dict[str, Any]:
    """Return attributes as the database stores them."""
    return {name: _stored(value) for name, value in attributes.items()}


def from_stored(attributes: Mapping[str, Any]) -> dict[str, AttributeValue]:
    """Return stored attributes as records have them."""
    return {name: _record(value) for name, value in attributes.items()}


def _stored(value: AttributeValue) -> Any:
    if isinstance(value, datetime):
        return {"datetime": milliseconds(value)}
    if isinstance(value, EntityRef):
        return {"entity": value.type, "id": value.id}
    if not isinstance(value, frozenset):
        return value
    items = ordered(value)
    if items and isinstance(items[0], EntityRef):
        return {"entities": items[0].type, "ids": [item.id for item in items]}
    return items


def ordered(values: frozenset[Any]) -> list[Any]:
    """Return a set's elements in their one order, which the stored form of equal sets shares."""
    return sorted(values)


def _record(value: Any) -> Any:
    if isinstance(value, list):
        return frozenset(value)
    if not isinstance(value, dict):
        return value
    if "datetime" in value:
        return moment(value["datetime"])
    if "entity" in value:
        return EntityRef(value["entity"], value["id"])
    return frozenset(EntityRef(value["entities"], id) for id in value["ids"])
