"""The governed answer: the file in which the product happens, top to bottom.

0 open record, 1 identify, 2 decide, 3 mask the question, 4 retrieve in scope, 5 re-check each passage, 6 compose,
7 cite and verify, 8 screen the output, 9 draw it for its asker, 10 commit the record; then, and only then, the answer
exists for the asker. Each step is a plain function, so that it can be read, tested and offered by itself; `stream`
takes the same steps, a sentence at a time.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from compliance_bot.chains.by_name import Asked, named_values
from compliance_bot.chains.case import closing
from compliance_bot.chains.cite import cite
from compliance_bot.chains.compose import compose, running, sendable
from compliance_bot.chains.conclude import conclude
from compliance_bot.chains.draw import drawn
from compliance_bot.chains.question import readable_question
from compliance_bot.chains.receipts import promise, receipted
from compliance_bot.chains.rights import enter_scope, index_state, require_permission
from compliance_bot.chains.screen import screen
from compliance_bot.chains.spared import spared_spans
from compliance_bot.errors import Unavailable
from compliance_bot.logs import note
from compliance_bot.policy.decide import Resource
from compliance_bot.policy.permitted import permitted_each
from compliance_bot.records import Answer, StopKind
from compliance_bot.redaction.mask import mask
from compliance_bot.redaction.masking import Redaction
from compliance_bot.retrieval.search import search
from compliance_bot.store.index import EmbedderMismatch
from compliance_bot.store.models import serving_model
from compliance_bot.store.scope import class_attributes
from compliance_bot.store.stops import stops
from compliance_bot.store.vault import erasures

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import numpy as np

    from compliance_bot.audit.log import AuditLog
    from compliance_bot.chains.case import Case
    from compliance_bot.chains.compose import Composer, Sending
    from compliance_bot.chains.receipts import Signs
    from compliance_bot.models.embed import Embedder
    from compliance_bot.policy.decide import Circumstances, PolicyEngine
    from compliance_bot.records import ChunkId, Hit, Passage, Principal
    from compliance_bot.redaction.assignment import CollectionProfiles
    from compliance_bot.redaction.spans import Detects
    from compliance_bot.retrieval.search import Found
    from compliance_bot.store.connect import Database
    from compliance_bot.store.scope import ClassAttributes
    from compliance_bot.vault.book import Vault
    from compliance_bot.vault.labels import Labels


class LockBroken(Unavailable):
    """What was found does not agree with the policies: nothing of it is shown."""

    hint = "Tell the administrator of this home: `compliance-bot doctor`, and the warnings `scope.wrong` in the log."


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What answering a question takes."""

    database: Database
    log: AuditLog
    engine: PolicyEngine
    detector: Detects  # of everything; what of it counts where is in `redaction`
    profiles: CollectionProfiles
    embedder: Embedder
    embedder_name: str
    composer: Composer
    term_key: bytes
    index_key: bytes  # by which records name states of the index
    passages: int
    candidates: int
    exact_threshold: int | None
    max_question_chars: int
    vault: Vault
    labels: Labels  # what people said of detection
    signs: Signs  # receipts
    notice: str  # that a machine answers
    reveals: bool = False  # whether answers are drawn with the values that their asker may see

    @property
    def redaction(self) -> Redaction:
        """What masks documents, questions and output in this home."""
        return Redaction(detector=self.detector, profiles=self.profiles, corrections=lambda: self.labels.known)


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrieved:
    """What a search in scope brought, before the re-check."""

    asked: Asked
    found: Found
    attributes: ClassAttributes  # of the classes that the passages are in
    stopped: frozenset[str] = frozenset()  # models


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounds:
    """What an answer may rest on: the masked question, and the passages that stood the re-check."""

    question: str
    masked: Mapping[str, int]
    found: Found
    hits: tuple[Hit, ...]
    composer: Composer  # without the models that are stopped
    sending: Sending
    now: Circumstances

    @property
    def passages(self) -> tuple[Passage, ...]:
        return tuple(hit.passage for hit in self.hits)


def answer(
    parts: Parts, question: str, identify: Callable[[], Principal], circumstances: Callable[[], Circumstances]
) -> Answer:
    """Return the answer to a question, its record committed.

    Raises Refused where asking is not permitted, a UsageError for a question that cannot be read, Unavailable where
    something is down; each of these leaves a record too, and without a record nothing is returned.
    """
    # 0 open record
    with closing(parts.log, "answer") as case:
        # 1 to 5: what the answer may rest on
        grounds = ground(parts, question, identify, circumstances, case)
        # 6 compose
        with case.step("compose"):
            composed = compose(grounds.composer, grounds.question, grounds.hits, grounds.found, grounds.sending)
        # 7 cite and verify
        with case.step("cite"):
            cited = cite(composed.reply, grounds.passages)
        # 8 screen the output
        with case.step("screen"):
            cited = screen(cited, parts.redaction, grounds.passages)
        result = conclude(case, parts, grounds, cited, composed.model, fallback=composed.fallback)
        # 9 draw it for its asker: what is disclosed by that goes on record too
        result = promise(case, drawn(case, parts, result, grounds.now))
    # 10 the record is committed
    return receipted(case, result, parts.signs)


def ground(
    parts: Parts,
    question: str,
    identify: Callable[[], Principal],
    circumstances: Callable[[], Circumstances],
    case: Case,
) -> Grounds:
    """Return what an answer to this question may rest on: steps 1 to 5. Raises as `answer` does."""
    # 1 identify, 2 decide
    principal, now = admit(parts, identify, circumstances, case)
    # 3 mask the question
    asked = mask_question(parts, question, case, now)
    # 4 retrieve in scope
    retrieved = retrieve(parts, asked, principal, now, case)
    # 5 re-check each passage, and ask which of them the model may process
    return recheck_all(parts, retrieved, principal, now, case)


def admit(
    parts: Parts,
    identify: Callable[[], Principal],
    circumstances: Callable[[], Circumstances],
    case: Case,
    *,
    action: Literal["ask", "search"] = "ask",
) -> tuple[Principal, Circumstances]:
    """Return who asks and under which circumstances. Raises Refused where they may not."""
    with case.step("identify"):
        case.principal = principal = identify()
        now = circumstances()
    with case.step("decide"):
        require_permission(parts.engine, principal, action, now, case)
    return principal, now


def mask_question(parts: Parts, question: str, case: Case, now: Circumstances) -> Asked:
    """Return the question without personal data, whichever collection they would be masked in.

    What somebody said to be no personal data stays, for those who read it in documents. Raises UnreadableQuestion,
    DetectionFailed, and VaultKeyMissing where what was said of detection cannot be read.
    """
    with case.step("mask"):
        masking = parts.redaction.strict
        case.public["redaction"] = masking.described
        source = readable_question(question, parts.max_question_chars)
        with parts.database.reading() as snapshot:
            corrections = parts.labels.read(snapshot)
        masked = mask(source, masking.detector)
        spared = spared_spans(parts.database, parts.engine, case.principal, now, corrections, source, masked.spans)
        asked = Asked.of(source, masked.without(source, spared))
        case.private["question"] = asked.text
    return asked


def retrieve(
    parts: Parts, asked: Asked, principal: Principal, now: Circumstances, case: Case, *, by_engine: bool = False
) -> Retrieved:
    """Return the best passages in the principal's scope, which is decided in the same snapshot.

    The question is embedded meanwhile: the search by words, which comes first, does not need its vector. With
    `by_engine` the compiled policies are not relied upon.
    """
    words = asked.words_for(parts.embedder)
    with _embedding(parts.embedder, words, case) as embedded, parts.database.reading() as snapshot:
        with case.step("scope"):
            scope = enter_scope(snapshot, parts.engine, principal, now, case, by_engine=by_engine)
            case.public["index"] = index_state(parts.index_key, case.id, scope)
        with case.step("retrieve"):
            model = serving_model(snapshot)
            if model is not None and model.hash != parts.embedder.manifest_hash:
                raise EmbedderMismatch
            named = named_values(
                snapshot,
                scope,
                asked.values,
                vault=parts.vault,
                engine=parts.engine,
                principal=principal,
                circumstances=now,
                by_engine=by_engine,
            )
            case.erasures = erasures(snapshot)
            found = search(
                snapshot,
                scope,
                asked.text,
                embedded,
                model=model,
                term_key=parts.term_key,
                k=parts.passages,
                candidates=parts.candidates,
                stored=scope.stored,
                exact_threshold=parts.exact_threshold,
                named=named,
            )
        attributes = class_attributes(snapshot, [hit.passage.class_id for hit in found.hits])
        stopped = frozenset(one.name for one in stops(snapshot) if one.kind is StopKind.MODEL)
    return Retrieved(asked=asked, found=found, attributes=attributes, stopped=stopped)


@contextmanager
def _embedding(embedder: Embedder, text: str, case: Case) -> Iterator[Callable[[], np.ndarray]]:
    """Embed a text in a thread of its own; what is yielded waits for the vector and raises what embedding raised."""

    def embed() -> tuple[np.ndarray, float]:
        began = time.perf_counter()
        return embedder.embed([text])[0], time.perf_counter() - began

    def embedded() -> np.ndarray:
        vector, seconds = future.result()
        case.timings_ms["embed"] = round(seconds * 1000, 3)
        return vector

    with ThreadPoolExecutor(1, "embed-question") as pool:
        future = pool.submit(embed)
        yield embedded


def recheck_all(parts: Parts, retrieved: Retrieved, principal: Principal, now: Circumstances, case: Case) -> Grounds:
    """Return what of the passages the policies permit one by one, and what of these a model elsewhere is given."""
    with case.step("recheck"):
        retrieved = stand(parts, retrieved, principal, now, case)
        found, attributes, stopped = retrieved.found, retrieved.attributes, retrieved.stopped
        composer = running(parts.composer, stopped)
        asked = retrieved.asked
        sending = sendable(
            composer,
            parts.engine,
            principal,
            asked.text,
            found.hits,
            attributes,
            now,
            case,
            stopped=stopped,
            same=found.same,
        )
    return Grounds(
        question=asked.text,
        masked=asked.counts,
        found=found,
        hits=found.hits,
        composer=composer,
        sending=sending,
        now=now,
    )


def stand(parts: Parts, retrieved: Retrieved, principal: Principal, now: Circumstances, case: Case) -> Retrieved:
    """Return what was found if the policies permit every passage of it, one by one.

    If they deny one, the scope was made wrongly, and leaving the passage out is not enough: ranks, scores and word
    statistics are those of all that was in the scope. So the search is done again, in a scope in which the engine
    decided about each class. Raises LockBroken where that does not help either.
    """
    denied = recheck(parts.engine, principal, retrieved.found.hits, retrieved.attributes, now, case)
    if not denied:
        return retrieved
    note("scope.wrong", level="warning", record=case.id, tenant=parts.database.tenant, denied=len(denied))
    again = retrieve(parts, retrieved.asked, principal, now, case, by_engine=True)
    if recheck(parts.engine, principal, again.found.hits, again.attributes, now, case):
        raise LockBroken
    case.public["denied"] = list(denied)
    return again


def recheck(
    engine: PolicyEngine,
    principal: Principal,
    hits: Sequence[Hit],
    attributes: ClassAttributes,
    circumstances: Circumstances,
    case: Case,
) -> tuple[ChunkId, ...]:
    """Return the passages that the policies deny one by one: what a mistake in the search has let through."""
    given = [attributes[hit.passage.class_id] for hit in hits]
    permitted = permitted_each(engine, principal, "read", given, circumstances)
    denied = tuple(hit.passage.chunk for hit, allowed in zip(hits, permitted, strict=True) if not allowed)
    case.public["denied"] = list(denied)
    if denied:
        refused = [Resource.document(one) for one, allowed in zip(given, permitted, strict=True) if not allowed]
        decisions = engine.decide_each(principal, "read", refused, circumstances)
        case.public["denied_by"] = sorted({id for decision in decisions for id in decision.determining})
    case.read = {
        hit.passage.document: hit.passage.class_id for hit, allowed in zip(hits, permitted, strict=True) if allowed
    }
    return denied
