"""Examine batches in several processes, and get what they show in order.

The process that asks is one of them: it would only wait for the others, and they take a while to start.
"""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future
from itertools import chain, islice
from typing import TYPE_CHECKING

from compliance_bot.audit.verify.records import Examined, Rules, examine
from compliance_bot.audit.verify.worker import workers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compliance_bot.audit.source import Batch

_AHEAD = 2  # batches for each process that wait or are done: so memory does not grow with the log


def examined(batches: Iterator[Batch], rules: Rules, jobs: int) -> Iterator[Examined]:
    """Yield what each batch shows, in order. With one job, or one batch, nothing is started."""
    first = list(islice(batches, 2))
    every = chain(first, batches)
    if jobs <= 1 or len(first) < 2:
        yield from (examine(batch, rules) for batch in every)
        return
    with workers(jobs - 1) as pool:
        waiting = deque[Future[Examined]]()
        for place, batch in enumerate(every, start=1):
            others_wait = sum(not one.done() for one in waiting) >= _AHEAD * (jobs - 1)
            if place % jobs and not others_wait:
                waiting.append(pool.examined(batch, rules))
            else:
                waiting.append(_done(examine(batch, rules)))
            while waiting and (waiting[0].done() or len(waiting) > _AHEAD * jobs):
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _done(result: Examined) -> Future[Examined]:
    done = Future[Examined]()
    done.set_result(result)
    return done
