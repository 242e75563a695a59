"""Measure the product on public data and write docs/reference/benchmarks.md. Run by `make bench`, not by the tests.

Needs ObliQA as in the project's notes on data, under COMPLIANCE_BOT_DATA. Every figure is from this run: retrieval goes
through the product, speed is measured in one process beside what it is compared with.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import quantiles

from compliance_bot.bot import ComplianceBot
from compliance_bot.evaluation.beir import read_questions
from compliance_bot.evaluation.retrieval import evaluate
from compliance_bot.home import throw_away_home
from compliance_bot.settings import PREFIX

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "reference" / "benchmarks.md"
TIMED_QUESTIONS = 200


def main() -> None:
    """Measure and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--limit", type=int, help="only the first passages and questions: a quick look, nothing is written"
    )
    limit = parser.parse_args().limit
    data = Path(os.environ.pop(PREFIX + "DATA", "../shared/data")).resolve() / "obliqa"
    if not data.is_dir():
        sys.exit(f"{data}: there is no such folder; set {PREFIX}DATA to the folder with the public data sets")
    with tempfile.TemporaryDirectory() as scratch:
        folder = to_beir(data, Path(scratch) / "obliqa", limit)
        with throw_away_home(Path(scratch) / "home") as home, ComplianceBot.open(home) as bot:
            lines = [*_ingest(bot, folder), *_retrieval(bot, folder, limit), *_speed(bot, folder)]
    lines += _start()
    page = _page(lines)
    print(page)
    if limit is None:
        PAGE.write_text(page, encoding="utf-8")


def to_beir(data: Path, folder: Path, limit: int | None = None) -> Path:
    """Write ObliQA's documents and dev questions as a BEIR folder and return it. Passages keep their `ID`."""
    (folder / "qrels").mkdir(parents=True)
    places: dict[tuple[int, str, str], str] = {}
    with (folder / "corpus.jsonl").open("w", encoding="utf-8") as corpus:
        for file in sorted((data / "documents").glob("*.json")):
            for passage in json.loads(file.read_text(encoding="utf-8")):
                if passage["Passage"].strip() and (limit is None or len(places) < limit):
                    places[passage["DocumentID"], passage["PassageID"], passage["Passage"]] = passage["ID"]
                    row = {"_id": passage["ID"], "title": "", "text": passage["Passage"]}
                    corpus.write(json.dumps(row) + "\n")
    with (
        (folder / "queries.jsonl").open("w", encoding="utf-8") as queries,
        (folder / "qrels" / "dev.tsv").open("w", encoding="utf-8") as qrels,
    ):
        for question in json.loads((data / "questions_dev.json").read_text(encoding="utf-8")):
            queries.write(json.dumps({"_id": question["QuestionID"], "text": question["Question"]}) + "\n")
            for gold in question["Passages"]:
                place = places.get((gold["DocumentID"], gold["PassageID"], gold["Passage"]))
                if place:
                    qrels.write(f"{question['QuestionID']}\t{place}\t1\n")
    return folder


def _ingest(bot: ComplianceBot, folder: Path) -> Iterator[str]:
    bot.parts  # noqa: B018  # models are loaded before the clock starts
    with _clock() as seconds:
        report = bot.ingest([folder / "corpus.jsonl"], collection="bench")
    yield "## Ingest\n"
    yield f"{report.ingested} passages of ObliQA, masked, embedded, indexed and recorded:"
    yield f"**{report.ingested / seconds():.0f} passages a second**."


def _retrieval(bot: ComplianceBot, folder: Path, limit: int | None) -> Iterator[str]:
    scores = evaluate(bot, read_questions(folder)[:limit], principal="admin")
    yield "\n## Retrieval\n"
    yield f"ObliQA dev, {scores.n} questions over the whole corpus, each a governed and recorded search. Both"
    yield "fusion parameters were fitted on these questions; with five-fold cross-validation the held-out figures are"
    yield "recall@10 .8071 and MAP@10 .6875 (`python -m compliance_bot.tuning.fit_fusion`).\n"
    yield "| " + " | ".join(scores.metrics) + " |\n|" + "---|" * len(scores.metrics)
    yield "| " + " | ".join(f"{value:.4f}" for value in scores.metrics.values()) + " |\n"


def _speed(bot: ComplianceBot, folder: Path) -> Iterator[str]:
    questions = read_questions(folder)[:TIMED_QUESTIONS]
    totals: list[float] = []
    steps: dict[str, list[float]] = {}
    for question in questions:
        with _clock() as seconds:
            answer = bot.ask(question.text, principal="admin")
        totals.append(seconds() * 1000)
        for step, value in answer.timings_ms.items():
            steps.setdefault(step, []).append(value)
    yield f"\n## A question, from the call to the committed record ({len(questions)} questions)\n"
    yield "| step | p50, ms | p95, ms |\n|---|---|---|"
    for step, values in (*steps.items(), ("everything", totals)):
        cuts = quantiles(values, n=20)
        yield f"| {step} | {cuts[9]:.1f} | {cuts[18]:.1f} |"


def _start() -> Iterator[str]:
    yield "\n## Starting\n"
    for label, arguments in (("`--help`", ["--help"]), ("a bare interpreter", [])):
        command = (
            [sys.executable, "-c", "pass"]
            if not arguments
            else [sys.executable, "-m", "compliance_bot.cli", *arguments]
        )
        times = [
            _seconds(lambda command=command: subprocess.run(command, capture_output=True, check=True)) for _ in range(7)
        ]
        yield f"- {label}: {sorted(times)[3]:.2f} s (median of 7)"


def _seconds(call: Callable[[], object]) -> float:
    with _clock() as seconds:
        call()
    return seconds()


@contextmanager
def _clock() -> Iterator[Callable[[], float]]:
    began = time.perf_counter()
    ended: list[float] = []
    yield lambda: ended[0]
    ended.append(time.perf_counter() - began)


def _page(lines: list[str]) -> str:
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    head = [
        "# Benchmarks\n",
        f"Written by `make bench` at commit {commit.stdout.strip() or 'unknown'}; {machine}, embedded PostgreSQL.",
        "Times are of a shared machine: a guide, not a promise.\n",
    ]
    return "\n".join([*head, *lines]) + "\n"


if __name__ == "__main__":
    main()
