"""Step 6: have a model compose the answer from the passages it may process, within its budget.

Quote mode runs in this process and sees the passages of the re-check. Any other model is asked for only with those that
the policies let it `process`, packed into a token budget, under ids that mean nothing elsewhere. Where it fails, quote
mode answers in its place if the settings say so, and the record says why.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from langsmith.run_helpers import tracing_context

from compliance_bot.chains.prompts import messages, plain_messages
from compliance_bot.chains.widen import widen_sentence
from compliance_bot.models.contract import Reply, parse_reply, reply_schema
from compliance_bot.models.converse import ChatModelFailed, Patience, converse
from compliance_bot.models.features import Evidence, ScoredPassage
from compliance_bot.policy.decide import Resource
from compliance_bot.store.stops import Stopped

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from langchain_core.messages import BaseMessage

    from compliance_bot.chains.case import Case
    from compliance_bot.models.chat import ChatModel
    from compliance_bot.models.contract import Quote, ReplySentence
    from compliance_bot.policy.decide import Circumstances, PolicyEngine
    from compliance_bot.records import ChunkId, Hit, Passage, Principal
    from compliance_bot.retrieval.search import Found
    from compliance_bot.store.scope import ClassAttributes

# Three bytes of UTF-8 a token: tokenisers of English need about four, and the estimate must not be too low.
_BYTES_PER_TOKEN = 3
_NONE: Mapping[ChunkId, Mapping[str, str]] = MappingProxyType({})
_TOKENS_AROUND = 40  # a passage's marks, title and headings

NOT_PERMITTED = "the policies let the chat model process none of the passages"
STOPPED = "the chat model is stopped"
NO_ROOM = "no passage fits into the chat model's budget"


@dataclass(frozen=True, slots=True, kw_only=True)
class Composer:
    """The models that may compose an answer, and the rules for asking the one that is not quote mode."""

    chat: ChatModel
    quote: ChatModel
    patience: Patience
    context_tokens: int
    fallback: Literal["quote", "refuse"]
    prose: Literal["beside", "hidden"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """What a model elsewhere is given, by the ids it is told; where that is nothing, why."""

    passages: Mapping[str, Passage]
    reason_for_none: str = ""
    told: tuple[BaseMessage, ...] = ()  # the prompt: with the passages, what of their placeholders the question means


@dataclass(frozen=True, slots=True, kw_only=True)
class Composed:
    """A reply in the words of its sources, the model that gave it, and why it was not the one set."""

    reply: Reply
    model: ChatModel
    fallback: str | None = None


def running(composer: Composer, stopped: Collection[str]) -> Composer:
    """Return the composer without the models that are stopped. Raises Stopped where none is left."""
    runs = composer.chat.name not in stopped
    can_quote = composer.quote.name not in stopped
    if not runs and (composer.chat.is_quote_mode or composer.fallback == "refuse" or not can_quote):
        raise Stopped
    return composer if can_quote else replace(composer, fallback="refuse")


def compose(composer: Composer, question: str, hits: Sequence[Hit], found: Found, sending: Sending) -> Composed:
    """Return the reply to a question; an abstention where there are no passages. Raises ChatModelFailed.

    `hits` are those of the re-check, `sending` what of them a model elsewhere is given.
    """
    if composer.chat.is_quote_mode or not hits:
        return Composed(reply=quoted(composer.chat, question, hits, found), model=composer.chat)
    if not sending.passages:
        return instead(composer, question, hits, found, sending.reason_for_none)
    try:
        reply = Reply(sentences=tuple(sentences(composer, sending)))
    except ChatModelFailed as error:
        if composer.fallback == "refuse":
            raise
        return instead(composer, question, hits, found, error.failure.value)
    return Composed(reply=reply, model=composer.chat)


def sentences(composer: Composer, sending: Sending) -> Iterator[ReplySentence]:
    """Yield the sentences of the chat model's reply in the words of their sources, none twice.

    Raises ChatModelFailed.
    """
    sent = sending.passages
    quoted_before: set[tuple[Quote, ...]] = set()
    for sentence in converse(composer.chat.model, sending.told, reply_schema(list(sent)), composer.patience):
        widened = widen_sentence(sentence, sent)
        if widened.quotes and widened.quotes in quoted_before:
            continue
        quoted_before.add(widened.quotes)
        yield replace(widened, prose=None) if composer.prose == "hidden" else widened


def quoted(chat: ChatModel, question: str, hits: Sequence[Hit], found: Found) -> Reply:
    """Return the reply of quote mode, untraced whatever the environment says: a trace would carry the question."""
    if not hits:
        return Reply()
    scored = {hit.passage.chunk: ScoredPassage(lexical=hit.lexical, cosine=hit.cosine, fused=hit.score) for hit in hits}
    evidence = Evidence(idf=found.idf, scores=scored, passages=found.passages, same=found.same)
    with tracing_context(enabled=False):
        # No callbacks either: inside a run of LangChain's, those of the application would be taken over from it.
        given = messages(question, [hit.passage for hit in hits])
        message = chat.model.invoke(given, config={"callbacks": []}, evidence=evidence)
    return parse_reply(message.text)


def instead(composer: Composer, question: str, hits: Sequence[Hit], found: Found, reason: str) -> Composed:
    """Return quote mode's reply with the reason why it was asked; an abstention where it is not to be asked."""
    if composer.fallback == "refuse":
        return Composed(reply=Reply(), model=composer.chat, fallback=reason)
    return Composed(reply=quoted(composer.quote, question, hits, found), model=composer.quote, fallback=reason)


def sendable(
    composer: Composer,
    engine: PolicyEngine,
    principal: Principal,
    question: str,
    hits: Sequence[Hit],
    attributes: ClassAttributes,
    circumstances: Circumstances,
    case: Case,
    *,
    stopped: Collection[str],
    same: Mapping[ChunkId, Mapping[str, str]] = _NONE,
) -> Sending:
    """Return what a chat model elsewhere is given: nothing for quote mode, which is here.

    What the policies do not let it process and what its budget does not hold goes on record, and the prompt, sealed.
    """
    chat = composer.chat
    if chat.is_quote_mode or not hits:
        return Sending(passages={})
    if chat.name in stopped:
        return Sending(passages={}, reason_for_none=STOPPED)
    resources = [Resource.document(attributes[hit.passage.class_id]) for hit in hits]
    about = replace(circumstances, more={**circumstances.more, "model": chat.name, "on_premises": chat.on_premises})
    decisions = engine.decide_each(principal, "process", resources, about)
    allowed = [hit for hit, decision in zip(hits, decisions, strict=True) if decision.allowed]
    packed = pack(allowed, composer.context_tokens)
    passages = {f"p{number}": passage for number, passage in enumerate(packed, 1)}
    kept = {passage.chunk for passage in packed}
    case.public["sent"] = {
        "model": chat.name,
        "endpoint": chat.endpoint,
        "on_premises": chat.on_premises,
        "passages": [passage.chunk for passage in packed],
        "documents": sorted({passage.document for passage in packed}),
        "characters": sum(len(passage.text) for passage in packed),
        "denied_process": [h.passage.chunk for h, d in zip(hits, decisions, strict=True) if not d.allowed],
        "no_room": [hit.passage.chunk for hit in allowed if hit.passage.chunk not in kept],
        "determining": sorted({id_ for decision in decisions for id_ in decision.determining}),
    }
    if not passages:
        return Sending(passages={}, reason_for_none=NO_ROOM if allowed else NOT_PERMITTED)
    meant = {id_: same[passage.chunk] for id_, passage in passages.items() if passage.chunk in same}
    told = plain_messages(question, passages, meant)
    case.private["prompt"] = [{"role": message.type, "text": message.text} for message in told]
    return Sending(passages=passages, told=tuple(told))


def pack(hits: Sequence[Hit], tokens: int) -> list[Passage]:
    """Return the best passages that a budget of tokens holds, whole; those of one document stand in its order.

    The document of the best passage comes first.
    """
    kept: list[Passage] = []
    for hit in hits:
        cost = estimated_tokens(hit.passage)
        if cost <= tokens:
            tokens -= cost
            kept.append(hit.passage)
    documents = list(dict.fromkeys(passage.document for passage in kept))
    return sorted(kept, key=lambda passage: (documents.index(passage.document), passage.version, passage.start))


def estimated_tokens(passage: Passage) -> int:
    """Return how many tokens a passage may take in a prompt, rather too many than too few."""
    parts = (passage.title, passage.heading, passage.text, *(lead.text for lead in passage.leads))
    return _TOKENS_AROUND + sum(-(-len(part.encode()) // _BYTES_PER_TOKEN) for part in parts)
