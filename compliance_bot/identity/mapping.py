"""The mapping file `policies/identity.yaml`: whose tokens are believed, and what their claims mean here.

Absent, or without the section, no token of that kind is accepted. Validated once, when the home is opened; every error
names the file and the key. The reference for those who write it is docs/how-to/sign-people-in.md.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator, model_validator

from compliance_bot.errors import ComplianceError
from compliance_bot.identity.address import is_reachable_safely
from compliance_bot.identity.person import UnfitId, canonical
from compliance_bot.strict_yaml import NotStrictYaml, load_strict

if TYPE_CHECKING:
    from pathlib import Path

FILE_NAME = "identity.yaml"

# INVARIANT: asymmetric only. With a shared secret, whoever can check a token can make one; a public key is no secret.
Algorithm = Literal["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"]


class InvalidMapping(ComplianceError):
    """The mapping file is not valid."""

    exit_code = 2
    hint = "docs/how-to/sign-people-in.md describes every key of the file."


def _path(value: Any) -> Any:
    return tuple(value.split(".")) if isinstance(value, str) else value


def _listed(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


Text = Annotated[str, Field(min_length=1, max_length=500)]
# `realm_access.roles`, or a list of names where one of them has a dot in it.
ClaimPath = Annotated[tuple[Text, ...], BeforeValidator(_path), Field(min_length=1, max_length=8, strict=False)]
Texts = Annotated[tuple[Text, ...], BeforeValidator(_listed), Field(min_length=1, strict=False)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)


class GroupRules(_Model):
    """Where the groups stand, what they are called here, and what tells that some are missing."""

    claim: ClaimPath
    map: dict[Text, Text] = {}
    only_mapped: bool = False
    missing: Literal["refuse", "none"] = "refuse"
    incomplete_if: Annotated[tuple[ClaimPath, ...], Field(strict=False)] | None = None

    @property
    def markers(self) -> tuple[tuple[str, ...], ...]:
        """Claims that say that the list is not all; by default Entra's."""
        return self.incomplete_if or (("_claim_names", self.claim[-1]), ("hasgroups",))


class TokenRules(_Model):
    """Which tokens are believed, and what their claims mean."""

    issuer: Text
    audience: Texts
    authorized_parties: Annotated[tuple[Text, ...], BeforeValidator(_listed), Field(strict=False)] = ()
    jwks: Text | None = None
    jwks_url: Text | None = None
    algorithms: Annotated[tuple[Algorithm, ...], Field(min_length=1, strict=False)] = ("RS256", "PS256", "ES256")
    leeway_s: int = Field(default=60, ge=0, le=300)
    max_age_s: int | None = Field(default=None, ge=1, le=7 * 86_400)
    single_use: bool = False
    id: ClaimPath = ("sub",)
    groups: GroupRules | None  # to be written down, `null` too: that nobody has groups is a decision
    attributes: dict[Text, ClaimPath] = {}

    @property
    def id_is_folded(self) -> bool:
        """Whether case means nothing in an id: in `sub` it does (OpenID Connect Core 1.0, section 2)."""
        return self.id != ("sub",)

    @model_validator(mode="after")
    def _keys_are_somewhere(self) -> Self:
        if self.jwks is not None and self.jwks_url is not None:
            raise ValueError("expected jwks or jwks_url, not both")
        address = self.jwks_url or (self.issuer if self.jwks is None else None)
        if address is not None and not is_reachable_safely(address):
            raise ValueError("keys are fetched by https, or from this machine: expected another address, or jwks")
        if urlsplit(self.issuer).query or urlsplit(self.issuer).fragment:
            raise ValueError("an issuer has no query and no fragment")
        return self


class OidcRules(TokenRules):
    """Tokens of an OpenID Connect provider."""


class HeaderRules(TokenRules):
    """Tokens that a trusted proxy signs for each request."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,64}$")]
    max_age_s: int | None = Field(default=60, ge=1, le=3600)

    @field_validator("max_age_s")
    @classmethod
    def _is_short(cls, value: int | None) -> int | None:
        if value is None:
            raise ValueError("a header is for one request: expected seconds")
        return value


class IdentityMapping(_Model):
    """The whole file."""

    oidc: OidcRules | None = None
    header: HeaderRules | None = None
    accounts: dict[Text, Text] = {}

    @field_validator("accounts")
    @classmethod
    def _are_people(cls, accounts: dict[str, str]) -> dict[str, str]:
        for name in accounts.values():
            try:
                canonical(name)
            except UnfitId as error:
                raise ValueError(f"an id: {error}") from None
        return accounts

    @model_validator(mode="after")
    def _kinds_are_apart(self) -> Self:
        if self.oidc is None or self.header is None or self.oidc.issuer != self.header.issuer:
            return self
        if set(self.oidc.audience) & set(self.header.audience):
            raise ValueError("oidc and header share issuer and audience: a token of one would pass as the other")
        return self


def load_mapping(path: Path) -> IdentityMapping:
    """Return the mapping; one that accepts no token where there is no file. Raises InvalidMapping."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return IdentityMapping()
    except OSError as error:
        raise InvalidMapping(f"{path}: {error.strerror}") from error
    return read_mapping(content, path)


def read_mapping(written: bytes, path: Path) -> IdentityMapping:
    """Return the mapping in a file. Raises InvalidMapping with its path."""
    try:
        text = written.decode()
    except UnicodeDecodeError as error:
        raise InvalidMapping(f"{path}: cannot be read as UTF-8 text") from error
    try:
        content = load_strict(text)
    except NotStrictYaml as error:
        raise InvalidMapping(f"{path}: {error}") from error
    if not isinstance(content, dict):
        raise InvalidMapping(f"{path}: expected a mapping with oidc, header or accounts")
    try:
        return IdentityMapping.model_validate(content)
    except ValidationError as error:
        problems = (f"{_key(problem['loc'])}: {_words(problem['msg'])}" for problem in error.errors())
        raise InvalidMapping(f"{path}: " + "; ".join(problems)) from None


def _key(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location) or "the whole"


def _words(message: str) -> str:
    return re.sub("^Value error, ", "", message)
