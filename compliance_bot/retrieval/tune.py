"""Measure on the stored vectors from where on following the index is worth it, and how far it must be followed.

Stored vectors, disturbed so that none of them is stored, ask within simulated readable sets: drawn ones, and the
neighbourhood of a chunk, since access mostly goes with a topic. Times are of the database as it is now.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from statistics import fmean, median
from typing import TYPE_CHECKING

import numpy as np

from compliance_bot.errors import ComplianceError
from compliance_bot.retrieval.plan import walk_for
from compliance_bot.store.trial import EVERYTHING, anywhere, open_trial, topic
from compliance_bot.store.tuning import Reach, SearchTuning

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from compliance_bot.store.connect import Database
    from compliance_bot.store.models import VectorModel
    from compliance_bot.store.trial import Trial, Within

LEAST_RECALL = 0.99
LEAST_CHUNKS = 5_000  # below, all are compared in a few milliseconds
SHARES = (1.0, 0.5, 0.3, 0.2, 0.15, 0.1, 0.075, 0.05, 0.03, 0.02)
REACHES = (
    Reach(ef_search=100, fetch_least=100, fetch_most=100),
    Reach(fetch_least=100),
    Reach(),
    Reach(fetch_least=300, fetch_most=300),
    Reach(ef_search=400, fetch_least=400, fetch_most=400),
)
"""From the shortest to the longest."""

_K = 10
_QUESTIONS = 30
_FEWEST_QUESTIONS = 8
_SAMPLE = 2_000  # vectors by which the radius of a topic is judged
_NOISE = 0.3  # length of what is added to a unit vector; with more, questions are harder than real ones
_BUDGET_S = 60  # for comparing all; the walks take about as long
_SAME = 1e-5  # cosines that agree to here are equal


class TooFewChunks(ComplianceError):
    """There are too few chunks to measure anything: all are compared, which is fast, and what is built in stays."""

    hint = f"Nothing is to be done. From {LEAST_CHUNKS} chunks on, measure again."


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What was seen of one simulated readable set with one reach. Times are means, in milliseconds."""

    readable: int
    kind: str  # "anywhere" or "topic"
    reach: Reach = field(hash=False)
    exact_ms: float
    walk_ms: float  # with the exact search where it was given up
    recall: float  # of the ten nearest
    given_up: float  # share of the questions


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuned:
    """What was chosen, and all that was seen."""

    tuning: SearchTuning
    measured: tuple[Measured, ...]
    questions: int

    @property
    def chosen(self) -> tuple[Measured, ...]:
        """What was seen with the chosen reach."""
        wanted = self.tuning.way
        return tuple(one for one in self.measured if one.reach.way == wanted)


def tune(
    database: Database,
    model: VectorModel,
    *,
    wanted: int,
    on_progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> Tuned:
    """Return the best reach for the `wanted` nearest of this tenant's chunks. Raises TooFewChunks.

    Took half a minute for 100,000 chunks on two cores; where comparing all takes long, fewer questions are asked.
    """
    with open_trial(database, model) as trial:
        stored = trial.stored
        if stored < LEAST_CHUNKS:
            raise TooFewChunks
        sample = trial.sample(_SAMPLE, seed=0)
        asked = _disturbed(trial.sample(_QUESTIONS, seed=1))
        exact_s = median(_seconds(lambda v=vector: trial.nearest(v, EVERYTHING, wanted)) for vector in asked[:9])  # type: ignore[misc]
    questions = max(_FEWEST_QUESTIONS, min(_QUESTIONS, int(_BUDGET_S / (2 * len(SHARES) * exact_s))))
    seen: list[Measured] = []
    left: tuple[Reach, ...] = REACHES
    for n, share in enumerate(SHARES):
        found: list[Measured] = []
        for kind in ("anywhere", "topic") if share < 1 else ("anywhere",):
            # A snapshot for each, so that none is open for long.
            with open_trial(database, model) as trial:
                within = _sets(kind, share, sample, questions)
                pairs = list(zip(asked, within, strict=False))
                found += _measure(trial, pairs, left, share=share, kind=kind, wanted=wanted, exact_s=exact_s)
        seen += found
        # What is not worth it here is less so where less is readable.
        left = tuple(reach for reach in left if is_worth_it([one for one in found if one.reach is reach]))
        on_progress(n + 1 if left else len(SHARES), len(SHARES))
        if not left:
            break
    return Tuned(tuning=choose(seen, stored), measured=tuple(seen), questions=len(pairs))


def choose(seen: Sequence[Measured], stored: int) -> SearchTuning:
    """Return the reach that saves the most time above its threshold."""
    rated = []
    for reach in {one.reach.way: one.reach for one in seen}.values():
        of = [one for one in seen if one.reach.way == reach.way]
        threshold = _threshold(of, stored)
        above = [one for one in of if one.readable > threshold]
        saved = sum(one.exact_ms - one.walk_ms for one in above)
        rated.append((saved, reach, threshold, min((one.recall for one in above), default=1.0)))
    _, reach, threshold, recall = max(rated, key=lambda one: one[0])  # of equals the shortest
    return SearchTuning(
        threshold=threshold,
        chunks=stored,
        ef_search=reach.ef_search,
        fetch_base=reach.fetch_base,
        fetch_slope=reach.fetch_slope,
        fetch_least=reach.fetch_least,
        fetch_most=reach.fetch_most,
        recall=recall,
        at=datetime.now(UTC),
    )


def is_worth_it(alike: Sequence[Measured]) -> bool:
    """Return whether a walk finds enough and takes less time than comparing all, in sets of one size."""
    faster = fmean(one.walk_ms for one in alike) < fmean(one.exact_ms for one in alike)
    return faster and min(one.recall for one in alike) >= LEAST_RECALL


def _threshold(of: Sequence[Measured], stored: int) -> int:
    """Return up to how many readable chunks all are to be compared: above, every larger set is worth the walk."""
    threshold = stored
    for readable in sorted({one.readable for one in of}, reverse=True):
        if not is_worth_it([one for one in of if one.readable == readable]):
            break
        threshold = readable - 1
    return threshold


def _measure(
    trial: Trial,
    asked: Sequence[tuple[NDArray[np.float32], Within]],
    reaches: Sequence[Reach],
    *,
    share: float,
    kind: str,
    wanted: int,
    exact_s: float,
) -> Iterator[Measured]:
    """Yield what each reach finds of the ten nearest that comparing all finds, and in which time."""
    best = [trial.nearest(vector, within, _K) for vector, within in asked]
    for reach in reaches:
        walk = walk_for(share, wanted, reach)
        seconds, recalls, given_up = [], [], 0
        for (vector, within), nearest in zip(asked, best, strict=True):
            began = time.perf_counter()
            found = trial.walk(vector, within, walk)
            seconds.append(time.perf_counter() - began)
            if len(found) < walk.fetch:
                given_up += 1  # all are compared then
                seconds[-1] += exact_s * share
            elif nearest:
                recalls.append(sum(cosine >= nearest[-1] - _SAME for cosine in found[:_K]) / len(nearest))
        missed = sum(1 - min(1.0, recall) for recall in recalls)
        yield Measured(
            readable=round(share * trial.stored),
            kind=kind,
            reach=reach,
            exact_ms=exact_s * share * 1000,
            walk_ms=fmean(seconds) * 1000,
            recall=1 - missed / len(asked),
            given_up=given_up / len(asked),
        )


def _sets(kind: str, share: float, sample: NDArray[np.float32], number: int) -> list[Within]:
    """Return a set for each question. A topic has nothing to do with the question: it may be about something else."""
    if kind == "anywhere":
        return [anywhere(share)] * number
    return [topic(centre, sample, share) for centre in sample[:number]]


def _disturbed(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return unit vectors that are near to these and none of them."""
    noise = np.random.default_rng(0).standard_normal(vectors.shape).astype(np.float32)
    noise *= _NOISE / np.linalg.norm(noise, axis=1, keepdims=True)
    moved = vectors + noise
    moved /= np.linalg.norm(moved, axis=1, keepdims=True)
    return moved


def _seconds(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began
