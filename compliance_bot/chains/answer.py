"""The governed answer: the file in which the product happens, top to bottom.

0 open record, 1 identify, 2 decide, 3 mask the question, 4 retrieve in scope, 5 re-check each passage, 6 compose,
7 cite and verify, 8 screen the output, 9 commit the record; then, and only then, the answer exists for the asker.
Each step is a plain function, so that it can be read, tested and offered by itself.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from langsmith.run_helpers import tracing_context

from compliance_bot.chains.case import closing
from compliance_bot.chains.cite import Cited, cite
from compliance_bot.chains.prompts import INSTRUCTIONS_HASH, messages
from compliance_bot.chains.question import readable_question
from compliance_bot.chains.rights import open_scope, require_permission
from compliance_bot.models.contract import Reply, parse_reply
from compliance_bot.models.features import Evidence, ScoredPassage
from compliance_bot.policy.decide import Resource
from compliance_bot.records import Answer
from compliance_bot.redaction.mask import count_markers, mask
from compliance_bot.retrieval.search import search

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from langchain_core.language_models.chat_models import BaseChatModel

    from compliance_bot.audit.log import AuditLog
    from compliance_bot.chains.case import Case
    from compliance_bot.models.embed import Embedder
    from compliance_bot.policy.decide import Circumstances, PolicyEngine
    from compliance_bot.records import AccessClass, Hit, Principal
    from compliance_bot.redaction.spans import Detects
    from compliance_bot.retrieval.search import Found
    from compliance_bot.store.connect import Database

NOTICE = "I have found no source for an answer among the documents that you may read."


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What answering a question takes."""

    database: Database
    log: AuditLog
    engine: PolicyEngine
    detector: Detects
    embedder: Embedder
    model: BaseChatModel
    model_name: str
    model_hash: str
    term_key: bytes
    passages: int
    candidates: int
    exact_threshold: int
    max_question_chars: int


def answer(
    parts: Parts, question: str, identify: Callable[[], Principal], circumstances: Callable[[], Circumstances]
) -> Answer:
    """Return the answer to a question, its record committed.

    Raises Refused where asking is not permitted, a UsageError for a question that cannot be read, Unavailable where
    something is down; each of these leaves a record too, and without a record nothing is returned.
    """
    # 0 open record
    with closing(parts.log, "answer") as case:
        # 1 identify
        case.principal = principal = identify()
        now = circumstances()
        # 2 decide
        with case.step("decide"):
            require_permission(parts.engine, principal, "ask", now, case)
        # 3 mask the question
        with case.step("mask"):
            masked = mask(readable_question(question, parts.max_question_chars), parts.detector)
            case.private["question"] = masked.text
        with parts.database.reading() as snapshot:
            with case.step("scope"):
                classes, scope = open_scope(snapshot, parts.engine, principal, now, case)
            # 4 retrieve in scope
            with case.step("embed"):
                vector = parts.embedder.embed([masked.text])[0]
            with case.step("retrieve"):
                found = search(
                    snapshot,
                    scope,
                    masked.text,
                    vector,
                    term_key=parts.term_key,
                    k=parts.passages,
                    candidates=parts.candidates,
                    exact_threshold=parts.exact_threshold,
                )
        # 5 re-check each passage
        with case.step("recheck"):
            hits = recheck(parts.engine, principal, found.hits, classes, now, case)
        # 6 compose
        with case.step("compose"):
            reply = compose(parts.model, masked.text, hits, found)
        # 7 cite and verify
        with case.step("cite"):
            cited = cite(reply, [hit.passage for hit in hits])
        # 8 screen the output
        with case.step("screen"):
            cited = screen(cited, parts.detector)
        # 9 commit the record
        result = _result(case, cited, masked.counts, parts.model_name)
        _describe(case, parts, found, hits, cited, result)
    return result


def recheck(
    engine: PolicyEngine,
    principal: Principal,
    hits: Sequence[Hit],
    classes: Sequence[AccessClass],
    circumstances: Circumstances,
    case: Case,
) -> tuple[Hit, ...]:
    """Return the hits that the policies permit one by one: what a mistake in the search would have let through goes."""
    attributes = {access_class.id: access_class.attributes for access_class in classes}
    resources = [Resource.document(attributes[hit.passage.class_id]) for hit in hits]
    decisions = engine.decide(principal, "read", resources, circumstances)
    denied = [hit.passage.chunk for hit, decision in zip(hits, decisions, strict=True) if not decision.allowed]
    case.public["denied"] = list(denied)
    return tuple(hit for hit, decision in zip(hits, decisions, strict=True) if decision.allowed)


def compose(model: BaseChatModel, question: str, hits: Sequence[Hit], found: Found) -> Reply:
    """Return the model's reply to the question over these passages; an abstention where there are none.

    Tracing is off whatever the environment says: a trace would carry the question to another machine.
    """
    if not hits:
        return Reply()
    scored = {hit.passage.chunk: ScoredPassage(lexical=hit.lexical, cosine=hit.cosine, fused=hit.score) for hit in hits}
    evidence = Evidence(idf=found.idf, scores=scored, passages=found.passages)
    with tracing_context(enabled=False):
        message = model.invoke(messages(question, [hit.passage for hit in hits]), evidence=evidence)
    return parse_reply(message.text)


def screen(cited: Cited, detector: Detects) -> Cited:
    """Return what of an answer holds no personal data. A sentence in which some is found is dropped, not altered."""
    clean = tuple(sentence for sentence in cited.sentences if not mask(sentence.text, detector).counts)
    used = {number for sentence in clean for number in sentence.citations}
    citations = tuple(citation for citation in cited.citations if citation.n in used)
    numbers = {citation.n: number for number, citation in enumerate(citations, 1)}
    return Cited(
        sentences=tuple(replace(s, citations=tuple(numbers[n] for n in s.citations)) for s in clean),
        citations=tuple(replace(citation, n=numbers[citation.n]) for citation in citations),
        unsupported=cited.unsupported + len(cited.sentences) - len(clean),
    )


def _result(case: Case, cited: Cited, masked: Mapping[str, int], model_name: str) -> Answer:
    """Return the answer as the asker will get it, once its record is committed."""
    abstained = not cited.sentences
    case.outcome = "abstained" if abstained else "answered"
    redactions = Counter(masked)
    for sentence in cited.sentences:
        redactions.update(count_markers(sentence.text))
    text = " ".join(f"{s.text} {''.join(f'[{n}]' for n in s.citations)}" for s in cited.sentences)
    return Answer(
        answer=NOTICE if abstained else text,
        abstained=abstained,
        sentences=cited.sentences,
        citations=cited.citations,
        redactions=dict(sorted(redactions.items())),
        record=case.id,
        receipt=None,
        model=model_name,
        timings_ms=case.timings_ms,
    )


def _describe(case: Case, parts: Parts, found: Found, hits: Sequence[Hit], cited: Cited, result: Answer) -> None:
    """Write down what the answer rests on. The envelope gets ids, hashes and counts; the text is sealed."""
    used = {citation.chunk for citation in cited.citations}
    ranks = {hit.passage.chunk: hit for hit in hits}
    case.public |= {
        "model": {"name": parts.model_name, "hash": parts.model_hash},
        "embedder": parts.embedder.manifest_hash,
        "prompt": INSTRUCTIONS_HASH,
        "exact": found.exact,
        "unsupported": cited.unsupported,
        "redactions": dict(result.redactions),
        "candidates": [{"chunk": h.passage.chunk, "rank": h.rank, "used": h.passage.chunk in used} for h in hits],
        "citations": [
            {
                "n": c.n,
                "document": c.document,
                "version": c.version,
                "sha256": c.sha256,
                "chunk": c.chunk,
                "chunk_sha256": ranks[c.chunk].passage.sha256,
                "start": c.start,
                "end": c.end,
                "rank": ranks[c.chunk].rank,
                "score_millionths": round(ranks[c.chunk].score * 1_000_000),
            }
            for c in cited.citations
        ],
    }
    case.private |= {
        "answer": result.answer,
        "sentences": [{"text": s.text, "citations": list(s.citations)} for s in cited.sentences],
        "citations": [{"n": c.n, "title": c.title, "heading": c.heading, "quote": c.quote} for c in cited.citations],
    }
