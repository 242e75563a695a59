"""Dumps and restores as streams: of one moment, all of it or nothing, and no password where others can read it."""

from __future__ import annotations

import subprocess
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from compliance_bot.store import dump
from compliance_bot.store.account import ServerUnavailable
from compliance_bot.store.dump import NotRestored, dumped, require_listed, restoring
from compliance_bot.store.embedded import SUPERUSER, EmbeddedServer
from compliance_bot.store.moment import moment

from ..shelf import draft, store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compliance_bot.store.connect import Database

COPY = "copy_of_dump"


@pytest.fixture
def copy(server: EmbeddedServer) -> Iterator[str]:
    """Return the DSN of an empty database beside the shared one."""
    with psycopg.connect(server.conninfo(SUPERUSER), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {COPY}")
        try:
            yield make_conninfo(server.conninfo(SUPERUSER), dbname=COPY)
        finally:
            connection.execute(f"DROP DATABASE {COPY} WITH (FORCE)")


def count(conninfo: str, table: str) -> int:
    with psycopg.connect(conninfo) as connection:
        return connection.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0]  # type: ignore[no-any-return]


def test_what_is_dumped_is_what_was_counted_though_others_write_meanwhile(
    server: EmbeddedServer, database: Database, copy: str
) -> None:
    store(database, draft("a", "The ferry leaves at eight."))
    with moment(server.conninfo(SUPERUSER)) as then:
        counted = then.rows()
        store(database, draft("b", "The ferry leaves at nine."), draft("c", "No ferry today."))
        assert then.rows() == counted
        with restoring(copy) as sink:
            for block in then.dump():
                sink.write(block)
    with moment(copy) as after:
        assert after.rows() == counted
    with moment(server.conninfo(SUPERUSER)) as now:
        assert now.rows() != counted


def test_every_table_is_counted(server: EmbeddedServer, superuser: psycopg.Connection[Any]) -> None:
    query = """SELECT schemaname || '.' || relname FROM pg_stat_user_tables"""
    with moment(server.conninfo(SUPERUSER)) as then:
        counted = {one.table for one in then.rows()}
    partitions = {
        name
        for (name,) in superuser.execute(
            "SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE c.relispartition"
        )
    }
    assert {name for (name,) in superuser.execute(query)} - partitions <= counted


def test_a_restore_whose_source_breaks_off_leaves_nothing(server: EmbeddedServer, copy: str) -> None:
    blocks = list(dumped(server.conninfo(SUPERUSER)))

    def broken() -> None:
        with restoring(copy) as sink:
            sink.write(b"".join(blocks))  # all of it: only the end of the block is missing
            raise LookupError

    with pytest.raises(LookupError):
        broken()
    with moment(copy) as after:
        assert after.rows() == ()


def test_what_is_no_dump_is_refused(copy: str) -> None:
    def restore(content: bytes) -> None:
        with restoring(copy) as sink:
            sink.write(content)

    for content in (b"", b"no dump at all", b"PGDMP" + bytes(100)):
        with pytest.raises(NotRestored):
            restore(content)
        with pytest.raises(NotRestored):
            require_listed([content])


def test_a_dump_is_read_to_its_end_where_it_is_only_listed(server: EmbeddedServer) -> None:
    seen = []

    def told() -> Iterator[bytes]:
        for block in dumped(server.conninfo(SUPERUSER)):
            seen.append(len(block))
            yield block
        yield bytes(1 << 22)  # more than a pipe holds
        seen.append(0)

    require_listed(told())
    assert seen[-1] == 0


def test_a_dump_that_fails_says_so(server: EmbeddedServer) -> None:
    conninfo = make_conninfo(server.conninfo(SUPERUSER), dbname="no_such_database")
    with pytest.raises(ServerUnavailable, match="could not be dumped"):
        list(dumped(conninfo))


def test_no_password_stands_in_the_arguments_of_a_program(
    server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    started = subprocess.Popen

    def start(command: list[str], **given: Any) -> subprocess.Popen[bytes]:
        seen.append(" ".join(command))
        return started(command, **given)

    monkeypatch.setattr(dump.subprocess, "Popen", start)
    blocks = dumped(server.conninfo(SUPERUSER))
    next(blocks)
    blocks.close()  # type: ignore[attr-defined]
    conninfo = psycopg.conninfo.conninfo_to_dict(server.conninfo(SUPERUSER))
    assert [command.count("--dbname") for command in seen] == [1]
    assert str(conninfo["password"]) not in seen[0]


def test_a_dump_that_nobody_reads_on_leaves_no_program_behind(server: EmbeddedServer) -> None:
    blocks = dumped(server.conninfo(SUPERUSER))
    next(blocks)
    blocks.close()  # type: ignore[attr-defined]
    query = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'pg_dump'"
    with psycopg.connect(server.conninfo(SUPERUSER), autocommit=True) as connection:
        gone = threading.Event()
        for _ in range(200):
            if connection.execute(query).fetchone() == (0,):
                return
            gone.wait(0.02)
    raise AssertionError("pg_dump is still there")


def test_a_dump_file_is_whole_or_absent(server: EmbeddedServer, tmp_path: Path) -> None:
    server.dump(tmp_path / "x.dump")
    assert (tmp_path / "x.dump").read_bytes()[:5] == b"PGDMP"
    assert (tmp_path / "x.dump").stat().st_mode & 0o777 == 0o600
    with pytest.raises(ServerUnavailable, match=r"x\.dump could not be written"):
        server.dump(tmp_path / "x.dump")
    assert [path.name for path in tmp_path.iterdir()] == ["x.dump"]
