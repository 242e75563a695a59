"""ObliQA's dev questions through the product, and its lexical side against bm25s on what each person may read.

bm25s gets the passages as they are stored: what was masked before is no term of either.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import bm25s

from compliance_bot.evaluation.beir import read_questions
from compliance_bot.evaluation.retrieval import evaluate
from compliance_bot.retrieval.fuse import K1, B
from compliance_bot.retrieval.search import weigh_terms
from compliance_bot.store import search as queries
from compliance_bot.terms import index_terms, query_terms, term_hash
from tests.benchmarks.datasets import READABLE, classification
from tests.benchmarks.homes import EVERYTHING, Setup, entered, obliqa_home

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from compliance_bot.bot import ComplianceBot

K = 10
COMPARED = 200


def run(setup: Setup) -> dict[str, Any]:
    """Return the metrics over all questions, and per clearance the share of questions with the same ten scores."""
    with obliqa_home(setup) as (bot, folder):
        questions = read_questions(folder)
        asked = [question.text for question in questions[:COMPARED]]
        scores = evaluate(bot, questions, principal="admin")
        stored = stored_texts(bot)
        equal = {str(percent): same_tops(bot, stored, level, asked) for level, percent in READABLE.items()}
    return {
        "questions": scores.n,
        "metrics": {name: round(value, 4) for name, value in scores.metrics.items()},
        "compared": len(asked),
        "equal_to_bm25s": equal,
    }


def stored_texts(bot: ComplianceBot) -> dict[str, str]:
    """Return the text of each passage by its id."""
    with entered(bot, EVERYTHING) as (snapshot, _):
        query = (
            "SELECT v.ref, c.text FROM chunk c JOIN document_version v ON (v.tenant, v.id) = (c.tenant, c.version_id)"
        )
        return dict(snapshot.connection.execute(query).fetchall())


def same_tops(bot: ComplianceBot, stored: Mapping[str, str], clearance: int, asked: Sequence[str]) -> float:
    """Return the share of questions whose ten best BM25 scores are those of bm25s over the readable passages alone."""
    readable = [index_terms(text) for id_, text in stored.items() if classification(id_) <= clearance]
    if not readable:
        return 1.0  # nothing is the same as nothing
    ids = {term: n for n, term in enumerate(sorted({term for terms in readable for term in terms}))}
    peer = bm25s.BM25(method="lucene", k1=K1, b=B)
    peer.index([[ids[term] for term in terms] for terms in readable], show_progress=False)
    same = 0
    with entered(bot, clearance) as (snapshot, scope):
        for question in asked:
            idf = weigh_terms(snapshot, scope, question, bot.parts.term_key)
            weights = {term_hash(term, bot.parts.term_key): value for term, value in idf.items()}
            found = queries.lexical(snapshot, scope, weights, k1=K1, b=B, limit=K)
            known = [ids[term] for term in query_terms(question) if term in ids]
            # Lucene leaves the constant factor k1 + 1 out; bm25s computes in single precision.
            scores = peer.get_scores(known) if known else []
            theirs = sorted((float(score) * (K1 + 1) for score in scores if score > 0), reverse=True)[:K]
            ours = sorted(found.values(), reverse=True)[:K]
            same += (
                all(abs(a - b) <= 2e-5 * b for a, b in zip(ours, theirs, strict=True))
                if len(ours) == len(theirs)
                else 0
            )
    return round(same / len(asked), 4)
