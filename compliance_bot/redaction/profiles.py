"""Redaction profiles as files that people review: read, and refused whole where one word of them is wrong.

The shipped ones stand in policies/redaction, a home's own in its policy folder; which collection has which is in
`assignment`.
"""

from __future__ import annotations

import functools
import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator, model_validator

from compliance_bot.bundled import bundled
from compliance_bot.errors import UsageError
from compliance_bot.redaction.kinds import GROUPS, KINDS
from compliance_bot.redaction.profile import EVERYTHING as EVERYTHING
from compliance_bot.redaction.profile import Identifier as Identifier
from compliance_bot.redaction.profile import Profile as Profile
from compliance_bot.redaction.profile import strictest as strictest
from compliance_bot.strict_yaml import NotStrictYaml, load_strict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

FOLDER = "redaction"  # of profiles, in the package as in a policy folder


class InvalidProfile(UsageError):
    """A redaction profile is not valid."""

    hint = "docs/how-to/choose-a-redaction-profile.md describes every key of the file."


class UnknownProfile(UsageError):
    """There is no redaction profile of that name."""

    def __init__(self, name: str, known: Iterable[str], *, where: str = "") -> None:
        told = f"no redaction profile {name!r}; known: {', '.join(sorted(known))}"
        super().__init__(f"{where}: {told}" if where else told)


def read_profiles(folder: Path) -> Mapping[str, Profile]:
    """Return the profiles in the `*.yaml` files of a folder, by name; none where there is no folder.

    Raises InvalidProfile, naming the file and the key that is wrong.
    """
    try:
        paths = sorted(folder.glob("*.yaml")) if folder.is_dir() else []
        return parse_profiles({path.name: path.read_bytes() for path in paths})
    except OSError as error:
        raise InvalidProfile(f"{error.filename or folder}: {error.strerror}") from error


def parse_profiles(files: Mapping[str, bytes]) -> Mapping[str, Profile]:
    """Return the profiles in files, given by their names, by the profiles' names. Raises InvalidProfile."""
    profiles: dict[str, Profile] = {}
    for file, content in files.items():
        profile = _parsed(file, content)
        if profile.name in profiles:
            raise InvalidProfile(f"{file}: name: another file has a profile {profile.name!r}")
        profiles[profile.name] = profile
    return MappingProxyType(profiles)


@functools.cache
def bundled_profiles() -> Mapping[str, Profile]:
    """Return the profiles that ship with the product, by name."""
    return read_profiles(bundled("policies") / FOLDER)


def profile_named(name: str, profiles: Mapping[str, Profile], *, where: str = "") -> Profile:
    """Return a profile by its name. Raises UnknownProfile, which lists those that there are."""
    if name not in profiles:
        raise UnknownProfile(name, profiles, where=where)
    return profiles[name]


_WORD = re.compile(r"[A-Z][A-Z_0-9]{0,39}|[a-z_]{1,40}")  # what a type or group may be called; nothing else is quoted
_Text = Annotated[str, Field(min_length=1, max_length=2000)]
_Threshold = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


def _listed(given: object) -> object:
    """Return a list of types as the mapping that it stands for: each with the threshold that it has anyway."""
    if isinstance(given, list) and all(isinstance(name, str) for name in given):
        _require_known("type", given, KINDS)
        return dict.fromkeys(given)
    if not isinstance(given, dict):
        raise ValueError("expected a list of types, or a mapping from types to thresholds")  # noqa: TRY004  # pydantic's
    return given


class _Masking(BaseModel):
    """Types and groups of types, by name; a mapping gives a type a threshold of its own."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)

    types: Annotated[dict[str, _Threshold | None], BeforeValidator(_listed)] = {}
    groups: list[str] = []

    @field_validator("types")
    @classmethod
    def _types_are_known(cls, types: dict[str, float | None]) -> dict[str, float | None]:
        _require_known("type", types, KINDS)
        return types

    @field_validator("groups")
    @classmethod
    def _groups_are_known(cls, groups: list[str]) -> list[str]:
        _require_known("group", groups, GROUPS)
        return groups

    @property
    def masked(self) -> frozenset[str]:
        return frozenset(self.types).union(*(GROUPS[group] for group in self.groups))

    @property
    def thresholds(self) -> dict[str, float]:
        return {name: threshold for name, threshold in self.types.items() if threshold is not None}


class _Identifier(_Masking):
    what: _Text
    not_detectable: _Text | None = None

    @model_validator(mode="after")
    def _is_one_or_the_other(self) -> Self:
        if not (self.types or self.groups or self.not_detectable):
            raise ValueError("expected types, groups, or not_detectable with the reason")
        return self


class _File(_Masking):
    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,63}$")]
    description: _Text
    source: _Text | None = None
    identifiers: dict[Annotated[str, Field(pattern=r"^[A-Z]$")], _Identifier] = {}


def _require_known(word: str, given: Iterable[str], known: Iterable[str]) -> None:
    names = list(given)
    unknown = sorted(set(names) - set(known))
    if unknown:
        raise ValueError(f"there is no {word} {unknown[0]!r}" if _WORD.fullmatch(unknown[0]) else f"expected a {word}")
    if len(set(names)) != len(names):
        raise ValueError(f"a {word} stands twice")


def _parsed(file: str, content: bytes) -> Profile:
    """Return the profile in a file. Raises InvalidProfile."""
    try:
        written = load_strict(content.decode())
    except UnicodeDecodeError:
        raise InvalidProfile(f"{file}: cannot be read as UTF-8 text") from None
    except NotStrictYaml as error:
        raise InvalidProfile(f"{file}: {error}") from None
    if not isinstance(written, dict):
        raise InvalidProfile(f"{file}: expected a mapping with name, description, and types or groups")
    try:
        said = _File.model_validate(written)
    except ValidationError as error:
        raise InvalidProfile(f"{file}: " + "; ".join(complaints(error))) from None
    parts: tuple[_Masking, ...] = (said, *said.identifiers.values())
    types: frozenset[str] = frozenset().union(*(part.masked for part in parts))
    if not types:
        raise InvalidProfile(f"{file}: types: the profile masks nothing")
    thresholds: dict[str, float] = {}
    for part in parts:
        for name, threshold in part.thresholds.items():
            thresholds[name] = min(threshold, thresholds.get(name, 1.0))
    return Profile(
        name=said.name,
        description=said.description.strip(),
        source=(said.source or "").strip(),
        types=types,
        thresholds=MappingProxyType(dict(sorted(thresholds.items()))),
        identifiers=tuple(
            Identifier(letter=letter, what=one.what, types=one.masked, not_detectable=one.not_detectable or "")
            for letter, one in said.identifiers.items()
        ),
    )


def complaints(error: ValidationError) -> Iterable[str]:
    """Yield what is wrong, each with its key and without what stands there."""
    for problem in error.errors():
        key = ".".join(str(part) for part in problem["loc"]) or "the whole"
        yield f"{key}: {problem['msg'].removeprefix('Value error, ')}"
