"""The sentence that answers, out of all of XQuAD: 240 paragraphs in one home, 1,190 questions asked of all of them.

Each question is retrieved twice: as it is, and by someone who may read everything but the paragraph that it is about,
so that there is no answer. Figures "out of fold" are of coefficients fitted anew on the other articles, with the
passages that the product retrieves; the shipped coefficients were fitted on these questions too.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from compliance_bot import Principal
from compliance_bot.chains.answer import ground
from compliance_bot.chains.case import Case
from compliance_bot.models.contract import source
from compliance_bot.models.features import Evidence, ScoredPassage, compare
from compliance_bot.models.quote import DEFAULT_WEIGHTS, load_selector
from compliance_bot.models.registry import shipped
from compliance_bot.policy.decide import Circumstances
from compliance_bot.tuning.fit_quote import FOLDS, Example, auroc, judge
from tests.benchmarks.homes import Setup, xquad_home

if TYPE_CHECKING:
    from collections.abc import Sequence

    from compliance_bot.bot import ComplianceBot
    from compliance_bot.models.features import Lexicon
    from compliance_bot.models.outline import Span
    from compliance_bot.records import Hit
    from compliance_bot.tuning.fit_quote import Judged
    from tests.benchmarks.datasets import Question

_NOBODYS = 1_000_000  # a paragraph that does not exist


def run(setup: Setup) -> dict[str, Any]:
    """Return the shares of questions whose answer is in the first and in three sentences, and the AUROC."""
    selector, _ = load_selector(shipped(DEFAULT_WEIGHTS))
    with xquad_home(setup) as (bot, questions):
        found = [
            example(bot, question, selector.lexicon, is_hidden=is_hidden)
            for question in questions
            for is_hidden in (False, True)
        ]
    judged: list[Judged] = []
    for fold in range(FOLDS):
        training = [one for one in found if one.fold != fold]
        judged += judge(training, training, [one for one in found if one.fold == fold])
    asked = [one for one in judged if one.is_answerable]
    orders = [np.argsort(-selector.ranked(one.comparison.features), kind="stable") for one in found]
    shipped_first = [
        bool(one.right[order[0]]) for one, order in zip(found, orders, strict=True) if one.is_answerable and len(order)
    ]
    return {
        "questions": len(asked),
        "first": round(sum(one.first for one in asked) / len(asked), 4),
        "three": round(sum(one.three for one in asked) / len(asked), 4),
        "auroc": round(auroc(judged), 4),
        "first_as_shipped": round(sum(shipped_first) / len(asked), 4),
    }


def example(bot: ComplianceBot, question: Question, lexicon: Lexicon, *, is_hidden: bool) -> Example:
    """Return a question beside the units of the passages that the product grounds an answer on."""
    clearance = int(question.gold[0]) if is_hidden else _NOBODYS
    person = Principal(id="reader", attributes={"clearance": clearance})
    now = Circumstances(now=datetime.now(UTC))
    grounds = ground(bot.parts, question.text, lambda: person, lambda: now, Case(type="answer"))
    hits, found = grounds.hits, grounds.found
    scores = {hit.passage.chunk: ScoredPassage(lexical=hit.lexical, cosine=hit.cosine, fused=hit.score) for hit in hits}
    evidence = Evidence(idf=found.idf, scores=scores, passages=found.passages)
    comparison = compare(grounds.question, [source(hit.passage) for hit in hits], lexicon, evidence)
    right = [_is_right(question, hits[one.position], one.unit.spans) for one in comparison.candidates]
    return Example(
        comparison=comparison, right=np.array(right, float), fold=question.part % FOLDS, is_answerable=not is_hidden
    )


def _is_right(question: Question, hit: Hit, spans: Sequence[Span]) -> bool:
    return hit.passage.ref in question.gold and any(
        span.start <= start and end <= span.end for span in spans for start, end in question.answers
    )
