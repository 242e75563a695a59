"""Backups of a home, for one principal: made and verified on record.

The record of a backup is committed before the file has its name, and has the file's hash and recovery point. What
`recovery` does is done there; to restore one takes no principal, since there is no home yet that could know one.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from compliance_bot.recovery import create
from compliance_bot.recovery.verify import verify

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from compliance_bot.audit.record import Json
    from compliance_bot.chains.act import Act
    from compliance_bot.keys import Keyring
    from compliance_bot.recovery.backup import Checked
    from compliance_bot.recovery.verify import Verified
    from compliance_bot.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupRoom:
    """The backups of a home, for one principal."""

    act: Act
    settings: Settings
    keyring: Keyring

    def create(self, path: Path, *, on_progress: Callable[[int, int], None]) -> Checked:
        """Write a backup to a new file, read it back, and return what it is.

        Raises Refused, NotEmbedded, BackupExists and BackupUnwritable: then there is no file.
        """
        with ExitStack() as kept:
            with self.act.closing("backup.create") as case:
                self.act.admit(case, "administer")
                draft = kept.enter_context(create.draft(path, self.settings, self.keyring))
                checked = draft.write(on_progress)
                case.public["backup"], case.outcome = _told(checked), "done"
            draft.publish()
        return checked

    def verify(self, path: Path, *, rehearses: bool, on_progress: Callable[[int, int], None]) -> Verified:
        """Read a backup to its end, rehearse its restore where that is asked for, and return what it is.

        Raises Refused, and what `recovery.verify` raises.
        """
        with self.act.closing("backup.verify") as case:
            self.act.admit(case, "administer")
            verified = verify(self.settings, self.keyring, path, rehearses=rehearses, on_progress=on_progress)
            case.public["backup"] = {**_told(verified.checked), "rehearsed": rehearses}
            case.outcome = "done"
        return verified


def _told(checked: Checked) -> dict[str, Json]:
    """Return what a record says of a backup."""
    point = checked.manifest.recovery_point
    return {
        "id": checked.header.backup,
        "sha256": checked.sha256,
        "bytes": checked.size_bytes,
        "recovery_point": {"at": point.at, "records": point.records, "newest": point.newest},
        "rows": checked.manifest.rows,
    }
