"""Which collection is masked under which profile: `redaction.yaml` of a home's policy folder.

    default: minimal
    collections:
      patients: hipaa

It is part of the policy set, like the home's own profiles in `redaction/*.yaml` beside it: reviewed, signed and on
record with the policies. Without the file every collection is masked under `minimal`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from compliance_bot.redaction.profile import EVERYTHING, Profile, strictest
from compliance_bot.redaction.profiles import (
    FOLDER,
    InvalidProfile,
    bundled_profiles,
    complaints,
    parse_profiles,
    profile_named,
)
from compliance_bot.strict_yaml import NotStrictYaml, load_strict

if TYPE_CHECKING:
    from collections.abc import Mapping

FILE_NAME = "redaction.yaml"
DEFAULT = "minimal"


@dataclass(frozen=True, kw_only=True)
class CollectionProfiles:
    """The profiles in force in a home: one for each collection that is named, and one for all others."""

    default: Profile
    collections: Mapping[str, Profile] = field(default_factory=lambda: MappingProxyType({}), hash=False)

    def of(self, collection: str) -> Profile:
        """Return the profile under which a collection is masked."""
        return self.collections.get(collection, self.default)

    @cached_property
    def strictest(self) -> Profile:
        """What is masked where a text may be about any collection: whatever one of the profiles masks."""
        return strictest((self.default, *self.collections.values()))


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)

    default: Annotated[str, Field(min_length=1)] = DEFAULT
    collections: dict[str, Annotated[str, Field(min_length=1)]] = {}

    @field_validator("collections")
    @classmethod
    def _can_be_names(cls, collections: dict[str, str]) -> dict[str, str]:
        for name in collections:
            if not name or name != name.strip() or not name.isprintable():
                raise ValueError("a collection has a printable name, without blanks around it")
        return collections


def read_assignment(files: Mapping[str, bytes]) -> CollectionProfiles:
    """Return what the files of a policy folder, by name, say about redaction; other files are left aside.

    Raises InvalidProfile and UnknownProfile, naming file and key.
    """
    profiles = {name: content for name, content in files.items() if name.startswith(f"{FOLDER}/")}
    for name in ("redaction.yml", *profiles):
        if name in files and not name.endswith(".yaml"):
            raise InvalidProfile(f"{name}: expected a name that ends in .yaml")
    own = parse_profiles(profiles)
    shipped = {**bundled_profiles(), EVERYTHING.name: EVERYTHING}
    for name in own:
        if name in shipped:
            # A record that says `hipaa` means what ships under that name, in every home.
            raise InvalidProfile(f"{FOLDER}/*.yaml: name: {name!r} ships with the product; choose another name")
    known = {**shipped, **own}
    said = _parsed(files[FILE_NAME]) if FILE_NAME in files else _File()
    return CollectionProfiles(
        default=profile_named(said.default, known, where=f"{FILE_NAME}: default"),
        collections=MappingProxyType(
            {
                collection: profile_named(name, known, where=f"{FILE_NAME}: collections.{collection}")
                for collection, name in sorted(said.collections.items())
            }
        ),
    )


def _parsed(content: bytes) -> _File:
    try:
        written = load_strict(content.decode())
    except UnicodeDecodeError:
        raise InvalidProfile(f"{FILE_NAME}: cannot be read as UTF-8 text") from None
    except NotStrictYaml as error:
        raise InvalidProfile(f"{FILE_NAME}: {error}") from None
    if not isinstance(written, dict):
        raise InvalidProfile(f"{FILE_NAME}: expected a mapping with default and collections")
    try:
        return _File.model_validate(written)
    except ValidationError as error:
        raise InvalidProfile(f"{FILE_NAME}: " + "; ".join(complaints(error))) from None
