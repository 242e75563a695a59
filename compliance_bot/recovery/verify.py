"""Verify a backup: read all of it with the keys of a home, and rehearse its restore where that is asked for.

Needs the keys, not the database: it works as well where nothing else of the home is left.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from compliance_bot.home import key_source
from compliance_bot.keys.epochs import EpochKeys
from compliance_bot.recovery.backup import opened_backup
from compliance_bot.recovery.contents import KEYS
from compliance_bot.recovery.rehearse import rehearse

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from compliance_bot.keys import Keyring
    from compliance_bot.recovery.backup import Checked
    from compliance_bot.recovery.rehearse import Rehearsal
    from compliance_bot.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What a backup is, and for which of its values there is no key here."""

    checked: Checked
    missing_epochs: tuple[int, ...]
    rehearsal: Rehearsal | None
    seconds: float


def verify(
    settings: Settings,
    keyring: Keyring,
    path: Path,
    *,
    rehearses: bool = False,
    on_progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> Verified:
    """Read a backup to its end and return what it is. Raises what `opened_backup`, `check` and `rehearse` raise."""
    began = time.monotonic()
    with opened_backup(path, keyring) as backup:
        checked = backup.check(on_progress)
        missing = checked.manifest.missing_epochs(EpochKeys(key_source(settings, settings.home / KEYS)))
        rehearsal = rehearse(settings, keyring, backup, checked, on_progress) if rehearses else None
    return Verified(checked=checked, missing_epochs=missing, rehearsal=rehearsal, seconds=time.monotonic() - began)
