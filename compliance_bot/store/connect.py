"""Connections to the database, and the one kind of transaction that everything else uses.

Every transaction names its tenant; what it may see beyond that is opened by `store.scope.enter`. Settings are local to
the transaction, and each begins with nothing open, whatever the session, the account or the database had set: so a
pooled connection carries nothing from one person to the next. Driver errors become `StoreUnavailable` here, by
SQLSTATE, never by text.
"""

from __future__ import annotations

from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import psycopg
from pgvector.psycopg import register_vector
from psycopg import errors as pg
from psycopg.rows import TupleRow
from psycopg_pool import ConnectionPool, PoolTimeout

from compliance_bot.errors import Unavailable, UsageError
from compliance_bot.store.arrays import register_arrays
from compliance_bot.store.kept import KeptScopes
from compliance_bot.store.locks import breaches
from compliance_bot.store.queries import named_queries

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import LiteralString

SCHEMA = "compliance_bot"
DEFAULT_TENANT = 1
SEARCH_PATH = f"-c search_path={SCHEMA},public"

MIN_SERVER_VERSION = 150_000
MIN_PGVECTOR = (0, 8)

_NAME = "compliance_bot"  # as the server lists its sessions
# Whatever an administrator set for all who connect.
_AS_NEEDED = f"{SEARCH_PATH} -c default_transaction_isolation=read\\ committed -c default_transaction_read_only=off"

_POOL_SIZE, _POOL_SIZE_AT_ONCE = 16, 2
_POOL_TIMEOUT_S, _AT_ONCE_TIMEOUT_S = 10, 2
# What whoever runs the database did: revoked rights, a trigger that refuses, a server that became a replica.
_NOT_LET = (pg.InsufficientPrivilege, pg.RaiseException, pg.ReadOnlySqlTransaction, pg.FeatureNotSupported)
_ENDED_BY_SERVER = (pg.AdminShutdown, pg.CrashShutdown, pg.IdleInTransactionSessionTimeout)
_SQL = named_queries("connect")


class StoreUnavailable(Unavailable):
    """The database cannot be reached."""


class StoreFull(Unavailable):
    """The disk of the database is full."""

    hint = "Nothing was shown or half-written. Make room on the database's disk and try again."


class StoreRefuses(Unavailable):
    hint = (
        "Nothing was shown or half-written. Look for a right that was revoked, a trigger, or a database that is "
        "read-only: `compliance-bot doctor` says what is wrong."
    )

    def __init__(self, state: str | None) -> None:
        super().__init__(f"the database did not let this be done (SQLSTATE {state or 'unknown'})")


class StoreUnsuitable(Unavailable):
    """The database lacks something that this product relies on."""


class TenantRemoved(Unavailable):
    """The tenant of this home is not in the database any more."""

    hint = "Somebody removed it. Its export can be brought back: `compliance-bot init`, then `tenant import`."


class TenantBusy(Unavailable):
    """Somebody went on writing to this tenant."""

    hint = "Nothing was changed. Stop the services and ingest runs of this tenant, then try again."


class NeedsOwner(UsageError):
    """This needs the account that owns the schema; the application account must not be able to do it."""

    hint = "Set COMPLIANCE_BOT_DATABASE_OWNER_URL for this one command."


@dataclass(frozen=True, slots=True)
class Transaction:
    """An open transaction of one tenant."""

    connection: psycopg.Connection[TupleRow]
    tenant: int
    scopes: KeptScopes = field(default_factory=KeptScopes)

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Undo what the block did where it ends with an error; the transaction goes on."""
        with self.connection.transaction():
            yield


class Database:
    """A pool of connections for the application account."""

    def __init__(
        self,
        conninfo: str,
        *,
        revive: Callable[[], None] | None = None,
        tenant: int = DEFAULT_TENANT,
        owner: str | None = None,
    ) -> None:
        self._conninfo, self._tenant, self._owner = conninfo, tenant, owner
        self._scopes = KeptScopes()
        self._kind: type[psycopg.Connection[TupleRow]] = _reviving(revive) if revive else psycopg.Connection
        self._pool: ConnectionPool[psycopg.Connection[TupleRow]] = ConnectionPool(
            conninfo,
            connection_class=self._kind,
            kwargs={"options": SEARCH_PATH, "application_name": _NAME},
            min_size=0,
            max_size=_POOL_SIZE,
            timeout=_POOL_TIMEOUT_S,
            reconnect_timeout=5,
            max_idle=60,
            configure=_configure,
            check=ConnectionPool.check_connection,
            open=True,
        )
        self._at_once: ConnectionPool[psycopg.Connection[TupleRow]] = ConnectionPool(
            conninfo,
            connection_class=self._kind,
            kwargs={"options": _AS_NEEDED, "application_name": _NAME, "autocommit": True},
            min_size=0,
            max_size=_POOL_SIZE_AT_ONCE,
            timeout=_AT_ONCE_TIMEOUT_S,
            reconnect_timeout=5,
            max_idle=60,
            configure=register_arrays,
            num_workers=1,
            open=True,
        )

    @property
    def tenant(self) -> int:
        return self._tenant

    def close(self) -> None:
        """Close all connections."""
        self._at_once.close()
        self._pool.close()

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        """Open a read-only snapshot: everything in it is as of one moment."""
        with self._transaction(psycopg.IsolationLevel.REPEATABLE_READ, read_only=True) as connection:
            connection.execute(_SQL["begin_closed"], {"tenant": str(self._tenant)})
            yield Transaction(connection, self._tenant, self._scopes)

    @contextmanager
    def writing(self) -> Iterator[Transaction]:
        """Open a transaction that is durable once the block has ended without an error. Raises TenantRemoved."""
        with self._transaction(psycopg.IsolationLevel.READ_COMMITTED, read_only=False) as connection:
            held = connection.execute(_SQL["begin_writing"], {"tenant": str(self._tenant)}).fetchone()
            if held is None or not held[0]:
                raise TenantRemoved
            yield Transaction(connection, self._tenant, self._scopes)

    def write_at_once(self, statement: LiteralString, values: Mapping[str, Any]) -> None:
        """Run one statement that is a whole transaction, durable when this returns: it names the tenant by itself.

        INVARIANT: `statement` calls a function that names the tenant first, and lets the commit wait for the disk.
        Nobody looks before whether the connection is still there: whoever calls this tries again in another way.
        """
        with _translated(), self._at_once.connection() as connection:
            connection.execute(statement, {"tenant": self._tenant, **values})

    @contextmanager
    def session(self) -> Iterator[psycopg.Connection[TupleRow]]:
        """Open a connection that is of no pool and in no transaction, and close it after the block.

        For a lock that has to outlast transactions; it names no tenant, so it sees no row of one.
        """
        with _translated():
            opened = self._kind.connect(self._conninfo, autocommit=True, options=SEARCH_PATH, application_name=_NAME)
            with closing(opened) as connection:
                yield connection

    @contextmanager
    def owning(self, *, wait_s: int = 30) -> Iterator[Transaction]:
        """Open a durable transaction of the owner account while nobody else writes to the tenant.

        For removing a tenant, and for nothing that the application account may do. Raises NeedsOwner, TenantBusy.
        """
        if self._owner is None:
            raise NeedsOwner
        with _translated(), psycopg.connect(self._owner, options=SEARCH_PATH) as connection:
            # What others committed while this waited for the lock must be seen.
            connection.set_isolation_level(psycopg.IsolationLevel.READ_COMMITTED)
            connection.execute(_SQL["begin_closed"], {"tenant": str(self._tenant)})
            try:
                connection.execute(_SQL["lock_tenant"], {"tenant": self._tenant, "wait": f"{wait_s}s"})
            except pg.LockNotAvailable as error:
                raise TenantBusy from error
            yield Transaction(connection, self._tenant)
            connection.commit()  # raises where the connection was lost, which leaving the block would not

    @contextmanager
    def _transaction(
        self, isolation: psycopg.IsolationLevel, *, read_only: bool
    ) -> Iterator[psycopg.Connection[TupleRow]]:
        """Open a transaction. INVARIANT: the first statement in it names the tenant, and opens nothing to it."""
        with _translated(), self._pool.connection() as connection:
            connection.set_isolation_level(isolation)
            connection.set_read_only(read_only)
            with connection.transaction():
                yield connection
            _require_open(connection)

    def server_version(self) -> str:
        """Return the version of the server, as it names itself."""
        with self.reading() as transaction:
            row = transaction.connection.execute("SHOW server_version").fetchone()
        return str(row[0]) if row else "unknown"

    def require_suitable(self) -> None:
        """Raise StoreUnsuitable unless versions, durability and row-level security are as this product needs them."""
        with self.reading() as transaction:
            require_server(transaction.connection)
            breach = next(breaches(transaction), None)
        if breach is not None:
            raise StoreUnsuitable(breach.what, hint=breach.hint)


@contextmanager
def _translated() -> Iterator[None]:
    """Raise what the driver raises as errors of this product."""
    try:
        yield
    except (pg.DiskFull, pg.OutOfMemory) as error:
        raise StoreFull from error
    except _NOT_LET as error:
        raise StoreRefuses(error.sqlstate) from error
    except (psycopg.OperationalError, PoolTimeout, *_ENDED_BY_SERVER) as error:
        raise StoreUnavailable from error


def require_server(connection: psycopg.Connection[Any]) -> None:
    """Raise StoreUnsuitable for a server or an extension that is too old, or one that does not fsync."""
    if connection.info.server_version < MIN_SERVER_VERSION:
        found = connection.info.server_version // 10_000
        raise StoreUnsuitable(f"PostgreSQL {MIN_SERVER_VERSION // 10_000} or later is needed, this is {found}")
    row = connection.execute(_SQL["pgvector_version"]).fetchone()
    if row is None or row[0] is None:
        raise StoreUnsuitable(
            "the extension pgvector is not in this database",
            hint="Install pgvector 0.8 or later and run `CREATE EXTENSION vector` in this database as a superuser.",
        )
    if tuple(int(part) for part in str(row[0]).split(".")[:2]) < MIN_PGVECTOR:
        raise StoreUnsuitable(f"pgvector 0.8 or later is needed, this is {row[0]}")
    (fsync,) = connection.execute("SHOW fsync").fetchone() or ("off",)
    if fsync != "on":
        raise StoreUnsuitable("the server runs with fsync = off: a record could be lost after it was promised")


def _require_open(connection: psycopg.Connection[Any]) -> None:
    """Raise OperationalError: psycopg leaves the block of a closed connection without an error and without a commit."""
    if connection.closed:
        raise psycopg.OperationalError("the connection was closed before its transaction ended")


def _configure(connection: psycopg.Connection[Any]) -> None:
    register_vector(connection)
    connection.commit()


def _reviving(revive: Callable[[], None]) -> type[psycopg.Connection[TupleRow]]:
    """Return a connection class that starts a dead embedded server before it gives up."""

    class RevivingConnection(psycopg.Connection[TupleRow]):
        @classmethod
        def connect(cls, *args: Any, **kwargs: Any) -> Any:
            try:
                return super().connect(*args, **kwargs)
            except psycopg.OperationalError:
                revive()
                return super().connect(*args, **kwargs)

    return RevivingConnection
