"""`compliance-bot tenant …` as people type it, with full disks and with programs that are killed in the middle."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from compliance_bot.store.connect import SEARCH_PATH
from compliance_bot.store.embedded import SUPERUSER, EmbeddedServer
from tests.acceptance.conftest import Cli

Write = Callable[[str, str], Path]
Superuser = psycopg.Connection[Any]
COMMAND = [sys.executable, "-m", "compliance_bot.cli"]


@pytest.fixture(scope="module")
def server(home: Path) -> Iterator[EmbeddedServer]:
    """Keep the server running, so that no command that is killed takes it along."""
    server = EmbeddedServer.open(home)
    yield server
    server.close()


@pytest.fixture
def superuser(server: EmbeddedServer) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(server.conninfo(SUPERUSER), autocommit=True, options=SEARCH_PATH) as connection:
        yield connection


@pytest.fixture
def filled(cli: Cli, write: Write, superuser: Superuser) -> None:
    """Give the tenant something that is worth exporting."""
    lines = [
        json.dumps({"_id": f"P-{number}", "title": "", "text": f"Passage {number} says that box {number} is kept."})
        for number in range(40)
    ]
    result = cli("ingest", write("corpus.jsonl", "\n".join(lines)), "--collection", "policies", "--json").json
    assert result["ingested"] + result["skipped"] == 40


def rows(superuser: Superuser) -> dict[str, int]:
    """Return how many rows the default tenant has, by table, whatever locks there are."""
    query = """SELECT c.oid::regclass::text FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
               WHERE a.attname = 'tenant' AND relnamespace IN ('compliance_bot'::regnamespace, 'audit'::regnamespace)
                 AND relkind IN ('r', 'p') AND NOT relispartition"""
    tables = [name for (name,) in superuser.execute(query).fetchall()]
    return {table: superuser.execute(f"SELECT FROM {table} WHERE tenant = 1").rowcount for table in tables}


def documents(superuser: Superuser) -> dict[str, int]:
    own = ("audit.", "policy_")  # which a home has as soon as it is opened
    return {table: count for table, count in rows(superuser).items() if not table.startswith(own)}


@contextmanager
def stopped_at(server: EmbeddedServer, statements: list[str], program: list[str], home: Path) -> Iterator[None]:
    """Run a program until it waits for what each statement locks, in turn; kill it after the block."""
    environment = {**os.environ, "COMPLIANCE_BOT_HOME": str(home)}
    with ExitStack() as stack, subprocess.Popen(program, env=environment) as child:
        locks = [stack.enter_context(psycopg.connect(server.conninfo(SUPERUSER), options=SEARCH_PATH)) for _ in "12"]
        try:
            for lock, previous, statement in zip(locks, [None, *locks], statements, strict=False):
                lock.execute(statement)
                if previous is not None:
                    previous.rollback()
                _wait(server, "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)", child)
            yield
        finally:
            child.kill()
            child.wait()
            for lock in locks:
                lock.rollback()
    _wait(
        server, "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE usename LIKE 'compliance%' AND state <> 'idle')"
    )


def _wait(server: EmbeddedServer, condition: str, child: subprocess.Popen[bytes] | None = None) -> None:
    with psycopg.connect(server.conninfo(SUPERUSER), autocommit=True) as connection:
        for _ in range(1500):
            if connection.execute(condition).fetchone() == (True,):
                return
            assert child is None or child.poll() is None, "the program ended before it was stopped"
            time.sleep(0.02)
    raise AssertionError(condition)


@pytest.mark.usefixtures("filled")
def test_a_tenant_is_shown_exported_deleted_and_brought_back(cli: Cli, tmp_path: Path, superuser: Superuser) -> None:
    file, before = tmp_path / "x.zip", documents(superuser)
    shown = cli("tenant", "show", "--json").json
    assert (shown["tenant"], shown["documents"], shown["removals"]) == ("default", 40, [])
    exported = cli("tenant", "export", file, "--json").json
    assert exported["tables"]["compliance_bot.document"] == 40
    deleted = cli("tenant", "delete", "--yes-delete", "default", "--export", file, "--json").json
    assert deleted["export"] == exported["sha256"]
    assert not any(rows(superuser).values())
    assert "documents  0" in cli("tenant", "show").out  # the embedded database makes an empty one anew
    assert cli("tenant", "import", file, "--json").json["tables"] == exported["tables"]
    assert documents(superuser) == before
    assert f"export {exported['sha256'][:16]}" in cli("tenant", "show").out
    assert cli("search", "box 7", "--as", "ana", "--json").json["hits"][0]["ref"] == "P-7"
    assert cli("doctor", "--json").code == 0


@pytest.mark.usefixtures("filled")
def test_what_cannot_be_done_is_refused_with_what_to_do(cli: Cli, tmp_path: Path, superuser: Superuser) -> None:
    file = tmp_path / "x.zip"
    assert cli("tenant", "export", file).code == 0
    before = documents(superuser)
    cases = {
        ("tenant", "export", file): (2, "exists"),
        ("tenant", "export", tmp_path / "no" / "x.zip"): (3, "No such file or directory"),
        ("tenant", "export", tmp_path / "y.zip", "--as", "ana"): (1, "Not permitted"),
        ("tenant", "delete", "--yes-delete", "other", "--export", file): (2, "nothing is deleted"),
        ("tenant", "delete", "--yes-delete", "default", "--export", tmp_path / "none.zip"): (2, "No such file"),
        ("tenant", "delete", "--yes-delete", "default"): (2, ""),
        ("tenant", "delete", "--export", file): (2, ""),
        ("tenant", "import", file): (1, "has nothing"),
    }
    for command, (code, words) in cases.items():
        result = cli(*command)
        assert (result.code, words in result.err) == (code, True), (command, result.err)
    assert documents(superuser) == before
    assert [path.name for path in tmp_path.iterdir() if path.suffix != ".jsonl"] == ["x.zip"]


@pytest.mark.parametrize("name", ["", " ", "a\nb", "a\x1b[31m", "x" * 101, "\u202eevil"])
def test_a_name_that_is_no_name_is_an_invalid_setting(cli: Cli, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("COMPLIANCE_BOT_TENANT", name)
    result = cli("tenant", "show")
    assert result.code == 2
    assert "tenant" in result.err


def test_one_name_in_two_unicode_forms_is_one_tenant(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = []
    for name in ("Crédit “O'Hara”; --", "Cre\u0301dit “O'Hara”; --"):
        monkeypatch.setenv("COMPLIANCE_BOT_TENANT", name)
        shown.append(cli("tenant", "show", "--json").json)
    assert shown[0]["tenant"] == shown[1]["tenant"] == "Crédit “O'Hara”; --"
    assert shown[1]["records"] == shown[0]["records"] + 1


@pytest.mark.usefixtures("filled")
def test_a_full_disk_leaves_no_file(home: Path, tmp_path: Path, server: EmbeddedServer) -> None:
    # The limit is the process's own on the size of a file: writing fails as on a full disk, with another errno.
    limited = (
        "import resource, sys; from compliance_bot.cli import main; "
        "resource.setrlimit(resource.RLIMIT_FSIZE, (16384, 16384)); main(sys.argv[1:])"
    )
    folder = tmp_path / "full"
    folder.mkdir()
    program = [sys.executable, "-W", "error", "-c", limited, "tenant", "export", str(folder / "x.zip")]
    environment = {**os.environ, "COMPLIANCE_BOT_HOME": str(home)}
    result = subprocess.run(program, env=environment, capture_output=True, text=True, check=False)
    assert (result.returncode, "File too large" in result.stderr) == (3, True), result.stderr
    assert "Traceback" not in result.stderr
    assert list(folder.iterdir()) == []


@pytest.mark.usefixtures("filled")
def test_an_export_that_is_killed_leaves_no_file_under_its_name(
    home: Path, cli: Cli, tmp_path: Path, server: EmbeddedServer
) -> None:
    folder = tmp_path / "exports"
    folder.mkdir()
    program = [*COMMAND, "tenant", "export", str(folder / "x.zip")]
    # First where it notes that it began: until then the start-up looks at every table. Then among the rows.
    locks = ["LOCK TABLE audit.pending IN SHARE MODE", "LOCK TABLE history_embedding IN ACCESS EXCLUSIVE MODE"]
    with stopped_at(server, locks, program, home):
        (partial,) = folder.iterdir()
        assert partial.suffix == ".partial"
        assert partial.stat().st_size > 0
    assert [path.suffix for path in folder.iterdir()] == [".partial"]
    assert cli("tenant", "export", folder / "x.zip").code == 0


@pytest.mark.usefixtures("filled")
def test_a_deletion_that_is_killed_deletes_nothing(
    home: Path, cli: Cli, tmp_path: Path, server: EmbeddedServer, superuser: Superuser
) -> None:
    file = tmp_path / "x.zip"
    cli("tenant", "export", file)
    before = rows(superuser)
    marks = superuser.execute("SELECT count(*) FROM audit.removed_tenant").fetchone()
    program = [*COMMAND, "tenant", "delete", "--yes-delete", "default", "--export", str(file)]
    # Its rows are among the last to go, and reading them needs no lock.
    with stopped_at(server, ["SELECT FROM audit.actor FOR UPDATE"], program, home):
        pass
    after = rows(superuser)
    log = {"audit.entry", "audit.payload", "audit.pending"}  # that it began
    assert after == {table: count + (table in log) for table, count in before.items()}
    assert superuser.execute("SELECT count(*) FROM audit.removed_tenant").fetchone() == marks
    # And nothing is in the way of doing it again.
    assert cli("tenant", "delete", "--yes-delete", "default", "--export", file).code == 0
    assert not any(rows(superuser).values())
    shutil.copy(file, tmp_path / "kept.zip")
    assert cli("tenant", "import", tmp_path / "kept.zip").code == 0
