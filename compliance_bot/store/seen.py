"""Which tokens for single use came before: what `identity.replay` asks for, kept where all processes see it.

A row is a keyed hash and a time. It tells nothing about the token, and goes some time after the token has expired.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from compliance_bot.store.queries import named_queries

if TYPE_CHECKING:
    from datetime import datetime

    from compliance_bot.keys import Keyring
    from compliance_bot.store.connect import Database

_SQL = named_queries("seen")


class SeenTokens:
    """The memory of one tenant. Safe to share between threads."""

    def __init__(self, database: Database, keyring: Keyring) -> None:
        self._database, self._keyring = database, keyring

    def first_use(self, token: str, *, until: datetime) -> bool:
        """Return whether this is the first time, durably remembered before it is told. Raises StoreUnavailable."""
        digest = self._keyring.mac(f"seen/{self._database.tenant}", token.encode())
        with self._database.writing() as transaction:
            values = {"tenant": transaction.tenant, "digest": digest, "until": until}
            transaction.connection.execute(_SQL["forget"], values)
            # Of two at once, the second waits here for the first, and then adds nothing.
            return transaction.connection.execute(_SQL["first_use"], values).fetchone() is not None
