"""Who shows this token, header or key: verified, read, and kept apart from those who are only listed here.

Why somebody was not let in goes to the log as a short code; who shows the token learns that it was not accepted.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from compliance_bot import logs
from compliance_bot.identity import token as tokens
from compliance_bot.identity.claims import Identity, is_text, read_claims
from compliance_bot.identity.jwks import (
    InvalidKeySet,
    KeySource,
    discovered_keys,
    fetched_keys,
    file_keys,
    parse_key_set,
)
from compliance_bot.identity.mapping import InvalidMapping
from compliance_bot.identity.person import alike, canonical, look_alike
from compliance_bot.identity.principals import find_service
from compliance_bot.identity.refusal import SignInRefused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from compliance_bot.identity.mapping import IdentityMapping, TokenRules
    from compliance_bot.identity.principals import Listed
    from compliance_bot.identity.replay import SeenBefore
    from compliance_bot.identity.token import Claims, Kind
    from compliance_bot.records import Credential


_MAX_NUMBER_CHARS = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """One section of the mapping with the keys of its issuer."""

    rules: TokenRules
    keys: KeySource


def admitted_kinds(mapping: IdentityMapping, home: Path) -> dict[Kind, Admitted]:
    """Return the kinds of token that are accepted. Raises InvalidMapping for a key file that is not one."""
    sections: dict[Kind, TokenRules | None] = {"token": mapping.oidc, "header": mapping.header}
    keys = {"token": "oidc", "header": "header"}
    return {
        kind: Admitted(rules=rules, keys=KeySource(_loader(rules, home, keys[kind])))
        for kind, rules in sections.items()
        if rules is not None
    }


def _loader(rules: TokenRules, home: Path, section: str) -> Callable[[], bytes]:
    if rules.jwks_url is not None:
        return fetched_keys(rules.jwks_url)
    if rules.jwks is None:
        return discovered_keys(rules.issuer)
    path, where = (home / rules.jwks).resolve(), f"policies/identity.yaml: {section}.jwks"
    if not path.is_relative_to(home.resolve()):
        raise InvalidMapping(f"{where}: expected a file in the home")
    load = file_keys(path)
    try:
        parse_key_set(load())
    except OSError as error:
        raise InvalidMapping(f"{where}: {rules.jwks}: {error.strerror}") from error
    except InvalidKeySet as error:
        raise InvalidMapping(f"{where}: {rules.jwks}: {error}") from None
    return load


class SignIn:
    """What a home accepts as proof of who somebody is, while a list of people holds. Safe to share between threads."""

    def __init__(
        self,
        kinds: Mapping[Kind, Admitted],
        principals: Mapping[str, Listed],
        seen: SeenBefore,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._kinds, self._principals, self._seen, self._clock = kinds, principals, seen, clock
        self._looks = alike(listed.id for listed in principals.values())

    def identify(self, credential: Credential) -> Identity:
        """Return whose credential this is. Raises SignInRefused, its code in the log, or Unavailable."""
        try:
            if credential.token is not None:
                return self._signed("token", credential.token)
            if credential.header is not None:
                return self._signed("header", credential.header)
            return self._service(credential.service or "", credential.key or "")
        except SignInRefused as refused:
            logs.note("sign_in.refused", level="warning", error=refused.code)
            raise

    def require_still_valid(self, identity: Identity) -> None:
        """Raise SignInRefused where the time of what was shown is over."""
        if identity.valid_until is not None and self._clock() >= identity.valid_until:
            logs.note("sign_in.refused", level="warning", error="expired")
            raise SignInRefused("expired")

    def _signed(self, kind: Kind, token: str) -> Identity:
        admitted = self._kinds.get(kind)
        if admitted is None:
            raise SignInRefused("not-configured")
        rules = admitted.rules
        claims, valid_until = tokens.verify(token, kind, rules, admitted.keys, self._clock())
        identity = read_claims(claims, rules, source=kind, valid_until=valid_until)
        identity = self._apart_from_listed(identity, kind, rules)
        if rules.single_use:  # last: nothing that is refused for another reason uses it up
            self._use_up(claims, kind, rules, valid_until)
        return identity

    def _apart_from_listed(self, identity: Identity, kind: Kind, rules: TokenRules) -> Identity:
        """Refuse who would be taken for somebody listed here, unless that entry lets such tokens be them.

        Policies name people by id: User::"admin" must not be whoever has that name at the provider.
        """
        other = look_alike(identity.id, self._looks)
        if other is None:
            return identity
        listed = self._principals[canonical(other)]
        is_same = canonical(identity.id) == canonical(other) if rules.id_is_folded else identity.id == other
        wanted = "oidc" if kind == "token" else "header"
        if not is_same or listed.sign_in != wanted:
            raise SignInRefused("listed-here" if is_same else "look-alike")
        return replace(identity, id=listed.id)  # as policies name them

    def _use_up(self, claims: Claims, kind: Kind, rules: TokenRules, valid_until: datetime) -> None:
        number = claims.get("jti")
        if not isinstance(number, str) or not 0 < len(number) <= _MAX_NUMBER_CHARS or not is_text(number):
            raise SignInRefused("no-number")
        if not self._seen.first_use(f"{kind}\0{rules.issuer}\0{number}", until=valid_until):
            raise SignInRefused("replayed")

    def _service(self, name: str, key: str) -> Identity:
        listed = find_service(self._principals, name, key)
        if listed is None:
            raise SignInRefused("service")
        return Identity(
            id=listed.id, groups=listed.groups, attributes=listed.attributes, source="service", valid_until=None
        )
