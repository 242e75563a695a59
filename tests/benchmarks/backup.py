"""What a backup costs: made, verified and restored, beside plain pg_dump and pg_restore of the same database.

ObliQA's passages, with vectors of words instead of a model's: a dump does not care what vectors mean. In turns, and
medians. The plain tools write and read a file in the clear, with the same compression, and check nothing.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections import defaultdict
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import psycopg
from langchain_core.documents import Document
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from compliance_bot.recovery.restore import restore
from compliance_bot.settings import load_settings
from compliance_bot.store.account import binaries
from compliance_bot.store.embedded import SUPERUSER, EmbeddedServer, destroy
from compliance_bot.testing import throw_away_bot
from tests.benchmarks.datasets import obliqa
from tests.benchmarks.measure import clock

if TYPE_CHECKING:
    from compliance_bot.bot import ComplianceBot
    from tests.benchmarks.homes import Setup

TURNS = 3
_COPY = "plain_copy"


def run(setup: Setup) -> dict[str, Any]:
    """Return seconds and sizes of backups, of the plain tools, and their ratios."""
    seconds: defaultdict[str, list[float]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        with throw_away_bot(place / "home") as bot:
            passages = _filled(bot, obliqa(setup.data, place / "corpus", setup.limit))
            server = EmbeddedServer.open(place / "home")
            try:
                for turn in range(TURNS):
                    sizes = _turn(bot, server, place, turn, seconds)
            finally:
                server.close()
    taken = {name: round(median(each), 2) for name, each in seconds.items()}
    return {
        "passages": passages,
        "mb": sizes,
        "s": taken,
        "create_over_dump": round(median(map(_over, seconds["create"], seconds["pg_dump"])), 2),
        "restore_over_restore": round(median(map(_over, seconds["restore"], seconds["pg_restore"])), 2),
    }


def _turn(
    bot: ComplianceBot, server: EmbeddedServer, place: Path, turn: int, seconds: dict[str, list[float]]
) -> dict[str, float]:
    """Do everything once, and return the sizes of the files in MB."""
    dump, backup, home = place / f"{turn}.dump", place / f"{turn}.backup", place / f"restored-{turn}"
    conninfo = server.conninfo(SUPERUSER)
    copy = make_conninfo(conninfo, dbname=_COPY)
    with clock() as took:
        _plain("pg_dump", conninfo, "--format=custom", "--compress=gzip:1", "--file", str(dump))
    seconds["pg_dump"].append(took())
    with clock() as took:
        bot.create_backup(backup)
    seconds["create"].append(took())
    with clock() as took:
        bot.verify_backup(backup)
    seconds["verify"].append(took())
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {_COPY}")
        with clock() as took:
            _plain("pg_restore", copy, "--exit-on-error", "--single-transaction", str(dump))
        seconds["pg_restore"].append(took())
        connection.execute(f"DROP DATABASE {_COPY}")
    with clock() as took:
        restore(load_settings(home=home), backup, keys=place / "home" / "keys")
    seconds["restore"].append(took())
    destroy(home)
    sizes = {"dump": round(dump.stat().st_size / 1e6, 1), "backup": round(backup.stat().st_size / 1e6, 1)}
    dump.unlink()
    backup.unlink()
    return sizes


def _filled(bot: ComplianceBot, corpus: Path) -> int:
    """Store the passages of a corpus as documents and return how many."""
    lines = (corpus / "corpus.jsonl").read_text(encoding="utf-8").splitlines()
    passages = [json.loads(line) for line in lines]
    made = [
        Document(page_content=one["text"], metadata={"source": one["_id"], "title": f"Passage {number}"})
        for number, one in enumerate(passages)
    ]
    bot.ingest_loader(made, collection="passages")
    return len(made)


def _plain(program: str, conninfo: str, *arguments: str) -> None:
    password = str(conninfo_to_dict(conninfo)["password"])
    given = {name: str(value) for name, value in conninfo_to_dict(conninfo).items() if name != "password"}
    command = [str(binaries() / program), "--dbname", make_conninfo(**given), *arguments]
    subprocess.run(command, check=True, env={**os.environ, "PGPASSWORD": password})


def _over(one: float, other: float) -> float:
    return one / other
