"""What passes between a chain and any answering model: passages and a question in, quoted sentences out.

In: one human message of plain-text document blocks, one per passage, and a text block with the question. Out: JSON,
`{"sentences": [{"text", "quotes": [{"id", "quote", "start"?}]}], "abstain": bool}`. Quote mode fills `start` (offset in
the document); a generative model may leave it out. Whether a quote is true is not decided here: the chain checks it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from compliance_bot.errors import ComplianceError
from compliance_bot.records import ChunkId, Lead

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from langchain_core.messages.content import ContentBlock, PlainTextContentBlock

    from compliance_bot.records import Passage

REPLY_LIMIT = 200_000  # characters; a reply is a few sentences


class UnreadableReply(ComplianceError):
    """The model's reply is not an answer in the agreed form."""

    hint = "Try again, or choose another chat model; quote mode always answers in this form."


class UnreadableRequest(ComplianceError):
    """A chat model for answers needs a human message with document blocks and a question."""

    hint = "Make the content of the message with `format_request`."


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """Words that must stand verbatim in the passage `id` or its leads; `start` is their offset in the document."""

    id: ChunkId
    quote: str
    start: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplySentence:
    """One sentence of a reply with the quotes that it claims to rest on; `prose` is what was said in other words."""

    text: str
    quotes: tuple[Quote, ...]
    prose: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a model says, best first. Without sentences it is an abstention."""

    sentences: tuple[ReplySentence, ...] = ()

    @property
    def is_abstention(self) -> bool:
        return not self.sentences


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What a model sees of a passage: `text` stands at `start` in its document, `leads` before it."""

    id: ChunkId
    title: str
    text: str
    start: int = 0
    leads: tuple[Lead, ...] = ()


def source(passage: Passage) -> Source:
    """Return what a model sees of `passage`; the title carries the heading path."""
    title = " > ".join(part for part in (passage.title, passage.heading) if part)
    return Source(id=passage.chunk, title=title, text=passage.text, start=passage.start, leads=passage.leads)


def format_reply(reply: Reply) -> str:
    """Return the reply as one line of JSON, text in Unicode."""
    return "".join(reply_parts(reply))


def reply_parts(reply: Reply) -> Iterator[str]:
    """Yield the JSON of a reply in pieces: each sentence is whole in one piece, so that it can be checked and shown."""
    before = '{"sentences": ['
    for sentence in reply.sentences:
        fields = {"text": sentence.text, "quotes": [_quote_fields(quote) for quote in sentence.quotes]}
        yield before + json.dumps(fields, ensure_ascii=False)
        before = ", "
    yield f'{before if reply.is_abstention else ""}], "abstain": {json.dumps(reply.is_abstention)}}}'


def parse_reply(text: str) -> Reply:
    """Return the reply that `text` holds.

    Raises UnreadableReply where it is not JSON of the agreed form, a field is missing, unknown, empty or of another
    type, or the abstention contradicts the sentences.
    """
    if len(text) > REPLY_LIMIT:
        raise UnreadableReply(f"a reply has at most {REPLY_LIMIT} characters; the model sent {len(text)}")
    try:
        body = _ReplyBody.model_validate_json(text)
    except ValidationError as error:
        raise UnreadableReply(f"the model's reply is not of the agreed form: {_place(error)}") from None
    if body.abstain == bool(body.sentences):
        raise UnreadableReply("a reply has sentences or abstains; the model's does both or neither")
    return Reply(sentences=tuple(_sentence(sentence) for sentence in body.sentences))


def _sentence(body: _SentenceBody) -> ReplySentence:
    quotes = tuple(Quote(id=ChunkId(quote.id), quote=quote.quote, start=quote.start) for quote in body.quotes)
    return ReplySentence(text=body.text, quotes=quotes)


def _place(error: ValidationError) -> str:
    """Return where a reply is wrong and how, without a word of what it says."""
    first = error.errors(include_input=False, include_url=False)[0]
    place = ".".join(str(part) for part in first["loc"] if part in _FIELDS or isinstance(part, int)) or "reply"
    return f"{place}: {first['type']}"


def reply_schema(ids: Sequence[str]) -> dict[str, Any]:
    """Return the JSON Schema of a reply, for models that can be held to one; only `ids` may be quoted.

    Every property is required and no other allowed: what strict structured output asks for. Offsets are not asked for.
    """
    quote = _object({"id": {"type": "string", "enum": list(ids)}, "quote": {"type": "string"}})
    sentence = _object({"text": {"type": "string"}, "quotes": {"type": "array", "items": quote}})
    return _object({"sentences": {"type": "array", "items": sentence}, "abstain": {"type": "boolean"}})


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def parse_sentence(text: str) -> ReplySentence:
    """Return one sentence object of a reply. Raises UnreadableReply."""
    try:
        body = _SentenceBody.model_validate_json(text)
    except ValidationError as error:
        raise UnreadableReply(f"a sentence of the reply is not of the agreed form: {_place(error)}") from None
    return _sentence(body)


def format_request(question: str, sources: Sequence[Source]) -> list[ContentBlock]:
    """Return the content of the human message: a document block per passage, in the order given, then the question."""
    return [*(_block(source) for source in sources), {"type": "text", "text": question}]


def parse_request(content: str | Sequence[str | Mapping[str, Any]]) -> tuple[str, tuple[Source, ...]]:
    """Return the question and the passages of a human message. Blocks of other kinds are left out.

    Raises UnreadableRequest where a document block has no id or text, or leads that cannot be read.
    """
    blocks: Sequence[str | Mapping[str, Any]] = [content] if isinstance(content, str) else content
    question: list[str] = []
    sources: list[Source] = []
    for n, block in enumerate(blocks, 1):
        if isinstance(block, str):
            question.append(block)
        elif block.get("type") == "text":
            question.append(str(block.get("text", "")))
        elif block.get("type") == "text-plain":
            sources.append(_parse_block(block, n))
    return "\n".join(part for part in question if part.strip()), tuple(sources)


def _block(source: Source) -> PlainTextContentBlock:
    leads = [{"start": lead.start, "text": lead.text} for lead in source.leads]
    return {
        "type": "text-plain",
        "mime_type": "text/plain",
        "id": source.id,
        "title": source.title,
        "text": source.text,
        "extras": {"start": source.start, "leads": leads},
    }


def _parse_block(block: Mapping[str, Any], n: int) -> Source:
    try:
        body = _BlockBody.model_validate(dict(block))
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise UnreadableRequest(f"document block {n}: {place}: {first['type']}") from None
    leads = tuple(Lead(start=lead.start, text=lead.text) for lead in body.extras.leads)
    return Source(id=ChunkId(body.id), title=body.title, text=body.text, start=body.extras.start, leads=leads)


def _quote_fields(quote: Quote) -> dict[str, str | int]:
    fields: dict[str, str | int] = {"id": quote.id, "quote": quote.quote}
    return fields if quote.start is None else {**fields, "start": quote.start}


_Text = Annotated[str, Field(min_length=1, pattern=r"\S")]
_Offset = Annotated[int, Field(ge=0)]


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class _QuoteBody(_Strict):
    id: _Text
    quote: _Text
    start: _Offset | None = None


class _SentenceBody(_Strict):
    text: _Text
    quotes: list[_QuoteBody]


class _ReplyBody(_Strict):
    sentences: list[_SentenceBody]
    abstain: bool


class _LeadBody(_Strict):
    start: _Offset
    text: _Text


class _ExtrasBody(BaseModel):
    model_config = ConfigDict(strict=True)
    start: _Offset = 0
    leads: list[_LeadBody] = []


class _BlockBody(BaseModel):
    model_config = ConfigDict(strict=True)
    type: Literal["text-plain"]
    id: _Text
    title: str = ""
    text: _Text
    extras: _ExtrasBody = _ExtrasBody()


_FIELDS = frozenset({"sentences", "quotes", "text", "id", "quote", "start", "abstain"})
