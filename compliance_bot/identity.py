"""Turn a name given on this machine into a principal: the people listed in the home's `principals.yaml`.

No anonymous default: an unknown name is refused with the words of any other refusal. A principal has only the groups
and attributes listed; being listed permits nothing by itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml

from compliance_bot.errors import ComplianceError, Refused

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class InvalidPrincipals(ComplianceError):
    """The list of principals is not valid."""

    exit_code = 2


class UnknownPrincipal(Refused):
    """There is no such principal here, or it may not do this."""

    hint = "Principals are listed in the home's policies/principals.yaml."


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One entry of the file, its attributes not yet typed by the schema."""

    id: str
    groups: frozenset[str]
    attributes: Mapping[str, object] = field(hash=False)


def load_principals(path: Path) -> dict[str, Listed]:
    """Return the listed principals by id. Raises InvalidPrincipals with the entry that is wrong."""
    try:
        entries = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InvalidPrincipals(f"{path}: cannot be read as YAML") from error
    if not isinstance(entries, list):
        raise InvalidPrincipals(f"{path}: expected a list of principals")
    listed = [_listed(entry, f"{path.name} entry {number}") for number, entry in enumerate(entries, 1)]
    by_id = {entry.id: entry for entry in listed}
    if len(by_id) != len(listed):
        raise InvalidPrincipals(f"{path}: an id stands twice")
    return by_id


def find_principal(principals: Mapping[str, Listed], name: str) -> Listed:
    """Return the principal of that name. Raises UnknownPrincipal."""
    try:
        return principals[name]
    except KeyError:
        raise UnknownPrincipal from None


def _listed(entry: Any, where: str) -> Listed:
    if not isinstance(entry, dict) or not set(entry) <= {"id", "groups", "attributes"}:
        raise InvalidPrincipals(f"{where}: expected id, groups and attributes")
    name, groups, attributes = entry.get("id"), entry.get("groups") or [], entry.get("attributes") or {}
    if not isinstance(name, str) or not name or name != name.strip():
        raise InvalidPrincipals(f"{where}: expected a non-empty text as id")
    if not isinstance(groups, list) or not all(isinstance(group, str) for group in groups):
        raise InvalidPrincipals(f"{where}: expected a list of names as groups")
    if not isinstance(attributes, dict) or not all(isinstance(key, str) for key in attributes):
        raise InvalidPrincipals(f"{where}: expected a mapping as attributes")
    return Listed(id=name, groups=frozenset(groups), attributes=attributes)
