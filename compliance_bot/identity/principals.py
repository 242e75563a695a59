"""The people and services listed in the home's `principals.yaml`, and who of them a name or a key means.

No anonymous default: an unknown name is refused with the words of any other refusal. A principal has only the groups
and attributes listed; being listed permits nothing by itself. Names that are the same person are listed once, and names
that only look the same not at all.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import yaml

from compliance_bot.errors import ComplianceError, Refused
from compliance_bot.identity.person import UnfitId, alike, canonical, look_alike
from compliance_bot.identity.service_key import is_service_key

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_KEYS = ("id", "groups", "attributes", "kind", "key_sha256", "sign_in")
_SHA256 = re.compile(r"[0-9a-f]{64}")


class InvalidPrincipals(ComplianceError):
    """The list of principals is not valid."""

    exit_code = 2


class UnknownPrincipal(Refused):
    """There is no such principal here, or it may not do this."""

    hint = "Principals are listed in the home's policies/principals.yaml."


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One entry of the file, its attributes not yet typed by the schema."""

    id: str  # as written there: policies name it so
    groups: frozenset[str]
    attributes: Mapping[str, object] = field(hash=False)
    kind: Literal["person", "service"] = "person"
    key_sha256: str | None = field(default=None, repr=False)
    sign_in: Literal["oidc", "header"] | None = None  # who may become this one with a token: nobody unless it says so


def load_principals(path: Path) -> dict[str, Listed]:
    """Return the listed principals by canonical id. Raises InvalidPrincipals with the entry that is wrong."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InvalidPrincipals(f"{path}: {error.strerror}") from error
    return read_principals(content, path)


def read_principals(content: bytes, path: Path) -> dict[str, Listed]:
    """Return the principals that a file lists. Raises InvalidPrincipals with its path, and the entry that is wrong."""
    try:
        entries = yaml.safe_load(content.decode())
    except (UnicodeDecodeError, yaml.YAMLError, RecursionError) as error:
        raise InvalidPrincipals(f"{path}: cannot be read as YAML") from error
    if not isinstance(entries, list):
        raise InvalidPrincipals(f"{path}: expected a list of principals")
    by_id: dict[str, Listed] = {}
    known: dict[str, str] = {}
    for number, entry in enumerate(entries, 1):
        listed = _listed(entry, f"{path.name} entry {number}")
        name = canonical(listed.id)
        if name in by_id:
            raise InvalidPrincipals(f"{path}: an id stands twice: entry {number} is another, perhaps in other case")
        if look_alike(listed.id, known) is not None:
            raise InvalidPrincipals(f"{path}: the id of entry {number} looks like that of another")
        by_id[name] = listed
        known |= alike([listed.id])
    return by_id


def find_principal(principals: Mapping[str, Listed], name: str) -> Listed:
    """Return the principal of that name, in whatever case it was typed. Raises UnknownPrincipal."""
    try:
        return principals[canonical(name)]
    except (KeyError, UnfitId):
        raise UnknownPrincipal from None


def find_service(principals: Mapping[str, Listed], name: str, key: str) -> Listed | None:
    """Return the service of that name if the key is its own; None tells neither which of the two is wrong."""
    try:
        listed = principals.get(canonical(name))
    except UnfitId:
        listed = None
    is_its_own = is_service_key(key, listed.key_sha256 if listed else None)
    return listed if is_its_own else None


def _listed(entry: Any, where: str) -> Listed:
    if not isinstance(entry, dict) or not set(entry) <= set(_KEYS):
        raise InvalidPrincipals(f"{where}: expected id, groups and attributes, and at most {', '.join(_KEYS[3:])}")
    name, groups, attributes = entry.get("id"), entry.get("groups") or [], entry.get("attributes") or {}
    if not isinstance(name, str) or not name or name != name.strip():
        raise InvalidPrincipals(f"{where}: expected a non-empty text as id")
    try:
        canonical(name)
    except UnfitId as error:
        raise InvalidPrincipals(f"{where}: id: {error}") from None
    if name != unicodedata.normalize("NFKC", name):
        raise InvalidPrincipals(f"{where}: id: expected Unicode form NFKC, in which policies can name it")
    if not isinstance(groups, list) or not all(isinstance(group, str) for group in groups):
        raise InvalidPrincipals(f"{where}: expected a list of names as groups")
    if not isinstance(attributes, dict) or not all(isinstance(key, str) for key in attributes):
        raise InvalidPrincipals(f"{where}: expected a mapping as attributes")
    kind, key_sha256, sign_in = _admission(entry, where)
    return Listed(
        id=name,
        groups=frozenset(groups),
        attributes=attributes,
        kind=kind,
        key_sha256=key_sha256,
        sign_in=sign_in,
    )


def _admission(
    entry: Mapping[str, Any], where: str
) -> tuple[Literal["person", "service"], str | None, Literal["oidc", "header"] | None]:
    """Return how a principal comes in: its kind, the hash of its key, the tokens that may be its."""
    kind, key_sha256, sign_in = entry.get("kind", "person"), entry.get("key_sha256"), entry.get("sign_in")
    if kind not in ("person", "service"):
        raise InvalidPrincipals(f"{where}: kind: expected person or service")
    if "key_sha256" in entry and (kind != "service" or not _is_hash(key_sha256)):
        raise InvalidPrincipals(f"{where}: key_sha256: expected 64 hex digits, and only for kind: service")
    if kind == "service" and key_sha256 is None:
        raise InvalidPrincipals(f"{where}: key_sha256: expected the hash of the service's key")
    if "sign_in" in entry and (kind != "person" or sign_in not in ("oidc", "header")):
        raise InvalidPrincipals(f"{where}: sign_in: expected oidc or header, and only for a person")
    return kind, key_sha256, sign_in


def _is_hash(value: object) -> bool:
    return isinstance(value, str) and _SHA256.fullmatch(value) is not None
