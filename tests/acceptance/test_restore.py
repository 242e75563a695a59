"""`compliance-bot backup restore`: the home that comes back is the one that was saved, or there is none."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from jsonschema import Draft202012Validator

from compliance_bot.audit.note_key import parse_verifier_key
from compliance_bot.audit.verify.asked import Asked
from compliance_bot.audit.verify.findings import Kind
from compliance_bot.bot import ComplianceBot
from compliance_bot.cli import run as run_command
from compliance_bot.cli.demo import ingest_samples
from compliance_bot.errors import ComplianceError
from compliance_bot.home import RestoreUnfinished, create_home, is_home
from compliance_bot.recovery import create, restore
from compliance_bot.settings import load_settings
from compliance_bot.store.account import binaries
from compliance_bot.store.embedded import APP_ROLE, SUPERUSER, EmbeddedServer, destroy
from compliance_bot.store.migrate import applied_migrations
from compliance_bot.store.moment import moment
from tests.acceptance.conftest import Cli, made_home

if TYPE_CHECKING:
    from compliance_bot.records import Answer

SCHEMAS = Path(__file__).resolve().parents[2] / "docs" / "reference" / "schemas"
PEOPLE = ("admin", "ana", "ben", "carla", "dev", "hugo", "frank")
QUESTIONS = (
    "How long are customer due diligence records kept?",
    "How much does a transfer abroad cost?",
    "What is Project Heron about?",
)
Restore = Callable[..., Path]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Make the sample institution's home with all of its documents."""
    with made_home(tmp_path_factory.mktemp("original"), policies="sample") as path:
        (path / "compliance-bot.toml").write_text("passages = 9\n", encoding="utf-8")
        with ComplianceBot.open(path) as bot:
            ingest_samples(bot)
        yield path


@pytest.fixture(scope="module")
def backup(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("backups") / "home.backup"
    with ComplianceBot.open(home) as bot:
        bot.create_backup(path)
    return path


@pytest.fixture(scope="module")
def escrow(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the keys as somebody keeps them elsewhere: readable to all, as on a stick."""
    folder = tmp_path_factory.mktemp("escrow") / "keys"
    shutil.copytree(home / "keys", folder)
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return folder


@pytest.fixture(scope="module")
def restored(backup: Path, escrow: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return a home that was restored and is only looked at. Its server runs all the time."""
    path = tmp_path_factory.mktemp("restored") / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COMPLIANCE_BOT_HOME", str(path))
        assert run_command(["backup", "restore", str(backup), "--keys", str(escrow)]) == 0
    server = EmbeddedServer.open(path)
    yield path
    server.close()
    destroy(path)


@pytest.fixture
def target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cli: Cli) -> Iterator[Path]:
    """Name a folder that is not there as the home of the commands of this test, and remove what comes there."""
    path = tmp_path / "target"
    monkeypatch.setenv("COMPLIANCE_BOT_HOME", str(path))
    yield path
    if path.exists():
        destroy(path)


def seen(answer: Answer) -> dict[str, Any]:
    """Return what an asker gets, without what is another each time."""
    told = asdict(answer)
    for name in ("record", "receipt", "timings_ms", "undrawn"):
        told.pop(name)
    return told


def asked(home: Path) -> dict[tuple[str, str], object]:
    """Return what each person is answered, and finds."""
    found: dict[tuple[str, str], object] = {}
    with ComplianceBot.open(home) as bot:
        for person in PEOPLE:
            for question in QUESTIONS:
                try:
                    found[person, question] = seen(bot.ask(question, principal=person, purpose="supervision"))
                except ComplianceError as error:
                    found[person, question] = (type(error).__name__, str(error))
            try:
                listed = bot.documents(principal=person)
            except ComplianceError as error:
                found[person, "documents"] = type(error).__name__
            else:
                found[person, "documents"] = sorted((one.document, one.title, one.version) for one in listed)
    return found


def superuser(home: Path) -> psycopg.Connection[Any]:
    server = EmbeddedServer.open(home)
    try:
        return psycopg.connect(server.conninfo(SUPERUSER), autocommit=True)
    finally:
        server.close()


def schema(home: Path) -> list[str]:
    """Return the schema of a home's database as pg_dump words it: tables, owners, rights, locks, triggers."""
    server = EmbeddedServer.open(home)
    command = [str(binaries() / "pg_dump"), "--schema-only", "--dbname", server.conninfo(SUPERUSER)]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    server.close()
    return [line for line in lines if not line.startswith(("\\restrict", "\\unrestrict"))]


def test_the_same_people_get_the_same_answers_and_the_forbidden_stays_forbidden(home: Path, restored: Path) -> None:
    before, after = asked(home), asked(restored)
    assert after == before
    answered = {who for who in PEOPLE if "citations" in str(before[who, QUESTIONS[0]])}
    assert {"ana", "ben"} <= answered
    # The matter is seen by those inside the wall, and by nobody else.
    told = {who: str(after[who, QUESTIONS[2]]) for who in PEOPLE}
    assert "Heron" in told["dev"].replace(QUESTIONS[2], "")
    for outside in ("hugo", "ben", "frank", "admin"):
        assert "Heron" not in told[outside].replace(QUESTIONS[2], "")


def test_tables_rights_locks_and_triggers_are_the_same(home: Path, restored: Path) -> None:
    given = schema(home)
    assert schema(restored) == given
    text = "\n".join(given)
    for part in ("ENABLE ALWAYS TRIGGER", "FORCE ROW LEVEL SECURITY", "CREATE POLICY", "OWNER TO compliance_bot_owner"):
        assert part in text


# Both logs went on from there, and of their trees only what stood there when the backup was taken is the same.
_BEFORE = "entry_id <= '{newest}'"
_SIGNED = (
    "(SELECT max(size) FROM audit.checkpoint c JOIN audit.leaf l ON l.leaf_index = c.size - 1 AND " + _BEFORE + ")"
)
_UP_TO = {
    "audit.entry": "WHERE " + _BEFORE,
    "audit.payload": "WHERE " + _BEFORE,
    "audit.leaf": f"WHERE leaf_index < {_SIGNED}",
    "audit.checkpoint": f"WHERE size <= {_SIGNED}",
}


def test_all_rows_are_the_same_and_the_log_goes_on_from_there(home: Path, restored: Path, backup: Path) -> None:
    with ComplianceBot.open(home) as bot:
        newest = bot.verify_backup(backup).checked.manifest.recovery_point.newest
    with superuser(home) as one, superuser(restored) as other:
        tables = one.execute(
            "SELECT oid::regclass::text FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition "
            "AND relnamespace IN ('compliance_bot'::regnamespace, 'audit'::regnamespace) ORDER BY 1"
        ).fetchall()
        for (table,) in tables:
            if table in {"audit.actor", "audit.pending"}:
                continue  # whoever acts for the first time is added; what waited stands in the tree
            up_to = _UP_TO.get(table, "").format(newest=newest)
            query = f"SELECT md5(t::text) FROM {table} t {up_to} ORDER BY 1"
            assert other.execute(query).fetchall() == one.execute(query).fetchall(), table
        count = "SELECT count(*) FROM audit.entry WHERE entry_id <= %s"
        assert other.execute(count, [newest]).fetchall()[0][0] > 10


def test_the_log_is_append_only_and_its_first_new_record_is_the_restore(restored: Path, backup: Path) -> None:
    server = EmbeddedServer.open(restored)
    try:
        with psycopg.connect(server.conninfo(APP_ROLE), autocommit=True) as connection:
            for statement in ("UPDATE audit.entry SET envelope = ''", "DELETE FROM audit.entry"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(statement)
            assert connection.execute("SELECT count(*) FROM compliance_bot.chunk").fetchone() == (0,)
    finally:
        server.close()
    with ComplianceBot.open(restored) as bot:
        records = bot.records(principal="admin", limit=1000)
        at = [record.type for record in records].index("backup.restore")
        public = bot.record(records[at].record, principal="admin").envelope["public"]
        checked = bot.verify_backup(backup, principal="admin").checked
    with ComplianceBot.open(restored) as bot:
        own = sum(
            1 for one in bot._log.each() if one.id <= records[at + 1].record and one.envelope["type"][:4] == "log."
        )
    assert len(records) - at - 1 + own == checked.manifest.recovery_point.records
    assert records[at + 1].record == checked.manifest.recovery_point.newest
    assert (public["backup"], public["sha256"]) == (checked.header.backup, checked.sha256)
    assert public["recovery_point"]["newest"] == records[at + 1].record


def test_the_log_goes_on_under_another_name_since_what_was_signed_after_the_backup_is_gone(
    home: Path, restored: Path
) -> None:
    with ComplianceBot.open(home) as bot:
        old = bot.audit_log(principal="admin").keys()
    with ComplianceBot.open(restored) as bot:
        new = bot.audit_log(principal="admin").keys()
        asked = [Asked(keys=(parse_verifier_key(keys.signing),), jobs=1) for keys in (old, new)]
        with_old, with_new = (bot.log_evidence(principal="admin").verify(one) for one in asked)
    assert old.origin != new.origin
    assert [fault.kind for fault in with_old.faults] == [Kind.SIGNATURE]
    assert with_new.faults == ()


def test_values_are_shown_with_the_keys(home: Path, restored: Path) -> None:
    shown = []
    for path in (home, restored):
        with ComplianceBot.open(path) as bot:
            documents = sorted(one.document for one in bot.documents(principal="admin"))
            shown.append([bot.reveal(one, principal="admin", purpose="supervision") for one in documents[:20]])
    assert shown[0] == shown[1]
    assert sum(map(len, shown[0])) > 10


def test_files_are_for_their_owner_alone_and_passwords_are_new(home: Path, restored: Path) -> None:
    assert is_home(restored)
    assert not {path.name for path in restored.iterdir() if not path.name.startswith(".")} - {
        *("policies", "keys", "compliance-bot.toml", "compliance-bot.home", "server.json", "database")
    }
    for path in (restored, *restored.joinpath("keys").rglob("*"), *restored.joinpath("policies").rglob("*")):
        assert path.stat().st_mode & 0o077 == 0, path
    assert (restored / "compliance-bot.toml").read_text(encoding="utf-8") == "passages = 9\n"
    old, new = (json.loads((path / "keys" / "database.json").read_text()) for path in (home, restored))
    assert set(old) == set(new)
    assert not set(old.values()) & set(new.values())
    for name in ("key-encryption-key", "vault/epoch-1"):
        assert (restored / "keys" / name).read_bytes() == (home / "keys" / name).read_bytes()


def test_it_tells_what_was_restored_from_when_and_how_long_it_took(
    backup: Path, escrow: Path, target: Path, cli: Cli
) -> None:
    result = cli("backup", "restore", backup, "--keys", escrow, "--json")
    name = json.loads((SCHEMAS / "backup-restore.json").read_text(encoding="utf-8"))
    Draft202012Validator(name).validate(result.json)
    at = result.json["recovery_point"]["at"]
    assert f"what was recorded after {at} is not in it" in result.err
    assert f"restored the home {target} in" in result.err
    assert cli("doctor").code == 0


def test_without_a_key_of_the_vault_everything_else_comes_back_and_it_says_so(
    backup: Path, escrow: Path, target: Path, cli: Cli
) -> None:
    target.mkdir(mode=0o700)
    shutil.copytree(escrow, target / "keys")
    for path in (target / "keys", *(target / "keys").rglob("*")):
        path.chmod(0o700 if path.is_dir() else 0o600)
    shutil.rmtree(target / "keys" / "vault")
    result = cli("backup", "restore", backup, "--json")
    assert (result.code, result.json["missing_epochs"]) == (0, [1])
    assert "WARNING: the vault's key of epoch 1 is missing" in result.err
    with ComplianceBot.open(target) as bot:
        assert bot.ask(QUESTIONS[0], principal="ana", reveal=False).citations
        document = bot.documents(principal="carla", reveal=False)[0].document
        with pytest.raises(ComplianceError, match="key of epoch 1 is missing"):
            bot.reveal(document, principal="admin", purpose="supervision")


def test_other_policies_can_take_the_place_of_those_in_the_backup(
    home: Path, backup: Path, escrow: Path, target: Path, cli: Cli, tmp_path: Path
) -> None:
    policies = tmp_path / "policies"
    shutil.copytree(home / "policies", policies)
    closed = '@id("closed") forbid (principal == User::"ana", action == Action::"read", resource);'
    (policies / "closed.cedar").write_text(closed, encoding="utf-8")
    assert cli("backup", "restore", backup, "--keys", escrow, "--policies", policies).code == 0
    assert (target / "policies" / "closed.cedar").read_text(encoding="utf-8") == closed
    with ComplianceBot.open(target) as bot:
        assert not bot.documents(principal="ana")
        assert bot.documents(principal="admin")
        assert "policy.change" in [record.type for record in bot.records(principal="admin")]


def test_policies_that_are_not_valid_are_refused_before_anything_is_done(
    backup: Path, escrow: Path, target: Path, cli: Cli, tmp_path: Path
) -> None:
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "a.cedar").write_text("permit everything", encoding="utf-8")
    result = cli("backup", "restore", backup, "--keys", escrow, "--policies", tmp_path / "bad", "--json")
    assert (result.code, result.json["error"]["type"]) == (2, "InvalidPolicies")
    assert not target.exists()


def test_settings_that_are_there_stay(backup: Path, escrow: Path, target: Path, cli: Cli) -> None:
    target.mkdir()
    (target / "compliance-bot.toml").write_text("passages = 4\n", encoding="utf-8")
    assert cli("backup", "restore", backup, "--keys", escrow).code == 0
    assert (target / "compliance-bot.toml").read_text(encoding="utf-8") == "passages = 4\n"


@pytest.mark.parametrize("how", ["flipped", "first", "short", "longer", "header"])
def test_a_damaged_file_brings_nothing_back(
    backup: Path, escrow: Path, target: Path, cli: Cli, tmp_path: Path, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Not even a server is made: all of the file is read first.
    monkeypatch.setattr(restore, "rebuild", lambda *_, **__: pytest.fail("something was restored"))
    content = backup.read_bytes()
    flipped, first = bytearray(content), bytearray(content)
    flipped[-200_000] ^= 1
    first[1000] ^= 1
    changed = {
        "flipped": flipped,
        "first": first,
        "short": content[: len(content) // 2],
        "longer": content + b"\0",
        "header": content.replace(b'"tenant": "default"', b'"tenant": "defaulu"'),
    }
    (tmp_path / "x").write_bytes(changed[how])
    result = cli("backup", "restore", tmp_path / "x", "--keys", escrow, "--json")
    assert (result.code, result.json["error"]["type"]) == (1, "SealBroken")
    assert not target.exists()


def test_other_keys_none_and_exposed_ones_are_refused(
    backup: Path, escrow: Path, target: Path, cli: Cli, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    shutil.copytree(escrow, other)
    (other / "key-encryption-key").write_bytes(b"x" * 32)
    result = cli("backup", "restore", backup, "--keys", other, "--json")
    assert (result.code, result.json["error"]["type"]) == (1, "BackupOfOtherKeys")
    result = cli("backup", "restore", backup, "--json")
    assert (result.code, "--keys DIR" in result.json["error"]["hint"]) == (2, True)
    result = cli("backup", "restore", backup, "--keys", tmp_path / "none", "--json")
    assert (result.code, result.json["error"]["type"]) == (2, "UsageError")
    assert not target.exists()
    target.mkdir()
    shutil.copytree(escrow, target / "keys")
    result = cli("backup", "restore", backup, "--json")
    assert (result.code, result.json["error"]["type"]) == (3, "KeysExposed")
    result = cli("backup", "restore", backup, "--keys", escrow, "--json")
    assert (result.code, "there already" in result.json["error"]["message"]) == (2, True)
    assert [path.name for path in target.iterdir()] == ["keys"]


def test_a_home_or_a_folder_with_something_in_it_is_left_alone(
    home: Path, backup: Path, escrow: Path, target: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    target.mkdir()
    (target / "letter.txt").write_text("mine", encoding="utf-8")
    for taken in (target, home):
        monkeypatch.setenv("COMPLIANCE_BOT_HOME", str(taken))
        before = sorted(path.name for path in taken.iterdir())
        result = cli("backup", "restore", backup, "--keys", escrow, "--json")
        assert (result.code, result.json["error"]["type"]) == (2, "PlaceTaken")
        assert sorted(path.name for path in taken.iterdir()) == before


def test_a_backup_of_a_newer_version_is_refused(
    home: Path, escrow: Path, target: Path, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(create, "applied_migrations", lambda dsn: (*applied_migrations(dsn), "9999_later"))
    monkeypatch.setattr("compliance_bot.recovery.backup.pending_migrations", lambda _: ())
    with ComplianceBot.open(home) as bot:
        bot.create_backup(tmp_path / "x")
    monkeypatch.undo()
    monkeypatch.setenv("COMPLIANCE_BOT_HOME", str(target))
    result = cli("backup", "restore", tmp_path / "x", "--keys", escrow, "--json")
    assert (result.code, result.json["error"]["type"]) == (3, "MadeByNewerVersion")
    assert not target.exists()


def test_another_tenant_or_a_database_of_ones_own_in_the_settings_is_refused(
    backup: Path, escrow: Path, target: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMPLIANCE_BOT_TENANT", "other")
    result = cli("backup", "restore", backup, "--keys", escrow, "--json")
    assert (result.code, result.json["error"]["type"]) == (1, "BackupOfOtherTenant")
    monkeypatch.delenv("COMPLIANCE_BOT_TENANT")
    monkeypatch.setenv("COMPLIANCE_BOT_DATABASE_URL", "postgresql://somebody@nowhere/x")
    result = cli("backup", "restore", backup, "--keys", escrow, "--json")
    assert (result.code, result.json["error"]["type"]) == (2, "NotEmbedded")
    assert not target.exists()


STAGES = ("restore.rebuild", "rebuild.moment", "restore.AuditLog", "place.finish_restore")


@pytest.mark.parametrize("stage", [*STAGES, "in the middle of the dump"])
def test_one_that_is_killed_leaves_no_home_and_the_next_starts_over(
    backup: Path, escrow: Path, target: Path, cli: Cli, stage: str
) -> None:
    assert dying(stage, target, backup, escrow) == -9
    assert not is_home(target)
    for command in (("ask", QUESTIONS[0]), ("init",), ("backup", "create", target.parent / "x")):
        result = cli(*command, "--json")
        assert (result.code, result.json["error"]["type"]) == (3, RestoreUnfinished.__name__)
    with pytest.raises(RestoreUnfinished, match="not complete"):
        create_home(load_settings(home=target))
    left = json.loads((target / "server.json").read_text())["folder"] if (target / "server.json").exists() else None
    assert cli("backup", "restore", backup, "--keys", escrow).code == 0
    assert left is None or left == str(target / "database") or not Path(left).exists()
    assert (target / "compliance-bot.toml").exists()
    with ComplianceBot.open(target) as bot:
        types = [record.type for record in bot.records(principal="admin")]
        assert types.count("backup.restore") == 1
        assert bot.ask(QUESTIONS[0], principal="ana").citations


def dying(stage: str, target: Path, backup: Path, escrow: Path) -> int:
    """Restore in a process that kills itself where a stage begins, and return how it ended."""
    program = f"""
import os, sys
from compliance_bot.cli import main
from compliance_bot.recovery import place, rebuild, restore
die = lambda *_, **__: os.kill(os.getpid(), 9)
stage = {stage!r}
if stage in {STAGES!r}:
    *owner, name = stage.split(".")
    holder = {{"place": place, "rebuild": rebuild, "restore": restore}}[owner[0]]
    for part in owner[1:]:
        holder = getattr(holder, part)
    setattr(holder, name, die)
else:
    whole = rebuild.rebuild
    restore.rebuild = lambda *a, **k: whole(*a, **{{**k, "on_progress": die}})
main(["backup", "restore", {str(backup)!r}, "--keys", {str(escrow)!r}])
"""
    environment = {**os.environ, "COMPLIANCE_BOT_HOME": str(target)}
    return subprocess.run([sys.executable, "-c", program], env=environment, check=False, timeout=120).returncode


def test_a_full_disk_leaves_no_home(
    backup: Path, escrow: Path, target: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Path("/tmp") / f"compliance-bot-restore-{os.getpid()}"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=80m,mode=0755", "tmpfs", str(disk)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        disk.rmdir()
        pytest.skip("needs the right to mount a tmpfs")
    try:
        monkeypatch.setenv("COMPLIANCE_BOT_DATABASE_DIR", str(disk))
        (disk / "filler").write_bytes(bytes(8 << 20))
        result = cli("backup", "restore", backup, "--keys", escrow, "--json")
        assert result.code in (1, 3), result.out
        assert result.json["error"]["type"] in ("NotRestored", "ServerUnavailable", "PlaceUnwritable")
        assert not target.exists()
        assert [path.name for path in disk.iterdir()] == ["filler"]
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)
        disk.rmdir()


def test_a_restored_home_can_be_saved_and_restored_again(
    restored: Path, escrow: Path, target: Path, cli: Cli, tmp_path: Path
) -> None:
    with ComplianceBot.open(restored) as bot:
        bot.create_backup(tmp_path / "second")
    assert cli("backup", "restore", tmp_path / "second", "--keys", escrow).code == 0
    server = EmbeddedServer.open(target)
    try:
        with moment(server.conninfo(SUPERUSER)) as now:
            assert {one.table: one.rows for one in now.rows()}["compliance_bot.document"] > 40
    finally:
        server.close()
