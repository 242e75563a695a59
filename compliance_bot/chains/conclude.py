"""The answer as its asker will get it, and what its record tells of what it rests on."""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import TYPE_CHECKING

from compliance_bot.chains.cite import Cited, spoken
from compliance_bot.chains.prompts import INSTRUCTIONS_HASH
from compliance_bot.chains.recorded import cited_spans, quoted_fields, sentence_fields
from compliance_bot.records import Answer
from compliance_bot.redaction.mask import count_markers
from compliance_bot.redaction.placeholders import count_placeholders

if TYPE_CHECKING:
    from compliance_bot.chains.answer import Grounds, Parts
    from compliance_bot.chains.case import Case
    from compliance_bot.models.chat import ChatModel

NOTICE = "I have found no source for an answer among the documents that you may read."


def conclude(
    case: Case,
    parts: Parts,
    grounds: Grounds,
    cited: Cited,
    model: ChatModel,
    *,
    fallback: str | None = None,
    is_complete: bool = True,
) -> Answer:
    """Return the answer as the asker will get it once its record is committed, and write down what it rests on."""
    abstained = not cited.sentences
    case.outcome = "abstained" if abstained else "answered"
    redactions = Counter(grounds.masked)
    for sentence in cited.sentences:
        redactions.update(count_placeholders(sentence.text))
        redactions.update(count_markers(sentence.text))  # of documents from before the vault
    text = spoken(cited.sentences)
    result = Answer(
        answer=NOTICE if abstained else text,
        abstained=abstained,
        sentences=cited.sentences,
        citations=cited.citations,
        redactions=dict(sorted(redactions.items())),
        record=case.id,
        receipt=None,
        model=model.name,
        timings_ms=case.timings_ms,
        fallback=fallback,
        is_complete=is_complete,
        notice=parts.notice,
    )
    if parts.notice:
        case.public["notice"] = {"sha256": hashlib.sha256(parts.notice.encode()).hexdigest()}
        case.private["notice"] = parts.notice
    case.public |= {"model": {"name": model.name, "hash": model.identity}, "unsupported": cited.unsupported}
    if fallback is not None:
        case.public["fallback"] = {"from": parts.composer.chat.name, "reason": fallback}
    if not is_complete:
        case.public["incomplete"] = True
    _describe(case, parts, grounds, result)
    return result


def _describe(case: Case, parts: Parts, grounds: Grounds, result: Answer) -> None:
    """Write down what the answer rests on. The envelope gets ids, hashes and counts; the text is sealed."""
    used = {citation.chunk for citation in result.citations}
    case.public |= {
        "embedder": parts.embedder.manifest_hash,
        "prompt": INSTRUCTIONS_HASH,
        "exact": grounds.found.exact,
        "redactions": dict(result.redactions),
        "candidates": [
            {
                "chunk": h.passage.chunk,
                "sha256": h.passage.sha256,
                "rank": h.rank,
                "score_millionths": round(h.score * 1_000_000),
                "used": h.passage.chunk in used,
            }
            for h in grounds.hits
        ],
        "citations": cited_spans(result.citations, grounds.hits),
    }
    case.private |= {
        "answer": result.answer,
        "sentences": [sentence_fields(sentence) for sentence in result.sentences],
        "citations": quoted_fields(result.citations),
    }
