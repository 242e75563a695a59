"""Whole databases out of the server and into one, as a stream: the server's own pg_dump and pg_restore behind pipes.

Nothing is put down on the way: what is dumped goes to whoever reads, and what is restored is in the database once the
block has ended without an error, otherwise none of it is. Passwords go through the environment, not through arguments,
which every account of a machine can read.
"""

from __future__ import annotations

import subprocess
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from compliance_bot.errors import ComplianceError
from compliance_bot.store.account import ServerUnavailable, binaries

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import IO

BLOCK_BYTES = 1 << 20


class NotRestored(ComplianceError):
    """The server did not take the dump: none of it is in the database."""

    hint = "See the server's log. A dump of a newer PostgreSQL or of a newer pgvector cannot be restored into an older."


def dumped(conninfo: str, *, snapshot: str | None = None) -> Iterator[bytes]:
    """Yield a database in pg_dump's custom format, as of an exported snapshot where one is named.

    The account must be a superuser: row-level security is forced on the owner. Raises ServerUnavailable, at the end at
    the latest, where not all of it came.
    """
    arguments = ["--format=custom", "--compress=gzip:1", *([f"--snapshot={snapshot}"] if snapshot else [])]
    with _started("pg_dump", arguments, conninfo, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        while block := process.stdout.read(BLOCK_BYTES):
            yield block
        if process.wait():
            raise ServerUnavailable("the database could not be dumped; see its log")


@contextmanager
def restoring(conninfo: str) -> Iterator[IO[bytes]]:
    """Yield what takes a dump, block by block, into an empty database, in one transaction. Raises NotRestored.

    Owners, rights, row-level security and triggers come as they were; the roles must exist.
    """
    arguments = ["--exit-on-error", "--single-transaction"]
    with _started("pg_restore", arguments, conninfo, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        try:
            yield process.stdin
            process.stdin.close()
        except BrokenPipeError as error:
            raise NotRestored from error
        if process.wait():
            raise NotRestored
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute("ANALYZE")  # a dump has no statistics, and searches are planned by them


def require_listed(blocks: Iterable[bytes]) -> None:
    """Read a dump to its end. Raises NotRestored unless pg_restore finds its list of contents in it."""
    with _started("pg_restore", ["--list"], None, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        is_read = False
        for block in blocks:
            if not is_read:
                try:
                    process.stdin.write(block)
                except BrokenPipeError:  # it has read what it lists, which stands first
                    is_read = True
        with suppress(BrokenPipeError):
            process.stdin.close()
        if process.wait():
            raise NotRestored


@contextmanager
def _started(
    program: str,
    arguments: Sequence[str],
    conninfo: str | None,
    *,
    stdin: int = subprocess.DEVNULL,
    stdout: int = subprocess.DEVNULL,
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program for the length of the block; where that ends with an error, the program is killed first."""
    environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
    if conninfo is not None:
        given = {name: str(value) for name, value in conninfo_to_dict(conninfo).items()}
        environment["PGPASSWORD"] = given.pop("password")
        arguments = [*arguments, "--dbname", make_conninfo(**given)]
    process = subprocess.Popen(
        [str(binaries() / program), *arguments],
        stdin=stdin,
        stdout=stdout,
        stderr=subprocess.DEVNULL,  # it may quote rows
        cwd="/",
        env=environment,
    )
    try:
        yield process
    finally:
        # Before the pipes are closed: a pg_restore that sees its input end would commit what it has.
        if process.poll() is None:
            process.kill()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with suppress(BrokenPipeError):
                    pipe.close()
        process.wait()
