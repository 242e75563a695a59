"""Examine batches in several processes, and get what they show in order. A new process imports, it is not a copy."""

from __future__ import annotations

import multiprocessing
from collections import deque
from concurrent.futures import ProcessPoolExecutor
from itertools import islice
from typing import TYPE_CHECKING

from compliance_bot.audit.verify.records import Examined, Rules, examine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Future

    from compliance_bot.audit.source import Batch

_AHEAD = 2  # batches for each process that wait or are done: so memory does not grow with the log


def examined(batches: Iterator[Batch], rules: Rules, jobs: int) -> Iterator[Examined]:
    """Yield what each batch shows, in order. With one job, or one batch, nothing is started."""
    first = list(islice(batches, 2))
    if jobs <= 1 or len(first) < 2:
        yield from (examine(batch, rules) for batch in first)
        yield from (examine(batch, rules) for batch in batches)
        return
    with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
        waiting: deque[Future[Examined]] = deque(pool.submit(examine, batch, rules) for batch in first)
        for batch in batches:
            waiting.append(pool.submit(examine, batch, rules))
            if len(waiting) > _AHEAD * jobs:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
