"""What appending to the audit log costs, beside plain INSERTs of the same bytes, and how far the tree is behind.

Eight writers, threads of one process as in a server, with the tree growing beside them. A plain writer sends a sealed
record that was made beforehand, under a new id each time, in one statement and transaction of its own into one table.
Both wait for the disk. They take turns in slices of one run. With fewer and more writers, and on a server that waits
before it writes to its disk (`commit_delay`) as a slower disk would let it wait, there are fewer slices.
"""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median, quantiles
from typing import TYPE_CHECKING, Any

import psycopg

from compliance_bot.audit.record import Event, new_record_id, seal
from compliance_bot.records import Principal
from compliance_bot.store import tree
from tests.benchmarks.measure import percentiles

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from compliance_bot.audit.log import AuditLog
    from compliance_bot.keys import Keyring
    from compliance_bot.records import RecordId

WRITERS, SLICES, SLICE_S = 8, 24, 1.0
OTHERS, OTHER_SLICES = (1, 2, 32), 8  # writers
SLOWER_MS = (2, 5)
WHO = Principal(id="ana", groups={"aml"})
_TABLE = """
CREATE TABLE plain_log (entry_id uuid PRIMARY KEY, tenant integer, leaf_hash bytea, envelope bytea, wrapped_key bytea,
                        ciphertext bytea)
"""
_INSERT = "INSERT INTO plain_log VALUES (%s, 1, %s, %s, %s, %s)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """What writers did for a while: how long each write took, in milliseconds."""

    per_second: float
    ms: Sequence[float]

    @property
    def p95_ms(self) -> float:
        """What 95 % of the writes took at most."""
        return quantiles(self.ms, n=20)[18]


def answered(number: int) -> Event:
    """Return an event with as much in it as an answer with three citations has."""
    return Event(
        type="answer.completed",
        outcome="answered",
        public={
            "citations": [{"chunk": f"{number:032x}", "commitment": "cd" * 32, "document": "01" * 16}] * 3,
            "model": {"name": "quote", "version": "1"},
            "policies": {"determining": ["admin"], "set": "ab" * 32},
            "question": "ef" * 32,
        },
        private={
            "principal": {"id": "ana", "groups": ["aml"], "attributes": {}, "source": "local"},
            "question": "How long do we keep the records of <PERSON_1>?",
            "quotes": ["The bank keeps the records of its customers for ten years after the relation ended."] * 3,
        },
    )


def appending(log: AuditLog, keyring: Keyring, conninfo: str, *, slices: int = SLICES) -> dict[str, Any]:
    """Return what eight writers come to, and others, and eight on slower disks."""
    with psycopg.connect(conninfo, autocommit=True) as owner:
        owner.execute(_TABLE)
        figures = _compared(log, keyring, conninfo, WRITERS, slices)
        figures["writers_each"] = {n: _compared(log, keyring, conninfo, n, OTHER_SLICES) for n in OTHERS}
        figures["slower_ms"] = {}
        for ms in SLOWER_MS:
            _wait_before_writing(owner, ms)
            figures["slower_ms"][ms] = _compared(log, keyring, conninfo, WRITERS, OTHER_SLICES)
        _wait_before_writing(owner, 0)
    return figures


def _wait_before_writing(owner: psycopg.Connection[Any], ms: int) -> None:
    """Let the server wait so long before each write of its log to the disk, as it has a setting for."""
    owner.execute(f"ALTER SYSTEM SET commit_delay = {ms * 1000}")
    owner.execute("ALTER SYSTEM SET commit_siblings = 0")
    owner.execute("SELECT pg_reload_conf()")


def _compared(log: AuditLog, keyring: Keyring, conninfo: str, writers: int, slices: int) -> dict[str, Any]:
    """Return the ratios of slices that took turns, and what both came to. The first pair is for warming up."""
    connections = [psycopg.connect(conninfo, autocommit=True) for _ in range(writers)]
    ours: list[Slice] = []
    plain: list[Slice] = []
    values = _sealed(keyring)

    def insert(writer: int) -> None:
        connections[writer].execute(_INSERT, (new_record_id(), *values))

    def append(_: int) -> None:
        log.append(answered(7), WHO)

    for turn in range(slices + 1):
        for kept, act in ((plain, insert), (ours, append)) if turn % 2 else ((ours, append), (plain, insert)):
            kept.append(_written(act, writers))
    for connection in connections:
        connection.close()
    return _told(ours[1:], plain[1:], writers)


def lag(log: AuditLog, seconds: float) -> dict[str, float]:
    """Return the seconds from the commit of a record to its place in the tree, while eight writers append.

    One in sixteen is watched, twenty times a second.
    """
    committed: dict[RecordId, float] = {}
    waited: list[float] = []
    ended = threading.Event()

    def watch() -> None:
        while not ended.is_set() or committed:
            with log.reading() as snapshot:
                asked = tuple(committed)
                left = tree.outside(snapshot, asked)
                placed = [id for id in asked if id not in left]
            now = time.perf_counter()
            waited.extend(now - committed.pop(id) for id in placed)
            time.sleep(0.05)

    def append(_: int) -> None:
        id = log.append(answered(7), WHO)
        if id.endswith("0"):
            committed[id] = time.perf_counter()

    watcher = threading.Thread(target=watch)
    watcher.start()
    _written(append, WRITERS, seconds)
    ended.set()
    watcher.join()
    return {**percentiles(waited), "max": round(max(waited), 2), "watched": len(waited)}


def _written(act: Callable[[int], None], writers: int, seconds: float = SLICE_S) -> Slice:
    """Let writers write for a while."""
    until = time.perf_counter() + seconds

    def write(writer: int) -> list[float]:
        taken = []
        while (began := time.perf_counter()) < until:
            act(writer)
            taken.append((time.perf_counter() - began) * 1000)
        return taken

    began = time.perf_counter()
    with ThreadPoolExecutor(writers) as pool:
        ms = [one for taken in pool.map(write, range(writers)) for one in taken]
    return Slice(per_second=len(ms) / (time.perf_counter() - began), ms=ms)


def _sealed(keyring: Keyring) -> tuple[bytes, ...]:
    """Return the columns of a record that was sealed beforehand, but for its id."""
    sealed = seal(
        answered(7),
        id=new_record_id(),
        at=datetime.now(UTC),
        tenant=1,
        actor="00000000-0000-4000-8000-000000000000",
        lane={"writer": "00000000-0000-4000-8000-000000000000", "counter": 7, "previous": "ab" * 32},
        keyring=keyring,
    )
    return sealed.leaf_hash, sealed.envelope, sealed.wrapped_key, sealed.ciphertext


def _told(ours: Sequence[Slice], plain: Sequence[Slice], writers: int) -> dict[str, Any]:
    return {
        "slices": len(ours),
        "writers": writers,
        "ours_per_second": round(median(one.per_second for one in ours)),
        "plain_per_second": round(median(one.per_second for one in plain)),
        "ours_p95_ms": round(median(one.p95_ms for one in ours), 2),
        "plain_p95_ms": round(median(one.p95_ms for one in plain), 2),
        "throughput_ratio": round(median(b.per_second / a.per_second for a, b in zip(ours, plain, strict=True)), 2),
        "p95_ratio": round(median(a.p95_ms / b.p95_ms for a, b in zip(ours, plain, strict=True)), 2),
    }
