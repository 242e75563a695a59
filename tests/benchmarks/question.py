"""A question from the call to the committed record, step by step; memory; and what the approximate index misses.

Runs in a process of its own, so that its memory is that of one that serves: `python -m tests.benchmarks.question HOME
FOLDER` prints the figures of one home.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from compliance_bot.bot import ComplianceBot
from compliance_bot.evaluation.beir import read_questions
from compliance_bot.retrieval.fuse import K1, B
from compliance_bot.retrieval.plan import plan
from compliance_bot.retrieval.search import gather, weigh_terms
from compliance_bot.store import search as queries
from compliance_bot.store.models import serving_model
from compliance_bot.store.scope import access_classes
from compliance_bot.terms import term_hash
from tests.benchmarks.datasets import READABLE
from tests.benchmarks.homes import Setup, entered, obliqa_home, reader, wide_home
from tests.benchmarks.measure import ROOT, children, clock, peak_mb, percentiles, share_mb

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ASKED = 200
WARM = 20
_K = 10


def run(setup: Setup) -> dict[str, Any]:
    """Return the figures of ObliQA and of the wide corpus."""
    figures = {}
    for name, opened in (("obliqa", obliqa_home), ("wide", wide_home)):
        with opened(setup) as (bot, folder):
            home = bot.settings.home
            command = [sys.executable, "-m", "tests.benchmarks.question", str(home), str(folder)]
            done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
            figures[name] = json.loads(done.stdout)
    return figures


def main(home: Path, folder: Path) -> None:
    """Print the figures of one home as JSON."""
    asked = [question.text for question in read_questions(folder)[: ASKED + WARM]]
    with ComplianceBot.open(home) as bot:
        steps = {str(percent): timed(bot, level, asked) for level, percent in sorted(READABLE.items(), reverse=True)}
        with bot.parts.database.reading() as snapshot:
            chunks = sum(one.chunks for one in access_classes(snapshot))
            row = snapshot.connection.execute("SELECT pg_backend_pid()").fetchone()
        assert row is not None
        memory = {"process_peak_mb": peak_mb(), "database_mb": share_mb(_server(int(row[0])))}
        missed = {str(percent): found_of_best(bot, level, asked[:ASKED]) for level, percent in READABLE.items()}
    print(json.dumps({"chunks": chunks, "asked": len(asked), "ms": steps, "memory": memory, "found_of_best": missed}))


def timed(bot: ComplianceBot, clearance: int, asked: Sequence[str]) -> dict[str, dict[str, float]]:
    """Return p50 and p95 in milliseconds of each step and of everything; the first questions are for warming up."""
    person = reader(clearance)
    steps: dict[str, list[float]] = {}
    for n, question in enumerate(asked):
        with clock() as seconds:
            answer = bot.ask(question, principal=person)
        if n >= min(WARM, len(asked) // 2):
            for step, value in (*answer.timings_ms.items(), ("everything", seconds() * 1000)):
                steps.setdefault(step, []).append(value)
    return {step: percentiles(values) for step, values in steps.items()}


def found_of_best(bot: ComplianceBot, clearance: int, asked: Sequence[str]) -> dict[str, float]:
    """Return the shares of the ten best readable chunks that the approximate paths find, by words and by vectors."""
    parts = bot.parts
    by_words = by_vectors = words = vectors = 0
    with entered(bot, clearance) as (snapshot, scope):
        model = serving_model(snapshot)
        stored = sum(one.chunks for one in access_classes(snapshot))
        way = plan(scope.chunks, stored, parts.candidates, threshold=0)
        assert model is not None
        if way.walk is None:  # nothing is readable
            return {"words": 1.0, "vectors": 1.0}
        for question in asked:
            vector = parts.embedder.embed([question])[0]
            idf = weigh_terms(snapshot, scope, question, parts.term_key)
            weights = {term_hash(term, parts.term_key): value for term, value in idf.items()}
            given = {"model": model, "term_key": parts.term_key, "candidates": parts.candidates}
            lexical, _ = gather(snapshot, scope, idf, lambda v=vector: v, way=way, **given)  # type: ignore[misc]
            near = queries.nearest_approximate(snapshot, scope, model, vector, walk=way.walk)
            best = queries.lexical(snapshot, scope, weights, k1=K1, b=B, limit=_K)
            nearest = queries.nearest_exact(snapshot, scope, model, vector, limit=_K)
            by_words += _above(lexical, best)
            by_vectors += _above(near, nearest)
            words += min(_K, len(best))
            vectors += min(_K, len(nearest))
    return {
        "words": round(by_words / words, 4) if words else 1.0,
        "vectors": round(by_vectors / vectors, 4) if vectors else 1.0,
    }


def _above(found: Mapping[int, float], best: Mapping[int, float]) -> int:
    """Return how many of the ten highest scores found are as high as the tenth best: ties are as good."""
    tenth = sorted(best.values(), reverse=True)[:_K][-1:]
    return sum(score >= tenth[0] - 1e-5 for score in sorted(found.values(), reverse=True)[:_K]) if tenth else 0


def _server(backend: int) -> list[int]:
    status = Path(f"/proc/{backend}/status").read_text(encoding="utf-8")
    parent = next(line for line in status.splitlines() if line.startswith("PPid:"))
    return children(int(parent.split()[1]))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
