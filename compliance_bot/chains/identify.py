"""Who acts: from what was given (a name, a credential, an assertion in code) to a principal that policies know.

In production the operating-system account is one principal, and acting as another is the action `impersonate`: decided
here for whoever really acts, before anything tells whether the other exists.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from compliance_bot import logs
from compliance_bot.errors import Refused
from compliance_bot.identity import SignInRefused, find_principal, principal_of_account, same_person
from compliance_bot.policy.attributes import UndeclaredAttribute, typed_attributes
from compliance_bot.policy.decide import Circumstances, Resource
from compliance_bot.records import Credential, Principal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from compliance_bot.identity import IdentityMapping, Listed
    from compliance_bot.identity.claims import Identity
    from compliance_bot.identity.sign_in import SignIn
    from compliance_bot.policy.decide import PolicyEngine
    from compliance_bot.policy.folder import Policies


class ImpersonationRefused(Refused):
    """Not permitted, or there is no such principal."""

    def __init__(self, by: Principal) -> None:
        super().__init__()
        self.by = by  # for the record: the refusal is theirs


@dataclass(frozen=True, slots=True, kw_only=True)
class Identification:
    """What it takes to say who acts. `account` is None outside production, where nobody asks for it."""

    policies: Policies
    engine: PolicyEngine
    principals: Mapping[str, Listed]
    mapping: IdentityMapping
    sign_in: Callable[[], SignIn]
    granted: Callable[[Principal], Principal]  # with what somebody has for a time
    production: bool
    account: str | None

    def verified(self, credential: Credential) -> Identity:
        """Return whose credential it is. Raises SignInRefused or Unavailable."""
        return self.sign_in().identify(credential)

    def principal_of(self, identity: Identity) -> Principal:
        """Return the principal that somebody who was verified is. Raises SignInRefused, also once it has expired."""
        self.sign_in().require_still_valid(identity)
        try:
            attributes = typed_attributes(self.policies, "User", identity.attributes)
        except UndeclaredAttribute as error:
            logs.note("sign_in.refused", level="warning", error="attributes")
            raise SignInRefused("attributes") from error
        return self.granted(
            Principal(id=identity.id, groups=identity.groups, attributes=attributes, source=identity.source)
        )

    def asserted(self, principal: Principal, purpose: str | None) -> Principal:
        """Return the principal that code asserts; in production as the assertion of whoever runs it."""
        actor = self._impersonator(purpose).id if self.production else principal.actor
        attributes = typed_attributes(self.policies, "User", principal.attributes)
        return Principal(id=principal.id, groups=principal.groups, attributes=attributes, actor=actor)

    def named(self, name: str, purpose: str | None) -> Principal:
        """Return a listed principal by name. Raises UnknownPrincipal, UnmappedAccount or ImpersonationRefused."""
        if not self.production or same_person(name, self._account_id()):
            return self.listed(name)
        actor = self._impersonator(purpose)
        return self.listed(name, actor=actor.id)

    def listed(self, name: str, *, actor: str | None = None) -> Principal:
        """Return a principal as the home lists it. Raises UnknownPrincipal or UndeclaredAttribute."""
        listed = find_principal(self.principals, name)
        attributes = typed_attributes(self.policies, "User", listed.attributes)
        principal = Principal(id=listed.id, groups=listed.groups, attributes=attributes, source="local", actor=actor)
        return self.granted(principal)

    def _account_id(self) -> str:
        return principal_of_account(self.mapping.accounts, self.account)

    def _impersonator(self, purpose: str | None) -> Principal:
        """Return who runs this program, if they may act as others. Raises ImpersonationRefused."""
        actor = self.listed(self._account_id())
        now = Circumstances(now=datetime.now(UTC), purpose=purpose)
        decision = self.engine.decide(actor, "impersonate", Resource.home(), now)
        if not decision.allowed:
            raise ImpersonationRefused(actor)
        return actor
