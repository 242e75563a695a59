"""Compare the ways of cutting documents on the sample institution: what is found, and what is answered.

Run with `python -m tests.benchmarks.chunking`; it takes about three minutes and needs no data from elsewhere. Every
question goes through the product, as the person who asks it and with the policies of the samples. Each strategy has its
default sizes and a home of its own.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

from compliance_bot import ComplianceBot
from compliance_bot.bundled import bundled
from compliance_bot.cli.demo import ingest_samples
from compliance_bot.home import throw_away_home
from compliance_bot.settings import Settings

K = 10
COLUMNS = (
    "strategy",
    "passages",
    f"document in {K}",
    f"whole in {K}",
    "whole first",
    f"words in {K}",
    "right quote first",
    "right quote",
    "rightly none",
)


def main() -> None:
    """Measure each strategy and print a table in Markdown."""
    questions = [json.loads(line) for line in (bundled("samples") / "questions.jsonl").read_text("utf-8").splitlines()]
    rows = [_measure(strategy, questions) for strategy in get_args(Settings.model_fields["chunk_strategy"].annotation)]
    answerable = sum(question["answerable"] for question in questions)
    print(f"{answerable} questions with an answer, {len(questions) - answerable} without\n")
    for row in (COLUMNS, ["---"] * len(COLUMNS), *rows):
        print(f"| {' | '.join(row)} |")


def _measure(strategy: str, questions: Sequence[Mapping[str, Any]]) -> list[str]:
    with (
        tempfile.TemporaryDirectory() as folder,
        throw_away_home(Path(folder) / "home", policies="sample") as home,
        ComplianceBot.open(home, chunk_strategy=strategy) as bot,
    ):
        ingest_samples(bot)
        known = [_known(bot, question) for question in questions if question["answerable"]]
        none = [bot.ask(q["question"], principal=q["as"]).abstained for q in questions if not q["answerable"]]
        passages = _passages(bot)
    means = [sum(column) / len(known) for column in zip(*known, strict=True)]
    document, whole, whole_first, words, right_first, right = means
    return [
        strategy,
        f"{passages:,}",
        *(f"{mean:.3f}" for mean in (document, whole, whole_first)),
        f"{words:,.0f}",
        *(f"{mean:.3f}" for mean in (right_first, right, sum(none) / len(none))),
    ]


def _known(bot: ComplianceBot, question: Mapping[str, Any]) -> tuple[float, ...]:
    """Return for one question what `COLUMNS` counts. One of its gold passages is enough: each of them answers."""
    person, gold = question["as"], [_plain(one["contains"]) for one in question["gold"]]
    hits = bot.search(question["question"], principal=person, k=K)
    texts = [_plain(bot.document(hit.document, principal=person).text or "") for hit in hits]
    whole = [any(one in _plain(hit.text) for one in gold) for hit in hits]
    wanted = _plain(question["answer_contains"])
    quotes = bot.ask(question["question"], principal=person).citations
    right = [wanted in _plain(quote.quote) and _stands_in(bot, person, quote.document, gold) for quote in quotes]
    return (
        any(one in text for text in texts for one in gold),
        any(whole),
        any(whole[:1]),
        sum(len(hit.text.split()) for hit in hits),
        any(right[:1]),
        any(right),
    )


def _stands_in(bot: ComplianceBot, person: str, document: Any, gold: Sequence[str]) -> bool:
    text = _plain(bot.document(document, principal=person).text or "")
    return any(one in text for one in gold)


def _passages(bot: ComplianceBot) -> int:
    """Return how many passages the administrator may read, as the record of a search tells it."""
    bot.search("documents", principal="admin")
    newest, *_ = bot.records(principal="admin", limit=1)
    scope: dict[str, int] = bot.record(newest.record, principal="admin").envelope["public"]["scope"]
    return scope["chunks"]


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()


if __name__ == "__main__":
    main()
