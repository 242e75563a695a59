"""`compliance-bot doctor`: look at everything a home needs, one check at a time, and say what to do about each.

To add a check: a function of the settings in the file that fits, and a line in `CHECKS`. It returns what it saw, or a
`Warned`; it raises a ComplianceError for a problem. What needs the open database stands in `database.CHECKS`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from compliance_bot.cli.doctor import database, premises, rules, surroundings
from compliance_bot.cli.doctor import production as production_checks
from compliance_bot.cli.doctor.finding import Finding, Warned, check

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from compliance_bot.settings import Settings

__all__ = ["Finding", "Warned", "examine"]

CHECKS: Mapping[str, Callable[[Settings], str | Warned]] = {
    "home": premises.home,
    "files": premises.files,
    "keys": premises.keys,
    "log key": premises.log_key,
    "policies": rules.policies,
    "principals": rules.principals,
    "models": premises.models,
    "chat model": premises.chat_model,
    "disk": premises.disk,
    "memory": premises.memory,
    "parser sandbox": surroundings.sandbox,
    "tracing": surroundings.tracing,
    "proxies": surroundings.proxies,
    "extras": surroundings.extras,
    "embedded server": premises.embedded_server,
}


def examine(*, production: bool = False) -> tuple[Finding, ...]:
    """Return what every check saw, those of production where they are wanted.

    A check that cannot be made is a problem, never silently left out.
    """
    from compliance_bot.settings import load_settings

    settings: list[Settings] = []

    def read_settings() -> str:
        settings.append(load_settings())
        return f"home {settings[0].home}"

    first = check("settings", read_settings)
    if not settings:
        return (first,)
    found = [check(name, one, settings[0]) for name, one in CHECKS.items()]
    found += database.examine(settings[0])
    if production:
        found += production_checks.examine(settings[0])
    return (first, *found)
