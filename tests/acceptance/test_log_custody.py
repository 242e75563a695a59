"""The log's key, wherever it is kept: it signs, is changed, is backed up by nobody unasked, and is told to nobody."""

from __future__ import annotations

import base64
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from compliance_bot import ComplianceBot
from compliance_bot.audit.note import open_note
from compliance_bot.audit.note_key import parse_verifier_key
from compliance_bot.home import signing_keys
from compliance_bot.settings import load_settings
from compliance_bot.store.embedded import SUPERUSER, EmbeddedServer, destroy
from tests.acceptance.conftest import PRINCIPALS, STARTER_GRANTS, Cli, made_home
from tests.key_commands import MANAGEMENT, SIGNER, command, make_key

QUESTION = "When does the ferry leave?"
CLEAR = {"files": "key-{}", "wrapped": "key-{}.wrapped", "environment": "key-{}.public", "signer": "key-{}.public"}


@dataclass
class Keeper:
    """Who keeps the keys of a log, and what they set."""

    kind: str
    folder: Path
    made: dict[int, bytes] = field(default_factory=dict)  # by the operator

    @property
    def setting(self) -> tuple[str, str] | None:
        if self.kind == "wrapped":
            return "COMPLIANCE_BOT_LOG_KEY_COMMAND", command(self.folder, MANAGEMENT)
        if self.kind == "signer":
            return "COMPLIANCE_BOT_LOG_SIGN_COMMAND", command(self.folder, SIGNER)
        if self.kind == "environment":
            words = (f"{number}:{base64.b64encode(key).decode()}" for number, key in self.made.items())
            return "COMPLIANCE_BOT_LOG_KEYS", " ".join(words)
        return None

    @property
    def is_operator(self) -> bool:
        """Return whether keys are the operator's to make."""
        return self.kind in ("environment", "signer")

    def make(self, number: int, monkeypatch: pytest.MonkeyPatch) -> None:
        if self.is_operator:
            self.made[number] = make_key(self.folder, number)
        self.set(monkeypatch)

    def set(self, monkeypatch: pytest.MonkeyPatch) -> None:
        if self.setting is not None:
            monkeypatch.setenv(*self.setting)

    def secrets(self, home: Path) -> list[bytes]:
        """Return the private keys that there are."""
        if self.is_operator:
            return list(self.made.values())
        keys = signing_keys(load_settings(home=home), home / "keys").load().keys
        return [key.private_bytes_raw() for key in keys if isinstance(key, Ed25519PrivateKey)]


@pytest.fixture(scope="module", params=CLEAR)
def keeper(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Keeper:
    return Keeper(request.param, tmp_path_factory.mktemp(request.param))


@pytest.fixture(scope="module")
def home(keeper: Keeper, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with made_home(tmp_path_factory.mktemp("home")) as path, pytest.MonkeyPatch.context() as patch:
        (path / "policies" / "grants.cedar").write_text(STARTER_GRANTS, encoding="utf-8")
        (path / "policies" / "principals.yaml").write_text(PRINCIPALS, encoding="utf-8")
        ferry = tmp_path_factory.mktemp("documents") / "ferry.md"
        ferry.write_text("# Ferry\n\nThe ferry leaves at eight in the morning.\n", encoding="utf-8")
        keeper.make(1, patch)
        with ComplianceBot.open(path) as bot:
            bot.ingest([ferry], collection="policies")
        yield path


@pytest.fixture(autouse=True)
def _set(keeper: Keeper, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keeper.set(monkeypatch)


def names(home: Path) -> list[str]:
    return sorted(path.name for path in (home / "keys" / "log").iterdir())


def is_receipted(cli: Cli, tmp_path: Path, key: str) -> bool:
    """Ask, and return whether the receipt is this key's for the text that was shown."""
    answer = cli("ask", QUESTION, "--as", "ana", "--json").json
    (tmp_path / "receipt").write_text(answer["receipt"], encoding="utf-8")
    (tmp_path / "answer").write_text(answer["answer"], encoding="utf-8")
    return cli("audit", "receipt", tmp_path / "receipt", "--answer", tmp_path / "answer", "--key", key).code == 0


def test_it_signs_and_what_is_in_the_home_is_what_it_should_be(
    cli: Cli, keeper: Keeper, home: Path, tmp_path: Path
) -> None:
    key = cli("audit", "keys", "--json").json["signing"]
    assert is_receipted(cli, tmp_path, key)
    assert cli("audit", "verify", "--key", key).code == 0
    assert names(home) == [CLEAR[keeper.kind].format(1)]
    (kept,) = ((home / "keys" / "log" / name).read_bytes() for name in names(home))
    assert (kept in keeper.secrets(home)) is (keeper.kind == "files")
    (checked,) = (one for one in cli("doctor", "--json").json["checks"] if one["check"] == "log key")
    assert checked["state"] == "ok"


def test_another_takes_over_and_the_old_one_vouches_for_it(
    cli: Cli, keeper: Keeper, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = cli("audit", "keys", "--json").json["signing"]
    if keeper.is_operator:
        refused = cli("audit", "rotate-key", "--reason", "yearly")
        assert (refused.code, refused.out) == (2 if keeper.kind == "environment" else 3, "")
        assert names(home) == [CLEAR[keeper.kind].format(1)]
        assert is_receipted(cli, tmp_path, old)
    keeper.make(2, monkeypatch)
    changed = cli("audit", "rotate-key", "--reason", "yearly", "--json").json
    assert changed["earlier"] == [old]
    assert names(home) == [CLEAR[keeper.kind].format(number) for number in (1, 2)]
    handover = cli("audit", "checkpoint", "--json").json["note"].encode()
    known = [parse_verifier_key(key) for key in (old, changed["signing"])]
    assert len(open_note(handover, known).verified) == 2
    assert is_receipted(cli, tmp_path, changed["signing"])
    assert cli("audit", "verify", "--key", old).code == 0


def test_the_log_begins_anew_with_the_key_there_is(cli: Cli, keeper: Keeper, home: Path, tmp_path: Path) -> None:
    before = cli("audit", "keys", "--json").json
    after = cli("audit", "begin-anew", "--reason", "a trial", "--json").json
    assert after["origin"] != before["origin"]
    assert after["signing"].split("+")[2] == before["signing"].split("+")[2]
    assert is_receipted(cli, tmp_path, after["signing"])


def test_a_backup_has_none_of_it_and_with_the_keys_folder_the_log_goes_on(
    cli: Cli, keeper: Keeper, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cli("backup", "create", tmp_path / "home.backup").code == 0
    shutil.copytree(home / "keys", tmp_path / "escrow")
    target = tmp_path / "target"
    monkeypatch.setenv("COMPLIANCE_BOT_HOME", str(target))
    try:
        place = ("--keys", tmp_path / "escrow", "--anchor", tmp_path / "none")
        (tmp_path / "none").write_bytes(Path(f"{home}.anchor.jsonl").read_bytes())
        restored = cli("backup", "restore", tmp_path / "home.backup", *place)
        assert restored.code == 0, restored.err
        assert is_receipted(cli, tmp_path, cli("audit", "keys", "--json").json["signing"])
        assert names(target) == names(home)
    finally:
        destroy(target)


def test_no_command_no_log_and_nothing_that_is_stored_tells_it(
    cli: Cli, keeper: Keeper, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMPLIANCE_BOT_LOG_LEVEL", "debug")
    commands = (
        ("ask", QUESTION),
        ("audit", "keys"),
        ("audit", "checkpoint"),
        ("audit", "rotate-key", "--reason", "there may be none"),
        ("audit", "export", str(tmp_path / "export"), "--content"),
        ("backup", "create", str(tmp_path / "backup")),
        ("doctor", "--production"),
    )
    haul = [f"{result.out}{result.err}".encode() for result in (cli(*one) for one in commands)]
    with damaged(home):
        haul += [f"{result.out}{result.err}".encode() for result in (cli(*one) for one in commands)]
    folder = Path(json.loads((home / "server.json").read_text(encoding="utf-8"))["folder"])
    kept = {home / "keys" / "log" / name for name in names(home)} if keeper.kind == "files" else set()
    haul += [
        path.read_bytes()
        for where in (home, folder, tmp_path)
        for path in where.rglob("*")
        if path.is_file() and path not in kept
    ]
    haul += tables(home)
    found, secrets = b"\0".join(haul), keeper.secrets(home)
    assert cli("audit", "keys", "--json").json["origin"].encode().hex().encode() in found, "rows were looked at"
    assert secrets
    for secret in (one[:15] for one in secrets):  # of which base64 has no padding
        for form in (secret, secret.hex().encode(), base64.b64encode(secret), repr(secret)[2:-1].encode()):
            assert form not in found


@pytest.mark.parametrize("keeper", ["files"], indirect=True)
def test_a_key_file_that_was_exchanged_is_told_and_nothing_is_signed(cli: Cli, keeper: Keeper, home: Path) -> None:
    path = home / "keys" / "log" / names(home)[-1]
    kept = path.read_bytes()
    path.write_bytes(os.urandom(32))
    try:
        for args in (("ask", QUESTION), ("audit", "checkpoint")):
            refused = cli(*args)
            assert (refused.code, refused.out) == (3, "")
            assert "by none of the keys in keys/log" in refused.err
    finally:
        path.write_bytes(kept)
    assert cli("ask", QUESTION).code == 0


@pytest.mark.parametrize("keeper", ["signer"], indirect=True)
@pytest.mark.parametrize(
    "script",
    ["import sys; sys.exit(7)", SIGNER.replace(".read())", ".read() + b' ')"), SIGNER.replace('f"own', 'f"no')],
    ids=["fails", "signs another text", "has lost the key"],
)
def test_a_signer_that_does_not_sign_shows_nothing_and_loses_nothing(
    cli: Cli, keeper: Keeper, home: Path, tmp_path: Path, script: str
) -> None:
    key = cli("audit", "keys", "--json").json["signing"]
    command(keeper.folder, script)
    try:
        for args in (("ask", QUESTION), ("audit", "checkpoint"), ("audit", "rotate-key", "--reason", "now")):
            refused = cli(*args)
            assert (refused.code, refused.out) == (3, "")
            assert "log_sign_command" in refused.err
            assert "Traceback" not in refused.err
        waiting = cli("audit", "list", "--json").json["records"]
        assert "answer" in {one["type"] for one in waiting}
        (checked,) = (one for one in cli("doctor", "--json").json["checks"] if one["check"] == "log key")
        assert checked["state"] == "problem"
    finally:
        command(keeper.folder, SIGNER)
    assert is_receipted(cli, tmp_path, key)
    assert cli("audit", "verify", "--key", key).code == 0
    assert cli("audit", "proof", next(one["record"] for one in waiting if one["type"] == "answer")).code == 0


@pytest.mark.parametrize("keeper", ["environment"], indirect=True)
def test_a_key_in_the_environment_that_is_another_or_none_shows_nothing(
    cli: Cli, keeper: Keeper, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = max(keeper.made)
    another = base64.b64encode(os.urandom(32)).decode()
    for written, told in (
        (f"{number}:{another}", "is not the one on record"),
        (f"{number + 7}:{another}", "only the public half"),
        (f"{number}:{another[:-4]}", "part 1 is not NUMBER:BASE64"),
    ):
        monkeypatch.setenv("COMPLIANCE_BOT_LOG_KEYS", written)
        for args in (("ask", QUESTION), ("search", "ferry"), ("documents", "list")):
            refused = cli(*args)
            assert (refused.code, refused.out) == (3, "")
            assert told in refused.err
            assert another[:8] not in refused.err


@pytest.mark.parametrize("keeper", ["files"], indirect=True)
def test_a_list_of_keys_that_is_none_is_told_before_one_of_them_is_needed(
    cli: Cli, keeper: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMPLIANCE_BOT_LOG_KEYS", "1:" + base64.b64encode(os.urandom(31)).decode())
    refused = cli("ask", QUESTION)
    assert (refused.code, refused.out) == (3, "")
    assert "log_keys: part 1 is not NUMBER:BASE64" in refused.err
    (checked,) = (one for one in cli("doctor", "--json").json["checks"] if one["check"] == "log key")
    assert checked["state"] == "problem"


@pytest.mark.parametrize("keeper", ["files"], indirect=True)
def test_a_home_goes_from_files_to_a_signer_and_the_doctor_says_what_is_left(
    cli: Cli, keeper: Keeper, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, there = cli("audit", "keys", "--json").json["signing"], names(home)
    number = len(there) + 1
    make_key(tmp_path, number)
    monkeypatch.setenv("COMPLIANCE_BOT_LOG_SIGN_COMMAND", command(tmp_path, SIGNER))
    changed = cli("audit", "rotate-key", "--reason", "to the HSM", "--json").json
    assert is_receipted(cli, tmp_path, changed["signing"])
    (checked,) = (one for one in cli("doctor", "--json").json["checks"] if one["check"] == "log key")
    assert (checked["state"], there[-1] in checked["detail"]) == ("warning", True)
    for name in there:
        (home / "keys" / "log" / name).unlink()
    (checked,) = (one for one in cli("doctor", "--json").json["checks"] if one["check"] == "log key")
    assert (checked["state"], "log_sign_command" in checked["detail"]) == ("ok", True)
    assert is_receipted(cli, tmp_path, changed["signing"])
    assert cli("audit", "verify", "--key", old).code == 0


@contextmanager
def damaged(home: Path) -> Iterator[None]:
    """Cut the newest key file short for the length of the block."""
    path = home / "keys" / "log" / names(home)[-1]
    kept = path.read_bytes()
    path.write_bytes(kept[:-1])
    try:
        yield
    finally:
        path.write_bytes(kept)


def tables(home: Path) -> list[bytes]:
    """Return every row of the database as text."""
    server = EmbeddedServer.open(home)
    try:
        with psycopg.connect(server.conninfo(SUPERUSER), options="-c search_path=compliance_bot,public") as connection:
            found = connection.execute(
                """SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                   WHERE n.nspname IN ('compliance_bot', 'audit') AND c.relkind = 'r'"""
            ).fetchall()
            return [
                str(row[0]).encode()
                for (table,) in found
                for row in connection.execute(f"SELECT t::text FROM {table} t")
            ]
    finally:
        server.close()
