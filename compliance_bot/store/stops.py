"""What the kill switch has stopped: models, collections, or the whole tenant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compliance_bot.errors import Refused
from compliance_bot.records import Stop, StopKind
from compliance_bot.store.queries import named_queries

if TYPE_CHECKING:
    import uuid
    from datetime import datetime

    from compliance_bot.store.connect import Transaction

_SQL = named_queries("stops")


class Stopped(Refused):
    """This is stopped at the moment."""

    hint = "An administrator has pulled the kill switch, and can release it: `compliance-bot kill-switch`."


def stops(transaction: Transaction) -> tuple[Stop, ...]:
    """Return what is stopped."""
    rows = transaction.connection.execute(_SQL["stopped"], {"tenant": transaction.tenant})
    return tuple(Stop(kind=StopKind(kind), name=name, at=at) for kind, name, at in rows)


def add_stop(transaction: Transaction, kind: StopKind, name: str, *, by: uuid.UUID, at: datetime) -> bool:
    """Stop something and return whether it ran before."""
    values = {"tenant": transaction.tenant, "kind": kind.value, "name": name, "by": by, "at": at}
    return transaction.connection.execute(_SQL["stop"], values).rowcount == 1


def lift_stop(transaction: Transaction, kind: StopKind, name: str) -> bool:
    """Let something run again and return whether it was stopped."""
    values = {"tenant": transaction.tenant, "kind": kind.value, "name": name}
    return transaction.connection.execute(_SQL["lift"], values).rowcount == 1
