"""Bring the database of a backup back into a new embedded server, and make sure that all of it is there.

For a restore, and for its rehearsal. The server's cluster is new, with roles whose passwords are new; the dump goes
from the file through the decryption into pg_restore and never lies on the disk in the clear.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from compliance_bot.errors import ComplianceError
from compliance_bot.recovery.manifest import DUMP
from compliance_bot.recovery.sealed_file import SealBroken
from compliance_bot.store.dump import restoring
from compliance_bot.store.embedded import SUPERUSER, EmbeddedServer
from compliance_bot.store.moment import moment

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from compliance_bot.recovery.backup import Backup, Checked


class RowsMissing(ComplianceError):
    hint = "What was restored is not used. Keep the file and report this: the backup passed its own check."

    def __init__(self, tables: list[str]) -> None:
        super().__init__(
            f"after restoring, these tables have not the rows that the backup counted: {', '.join(tables)}"
        )


def rebuild(
    folder: Path,
    backup: Backup,
    checked: Checked,
    *,
    database_dir: Path | None,
    on_progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> None:
    """Make the server of a folder with the database of a backup in it.

    Raises SealBroken where the file is not any more what was checked, NotRestored, RowsMissing and ServerUnavailable.
    """
    expected = {member.name: member for member in checked.manifest.members}
    server = EmbeddedServer.open(folder, database_dir=database_dir)
    try:
        for member in backup.members():
            if member.name == DUMP:
                with restoring(server.conninfo(SUPERUSER)) as sink:
                    done = 0
                    for block in member:
                        sink.write(block)
                        done += len(block)
                        on_progress(done, expected[DUMP].size_bytes)
                    if member.drained() != expected[DUMP]:
                        raise SealBroken
        with moment(server.conninfo(SUPERUSER)) as after:
            differing = set(after.rows()) ^ set(checked.manifest.tables)
        if differing:
            raise RowsMissing(sorted({one.table for one in differing}))
    finally:
        server.close()
