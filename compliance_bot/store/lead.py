"""Who alone asks the witnesses of a tenant: a lead that lasts for as long as others answer, outside of transactions.

It is a lock of a session, on a connection of its own. Connections of a pool change hands, and a lock would change hands
with them. It is free as soon as its session ends, also by kill -9. Who lost the connection lost the lead and does not
notice: so whoever concludes something from having had it asks whether they still have it.
"""

from __future__ import annotations

from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psycopg
from psycopg import errors as pg

from compliance_bot.store.queries import named_queries

if TYPE_CHECKING:
    from collections.abc import Iterator

    from psycopg.rows import TupleRow

    from compliance_bot.store.connect import Database

_SQL = named_queries("lead")


@dataclass(frozen=True, slots=True)
class Lead:
    """The lead, for as long as its session goes on."""

    _session: psycopg.Connection[TupleRow]

    def require_held(self) -> None:
        """Raise StoreUnavailable where the session ended: then somebody else may have led meanwhile."""
        self._session.execute(_SQL["still_there"])


@contextmanager
def leading(database: Database, *, wait_s: int = 0) -> Iterator[Lead | None]:
    """Take the lead for the time of a block, within so many seconds; None where another one has it."""
    with database.session() as session:
        if not _take(session, {"tenant": database.tenant}, wait_s):
            yield None
            return
        try:
            yield Lead(session)
        finally:
            with suppress(psycopg.Error):  # an end of the session lets go of it as well, but a moment later
                session.execute(_SQL["let_go"], {"tenant": database.tenant})


def _take(session: psycopg.Connection[TupleRow], tenant: dict[str, int], wait_s: int) -> bool:
    if not wait_s:
        (is_free,) = session.execute(_SQL["lead"], tenant).fetchone() or (False,)
        return bool(is_free)
    session.execute(_SQL["wait_for_locks"], {"wait": f"{wait_s}s"})
    try:
        session.execute(_SQL["wait_to_lead"], tenant)
    except pg.LockNotAvailable:
        return False
    return True
