"""The embedded server: found again, started again, made again; and closed to everybody else."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest

from compliance_bot import home as home_module
from compliance_bot.errors import UsageError
from compliance_bot.home import HomeExposed, NoHome, create_home, open_home, throw_away_home
from compliance_bot.keys import KeysMissing
from compliance_bot.settings import load_settings
from compliance_bot.store import account
from compliance_bot.store.account import ServerUnavailable
from compliance_bot.store.embedded import APP_ROLE, SUPERUSER, EmbeddedServer, destroy
from tests.servers import kill_server, lives, place, server_pid

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compliance_bot.settings import Settings

HOLD = """
import sys
from compliance_bot.store.embedded import EmbeddedServer
from pathlib import Path
server = EmbeddedServer.open(Path(sys.argv[1]))
print("open", flush=True)
sys.stdin.readline()
server.close()
print("closed", flush=True)
sys.stdin.readline()
"""


@pytest.fixture(scope="module")
def scratch() -> Iterator[Path]:
    """Return a home that these tests may break: a database comes and goes with each."""
    with tempfile.TemporaryDirectory() as folder, throw_away_home(Path(folder) / "home") as home:
        yield home


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@contextmanager
def another_process(home: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", HOLD, str(home)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        try:
            yield process
        finally:
            with suppress(BrokenPipeError):
                process.communicate("\n\n", timeout=60)


class TestLife:
    def test_the_last_to_leave_stops_it(self, scratch: Path) -> None:
        one, other = EmbeddedServer.open(scratch), EmbeddedServer.open(scratch)
        one.close()
        assert server_pid(scratch)
        other.close()
        other.close()
        assert server_pid(scratch) is None

    def test_two_processes_share_it_and_the_last_one_stops_it(self, scratch: Path) -> None:
        here = EmbeddedServer.open(scratch)
        pid = server_pid(scratch)
        with another_process(scratch):
            here.close()
            assert server_pid(scratch) == pid
        assert server_pid(scratch) is None

    def test_a_process_that_was_killed_does_not_keep_it(self, scratch: Path) -> None:
        with another_process(scratch) as process:
            pid = server_pid(scratch)
            process.kill()
            process.wait()
        assert server_pid(scratch) == pid
        EmbeddedServer.open(scratch).close()
        assert server_pid(scratch) is None

    def test_after_kill_9_of_the_server_the_next_query_works(self, scratch: Path) -> None:
        with open_home(load_settings(home=scratch)) as home:
            for _ in range(2):
                with home.database.reading() as transaction:
                    transaction.connection.execute("SELECT 1")
                kill_server(scratch)
            with home.database.writing() as transaction:
                assert transaction.connection.execute("SHOW synchronous_commit").fetchone() == ("on",)

    def test_what_was_committed_survives_kill_9(self, scratch: Path) -> None:
        server = EmbeddedServer.open(scratch)
        try:
            with psycopg.connect(server.conninfo(SUPERUSER)) as connection:
                connection.execute("CREATE TABLE IF NOT EXISTS kept (n int)")
                connection.execute("INSERT INTO kept VALUES (7)")
            pid = server_pid(scratch)
            assert pid
            os.kill(pid, signal.SIGKILL)
            server.ensure_running()
            with psycopg.connect(server.conninfo(SUPERUSER)) as connection:
                assert connection.execute("TABLE kept").fetchall() == [(7,)]
        finally:
            server.close()

    def test_a_half_made_cluster_is_made_anew_and_a_destroyed_one_is_stopped(self, tmp_path: Path) -> None:
        home = tmp_path / "home"
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(EmbeddedServer, "_create_roles", killed)
            with pytest.raises(KeyboardInterrupt):
                create_home(load_settings(home=home))
        try:
            assert server_pid(home)
            with pytest.raises(NoHome), open_home(load_settings(home=home)):
                pass
            assert create_home(load_settings(home=home))
            with open_home(load_settings(home=home)) as opened:
                opened.database.require_suitable()
            server = EmbeddedServer.open(home)
            pid = server_pid(home)
            assert pid
        finally:
            destroy(home)
        server.close()
        assert not lives(pid)


def killed(*_: object) -> None:
    raise KeyboardInterrupt


class TestClosedToOthers:
    def test_home_keys_and_socket_are_for_their_owner_alone(self, scratch: Path) -> None:
        server = EmbeddedServer.open(scratch)
        try:
            folders = [scratch, scratch / "keys", Path(place(scratch)["socket"]), Path(place(scratch)["folder"])]
            assert {str(folder): mode(folder) for folder in folders} == {str(folder): 0o700 for folder in folders}
            everything = [*(scratch / "keys").rglob("*"), scratch / "server.json"]
            files = [path for path in everything if path.is_file()]
            assert len(files) == 4
            assert {path.name: mode(path) for path in files} == {path.name: 0o600 for path in files}
            assert mode(scratch / "keys" / "vault") == 0o700
        finally:
            server.close()

    def test_the_folders_above_keep_their_modes_and_what_is_thrown_away_is_gone(self, tmp_path: Path) -> None:
        above = [tmp_path / "a", tmp_path / "a" / "b"]
        for folder, bits in zip(above, (0o750, 0o711), strict=True):
            folder.mkdir()
            folder.chmod(bits)
        before = [mode(path) for path in (*above, tmp_path, *tmp_path.parents)]
        with throw_away_home(above[-1] / "home") as home:
            assert [mode(path) for path in (*above, tmp_path, *tmp_path.parents)] == before
            folders = [home, *(Path(place(home)[name]) for name in ("folder", "socket"))]
        assert not [folder for folder in folders if folder.exists()]

    def test_it_listens_on_no_network_and_wants_a_password(self, server: EmbeddedServer) -> None:
        with psycopg.connect(server.conninfo(SUPERUSER)) as connection:
            assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
            methods = connection.execute("SELECT DISTINCT auth_method FROM pg_hba_file_rules").fetchall()
            assert methods == [("scram-sha-256",)]
            settings = "SELECT name FROM pg_settings WHERE name IN ('fsync', 'full_page_writes') AND setting <> 'on'"
            assert connection.execute(settings).fetchall() == []
        wrong = psycopg.conninfo.make_conninfo(server.conninfo(APP_ROLE), password="guess")
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(wrong)

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root starts it under another account")
    def test_as_root_it_runs_under_an_account_of_its_own(self, home: Path, server: EmbeddedServer) -> None:
        pid = server_pid(home)
        assert Path(f"/proc/{pid}").stat().st_uid == pwd.getpwnam(account.ACCOUNT).pw_uid

    def test_a_home_that_others_can_enter_is_refused(self, scratch: Path) -> None:
        scratch.chmod(0o750)
        try:
            with pytest.raises(HomeExposed, match="can be entered by other accounts"), open_home(settings_of(scratch)):
                pass
        finally:
            scratch.chmod(0o700)

    def test_a_home_without_its_keys_is_refused(self, scratch: Path, tmp_path: Path) -> None:
        shutil.move(scratch / "keys", tmp_path / "keys")
        try:
            with pytest.raises(KeysMissing, match="no key file"), open_home(settings_of(scratch)):
                pass
        finally:
            shutil.move(tmp_path / "keys", scratch / "keys")


def settings_of(home: Path) -> Settings:
    return load_settings(home=home)


class TestHome:
    def test_making_it_again_changes_nothing(self, scratch: Path) -> None:
        (scratch / "policies" / "mine.cedar").write_text("// mine")
        kept = {path: path.read_bytes() for path in sorted(scratch.rglob("*")) if path.is_file() and path.suffix}
        assert create_home(settings_of(scratch), policies="sample") is False
        assert {path: path.read_bytes() for path in kept} == kept

    def test_a_folder_with_other_things_in_it_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "thesis.doc").touch()
        with pytest.raises(UsageError, match="is not empty and not a home"):
            create_home(settings_of(tmp_path))
        assert [path.name for path in tmp_path.iterdir()] == ["thesis.doc"]

    def test_there_is_none_until_it_was_made(self, tmp_path: Path) -> None:
        with pytest.raises(NoHome, match="there is no home at"), open_home(settings_of(tmp_path)):
            pass

    def test_a_server_that_does_not_start_is_told_of(self, scratch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        log = Path(place(scratch)["folder"]) / "data" / "postgresql.conf"
        text = log.read_text()
        log.write_text(text + "\nno_such_setting = 1\n")
        monkeypatch.setattr(time, "sleep", lambda _: None)
        try:
            with pytest.raises(ServerUnavailable, match=r"did not start; see .*server\.log") as refused:
                EmbeddedServer.open(scratch)
            assert refused.value.exit_code == 3
        finally:
            log.write_text(text)

    def test_a_throw_away_home_keeps_off_the_database_that_the_environment_names(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("COMPLIANCE_BOT_DATABASE_URL", f"host={tmp_path} dbname=production user=app")
        monkeypatch.setattr(home_module, "open_dsn", killed)
        with pytest.raises(UsageError, match="COMPLIANCE_BOT_DATABASE_URL"), throw_away_home(tmp_path / "home"):
            pass
        assert not (tmp_path / "home").exists()
