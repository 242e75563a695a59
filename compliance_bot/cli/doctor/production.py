"""What production asks for besides: separate accounts and keys, a signed policy set, and nobody who acts unproven.

The program itself refuses an unsigned set and an account that is nobody. The rest is how a machine is set up, which
nothing but a look at it can tell.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from compliance_bot.cli.doctor.finding import Finding, Warned, check
from compliance_bot.errors import ComplianceError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from compliance_bot.settings import Settings

_HOW_TO = "docs/how-to/run-in-production.md"
_PRIVATE_KEY = b"PRIVATE KEY-----"
_MOST_BYTES = 64 * 1024  # a private key is smaller


def examine(settings: Settings) -> tuple[Finding, ...]:
    """Return what the checks of production saw."""
    return tuple(check(name, one, settings) for name, one in CHECKS.items())


def _mode(settings: Settings) -> str:
    if not settings.production:
        raise ComplianceError(
            "the setting production is off: any policy set runs, and --as acts as anybody",
            hint="Set production = true in the home's compliance-bot.toml, or COMPLIANCE_BOT_PRODUCTION=true.",
        )
    return "on"


def _signature(settings: Settings) -> str:
    from compliance_bot.policy.files import read_files
    from compliance_bot.policy.signature import APPROVERS, read_approvers, require_approved

    approvers = read_approvers(settings.home / APPROVERS)
    approval = require_approved(read_files(settings.home / "policies"), approvers)
    return f"signed on {approval.at:%Y-%m-%d} by one of {len(approvers)} approvers, another than the author"


def _signing_keys(settings: Settings) -> str | Warned:
    """Say whether an approver's private key lies here, and whether those who write policies could add an approver."""
    from compliance_bot.policy.signature import APPROVERS

    if (found := _private_key_in(settings.home)) is not None:
        raise ComplianceError(
            f"{found} holds a private key: whoever runs this home could sign its policies",
            hint="Approvers keep their keys on machines of their own, and sign there.",
        )
    approvers, policies = settings.home / APPROVERS, settings.home / "policies"
    if not approvers.exists():
        raise ComplianceError(f"there is no {APPROVERS}: nobody can approve policies", hint=f"Make it: {_HOW_TO}.")
    if approvers.stat().st_uid == policies.stat().st_uid and approvers.stat().st_mode & 0o200:
        return Warned(
            detail=f"{APPROVERS} can be written by the account that can write the policies",
            hint=f"Let another account own it, readable for this one, or mount it read-only: {_HOW_TO}.",
        )
    return "none lies in the home, and the list of approvers is not for this account to write"


def _private_key_in(home: Path) -> Path | None:
    for folder, _, names in os.walk(home):
        for name in sorted(names):
            path = home.joinpath(folder, name)
            if path.is_file() and path.stat().st_size <= _MOST_BYTES and _PRIVATE_KEY in path.read_bytes():
                return path.relative_to(home)
    return None


def _database(settings: Settings) -> str:
    if settings.database_url is None:
        raise ComplianceError(
            "the database is the embedded one: its accounts and its keys belong to the same account as the program",
            hint="Use a PostgreSQL of your own: docs/how-to/deploy-with-your-database.md.",
        )
    return "not the embedded one"


def _accounts(settings: Settings) -> str:
    from compliance_bot.store.open import account_of

    if settings.database_url is None:
        raise ComplianceError("there is one machine account for all of it", hint="See the check before this one.")
    application = account_of(settings.database_url.get_secret_value())
    if application is None:
        raise ComplianceError(
            "COMPLIANCE_BOT_DATABASE_URL names no account", hint="Name the application account in it."
        )
    if settings.database_owner_url is not None:
        raise ComplianceError(
            "the owner's account is in these settings: the service could change the schema and lift its locks",
            hint="Give COMPLIANCE_BOT_DATABASE_OWNER_URL to `init` and `tenant delete` alone.",
        )
    return f"the service has {application} alone"


def _sign_in(settings: Settings) -> str:
    from compliance_bot.identity import account_name, load_mapping

    mapping = load_mapping(settings.home / "policies" / "identity.yaml")
    ways = [name for name, section in (("oidc", mapping.oidc), ("header", mapping.header)) if section is not None]
    account = account_name()
    if not ways and account not in mapping.accounts:
        raise ComplianceError(
            "nobody can act: no tokens are accepted, and this account is no principal",
            hint="Say in policies/identity.yaml who signs in: docs/how-to/sign-people-in.md.",
        )
    accepted = f"tokens by {' and '.join(ways)}" if ways else "no tokens"
    return f"{accepted}; {len(mapping.accounts)} accounts are principals"


def _for_others(settings: Settings) -> str | Warned:
    """Say who of those listed may act as another."""
    from datetime import UTC, datetime

    from compliance_bot.chains.examine import load_folder
    from compliance_bot.policy.decide import CedarEngine, Circumstances, Resource

    policies, people = load_folder(settings.home / "policies")
    engine, now = CedarEngine(policies), Circumstances(now=datetime.now(UTC))
    found = [id_ for id_, who in people.items() if engine.decide(who, "impersonate", Resource.home(), now).allowed]
    if found:
        return Warned(
            detail=f"{len(found)} of those listed may act as anybody, the first is {found[0]}",
            hint="Embedding applications need it; a person rarely does. Every such act names both in its record.",
        )
    return "nobody who is listed may act as another"


def _emergencies(settings: Settings) -> str | Warned:
    from datetime import UTC, datetime

    from compliance_bot.home import open_home
    from compliance_bot.store.granted import all_grants

    with open_home(settings) as home, home.database.reading() as snapshot:
        grants = [one for one in all_grants(snapshot) if one.emergency]
    now = datetime.now(UTC)
    waiting = [one for one in grants if one.reviewed_at is None and (one.revoked_at or one.valid_to or now) <= now]
    if waiting:
        return Warned(
            detail=f"{len(waiting)} were never reviewed, the oldest of {waiting[-1].granted_at:%Y-%m-%d}",
            hint="Somebody else looks at what was done with it: `compliance-bot principal review`.",
        )
    return f"{len(grants)} so far, all that are over were reviewed"


def _anchor(settings: Settings) -> str | Warned:
    if settings.anchor is None:
        raise ComplianceError(
            f"the anchor is beside the home, at {settings.anchor_file}: what puts an old disk back puts it back too",
            hint="Set `anchor` to a file on another disk or machine: docs/how-to/keep-the-anchor.md.",
        )
    place = settings.anchor.parent
    if place.exists() and settings.home.exists() and place.stat().st_dev == settings.home.stat().st_dev:
        return Warned(
            detail=f"the anchor {settings.anchor} is on the disk of the home",
            hint="A snapshot of that disk forgets with both: put it on another: docs/how-to/keep-the-anchor.md.",
        )
    return f"at {settings.anchor}, on another disk than the home"


CHECKS: Mapping[str, Callable[[Settings], str | Warned]] = {
    "production mode": _mode,
    "signed policies": _signature,
    "signing keys": _signing_keys,
    "separate database": _database,
    "database accounts": _accounts,
    "sign-in": _sign_in,
    "acting for others": _for_others,
    "emergencies": _emergencies,
    "place of the anchor": _anchor,
}
