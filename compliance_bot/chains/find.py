"""Search for passages, governed like an answer: in scope, re-checked, recorded; no model is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compliance_bot.chains.answer import recheck
from compliance_bot.chains.case import closing
from compliance_bot.chains.question import readable_question
from compliance_bot.chains.rights import open_scope, require_permission
from compliance_bot.redaction.mask import mask
from compliance_bot.retrieval.search import search

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
        case.principal = principal = identify()
        now = circumstances()
        require_permission(parts.engine, principal, "search", now, case)
        masked = mask(readable_question(query, parts.max_question_chars), parts.detector)
        case.private["question"] = masked.text
        vector = parts.embedder.embed([masked.text])[0]
        with parts.database.reading() as snapshot:
            classes, scope = open_scope(snapshot, parts.engine, principal, now, case)
            found = search(
                snapshot,
                scope,
                masked.text,
                vector,
                term_key=parts.term_key,
                k=k,
                candidates=max(parts.candidates, k),
                exact_threshold=parts.exact_threshold,
            )
        hits = recheck(parts.engine, principal, found.hits, classes, now, case)
        case.outcome = "answered" if hits else "abstained"
        case.public |= {
            "embedder": parts.embedder.manifest_hash,
            "exact": found.exact,
            "redactions": dict(masked.counts),
            "candidates": [{"chunk": hit.passage.chunk, "rank": hit.rank} for hit in hits],
        }
    return hits
