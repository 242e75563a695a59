"""Fit how lexical and dense scores are weighed, on the questions of a BEIR folder, with cross-validation.

    python -m compliance_bot.tuning.fit_fusion DIR

Ingests the corpus into a throw-away home, gathers the product's own candidates for each question, and prints the
weight and k1 that give the best mean of recall@10 and MAP@10, with the scores on questions that were held out. The
result is written by hand into `retrieval/fuse.py`: two numbers that a reviewer can see.
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from compliance_bot.bot import LOCAL_ADMINISTRATOR, ComplianceBot
from compliance_bot.evaluation.beir import read_questions
from compliance_bot.evaluation.metrics import average_precision_at, recall_at
from compliance_bot.home import throw_away_home
from compliance_bot.policy.decide import Circumstances
from compliance_bot.records import Principal
from compliance_bot.retrieval.fuse import fuse
from compliance_bot.retrieval.search import gather, weigh_terms
from compliance_bot.store.models import serving_model
from compliance_bot.store.scope import open_scope
from compliance_bot.store.search import passages

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from compliance_bot.evaluation.beir import LabelledQuestion
    from compliance_bot.store.search import Scores

K = 10
FOLDS = 5
K1S = (0.6, 0.9, 1.2)
WEIGHTS = tuple(round(0.04 + 0.02 * step, 2) for step in range(14))


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """The candidates of one question for one k1. `refs` names the chunks by the `_id` of their passage."""

    relevant: Mapping[str, int] = field(hash=False)
    refs: Mapping[int, str] = field(hash=False)
    lexical: Scores = field(hash=False)
    cosine: Scores = field(hash=False)
    passages: int

    def scores(self, weight: float) -> tuple[float, float]:
        """Return recall@10 and MAP@10 under this weight."""
        fused = fuse(self.lexical, self.cosine, passages=self.passages, weight=weight)
        ranking = [self.refs[chunk] for chunk in sorted(fused, key=lambda chunk: -fused[chunk])[:K]]
        return recall_at(ranking, self.relevant, K), average_precision_at(ranking, self.relevant, K)


def main() -> None:
    """Fit and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="BEIR: corpus.jsonl, queries.jsonl, qrels/*.tsv")
    folder = parser.parse_args().folder
    questions = read_questions(folder)
    with (
        tempfile.TemporaryDirectory() as scratch,
        throw_away_home(Path(scratch) / "home") as home,
        ComplianceBot.open(home) as bot,
    ):
        bot.ingest([folder / "corpus.jsonl"], collection="fit")
        table = {k1: np.array([_grid(found) for found in _gather(bot, questions, k1)]) for k1 in K1S}
    _report(np.stack([table[k1] for k1 in K1S], axis=1))


def _gather(bot: ComplianceBot, questions: Sequence[LabelledQuestion], k1: float) -> Iterator[Gathered]:
    parts = bot.parts
    principal, now = Principal(id=LOCAL_ADMINISTRATOR), Circumstances(now=datetime.now(UTC))
    with parts.database.reading() as snapshot:
        scope = open_scope(snapshot, parts.engine, principal, now)
        for question in questions:
            idf = weigh_terms(snapshot, scope, question.text, parts.term_key)
            lexical, cosine = gather(
                snapshot,
                scope,
                idf,
                lambda text=question.text: parts.embedder.embed([text])[0],  # type: ignore[misc]  # its own question
                model=serving_model(snapshot),
                term_key=parts.term_key,
                candidates=parts.candidates,
                k1=k1,
            )
            found = passages(snapshot, scope, list(cosine))
            refs = {chunk: passage.ref or "" for chunk, passage in found.items()}
            yield Gathered(
                relevant=dict(question.relevant), refs=refs, lexical=lexical, cosine=cosine, passages=scope.chunks
            )


def _grid(found: Gathered) -> NDArray[np.float64]:
    """Return recall and MAP for each weight: shape (len(WEIGHTS), 2)."""
    return np.array([found.scores(weight) for weight in WEIGHTS])


def _report(table: NDArray[np.float64]) -> None:
    """Print the choice on all questions, and the scores of choices made without the questions they are scored on.

    `table` has shape (questions, len(K1S), len(WEIGHTS), 2).
    """
    order = np.random.default_rng(7).permutation(len(table))
    held_out = []
    for fold in range(FOLDS):
        test = order[fold::FOLDS]
        k1, weight = _best(np.delete(table, test, axis=0))
        held_out.append(table[test, k1, weight].mean(axis=0) * len(test))
        print(f"fold {fold + 1}: k1 {K1S[k1]}, weight {WEIGHTS[weight]}")
    recall, precision = np.sum(held_out, axis=0) / len(table)
    k1, weight = _best(table)
    print(f"held out: recall@{K} {recall:.4f}, map@{K} {precision:.4f} over {len(table)} questions")
    print(f"on all questions: k1 {K1S[k1]}, weight {WEIGHTS[weight]}")


def _best(table: NDArray[np.float64]) -> tuple[int, int]:
    means = table.mean(axis=0).sum(axis=-1)
    k1, weight = np.unravel_index(int(means.argmax()), means.shape)
    return int(k1), int(weight)


if __name__ == "__main__":
    main()
