"""Grants: groups and attributes for a person and a time, given by somebody else, on record, and kept when they end.

Breaking the glass is a grant to oneself: permitted by the action `break_glass`, for a reason, for hours and not longer,
with the group `break-glass` that policies may speak about, and open to review by somebody else until that was done.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from compliance_bot.anchor.acts import Granted, Revoked
from compliance_bot.chains.case import Case
from compliance_bot.chains.reason import reason_of
from compliance_bot.errors import Refused, UsageError
from compliance_bot.identity import UnknownPrincipal, find_principal, same_person
from compliance_bot.keys import decrypt, encrypt
from compliance_bot.policy.attributes import typed_attributes
from compliance_bot.policy.values import from_stored, to_plain, to_stored
from compliance_bot.records import Grant, GrantId, Principal
from compliance_bot.store import granted
from compliance_bot.store.granted import SealedGrant

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from compliance_bot.audit.log import Recorder
    from compliance_bot.chains.act import Act
    from compliance_bot.keys import Keyring
    from compliance_bot.records import AttributeValue
    from compliance_bot.store.connect import Database

EMERGENCY_GROUP = "break-glass"
LONGEST_EMERGENCY = timedelta(hours=24)


class NotOneself(Refused):
    """Nobody grants rights to themselves, nor reviews what they granted."""

    hint = "Somebody else who may administer this home must do it."


@dataclass(frozen=True, slots=True, kw_only=True)
class Grants:
    """The grants of a home, for one principal who gives, ends or looks at them."""

    act: Act
    keyring: Keyring

    def list(self) -> tuple[Grant, ...]:
        """Return everything that was ever granted, the newest first. Raises Refused."""
        with self.act.closing("grants.list") as case:
            self.act.admit(case, "administer")
            with self.act.database.reading() as snapshot:
                found = granted.all_grants(snapshot)
            case.outcome = "done"
        return tuple(open_grant(one, self.keyring, self.act.log.tenant) for one in found)

    def give(
        self,
        person: str,
        *,
        groups: Iterable[str],
        attributes: Mapping[str, object],
        reason: str,
        valid_from: datetime | None = None,
        valid_to: datetime | None = None,
    ) -> Grant:
        """Grant groups and attributes to a person and return the grant. Raises Refused or a UsageError."""
        now = datetime.now(UTC)
        begin = valid_from or now
        if valid_to is not None and valid_to <= max(begin, now):
            raise UsageError("a grant ends after it begins, and in the future")
        given = frozenset(groups)
        if not given and not attributes:
            raise UsageError("nothing to grant: expected a group or an attribute")
        if EMERGENCY_GROUP in given:
            raise UsageError(f"the group {EMERGENCY_GROUP} is not granted: its members break the glass themselves")
        grant = Grant(
            id=GrantId(str(uuid.uuid4())),
            principal=self._person(person),
            groups=given,
            attributes=typed_attributes(self.act.policies, "User", attributes),
            reason=reason_of(reason),
            emergency=False,
            granted_at=now,
            valid_from=begin,
            valid_to=valid_to,
        )
        case = Case(type="grants.give")

        def do(recorder: Recorder) -> None:
            self.act.admit(case, "administer")
            # Whoever acts as another is oneself still.
            if any(same_person(who, grant.principal) for who in (case.principal.id, case.principal.actor) if who):
                raise NotOneself
            self._add(recorder, grant, case)

        self.act.recorded(case, do)
        return grant

    def break_glass(self, *, reason: str, hours: float) -> Grant:
        """Take the group `break-glass` oneself for some hours and return the grant. Raises Refused or a UsageError."""
        lasting = timedelta(hours=hours)
        if not timedelta(0) < lasting <= LONGEST_EMERGENCY:
            raise UsageError(f"expected more than no and at most {LONGEST_EMERGENCY.total_seconds() / 3600:g} hours")
        said, now = reason_of(reason), datetime.now(UTC)
        case = Case(type="grants.break_glass")

        def do(recorder: Recorder) -> Grant:
            self.act.admit(case, "break_glass")
            grant = Grant(
                id=GrantId(str(uuid.uuid4())),
                principal=case.principal.id,
                groups=frozenset({EMERGENCY_GROUP}),
                attributes={},
                reason=said,
                emergency=True,
                granted_at=now,
                valid_from=now,
                valid_to=now + lasting,
            )
            self._add(recorder, grant, case)
            return grant

        return self.act.recorded(case, do)

    def revoke(self, grant: str) -> None:
        """End a grant now. One's own emergency may be ended too. Raises Refused, also for an unknown or ended one."""
        case = Case(type="grants.revoke")

        def do(recorder: Recorder) -> None:
            found = granted.find_grant(recorder.transaction, grant)
            is_own = found is not None and found[0].emergency and found[1] == recorder.actor(case.principal)
            if not is_own:
                self.act.admit(case, "administer")
            if found is None or not granted.revoke_grant(
                recorder.transaction, found[0].id, by=recorder.actor(case.principal), at=case.at
            ):
                raise Refused
            case.public["grant"] = str(found[0].id)
            recorder.anchor(Revoked(grant=GrantId(str(found[0].id))))

        self.act.recorded(case, do)

    def review(self, grant: str, *, finding: str) -> None:
        """Say what came of looking at an emergency afterwards; by somebody else than who took it. Raises Refused."""
        said = reason_of(finding)
        case = Case(type="grants.review")

        def do(recorder: Recorder) -> None:
            self.act.admit(case, "review")
            found = granted.find_grant(recorder.transaction, grant)
            reviewer = recorder.actor(case.principal)
            if found is not None and found[1] == reviewer:
                raise NotOneself
            if found is None or not granted.review_grant(recorder.transaction, found[0].id, by=reviewer, at=case.at):
                raise Refused
            case.public["grant"], case.private["finding"] = str(found[0].id), said

        self.act.recorded(case, do)

    def _person(self, name: str) -> str:
        """Return the id that a name stands for: of somebody listed, however it is written, or as a token has it."""
        try:
            return find_principal(self.act.rules.principals, name).id
        except UnknownPrincipal:
            return Principal(id=name).id

    def _add(self, recorder: Recorder, grant: Grant, case: Case) -> None:
        tenant = recorder.transaction.tenant
        sealed = SealedGrant(
            id=uuid.UUID(grant.id),
            sealed=seal_grant(grant, self.keyring, tenant),
            emergency=grant.emergency,
            granted_at=grant.granted_at,
            valid_from=grant.valid_from,
            valid_to=grant.valid_to,
        )
        by = recorder.actor(case.principal)
        granted.add_grant(recorder.transaction, sealed, person=person_mac(self.keyring, tenant, grant.principal), by=by)
        case.public["grant"] = grant.id
        case.private["granted"] = describe_grant(grant)
        recorder.anchor(Granted(grant=grant.id))


def with_grants(database: Database, keyring: Keyring, principal: Principal, at: datetime) -> Principal:
    """Return a principal with what was granted to them and held at a time: groups are added, attributes replaced.

    Sets are joined: a matter that was granted does not take the other ones away.
    """
    with database.reading() as snapshot:
        found = granted.valid_grants(snapshot, person_mac(keyring, database.tenant, principal.id), at)
    if not found:
        return principal
    groups, attributes = set(principal.groups), dict(principal.attributes)
    for one in found:
        grant = open_grant(one, keyring, database.tenant)
        groups |= grant.groups
        for name, value in grant.attributes.items():
            attributes[name] = _joined(attributes.get(name), value)
    return principal.having(groups=groups, attributes=attributes)


def person_mac(keyring: Keyring, tenant: int, person: str) -> bytes:
    """Return what finds a person's grants without telling the person."""
    return keyring.mac(f"person/{tenant}", person.encode())


def describe_grant(grant: Grant) -> dict[str, object]:
    """Return what is sealed of a grant."""
    return {
        "principal": grant.principal,
        "groups": sorted(grant.groups),
        "attributes": to_plain(grant.attributes),
        "reason": grant.reason,
        "from": grant.valid_from.isoformat(),
        "to": grant.valid_to.isoformat() if grant.valid_to else None,
    }


def seal_grant(grant: Grant, keyring: Keyring, tenant: int) -> bytes:
    """Return who got what and why, encrypted under a key of the home and bound to the grant's id."""
    content = {
        "principal": grant.principal,
        "groups": sorted(grant.groups),
        "attributes": to_stored(grant.attributes),
        "reason": grant.reason,
    }
    return encrypt(keyring.derive(f"grant/{tenant}"), json.dumps(content).encode(), bound_to=uuid.UUID(grant.id).bytes)


def open_grant(sealed: SealedGrant, keyring: Keyring, tenant: int) -> Grant:
    """Return a stored grant: the inverse of `seal_grant`. Raises CannotDecrypt."""
    content = json.loads(decrypt(keyring.derive(f"grant/{tenant}"), sealed.sealed, bound_to=sealed.id.bytes))
    return Grant(
        id=GrantId(str(sealed.id)),
        principal=content["principal"],
        groups=frozenset(content["groups"]),
        attributes=from_stored(content["attributes"]),
        reason=content["reason"],
        emergency=sealed.emergency,
        granted_at=sealed.granted_at,
        valid_from=sealed.valid_from,
        valid_to=sealed.valid_to,
        revoked_at=sealed.revoked_at,
        reviewed_at=sealed.reviewed_at,
    )


def _joined(had: AttributeValue | None, given: AttributeValue) -> AttributeValue:
    if isinstance(had, frozenset) and isinstance(given, frozenset):
        return had | given  # type: ignore[operator]  # of one type, the schema's
    return given
