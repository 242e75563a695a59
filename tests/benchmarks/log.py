"""The audit log: what appending costs, how fast it is exported and verified, what a proof takes, what it weighs.

In a home with the embedded server, where the program waits for the disk. Exports are read by the verifier as an auditor
runs it. What whoever exports may see is not asked for here: every content is disclosed, or none.
"""

from __future__ import annotations

import json
import os
import random
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import psycopg

from compliance_bot.audit.bundle.manifest import Content
from compliance_bot.audit.bundle.write import write_export
from compliance_bot.audit.inclusion import prove_record
from compliance_bot.audit.integrate import BATCH
from compliance_bot.audit.live import LiveLog, to_nobody, to_verify
from compliance_bot.audit.note_key import SignatureType, format_verifier_key
from compliance_bot.keys.signing import SigningKeyFiles
from compliance_bot.store import tree
from compliance_bot.store.embedded import SUPERUSER, EmbeddedServer
from compliance_bot.testing import throw_away_bot
from tests.benchmarks.log_append import WHO, answered, appending, lag
from tests.benchmarks.log_fill import hash_into, seal_into
from tests.benchmarks.measure import clock, percentiles

if TYPE_CHECKING:
    from compliance_bot.bot import ComplianceBot
    from tests.benchmarks.homes import Setup

EXPORTED, IN_TREE, PROOFS, LAG_S, TURNS = 100_000, 1_000_000, 500, 10.0, 3
_TABLES = ("entry", "payload", "leaf", "tile")
_WEIGHED = """
SELECT sum(pg_table_size(part)), sum(pg_indexes_size(part))
FROM unnest(%s::text[]) WITH ORDINALITY AS given (name, place)
CROSS JOIN LATERAL (SELECT name::regclass UNION SELECT relid FROM pg_partition_tree(name::regclass)) AS parts (part)
GROUP BY place ORDER BY place
"""


def run(setup: Setup) -> dict[str, Any]:
    """Return ratios, rates, milliseconds and bytes."""
    exported, in_tree = (setup.limit, 10 * setup.limit) if setup.limit else (EXPORTED, IN_TREE)
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        with throw_away_bot(place / "home") as bot:
            server = EmbeddedServer.open(place / "home")
            try:
                return _measured(bot, server.conninfo(SUPERUSER), place, exported, in_tree)
            finally:
                server.close()


def _measured(bot: ComplianceBot, conninfo: str, place: Path, exported: int, in_tree: int) -> dict[str, Any]:
    figures: dict[str, Any] = {"load_before": round(os.getloadavg()[0], 1)}
    figures["append"] = appending(bot._log, bot._home.keyring, conninfo)
    figures["lag_s"] = lag(bot._log, LAG_S)
    bot._pulse.stop()
    figures["round"] = _round(bot)
    before = _weights(conninfo)
    first = seal_into(bot, conninfo, exported)
    figures["bytes"] = {name: round((one - before[name]) / exported) for name, one in _weights(conninfo).items()}
    for name, content in (("with", Content.DISCLOSED), ("without", Content.NONE)):
        figures[name] = _exported(bot, place, name, content, first, first + exported)
    hash_into(bot, conninfo, in_tree - first - exported)
    with psycopg.connect(conninfo, autocommit=True) as owner:
        owner.execute("VACUUM ANALYZE audit.leaf, audit.entry, audit.tile")
    figures["proof"] = _proofs(bot, place / "home" / "keys")
    figures["load_after"] = round(os.getloadavg()[0], 1)
    return figures


def _round(bot: ComplianceBot) -> dict[str, float]:
    """Return what a full round takes for each leaf, in microseconds; nothing else goes on."""
    for _ in range(BATCH):
        bot._log.append(answered(7), WHO)
    with clock() as took:
        done = bot._integrator.round(wait=True)
    assert done is not None, "nobody else leads"
    return {"leaves": done.added, "us_each": round(took() / done.added * 1e6, 1)}


def _weights(conninfo: str) -> dict[str, int]:
    """Return the bytes of each table of the log, and of their indexes."""
    with psycopg.connect(conninfo) as owner:
        rows = owner.execute(_WEIGHED, ([f"audit.{name}" for name in _TABLES],)).fetchall()
    tables = {name: int(table) for name, (table, _) in zip(_TABLES, rows, strict=True)}
    return {**tables, "indexes": sum(int(index) for _, index in rows)}


def _exported(bot: ComplianceBot, place: Path, name: str, content: Content, first: int, end: int) -> dict[str, Any]:
    """Return what an export takes and weighs as a folder and as an archive, and how fast each is verified."""
    figures: dict[str, Any] = {"records": end - first}
    key = format_verifier_key(bot._integrator.signer().verifier(SignatureType.ED25519))
    for kind, path in (("folder", place / name), ("zip", place / f"{name}.zip")):
        shows = to_verify if content is Content.DISCLOSED else to_nobody
        with bot._log.reading() as snapshot, clock() as took:
            log = LiveLog(snapshot, bot._home.keyring, first=first, end=end, content=content, shows=shows)
            write_export(log, path, bot._integrator.signer())
        files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
        figures[kind] = {
            "s": round(took(), 1),
            "mb": round(sum(file.stat().st_size for file in files) / 1e6, 1),
            **{f"verified_by_{jobs}": _verified(key, path, jobs) for jobs in (1, 2)},
        }
    return figures


def _verified(key: str, path: Path, jobs: int) -> dict[str, int]:
    """Return records a second that the command reads with so many processes: by the clock, and for each CPU second."""
    command = [sys.executable, "-m", "compliance_bot.audit.verify", str(path), "--key", key, "--jobs", str(jobs)]
    wall, cpu = [], []
    for _ in range(TURNS):
        before = _children_cpu_s()
        with clock() as took:
            report = json.loads(subprocess.run([*command, "--json"], check=True, capture_output=True).stdout)
        wall.append(report["records"] / took())
        cpu.append(report["records"] / (_children_cpu_s() - before))
    return {"per_second": round(median(wall)), "per_cpu_second": round(median(cpu))}


def _children_cpu_s() -> float:
    """Return the CPU seconds of the processes that this one started and that ended, and of theirs."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _proofs(bot: ComplianceBot, keys: Path) -> dict[str, float]:
    """Return how long the proof of one record takes, in milliseconds: find it, prove it, check it."""
    files, chosen, taken = SigningKeyFiles(keys), random.Random(7), []
    with bot._log.reading() as snapshot:
        size = tree.leaf_count(snapshot)
        ids = [tree.placed(snapshot, index, index + 1)[0].id for index in chosen.sample(range(size), PROOFS)]
    for id in ids:
        with clock() as took, bot._log.reading() as snapshot:
            proof = prove_record(snapshot, id, files.load())
        assert proof is not None, "it stands in the tree"
        taken.append(took() * 1000)
    return {"size": size, "proofs": PROOFS, **percentiles(taken)}
