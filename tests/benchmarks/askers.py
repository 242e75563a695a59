"""Several people asking at once, each with rights of their own: how long one of them waits, and how much is answered.

One process and one database on one machine, so that they share its cores; what they are shown is checked as they go.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from compliance_bot.evaluation.beir import read_questions
from tests.benchmarks.datasets import READABLE
from tests.benchmarks.homes import Setup, obliqa_home, reader
from tests.benchmarks.measure import clock, percentiles

if TYPE_CHECKING:
    from compliance_bot.bot import ComplianceBot

AT_ONCE = (1, 4, 16)
ASKED = 320
WARM = 32


def run(setup: Setup) -> dict[str, Any]:
    """Return p50 and p95 in milliseconds of a question, and questions a second, by how many ask at once."""
    with obliqa_home(setup) as (bot, folder):
        questions = [question.text for question in read_questions(folder)[: WARM + ASKED]]
        readable = {level: _readable(bot, level) for level in READABLE}
        for n, question in enumerate(questions[:WARM]):
            _ask(bot, n, question, readable)
        return {
            "asked": len(questions) - WARM,
            "by": {str(many): _together(bot, many, questions[WARM:], readable) for many in AT_ONCE},
        }


def _together(
    bot: ComplianceBot, many: int, questions: list[str], readable: dict[int, frozenset[str]]
) -> dict[str, float]:
    began = time.perf_counter()
    with ThreadPoolExecutor(many) as people:
        ms = list(people.map(lambda given: _ask(bot, *given, readable), enumerate(questions)))
    return {**percentiles(ms), "per_second": round(len(ms) / (time.perf_counter() - began), 1)}


def _ask(bot: ComplianceBot, number: int, question: str, readable: dict[int, frozenset[str]]) -> float:
    """Return the milliseconds of one question, asked by the next person; stop where they are shown too much."""
    level = list(readable)[number % len(readable)]
    with clock() as seconds:
        answer = bot.ask(question, principal=reader(level))
    assert {one.document for one in answer.citations} <= readable[level], "a passage was shown to the wrong person"
    return seconds() * 1000


def _readable(bot: ComplianceBot, level: int) -> frozenset[str]:
    return frozenset(one.document for one in bot.documents(principal=reader(level)))
