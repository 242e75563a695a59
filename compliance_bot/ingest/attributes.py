"""Read a list of attributes: a CSV file with a column `path` (or `_id`, for ready passages) and one per attribute.

An empty cell leaves the attribute out; a set is written `a|b`. Everything is typed by the schema before anything is
stored, so a misspelt column or value refuses the whole list.
"""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from compliance_bot.errors import UsageError
from compliance_bot.policy.attributes import UndeclaredAttribute, typed_attributes

if TYPE_CHECKING:
    from pathlib import Path

    from compliance_bot.policy.folder import Policies
    from compliance_bot.records import AttributeValue

_KEYS = ("path", "_id")


class InvalidAttributeList(UsageError):
    """The list of attributes cannot be read."""


def read_attributes(file: Path, policies: Policies) -> dict[str, dict[str, AttributeValue]]:
    """Return the attributes of each row by its path or `_id`. Raises InvalidAttributeList or UndeclaredAttribute."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.DictReader(lines, strict=True)
            key = next((name for name in _KEYS if name in (reader.fieldnames or ())), None)
            if key is None:
                raise InvalidAttributeList(f"{file}: expected a first line with a column `path` or `_id`")
            return _rows(reader, key, file, policies)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InvalidAttributeList(f"{file}: cannot be read as CSV in UTF-8") from error


def _rows(
    reader: csv.DictReader[str], key: str, file: Path, policies: Policies
) -> dict[str, dict[str, AttributeValue]]:
    listed: dict[str, dict[str, AttributeValue]] = {}
    for row in reader:
        where = f"{file} line {reader.line_num}"
        name, attributes = _row(row, key, where, policies)
        if name in listed:
            raise InvalidAttributeList(f"{where}: what it names has a line already")
        listed[name] = attributes
    return listed


def _row(row: dict[str, str | None], key: str, where: str, policies: Policies) -> tuple[str, dict[str, AttributeValue]]:
    if None in row or None in row.values():
        raise InvalidAttributeList(f"{where}: expected as many cells as the first line has")
    given = {name: value for name, value in row.items() if name != key and value and value.strip()}
    if "collection" in given:
        raise InvalidAttributeList(f"{where}: the collection is given by --collection")
    try:
        return str(row[key]), typed_attributes(policies, "Document", given)
    except UndeclaredAttribute as error:
        raise UndeclaredAttribute(error.entity, error.name, where=where) from None
