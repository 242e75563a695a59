"""Fill the log of a home with very many records at once, so that what is done with them can be measured.

Leaves, tiles and checkpoints are made by the program. Records go in by COPY: some are sealed as an append seals them,
and some are a hash with next to nothing behind it, for where only the tree matters.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import UUID

import psycopg

from compliance_bot.audit.grow import grow
from compliance_bot.audit.integrate import Taken
from compliance_bot.audit.record import new_record_id, seal
from compliance_bot.records import RecordId
from compliance_bot.store import tree
from tests.benchmarks.log_append import answered

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from compliance_bot.bot import ComplianceBot

LANES = 8
_AT_ONCE = 50_000


def seal_into(bot: ComplianceBot, conninfo: str, count: int) -> int:
    """Put this many answers into the log, and return the size of the tree before."""
    return _put(bot, conninfo, _answers(bot, count))


def hash_into(bot: ComplianceBot, conninfo: str, count: int) -> int:
    """Put this many hashes with next to nothing behind them into the log, and return the size of the tree before."""
    return _put(bot, conninfo, _hashes(count))


def _put(bot: ComplianceBot, conninfo: str, parts: Iterator[Sequence[tuple[str, bytes, bytes, bytes, bytes]]]) -> int:
    """Copy records into the tables part by part, let the tree take them, and sign it."""
    with bot._log.reading() as snapshot:
        before = size = tree.leaf_count(snapshot)
    for part in parts:
        with psycopg.connect(conninfo) as owner:
            _copy(owner, "audit.entry (entry_id, tenant, leaf_hash, envelope)", [(r[0], 1, r[1], r[2]) for r in part])
            _copy(owner, "audit.payload (entry_id, tenant, wrapped_key, ciphertext)", [(r[0], 1, *r[3:]) for r in part])
        with bot._log.writing() as transaction:
            tree.lead(transaction, wait_s=60)
            size = grow(transaction, size, [(RecordId(r[0]), r[1]) for r in part])
            taken = Taken(size=size, added=len(part), is_full=False)
            bot._integrator._sign(transaction, taken, bot._integrator.signer())
    return before


def _copy(owner: psycopg.Connection, table: str, rows: Sequence[tuple[object, ...]]) -> None:
    with owner.cursor().copy(f"COPY {table} FROM STDIN (FORMAT binary)") as copy:
        copy.set_types(["uuid", "int4", "bytea", "bytea"])
        for id, *rest in rows:
            copy.write_row((UUID(str(id)), *rest))


def _answers(bot: ComplianceBot, count: int) -> Iterator[list[tuple[str, bytes, bytes, bytes, bytes]]]:
    lanes = [{"writer": f"writer-{lane}", "counter": 0, "previous": ""} for lane in range(LANES)]
    part = []
    for number in range(count):
        lane = lanes[number % LANES]
        one = seal(
            answered(number),
            id=new_record_id(),
            at=datetime.now(UTC),
            tenant=1,
            actor="00000000-0000-4000-8000-000000000000",
            lane=lane,
            keyring=bot._home.keyring,
        )
        lane |= {"counter": number // LANES + 1, "previous": one.leaf_hash.hex()}
        part.append((one.id, one.leaf_hash, one.envelope, one.wrapped_key, one.ciphertext))
        if len(part) == _AT_ONCE or number == count - 1:
            yield part
            part = []


def _hashes(count: int) -> Iterator[list[tuple[str, bytes, bytes, bytes, bytes]]]:
    for first in range(0, count, _AT_ONCE):
        numbers = range(first, min(first + _AT_ONCE, count))
        yield [(new_record_id(), hashlib.sha256(b"%d" % n).digest(), b"{}", b"", b"") for n in numbers]
