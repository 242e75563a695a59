"""What the vault costs: look-ups of an answer, ingest, an erasure, a correction, a rotation.

Measured on made letters, with a detector that is told the names: the vault, and nothing else. What placeholders cost
retrieval is the part `masked`.
"""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import psycopg
from langchain_core.documents import Document

from compliance_bot.records import Principal
from compliance_bot.testing import HashEmbedder, ListedDetector, throw_away_bot
from compliance_bot.vault.book import Vault
from tests.benchmarks.measure import clock

if TYPE_CHECKING:
    from compliance_bot.bot import ComplianceBot
    from tests.benchmarks.homes import Setup

LETTERS = 1000
VALUES = 100  # in each letter of the home whose key is rotated
TURNS = 5
ASKED = 60
NAME = "Maria Lopez"


def run(setup: Setup) -> dict[str, Any]:
    """Return seconds, milliseconds and counts."""
    return {**letters(setup.limit or LETTERS), "rotation": rotation((setup.limit or LETTERS), VALUES)}


def letters(count: int) -> dict[str, Any]:
    """Return what ingest takes with values and without, what drawing takes, and what erasing one person takes."""
    text = f"{NAME} wrote to {{n}} about the fee. The fee of letter {{n}} is nine crowns. {NAME} paid it on Friday."
    made = [
        Document(page_content=text.replace("{n}", f"branch {n}"), metadata={"source": f"{n}", "title": f"Letter {n}"})
        for n in range(count)
    ]
    seconds: dict[str, list[float]] = {"with": [], "without": []}
    figures: dict[str, Any] = {}
    for turn in range(TURNS):
        for name, values in (("with", {NAME: "PERSON"}), ("without", {})):
            with tempfile.TemporaryDirectory() as scratch:
                home = Path(scratch) / "home"
                with throw_away_bot(home, embedder=HashEmbedder(), detector=ListedDetector(values)) as bot:
                    with clock() as took:
                        bot.ingest_loader(made, collection="letters")
                    seconds[name].append(took())
                    if turn == 0 and name == "with":
                        figures["draw_ms"] = {"sees": drawing(bot, "admin"), "does_not": drawing(bot, _reader(home))}
                        figures["looked_up"] = looked_up(bot)
                        with clock() as took:
                            done = bot.erase(NAME, reason="a request", principal="admin")
                        figures["erase"] = {"placeholders": done.placeholders, "s": round(took(), 2)}
                    if turn == 0 and name == "without":
                        figures["correct"] = corrected(bot)
    ratio = median(a / b for a, b in zip(seconds["with"], seconds["without"], strict=True))
    figures["ingest"] = {"documents": count, "values_each": 2, "ratio": round(ratio, 3)}
    return figures


def drawing(bot: ComplianceBot, who: str | Principal) -> float:
    """Return the median time of drawing an answer, in milliseconds."""
    taken = [bot.ask(f"What is the fee of letter branch {n}?", principal=who).timings_ms["draw"] for n in range(ASKED)]
    return round(median(taken[ASKED // 3 :]), 2)


def looked_up(bot: ComplianceBot) -> dict[str, int]:
    """Return how often one answer reads the vault's tables, and how many values it opens."""
    counts = {"reads": 0, "opened": 0}
    execute, unseal = psycopg.Connection.execute, Vault.open

    def counting_execute(connection: Any, query: Any, *given: Any, **named: Any) -> Any:
        counts["reads"] += "vault_" in str(query)
        return execute(connection, query, *given, **named)

    def counting_open(vault: Vault, *given: Any) -> str:
        counts["opened"] += 1
        return unseal(vault, *given)

    with patch.object(psycopg.Connection, "execute", counting_execute), patch.object(Vault, "open", counting_open):
        bot.ask("What is the fee of letter branch 7?", principal="admin")
    return counts


def corrected(bot: ComplianceBot) -> dict[str, float | int]:
    """Return how long marking a name in every letter takes, with what has to be embedded, and giving it back."""
    (one, *_) = bot.documents(principal="admin")
    with clock() as took:
        done = bot.mark(one.document, NAME, entity_type="PERSON", reason="a benchmark", principal="admin")
    marked = took()
    with clock() as took:
        bot.unmark(one.document, "<PERSON_1>", reason="a benchmark", principal="admin")
    return {"versions": done.versions, "mark_s": round(marked, 2), "unmark_s": round(took(), 2)}


def rotation(documents: int, values: int) -> dict[str, Any]:
    """Return how long a rotation of documents * values entries takes."""
    names = {f"Person{n:04}": "PERSON" for n in range(values)}
    made = [
        Document(page_content=" ".join(names), metadata={"source": f"{n}", "title": f"List {n}"})
        for n in range(documents)
    ]
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(scratch) / "home"
        with throw_away_bot(home, embedder=HashEmbedder(), detector=ListedDetector(names)) as bot:
            bot.ingest_loader(made, collection="lists")
            with clock() as took:
                done = bot.rotate_vault_key()
            return {"entries": done.wrapped, "s": round(took(), 2)}


def _reader(home: Path) -> Principal:
    """Return somebody who may read everything and see no value."""
    policies = home / "policies" / "reader.cedar"
    policies.write_text(
        '@id("r")\npermit (principal in Group::"readers", action in [Action::"ask", Action::"read"], resource);\n',
        encoding="utf-8",
    )
    os.utime(policies, (time.time() - 100,) * 2)
    return Principal(id="rae", groups={"readers"})
