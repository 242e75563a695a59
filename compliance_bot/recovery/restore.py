"""Restore a backup into a folder: check everything, build everything beside, and only then let it be a home.

The file is read twice: once to check all of it, and once to bring it back, each byte authenticated both times. What
happened after the recovery point is not in a backup; what has to hold all the same comes from the anchor, when the home
is opened.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from compliance_bot.audit.integrate import Integrator
from compliance_bot.audit.log import AuditLog
from compliance_bot.audit.record import Event, describe
from compliance_bot.errors import ComplianceError, UsageError
from compliance_bot.home import key_source, signing_keys
from compliance_bot.identity import account_name
from compliance_bot.keys import KeysMissing, load_keys
from compliance_bot.keys.epochs import EpochKeys
from compliance_bot.policy.files import read_files
from compliance_bot.policy.folder import policies_of
from compliance_bot.records import Principal
from compliance_bot.recovery.anchored import find_anchor, require_in_force
from compliance_bot.recovery.backup import opened_backup
from compliance_bot.recovery.contents import KEYS
from compliance_bot.recovery.create import NotEmbedded
from compliance_bot.recovery.place import held_place
from compliance_bot.recovery.rebuild import rebuild
from compliance_bot.settings import load_settings
from compliance_bot.store.open import open_embedded
from compliance_bot.store.tenants import claim

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from compliance_bot.keys import Keyring
    from compliance_bot.recovery.anchored import FoundAnchor
    from compliance_bot.recovery.backup import Backup, Checked
    from compliance_bot.recovery.place import Place
    from compliance_bot.settings import Settings


class BackupOfOtherTenant(ComplianceError):
    """The backup is of a tenant of another name than the settings say."""

    hint = "Set `tenant` to the name that it had: `compliance-bot backup verify` shows it."


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What was restored, and without which keys some of its values cannot be opened.

    Without an `anchor` nobody knows what happened since: the home refuses to serve before somebody accepts that.
    """

    home: Path
    checked: Checked
    anchor: Path | None
    missing_epochs: tuple[int, ...]
    seconds: float


def restore(
    settings: Settings,
    path: Path,
    *,
    keys: Path | None = None,
    policies: Path | None = None,
    anchor: Path | None = None,
    is_anchor_lost: bool = False,
    are_old_policies_meant: bool = False,
    on_progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> Restored:
    """Restore a backup to the home of the settings, which must not be there; return what was restored.

    `keys` is a copy of the home's keys, needed where they are not in place; `policies` take the place of those of the
    backup; `anchor` is that of the home, by default where it was when the backup was made. Without an error there is a
    home, otherwise there is none, and the folder is as it was. Raises NotEmbedded, PlaceTaken, KeysMissing, what
    `opened_backup`, `Backup.check` and `rebuild` raise, BackupOfOtherTenant, AnchorNotFound and others of its anchor,
    and PoliciesOutdated.
    """
    began = time.monotonic()
    _require_embedded(settings)
    if policies is not None:
        policies_of(read_files(policies))
    with held_place(settings.home) as place:
        if keys is not None:
            place.bring_keys(keys)
        keyring = _keyring(place)
        with opened_backup(path, keyring) as backup:
            checked = backup.check(on_progress)
            settings = _settings(place, backup, settings)
            missing = checked.manifest.missing_epochs(EpochKeys(key_source(settings, place.keys)))
            place.forget_passwords()
            for member in backup.files():
                place.hold_back(member)
            if policies is not None:
                place.bring_policies(policies)
            found = None if is_anchor_lost else _anchor(settings, checked, keyring, anchor)
            if found is not None and policies is None and not are_old_policies_meant:
                tenant = claim(settings.tenant, keyring).number
                require_in_force(found, read_files(place.waiting_policies), keyring, tenant)
            rebuild(place.home, backup, checked, database_dir=settings.database_dir, on_progress=on_progress)
        place.put_in_place()
        _record(settings, keyring, checked, missing, has_other_policies=policies is not None)
        if found is not None:
            place.bring_anchor(found)
        place.finish()
    return Restored(
        home=settings.home,
        checked=checked,
        anchor=None if found is None else found.target,
        missing_epochs=missing,
        seconds=time.monotonic() - began,
    )


def _anchor(settings: Settings, checked: Checked, keyring: Keyring, given: Path | None) -> FoundAnchor:
    number = claim(settings.tenant, keyring).number
    return find_anchor(settings.anchor_file, given, checked.manifest.anchor, keyring, number)


def _require_embedded(settings: Settings) -> None:
    if settings.database_url is not None:
        raise NotEmbedded


def _keyring(place: Place) -> Keyring:
    try:
        return load_keys(place.keys)
    except KeysMissing as error:
        raise UsageError(
            str(error), hint="Give the copy of the home's keys that was kept apart: `--keys DIR`."
        ) from error


def _settings(place: Place, backup: Backup, given: Settings) -> Settings:
    """Return the settings that hold for the home when it is back. Raises BackupOfOtherTenant and NotEmbedded."""
    content = backup.settings_file()
    if content is not None:
        place.bring_settings(content)
    settings = load_settings(home=given.home)
    _require_embedded(settings)
    if settings.tenant != backup.header.tenant:
        raise BackupOfOtherTenant
    return settings


def _record(
    settings: Settings, keyring: Keyring, checked: Checked, missing: tuple[int, ...], *, has_other_policies: bool
) -> None:
    """Leave a record in the log that was restored, from which it goes on: before there is a home that could."""
    point, who = checked.manifest.recovery_point, Principal(id="-")
    event = Event(
        type="backup.restore",
        outcome="done",
        public={
            "backup": checked.header.backup,
            "sha256": checked.sha256,
            "recovery_point": {"at": point.at, "records": point.records, "newest": point.newest},
            "rows": checked.manifest.rows,
            "missing_epochs": list(missing),
            "other_policies": has_other_policies,
        },
        private={"principal": describe(who), "account": account_name()},
    )
    with open_embedded(settings.home, claim(settings.tenant, keyring), database_dir=settings.database_dir) as database:
        log = AuditLog(database, keyring)
        log.append(event, who)
        # What was signed after the backup is gone: nobody may take what comes now for the same log.
        Integrator(log, keyring, signing_keys(settings, settings.home / KEYS)).begin_anew()
