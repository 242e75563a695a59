"""Read the claims of a token that was verified: who it is, in which groups, with which attributes.

What is there and is not what the mapping says is refused, as is a group list that says of itself that it is not all:
a person with some of their groups would be outside a wall that names one of the others.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from compliance_bot.identity.person import UnfitId, canonical, require_fit
from compliance_bot.identity.refusal import SignInRefused

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from compliance_bot.identity.mapping import GroupRules, TokenRules

_MAX_GROUPS = 1000
_MAX_GROUP_CHARS = 256
_ABSENT = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Somebody who proved who they are. The schema has not typed the attributes yet."""

    id: str
    groups: frozenset[str]
    attributes: Mapping[str, object] = field(hash=False)
    source: Literal["token", "header", "service"]
    valid_until: datetime | None  # None: for as long as it is listed


def read_claims(
    claims: Mapping[str, Any], rules: TokenRules, *, source: Literal["token", "header"], valid_until: datetime
) -> Identity:
    """Return who the claims speak of. Raises SignInRefused."""
    return Identity(
        id=_id(claims, rules),
        groups=_groups(claims, rules.groups) if rules.groups else frozenset(),
        attributes=_attributes(claims, rules.attributes),
        source=source,
        valid_until=valid_until,
    )


def _id(claims: Mapping[str, Any], rules: TokenRules) -> str:
    name = _at(claims, rules.id)
    if not isinstance(name, str):
        raise SignInRefused("id")
    if rules.id == ("email",) and claims.get("email_verified") is not True:
        raise SignInRefused("email-unverified")  # the provider lets people write down any address
    try:
        if rules.id_is_folded:
            return canonical(name)
        require_fit(name)
    except UnfitId:
        raise SignInRefused("id") from None
    if unicodedata.normalize("NFKC", name) != name:
        raise SignInRefused("id")
    return name


def _groups(claims: Mapping[str, Any], rules: GroupRules) -> frozenset[str]:
    if any(_at(claims, marker) not in (_ABSENT, False) for marker in rules.markers):
        raise SignInRefused("groups-incomplete")
    listed = _at(claims, rules.claim)
    if listed is _ABSENT:
        if rules.missing == "refuse":
            raise SignInRefused("groups-missing")
        return frozenset()
    if not isinstance(listed, list) or len(listed) > _MAX_GROUPS or not all(_is_name(one) for one in listed):
        raise SignInRefused("groups")
    names: list[str] = listed
    if rules.only_mapped:
        names = [one for one in names if one in rules.map]
    return frozenset(rules.map.get(one, one) for one in names)


def _attributes(claims: Mapping[str, Any], paths: Mapping[str, tuple[str, ...]]) -> dict[str, object]:
    found = {name: value for name, path in paths.items() if (value := _at(claims, path)) is not _ABSENT}
    if not all(_is_value(value) for value in found.values()):
        raise SignInRefused("attributes")
    return found


def _at(claims: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    value: Any = claims
    for name in path:
        if not isinstance(value, dict) or name not in value:
            return _ABSENT
        value = value[name]
    return value


def _is_value(value: Any) -> bool:
    if isinstance(value, list):
        return all(isinstance(one, str) and is_text(one) for one in value)
    return isinstance(value, bool | int) or (isinstance(value, str) and is_text(value))


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _MAX_GROUP_CHARS and is_text(value)


def is_text(value: str) -> bool:
    """Return whether a text has only characters that can be seen, or are blanks."""
    return not any(unicodedata.category(one) in {"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"} for one in value)
