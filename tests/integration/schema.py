"""Print the schema that all migrations together make, for docs/reference/schema.sql.

`python -m tests.integration.schema > docs/reference/schema.sql` writes it anew; a test compares.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

from compliance_bot.home import create_home
from compliance_bot.settings import load_settings
from compliance_bot.store.account import binaries
from compliance_bot.store.embedded import SUPERUSER, EmbeddedServer, destroy

HEADER = """\
-- The schema of the database: the sum of migrations/, as pg_dump tells it. Partitions are left out: they are named
-- after months, and each has the columns, the locks and the policy of its parent.
-- Written by `python -m tests.integration.schema > docs/reference/schema.sql`; a test compares.
"""

# What differs between runs and servers, or says nothing.
_VOLATILE = re.compile(
    r"^(\\(un)?restrict |SET |SELECT pg_catalog\.set_config|--|CREATE INDEX embedding_hnsw_\d)"  # made with each model
)


def read_schema(conninfo: str) -> str:
    """Return the tables, policies, triggers and grants of a database, without partitions and yoyo's own tables."""
    command = [str(binaries() / "pg_dump"), "--schema-only", "--dbname", conninfo]
    command += ["--schema=compliance_bot", "--schema=audit", "--exclude-table=*.*yoyo*"]
    command += ["--exclude-table=audit.entry_*", "--exclude-table=audit.payload_*"]  # partitions: named after months
    dump = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    lines = [line for line in dump.splitlines() if not _VOLATILE.match(line)]
    return HEADER + re.sub(r"\n{2,}", "\n\n", "\n" + "\n".join(lines).strip()) + "\n"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        create_home(load_settings(home=home))
        server = EmbeddedServer.open(home)
        try:
            sys.stdout.write(read_schema(server.conninfo(SUPERUSER)))
        finally:
            server.close()
            destroy(home)


if __name__ == "__main__":
    main()
