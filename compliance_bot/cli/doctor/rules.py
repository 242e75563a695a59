"""Checks of the policies and of the people listed in the home."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from compliance_bot.cli.doctor.finding import Warned

if TYPE_CHECKING:
    from pathlib import Path

    from compliance_bot.settings import Settings

_GROUP = re.compile(r'Group::"((?:[^"\\]|\\.)*)"')


def policies(settings: Settings) -> str | Warned:
    """Say whether the policies and redaction are valid, and whether anybody who is listed may ask."""
    from datetime import UTC, datetime

    from compliance_bot.identity import load_principals
    from compliance_bot.policy.attributes import typed_attributes
    from compliance_bot.policy.decide import CedarEngine, Circumstances, Resource
    from compliance_bot.policy.files import read_files
    from compliance_bot.policy.folder import policies_of
    from compliance_bot.records import Principal
    from compliance_bot.redaction.assignment import read_assignment

    files = read_files(settings.home / "policies")
    loaded, masked = policies_of(files), read_assignment(files.content)
    engine, now = CedarEngine(loaded), Circumstances(now=datetime.now(UTC))
    askers = 0
    for listed in load_principals(settings.home / "policies" / "principals.yaml").values():
        attributes = typed_attributes(loaded, "User", listed.attributes)
        principal = Principal(id=listed.id, groups=listed.groups, attributes=attributes, source="local")
        (decision,) = engine.decide_each(principal, "ask", [Resource.home()], now)
        askers += decision.allowed
    if not askers:
        return Warned(
            detail=f"{len(loaded.ids)} valid, but nobody who is listed may ask without a purpose",
            hint='Permit the action "ask" to somebody: docs/how-to/write-policies.md.',
        )
    profiles = ", ".join(sorted({masked.default.name, *(profile.name for profile in masked.collections.values())}))
    return f"{len(loaded.ids)} valid, set {loaded.hash[:12]}; {askers} of those listed may ask; masked under {profiles}"


def principals(settings: Settings) -> str | Warned:
    """Say whether the list fits the schema, and which groups no policy mentions."""
    from compliance_bot.identity import load_principals
    from compliance_bot.policy.attributes import typed_attributes
    from compliance_bot.policy.folder import load_policies

    folder = settings.home / "policies"
    loaded = load_policies(folder)
    listed = load_principals(folder / "principals.yaml")
    for principal in listed.values():
        typed_attributes(loaded, "User", principal.attributes)
    unused = sorted({group for principal in listed.values() for group in principal.groups} - _mentioned(folder))
    if unused:
        return Warned(
            detail=f"{len(listed)} listed; no policy mentions {len(unused)} of their groups, the first is {unused[0]}",
            hint="A misspelt group permits and forbids nothing: compare principals.yaml with the policies.",
        )
    return f"{len(listed)} listed, all fit the schema"


def _mentioned(folder: Path) -> set[str]:
    texts = (path.read_text(encoding="utf-8") for path in folder.glob("*.cedar"))
    return {group for text in texts for group in _GROUP.findall(text)}
