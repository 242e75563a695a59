"""Search for passages, governed like an answer: in scope, re-checked, recorded; no model is asked."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from compliance_bot.chains.answer import admit, mask_question, retrieve, stand
from compliance_bot.chains.case import closing
from compliance_bot.chains.draw import Drawing, draw_hits

if TYPE_CHECKING:
    from collections.abc import Callable

    from compliance_bot.chains.answer import Parts
    from compliance_bot.policy.decide import Circumstances
    from compliance_bot.records import Hit, Principal


def find(
    parts: Parts, query: str, identify: Callable[[], Principal], circumstances: Callable[[], Circumstances], *, k: int
) -> tuple[Hit, ...]:
    """Return the `k` best readable passages, best first. Raises as `answer` does."""
    with closing(parts.log, "search") as case:
        principal, now = admit(parts, identify, circumstances, case, action="search")
        asked = mask_question(parts, query, case, now)
        wider = replace(parts, passages=k, candidates=max(parts.candidates, k))
        retrieved = retrieve(wider, asked, principal, now, case)
        with case.step("recheck"):
            found = stand(wider, retrieved, principal, now, case).found
        hits = found.hits
        case.outcome = "answered" if hits else "abstained"
        case.public |= {
            "embedder": parts.embedder.manifest_hash,
            "exact": found.exact,
            "redactions": dict(asked.counts),
            "candidates": [{"chunk": hit.passage.chunk, "rank": hit.rank} for hit in hits],
        }
        if parts.reveals:
            with case.step("draw"):
                drawing = Drawing.of(parts, case, now)
                hits = draw_hits(drawing, parts.database, hits)
                drawing.tell(case)
    return hits
