"""Measure retrieval on a BEIR folder, through the product: every question is a governed, recorded search."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from compliance_bot.bot import LOCAL_ADMINISTRATOR, ComplianceBot
from compliance_bot.evaluation.beir import InvalidBeir
from compliance_bot.evaluation.metrics import average_precision_at, ndcg_at, recall_at
from compliance_bot.home import NoHome, throw_away_home

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from compliance_bot.evaluation.beir import LabelledQuestion

K = 10
_METRICS = {f"recall@{K}": recall_at, f"map@{K}": average_precision_at, f"ndcg@{K}": ndcg_at}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """Means over `n` questions."""

    metrics: Mapping[str, float] = field(hash=False)
    n: int


def evaluate_folder(
    folder: Path,
    questions: Sequence[LabelledQuestion],
    *,
    principal: str,
    tell: Callable[[str], None] = lambda _: None,
    on_question: Callable[[str], None] = lambda _: None,
) -> Scores:
    """Return the scores of a BEIR folder, in the home that is in force or, where it lacks the passages, a new one."""
    wanted = sorted({ref for question in questions for ref, _ in question.relevant})
    try:
        with ComplianceBot.open() as bot:
            if bot.has_passages(wanted, principal=principal):
                return evaluate(bot, questions, principal=principal, on_question=on_question)
    except NoHome:
        pass
    tell("the passages are not in this home: they are ingested into a throw-away one")
    with _filled(folder / "corpus.jsonl", tell) as bot:
        return evaluate(bot, questions, principal=LOCAL_ADMINISTRATOR, on_question=on_question)


def evaluate(
    bot: ComplianceBot,
    questions: Sequence[LabelledQuestion],
    *,
    principal: str,
    on_question: Callable[[str], None] = lambda _: None,
) -> Scores:
    """Return the mean scores of these questions, each searched for once."""
    totals = dict.fromkeys(_METRICS, 0.0)
    for question in questions:
        hits = bot.search(question.text, principal=principal, k=K, reveal=False)
        ranking = list(dict.fromkeys(hit.ref for hit in hits if hit.ref is not None))
        for name, metric in _METRICS.items():
            totals[name] += metric(ranking, dict(question.relevant), K)
        on_question(question.id)
    n = len(questions)
    return Scores(metrics={name: round(total / n, 4) for name, total in totals.items()}, n=n)


@contextmanager
def _filled(corpus: Path, tell: Callable[[str], None]) -> Iterator[ComplianceBot]:
    if not corpus.is_file():
        raise InvalidBeir(f"{corpus}: there is no such file")
    with (
        tempfile.TemporaryDirectory() as folder,
        throw_away_home(Path(folder) / "home") as home,
        ComplianceBot.open(home) as bot,
    ):
        report = bot.ingest([corpus], collection="evaluation")
        tell(f"{report.ingested} passages ingested, {len(report.rejected)} rejected")
        yield bot
