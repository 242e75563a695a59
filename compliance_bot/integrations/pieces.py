"""A streamed message without personal data: its text piece by piece, everything else when it is whole.

Text goes through a `StreamRedactor`. The arguments of tool calls, reasoning, and what the provider sends beside are
held until the end of the stream: nobody acts on half of them, and half a value in one cannot be told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from langchain_core.messages import AIMessageChunk
from langchain_core.messages.ai import add_ai_message_chunks

from compliance_bot.errors import UsageError
from compliance_bot.redaction.spans import DetectionFailed

if TYPE_CHECKING:
    from compliance_bot.redaction.stream import StreamRedactor

MOST_BESIDE = 1 << 22  # characters of tool calls, reasoning and the like in one message


class MessageStream:
    """Masks the chunks of one message: `feed` each, then `finish`. After a failure nothing more comes out."""

    def __init__(self, make: Callable[[], StreamRedactor], whole: Callable[[AIMessageChunk], AIMessageChunk]) -> None:
        self._make, self._whole = make, whole
        self._block: Any = None  # which block of the content is streaming: its index, or "" for a plain text
        self._redactor = make()
        self._over: set[Any] = set()
        self._beside: list[AIMessageChunk] = []
        self._size = 0
        self._id: str | None = None

    def feed(self, chunk: Any) -> Iterator[AIMessageChunk]:
        """Yield what may be shown after a chunk. Raises DetectionFailed, and UsageError for what is no chunk."""
        if not isinstance(chunk, AIMessageChunk):
            raise UsageError(f"expected more pieces of the message, a {type(chunk).__name__} came")
        self._id = chunk.id or self._id
        rest: list[Any] = []
        blocks = chunk.content if isinstance(chunk.content, list) else [chunk.content]
        for block in blocks:
            if isinstance(block, str):
                yield from self._text(block, "")
            elif block.get("type") == "text" and isinstance(block.get("text", ""), str):
                yield from self._text(block.get("text", ""), block.get("index", ""))
                if block.keys() - {"type", "text", "index"}:
                    rest.append({**block, "text": ""})
            else:
                rest.append(block)
        beside = chunk.model_copy(update={"content": rest if isinstance(chunk.content, list) else ""})
        if rest or _has_more(beside):
            self._hold(beside)

    def finish(self) -> Iterator[AIMessageChunk]:
        """Yield the rest of the text, then all that was held. Raises DetectionFailed."""
        if tail := self._redactor.finish():
            yield self._shown(tail)
        if self._beside:
            yield self._whole(add_ai_message_chunks(self._beside[0], *self._beside[1:]))

    def _text(self, text: str, block: Any) -> Iterator[AIMessageChunk]:
        """Yield what may be shown of the content. A new block begins when the one before it is at its end."""
        if not text:
            return
        if self._block is None:
            self._block = block
        if block != self._block:
            self._over.add(self._block)
            if block in self._over:
                raise UsageError("blocks of text whose pieces come in turns cannot be screened")
            if tail := self._redactor.finish():
                yield self._shown(tail)
            self._block, self._redactor = block, self._make()
        if shown := self._redactor.feed(text):
            yield self._shown(shown)

    def _shown(self, text: str) -> AIMessageChunk:
        if self._block == "":
            return AIMessageChunk(content=text, id=self._id)
        return AIMessageChunk(content=[{"type": "text", "text": text, "index": self._block}], id=self._id)

    def _hold(self, beside: AIMessageChunk) -> None:
        told = (beside.content, beside.tool_call_chunks, beside.additional_kwargs, beside.response_metadata)
        self._size += sum(_size(one) for one in told)
        if self._size > MOST_BESIDE:
            self._beside = []
            raise DetectionFailed(f"a message has more than {MOST_BESIDE} characters beside its text; it was refused")
        self._beside.append(beside)


def _has_more(chunk: AIMessageChunk) -> bool:
    """Say whether a chunk says anything beside its content."""
    return bool(
        chunk.tool_call_chunks
        or chunk.additional_kwargs
        or chunk.response_metadata
        or chunk.usage_metadata
        or chunk.name
        or chunk.chunk_position
        or chunk.model_extra
    )


def _size(value: Any) -> int:
    if isinstance(value, str):
        return len(value)
    if isinstance(value, Mapping):
        return sum(_size(key) + _size(one) for key, one in value.items())
    return sum(map(_size, value)) if isinstance(value, list | tuple) else 1
