"""Each thing is broken for real, and the doctor names it and says what to do."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from compliance_bot.store.connect import SEARCH_PATH
from compliance_bot.store.embedded import OWNER_ROLE, SUPERUSER, EmbeddedServer
from tests.acceptance.conftest import Cli

DOCS = Path(__file__).resolve().parents[2] / "docs"
Write = Callable[[str, str], Path]
Execute = Callable[[str], None]


@pytest.fixture(scope="module")
def server(home: Path) -> Iterator[EmbeddedServer]:
    """Keep the server of the home running: the tests are faster, and the doctor leaves it to others."""
    opened = EmbeddedServer.open(home)
    yield opened
    opened.close()


@pytest.fixture
def owner(server: EmbeddedServer) -> Execute:
    return lambda statement: _execute(server, OWNER_ROLE, statement)


@pytest.fixture
def superuser(server: EmbeddedServer) -> Execute:
    return lambda statement: _execute(server, SUPERUSER, statement)


def _execute(server: EmbeddedServer, role: str, statement: str) -> None:
    with psycopg.connect(server.conninfo(role), autocommit=True, options=SEARCH_PATH) as connection:
        connection.execute(statement.encode())


@contextmanager
def changed(path: Path, text: bytes | None = None, *, mode: int | None = None) -> Iterator[None]:
    """Write to a file or change its mode for the block."""
    before = path.read_bytes() if path.is_file() else None
    old = path.stat().st_mode if path.exists() else None
    try:
        if text is not None:
            path.write_bytes(text)
        if mode is not None:
            path.chmod(mode)
        yield
    finally:
        if before is None and old is None:
            path.unlink()
        elif before is not None:
            path.write_bytes(before)
        if old is not None:
            path.chmod(old)


def finding(cli: Cli, name: str, state: str) -> dict[str, Any]:
    """Run the doctor and return what one check saw; its state decides the exit code with the others."""
    result = cli("doctor", "--json")
    checks = {check["check"]: check for check in result.json["checks"]}
    assert checks[name]["state"] == state, checks[name]
    assert checks[name]["hint"]
    assert result.code == (1 if any(check["state"] == "problem" for check in checks.values()) else 0)
    found: dict[str, Any] = checks[name]
    return found


@pytest.mark.parametrize("name", ["key-encryption-key", "database.json"])
def test_a_key_that_others_can_read(cli: Cli, home: Path, server: EmbeddedServer, name: str) -> None:
    with changed(home / "keys" / name, mode=0o644):
        assert "can be read by other accounts" in finding(cli, "keys", "problem")["detail"]


def test_a_key_that_is_gone(cli: Cli, home: Path, server: EmbeddedServer) -> None:
    key = home / "keys" / "key-encryption-key"
    key.rename(home / "kept")
    try:
        assert "no key file" in finding(cli, "keys", "problem")["detail"]
        assert "cannot be checked" in finding(cli, "audit log", "problem")["detail"]
    finally:
        (home / "kept").rename(key)


def test_signing_keys_that_are_gone_or_that_others_can_read(cli: Cli, home: Path, server: EmbeddedServer) -> None:
    assert cli("documents", "list").code == 0
    keys = home / "keys" / "log"
    with changed(keys / "key-1", mode=0o644):
        assert "can be read by other accounts" in finding(cli, "log tree", "problem")["detail"]
    keys.rename(home / "kept")
    try:
        assert "is not there" in finding(cli, "log tree", "problem")["detail"]
    finally:
        (home / "kept").rename(keys)


def test_a_log_that_is_not_what_was_signed_and_one_whose_records_wait(
    cli: Cli, home: Path, server: EmbeddedServer, superuser: Execute
) -> None:
    assert cli("documents", "list").code == 0

    def edit(table: str, statement: str) -> None:
        superuser(f"ALTER TABLE audit.{table} DISABLE TRIGGER append_only")
        superuser(statement)
        superuser(f"ALTER TABLE audit.{table} ENABLE ALWAYS TRIGGER append_only")

    edit("leaf", "UPDATE audit.leaf SET leaf_index = leaf_index + 100000 WHERE leaf_index = 1")
    try:
        assert "is not what was signed" in finding(cli, "log tree", "problem")["detail"]
    finally:
        edit("leaf", "UPDATE audit.leaf SET leaf_index = leaf_index - 100000 WHERE leaf_index > 100000")
    old = "01900000-0000-7000-8000-000000000000"  # of 2024
    superuser(f"""INSERT INTO audit.entry (entry_id, tenant, leaf_hash, envelope)
                  SELECT '{old}', tenant, leaf_hash, envelope FROM audit.entry LIMIT 1""")
    superuser(
        f"INSERT INTO audit.pending (entry_id, tenant, seal) SELECT entry_id, tenant, sha256('x') "
        f"FROM audit.entry WHERE entry_id = '{old}'"
    )
    try:
        assert "1 records wait" in finding(cli, "log tree", "warning")["detail"]
    finally:
        superuser(f"DELETE FROM audit.pending WHERE entry_id = '{old}'")
        edit("entry", f"DELETE FROM audit.entry WHERE entry_id = '{old}'")


def test_a_checkpoint_that_somebody_added_is_named_and_the_page_says_how_it_is_removed(
    cli: Cli, server: EmbeddedServer, owner: Execute, superuser: Execute
) -> None:
    assert cli("documents", "list").code == 0
    superuser("""INSERT INTO audit.checkpoint (tenant, size, note)
                 SELECT tenant, 1000000, note FROM audit.checkpoint ORDER BY size DESC LIMIT 1""")
    told = finding(cli, "log tree", "problem")
    assert "tenant 1 and size 1000000 is of more records than the tree has" in told["detail"]
    assert "the database's owner removes it" in told["hint"]
    for command in ("checkpoint", "begin-anew"):
        given = ("--reason", "it does not go on") if command == "begin-anew" else ()
        refused = cli("audit", command, *given, "--json")
        assert (refused.code, refused.json["error"]["type"]) == (3, "CheckpointBeyondTree")
    page = (DOCS / "how-to" / "keep-the-log-verifiable.md").read_text(encoding="utf-8")
    owner(page.partition("```sql\n")[2].partition("```")[0])
    assert cli("audit", "checkpoint").code == 0


def test_another_key_than_that_of_the_records(cli: Cli, home: Path, server: EmbeddedServer) -> None:
    assert cli("documents", "list").code == 0
    with changed(home / "keys" / "key-encryption-key", b"k" * 32):
        assert "belongs to other keys" in finding(cli, "database", "problem")["detail"]


def test_policies_that_others_can_change_and_a_file_that_nobody_knows(
    cli: Cli, home: Path, server: EmbeddedServer
) -> None:
    with changed(home / "policies" / "grants.cedar", mode=0o666):
        assert "chmod" in finding(cli, "files", "problem")["hint"]
    with changed(home / "notes.txt", b"x"):
        assert "notes.txt" in finding(cli, "files", "warning")["detail"]


def test_policies_that_let_nobody_ask(cli: Cli, home: Path, server: EmbeddedServer) -> None:
    forbid = b'@id("closed") forbid (principal, action == Action::"ask", resource);'
    with changed(home / "policies" / "closed.cedar", forbid):
        assert "nobody who is listed may ask" in finding(cli, "policies", "warning")["detail"]


def test_a_group_that_no_policy_mentions(cli: Cli, home: Path, server: EmbeddedServer) -> None:
    with changed(home / "policies" / "principals.yaml", b"- {id: admin}\n- {id: ana, groups: [amll]}\n"):
        assert "amll" in finding(cli, "principals", "warning")["detail"]


def test_a_database_that_does_not_open_leaves_no_check_out(
    cli: Cli, home: Path, server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    complete = {check["check"] for check in cli("doctor", "--json").json["checks"]}
    monkeypatch.setenv("COMPLIANCE_BOT_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none?connect_timeout=1")
    result = cli("doctor", "--json")
    assert result.code == 1
    assert {check["check"] for check in result.json["checks"]} == complete
    assert finding(cli, "indexes", "problem")["hint"] == "Mend the database first."


def test_a_table_without_its_lock(cli: Cli, owner: Execute) -> None:
    owner("ALTER TABLE compliance_bot.chunk DISABLE ROW LEVEL SECURITY")
    try:
        assert "row-level security is not in force on: chunk" in finding(cli, "database", "problem")["detail"]
    finally:
        owner("ALTER TABLE compliance_bot.chunk ENABLE ROW LEVEL SECURITY")


def test_an_application_account_that_could_bypass_the_locks(cli: Cli, superuser: Execute) -> None:
    superuser("ALTER ROLE compliance_bot_app BYPASSRLS")
    try:
        assert "bypass row-level security" in finding(cli, "database", "problem")["detail"]
    finally:
        superuser("ALTER ROLE compliance_bot_app NOBYPASSRLS")


def test_an_index_that_is_missing_or_not_valid(cli: Cli, write: Write, owner: Execute, superuser: Execute) -> None:
    cli("ingest", write("tolls.md", "# Tolls\n\nThe toll is two crowns.\n"), "--collection", "policies")
    superuser("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'embedding_hnsw_1'::regclass")
    assert "REINDEX INDEX embedding_hnsw_1" in finding(cli, "indexes", "problem")["hint"]
    owner("DROP INDEX embedding_hnsw_1")
    try:
        assert "is missing" in finding(cli, "indexes", "problem")["detail"]
    finally:
        owner("SELECT index_model(id) FROM embedding_model")


def test_vectors_of_another_embedder(cli: Cli, write: Write, owner: Execute) -> None:
    cli("ingest", write("fees.md", "# Fees\n\nThe fee is nine crowns.\n"), "--collection", "policies")
    owner("UPDATE embedding_model SET hash = 'f' || substr(hash, 2)")
    try:
        assert "were made with the embedder f" in finding(cli, "embedder", "problem")["detail"]
    finally:
        owner("UPDATE embedding_model SET hash = '9' || substr(hash, 2)")


def test_commits_that_do_not_wait_for_the_disk(cli: Cli, superuser: Execute) -> None:
    superuser("ALTER ROLE compliance_bot_app SET synchronous_commit = off")
    try:
        assert "synchronous_commit = off" in finding(cli, "durability", "warning")["detail"]
    finally:
        superuser("ALTER ROLE compliance_bot_app RESET synchronous_commit")


def test_what_the_environment_would_send_elsewhere(
    cli: Cli, server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANGCHAIN_TRACING_V2", "true")
    monkeypatch.setenv("HTTPS_PROXY", "http://user:secret@127.0.0.1:1")
    assert "LANGCHAIN_TRACING_V2" in finding(cli, "tracing", "warning")["detail"]
    proxy = finding(cli, "proxies", "warning")
    assert "HTTPS_PROXY" in proxy["detail"]
    assert "secret" not in json.dumps(proxy)


def test_a_server_that_was_killed(cli: Cli, home: Path, server: EmbeddedServer) -> None:
    pid_file = Path(json.loads((home / "server.json").read_text(encoding="utf-8"))["folder"]) / "data/postmaster.pid"
    lines = pid_file.read_bytes().split(b"\n")
    with changed(pid_file, b"\n".join([b"4194304", *lines[1:]])):  # above the largest process id
        found = next(check for check in cli("doctor", "--json").json["checks"] if check["check"] == "embedded server")
    assert "ended without cleaning up" in found["detail"]


def test_a_home_whose_init_was_interrupted(cli: Cli, home: Path, server: EmbeddedServer) -> None:
    mark = home / "compliance-bot.home"
    mark.unlink()
    try:
        assert "init" in finding(cli, "home", "problem")["hint"]
    finally:
        mark.touch(mode=0o600)
