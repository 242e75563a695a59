"""`compliance-bot backup create` and `verify` as people type them: during ingest, on full disks, killed, damaged."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from jsonschema import Draft202012Validator

from compliance_bot.bot import ComplianceBot
from compliance_bot.errors import Unavailable
from compliance_bot.recovery.sealed_file import MAGIC
from compliance_bot.store.embedded import APP_ROLE, SUPERUSER, EmbeddedServer
from compliance_bot.store.moment import Moment, TableRows
from compliance_bot.store.new_file import NewFile
from compliance_bot.testing import ListedDetector
from tests.acceptance.conftest import Cli

if TYPE_CHECKING:
    from collections.abc import Iterator

SCHEMAS = Path(__file__).resolve().parents[2] / "docs" / "reference" / "schemas"
SECRET = "Zorblax Quindle"
WORDS = "the heron flies over the harbour"


def check(name: str, shape: Any) -> None:
    Draft202012Validator(json.loads((SCHEMAS / f"{name}.json").read_text(encoding="utf-8"))).validate(shape)


@pytest.fixture(scope="module")
def server(home: Path) -> Iterator[EmbeddedServer]:
    server = EmbeddedServer.open(home)
    yield server
    server.close()


@pytest.fixture(scope="module")
def filled(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the home with a document in it, of which one value is in the vault."""
    path = tmp_path_factory.mktemp("documents") / "memo.md"
    path.write_text(f"# Memo\n\n{SECRET} says that {WORDS}.\n", encoding="utf-8")
    with ComplianceBot.open(home) as bot:
        bot.detector = ListedDetector({SECRET: "PERSON"})
        assert bot.ingest([path], collection="policies").ingested == 1
    (home / "approvers.yaml").write_text("{}\n", encoding="utf-8")
    return home


@pytest.fixture(scope="module")
def backup(filled: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("backups") / "home.backup"
    with ComplianceBot.open(filled) as bot:
        bot.create_backup(path)
    return path


def test_a_backup_tells_what_it_has_and_is_on_record(filled: Path, cli: Cli, tmp_path: Path) -> None:
    before = len(cli("audit", "list", "--json").json["records"])
    made = cli("backup", "create", tmp_path / "x.backup", "--json").json
    check("backup-create", made)
    assert made["recovery_point"]["records"] >= before
    assert made["files"] > 3
    assert made["tables"]["compliance_bot.document"] == 1
    assert made["left_out"] == []
    (record, *_) = cli("audit", "list", "--json").json["records"]
    assert (record["type"], record["outcome"], record["principal"]) == ("backup.create", "done", "admin")
    told = cli("audit", "show", record["record"], "--json").json["envelope"]["public"]["backup"]
    assert told["id"] == made["backup"]
    assert told["sha256"] == made["sha256"]
    assert told["recovery_point"] == made["recovery_point"]
    assert told["recovery_point"]["newest"] != record["record"]


def test_a_backup_tells_people_the_recovery_point_size_and_time(filled: Path, cli: Cli, tmp_path: Path) -> None:
    told = cli("backup", "create", tmp_path / "x.backup").err
    for words in ("recovery point", "MiB, read back and checked, in", "keys/ is not in it"):
        assert words in told
    told = cli("backup", "verify", tmp_path / "x.backup").err
    assert "whole and unchanged" in told
    assert "WARNING" not in told


def test_the_file_is_for_its_owner_alone_and_tells_nothing(backup: Path, filled: Path) -> None:
    content = backup.read_bytes()
    assert backup.stat().st_mode & 0o777 == 0o600
    assert content.startswith(MAGIC)
    for word in (SECRET, *SECRET.split(), "heron", "harbour", "aml-reads-policies", "ana", "Memo"):
        if len(word) > 3:
            assert word.encode() not in content
    for key in (filled / "keys").rglob("*"):
        if key.is_file():
            assert key.read_bytes() not in content
    assert b"PGDMP" not in content


def test_a_rehearsal_finds_all_rows_records_and_values(backup: Path, filled: Path, cli: Cli) -> None:
    told = cli("backup", "verify", backup, "--rehearse", "--json").json
    check("backup-verify", told)
    assert told["rehearsal"]["records"] == told["recovery_point"]["records"]
    assert told["rehearsal"]["values"] == told["tables"]["compliance_bot.vault_binding"] > 0
    assert told["missing_epochs"] == []
    assert told["rehearsal"]["seconds"] > 0
    assert not (filled / ".rehearsal").exists()
    (record, *_) = cli("audit", "list", "--json").json["records"]
    assert (record["type"], record["outcome"]) == ("backup.verify", "done")


def test_a_rehearsal_that_was_killed_is_removed_by_the_next(backup: Path, filled: Path, cli: Cli) -> None:
    die = (
        "import os, sys; from compliance_bot.cli import main; from compliance_bot.recovery import rehearse; "
        "rehearse.open_embedded = lambda *_, **__: os.kill(os.getpid(), 9); main(sys.argv[1:])"
    )
    assert run(filled, die, "backup", "verify", str(backup), "--rehearse").returncode == -9
    left = json.loads((filled / ".rehearsal" / "server.json").read_text())
    assert cli("backup", "verify", backup, "--rehearse").code == 0
    assert not (filled / ".rehearsal").exists()
    assert not Path(left["folder"]).exists()


def test_a_backup_that_is_made_while_others_write_has_the_rows_that_it_counted(
    filled: Path, cli: Cli, tmp_path: Path
) -> None:
    stop, written = threading.Event(), threading.Semaphore(0)

    def write() -> None:
        with ComplianceBot.open(filled) as bot:
            bot.detector = ListedDetector({})
            for number in itertools.count():
                if stop.is_set():
                    return
                path = tmp_path / f"{number}.md"
                path.write_text(f"# Note {number}\n\nBox {number} stands in the depot.\n", encoding="utf-8")
                bot.ingest([path], collection="notes")
                written.release()

    def backed_up(name: str) -> int:
        """Back up at once when another document is in, while the next one is on its way."""
        while written.acquire(blocking=False):
            pass
        assert written.acquire(timeout=60)
        made = cli("backup", "create", tmp_path / f"{name}.backup", "--json").json
        return int(made["tables"]["compliance_bot.document"])

    writer = threading.Thread(target=write)
    writer.start()
    try:
        documents = [backed_up(str(number)) for number in range(3)]
    finally:
        stop.set()
        writer.join()
    assert documents[0] < documents[1] < documents[2], "the writer went on"
    for number in range(3):
        assert cli("backup", "verify", tmp_path / f"{number}.backup", "--rehearse").code == 0


def test_a_backup_never_takes_the_place_of_a_file(filled: Path, cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "x").write_text("mine", encoding="utf-8")
    result = cli("backup", "create", tmp_path / "x", "--json")
    assert (result.code, result.json["error"]["type"]) == (2, "BackupExists")
    assert (tmp_path / "x").read_text(encoding="utf-8") == "mine"
    result = cli("backup", "create", tmp_path / "no" / "such" / "folder", "--json")
    assert (result.code, result.json["error"]["type"]) == (3, "BackupUnwritable")


def test_only_who_may_administer_makes_or_verifies_one_and_a_refusal_is_on_record(
    filled: Path, backup: Path, cli: Cli, tmp_path: Path
) -> None:
    for arguments in (("create", tmp_path / "x"), ("verify", backup)):
        assert cli("backup", *arguments, "--as", "frank").code == 1
        (record, *_) = cli("audit", "list", "--json").json["records"]
        assert (record["type"], record["outcome"]) == (f"backup.{arguments[0]}", "refused")
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_leaves_no_file_and_a_record(
    filled: Path, cli: Cli, tmp_path: Path, server: EmbeddedServer
) -> None:
    # The limit is the process's own on the size of a file: writing fails as on a full disk, with another errno.
    limited = (
        "import resource, sys; from compliance_bot.cli import main; "
        "resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536)); main(sys.argv[1:])"
    )
    result = run(filled, limited, "backup", "create", str(tmp_path / "x"))
    assert (result.returncode, "File too large" in result.stderr) == (3, True), result.stderr
    assert "Traceback" not in result.stderr
    assert list(tmp_path.iterdir()) == []
    (record, *_) = cli("audit", "list", "--json").json["records"]
    assert (record["type"], record["outcome"]) == ("backup.create", "failed")


def test_one_that_is_killed_leaves_no_file_under_its_name_and_nothing_in_the_clear(
    filled: Path, cli: Cli, tmp_path: Path, server: EmbeddedServer
) -> None:
    die = (
        "import os, sys; from compliance_bot.cli import main; from compliance_bot.recovery import create\n"
        "write = create.write_member\n"
        "def dying(sink, name, blocks):\n"
        "    def some():\n"
        "        for block in blocks:\n"
        "            yield block\n"
        "            sink._file.flush()\n"
        "            if name == 'database.dump': os.kill(os.getpid(), 9)\n"
        "    return write(sink, name, some())\n"
        "create.write_member = dying\n"
        "main(sys.argv[1:])"
    )
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    folder = tmp_path / "backups"
    folder.mkdir()
    result = run(filled, die, "backup", "create", str(folder / "x"), TMPDIR=str(temporary))
    assert result.returncode == -9
    (partial,) = folder.iterdir()
    assert partial.suffix == ".partial"
    assert partial.read_bytes().startswith(MAGIC)
    assert WORDS.split()[1].encode() not in partial.read_bytes()
    assert not [path for path in temporary.rglob("*") if path.is_file()]
    assert cli("backup", "create", folder / "x").code == 0
    assert cli("ask", "What flies over the harbour?").code == 0


def test_what_was_written_is_read_back_before_it_gets_its_name(
    filled: Path, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settled = NewFile.settle

    def flipping(self: NewFile) -> None:
        settled(self)
        if self.path.name == "x.backup":
            with self.partial.open("r+b") as file:
                file.seek(-100, 2)
                byte = file.read(1)
                file.seek(-100, 2)
                file.write(bytes([byte[0] ^ 1]))

    monkeypatch.setattr(NewFile, "settle", flipping)
    result = cli("backup", "create", tmp_path / "x.backup", "--json")
    assert (result.code, result.json["error"]["type"]) == (1, "SealBroken")
    assert list(tmp_path.iterdir()) == []


def test_rows_that_do_not_come_back_are_found_by_a_rehearsal(
    filled: Path, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = Moment.rows
    more = TableRows(table="compliance_bot.lost", rows=1)
    monkeypatch.setattr(Moment, "rows", lambda self: (*counted(self), more))
    cli("backup", "create", tmp_path / "x")
    monkeypatch.setattr(Moment, "rows", counted)
    assert cli("backup", "verify", tmp_path / "x").code == 0
    result = cli("backup", "verify", tmp_path / "x", "--rehearse", "--json")
    assert (result.code, result.json["error"]["type"]) == (1, "RowsMissing")
    assert "compliance_bot.lost" in result.json["error"]["message"]
    assert not (filled / ".rehearsal").exists()


@pytest.mark.parametrize(
    ("table", "column", "error"),
    [
        ("audit.entry", "envelope", "RecordAltered"),
        ("compliance_bot.vault_binding", "ciphertext", "CannotDecrypt"),
    ],
)
def test_a_record_or_a_value_that_was_changed_before_is_found_by_a_rehearsal(
    filled: Path, cli: Cli, tmp_path: Path, server: EmbeddedServer, table: str, column: str, error: str
) -> None:
    with psycopg.connect(server.conninfo(SUPERUSER), autocommit=True) as superuser:
        ((given,),) = superuser.execute(f"SELECT {column} FROM {table} LIMIT 1").fetchall()
        change = f"UPDATE {table} SET {column} = %s WHERE {column} = %s"
        unlocked(superuser, table, change, [given + b" ", given])
        try:
            assert cli("backup", "create", tmp_path / "x").code == 0
            result = cli("backup", "verify", tmp_path / "x", "--rehearse", "--json")
            assert (result.code, result.json["error"]["type"]) == (1, error)
        finally:
            unlocked(superuser, table, change, [given, given + b" "])
    assert cli("audit", "list").code == 0


def unlocked(superuser: psycopg.Connection[Any], table: str, statement: str, values: list[bytes]) -> None:
    """Change what triggers hold, as somebody could who has the machine."""
    query = f"SELECT tgname FROM pg_trigger WHERE tgrelid = '{table}'::regclass AND tgenabled = 'A'"
    triggers = [name for (name,) in superuser.execute(query)]
    with superuser.transaction():
        for name in triggers:
            superuser.execute(f"ALTER TABLE {table} DISABLE TRIGGER {name}")
        assert superuser.execute(statement, values).rowcount == 1
        for name in triggers:
            superuser.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}")


@pytest.mark.parametrize("how", ["flipped", "short", "longer", "empty", "other"])
def test_a_damaged_file_is_refused(backup: Path, cli: Cli, tmp_path: Path, how: str) -> None:
    content = bytearray(backup.read_bytes())
    if how == "flipped":
        content[len(content) // 2] ^= 1
    changed = {"flipped": content, "short": content[:-5000], "longer": content + b"\0", "empty": b"", "other": b"PK"}
    path = tmp_path / "x"
    path.write_bytes(changed[how])
    result = cli("backup", "verify", path, "--json")
    expected = (2, "NotSealed") if how in ("empty", "other") else (1, "SealBroken")
    assert (result.code, result.json["error"]["type"]) == expected
    assert cli("backup", "verify", tmp_path / "absent", "--json").json["error"]["type"] == "BackupUnreadable"


def test_settings_with_secrets_are_left_out_and_it_says_so(filled: Path, cli: Cli, tmp_path: Path) -> None:
    settings = filled / "compliance-bot.toml"
    settings.write_text('chat_api_key = "sk-very-secret"\n', encoding="utf-8")
    try:
        result = cli("backup", "create", tmp_path / "x")
        assert "compliance-bot.toml holds secrets and is not in it" in result.err
        assert cli("backup", "verify", tmp_path / "x", "--json").json["left_out"] == ["compliance-bot.toml"]
    finally:
        settings.unlink()


def test_a_missing_key_of_the_vault_is_told_when_a_backup_is_made_and_verified(
    filled: Path, backup: Path, cli: Cli, tmp_path: Path
) -> None:
    key = filled / "keys" / "vault" / "epoch-1"
    key.rename(filled / "keys" / "aside")
    try:
        assert "WARNING: the vault's key is not here for epoch 1" in cli("backup", "create", tmp_path / "x").err
        result = cli("backup", "verify", backup, "--rehearse", "--json")
        assert (result.code, result.json["missing_epochs"], result.json["rehearsal"]["values"]) == (0, [1], 0)
        assert "WARNING: the vault's key of epoch 1 is missing" in cli("backup", "verify", backup).err
    finally:
        (filled / "keys" / "aside").rename(key)


def test_a_database_that_somebody_else_runs_is_left_to_them(
    filled: Path, cli: Cli, tmp_path: Path, server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMPLIANCE_BOT_DATABASE_URL", server.conninfo(APP_ROLE))
    result = cli("backup", "create", tmp_path / "x", "--json")
    assert (result.code, result.json["error"]["type"]) == (2, "NotEmbedded")
    assert "pg_dump" in result.json["error"]["hint"]
    assert list(tmp_path.iterdir()) == []


def test_keys_alone_are_enough_to_verify_one(
    filled: Path, backup: Path, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "elsewhere"
    subprocess.run(["cp", "-a", str(filled / "keys"), f"{elsewhere}.keys"], check=True)
    elsewhere.mkdir(mode=0o700)
    Path(f"{elsewhere}.keys").rename(elsewhere / "keys")
    monkeypatch.setenv("COMPLIANCE_BOT_HOME", str(elsewhere))
    assert cli("backup", "verify", backup, "--rehearse").code == 0
    assert [path.name for path in elsewhere.iterdir()] == ["keys"]


def test_the_python_interface_raises_what_the_commands_say(filled: Path, tmp_path: Path) -> None:
    with ComplianceBot.open(filled) as bot:
        checked = bot.create_backup(tmp_path / "x")
        assert bot.verify_backup(tmp_path / "x").checked == checked
        with pytest.raises(Unavailable, match="No such file"):
            bot.create_backup(tmp_path / "no" / "x")


def run(home: Path, program: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a program of its own in a home."""
    return subprocess.run(
        [sys.executable, "-c", program, *arguments],
        env={**os.environ, "COMPLIANCE_BOT_HOME": str(home), **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
