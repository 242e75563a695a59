"""`Redactor`: personal data out of whatever flows through a LangChain application, with no bot and no database.

It is a runnable (text, messages, prompts, documents, structures of them) and a document transformer. A detector that
fails refuses; no callback and no tracer is told of what goes in: see `integrations.untraced`. A sequence that begins
with a part of the application's own is traced by LangChain as that part's: wrap it in `untraced(…)`.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from itertools import chain
from typing import TYPE_CHECKING, Any, Self, cast

from langchain_core.documents import BaseDocumentTransformer, Document
from langchain_core.messages import AIMessageChunk, ToolCall
from langchain_core.runnables.config import run_in_executor

from compliance_bot.errors import UsageError
from compliance_bot.integrations.leaves import UnscreenableContent
from compliance_bot.integrations.messages import mask_arguments, mask_values
from compliance_bot.integrations.pieces import MessageStream
from compliance_bot.integrations.untraced import Governed, untraced
from compliance_bot.redaction.abilities import under
from compliance_bot.redaction.spans import DetectionFailed
from compliance_bot.redaction.stream import LOOK_BACK, StreamRedactor
from compliance_bot.redactor import chosen_profile, load_detector

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Sequence

    from langchain_core.runnables import RunnableConfig

    from compliance_bot.redaction.profile import Profile
    from compliance_bot.redaction.spans import Detects

__all__ = ["Redactor", "UnscreenableContent", "redact_tool_call", "redact_tool_result", "untraced"]


class Redactor(Governed[Any, Any], BaseDocumentTransformer):
    """Masks what `profile` names, by name or as it is; without one, every type there is.

    The detector is loaded at the first text, once for the process, unless one is given. Pictures, sound, files and
    objects that cannot be screened raise UnscreenableContent, or with `keep_unscreened` pass as they are. `look_back`
    is how many characters of a stream are held back.
    """

    name = "redactor"

    def __init__(
        self,
        profile: str | Profile | None = None,
        detector: Detects | None = None,
        *,
        look_back: int = LOOK_BACK,
        keep_unscreened: bool = False,
    ) -> None:
        self._profile = chosen_profile(profile)
        self._detector = detector if detector is None or profile is None else under(detector, self._profile)
        self._look_back, self._keeps = look_back, keep_unscreened
        self._opening = threading.Lock()

    @classmethod
    def load(cls, profile: str | Profile | None = None, **options: Any) -> Self:
        """Return a redactor whose detector is loaded now: about a second for the first of a process."""
        made = cls(profile, **options)
        _ = made.detector
        return made

    @property
    def detector(self) -> Detects:
        """What finds personal data here."""
        with self._opening:
            if self._detector is None:
                self._detector = load_detector(self._profile)
            return self._detector

    def act(self, input: Any, config: RunnableConfig | None = None, **_: Any) -> Any:
        """Return what came without personal data. Raises UnscreenableContent or DetectionFailed."""
        return mask_values([input], self.detector, keep_unscreened=self._keeps)[0]

    def batch(
        self,
        inputs: list[Any],
        config: RunnableConfig | list[RunnableConfig] | None = None,
        *,
        return_exceptions: bool = False,
        **kwargs: Any,
    ) -> list[Any]:
        """Return all of them, their texts masked in one go; one by one where exceptions are to be told apart."""
        try:
            return mask_values(inputs, self.detector, keep_unscreened=self._keeps)
        except (UnscreenableContent, DetectionFailed):
            if not return_exceptions:
                raise
        return super().batch(inputs, config, return_exceptions=True, **kwargs)

    async def abatch(
        self,
        inputs: list[Any],
        config: RunnableConfig | list[RunnableConfig] | None = None,
        *,
        return_exceptions: bool = False,
        **kwargs: Any,
    ) -> list[Any]:
        """Return as `batch` does."""
        made: Callable[[], list[Any]] = lambda: self.batch(  # noqa: E731
            inputs, config, return_exceptions=return_exceptions, **kwargs
        )
        return await run_in_executor(None, made)

    def transform(self, input: Iterator[Any], config: RunnableConfig | None = None, **kwargs: Any) -> Iterator[Any]:
        """Yield text, or the text of a message, as soon as it may be shown; anything else when all of it has come."""
        items = iter(input)
        for first in items:
            if stream := self._stream_of(first):
                for item in chain((first,), items):
                    yield from stream.feed(item)
                yield from stream.finish()
            else:
                yield from super().transform(chain((first,), items), config, **kwargs)

    async def atransform(
        self, input: AsyncIterator[Any], config: RunnableConfig | None = None, **kwargs: Any
    ) -> AsyncIterator[Any]:
        """Yield as `transform` does."""
        items = aiter(input)
        async for first in items:
            if stream := self._stream_of(first):
                for made in await _in_thread(stream.feed, first):
                    yield made
                async for item in items:
                    for made in await _in_thread(stream.feed, item):
                        yield made
                for made in await _in_thread(stream.finish):
                    yield made
            else:
                async for made in super().atransform(_after(first, items), config, **kwargs):
                    yield made

    def transform_documents(self, documents: Sequence[Document], **kwargs: Any) -> Sequence[Document]:
        """Return the documents without personal data, metadata included. An id that holds some is left out."""
        if not all(isinstance(document, Document) for document in documents):
            raise UsageError("expected LangChain documents")
        return mask_values(documents, self.detector, keep_unscreened=self._keeps)

    def redact_arguments(self, arguments: Any) -> Any:
        """Return the arguments of a tool call without personal data; the names of its parameters stay."""
        return mask_arguments(arguments, self.detector, keep_unscreened=self._keeps)

    def _stream_of(self, first: Any) -> _TextStream | MessageStream | None:
        def make() -> StreamRedactor:
            return StreamRedactor(self.detector, look_back=self._look_back)

        if isinstance(first, str):
            return _TextStream(make())
        return MessageStream(make, self.act) if isinstance(first, AIMessageChunk) else None


class _TextStream:
    """A stream of text, one piece of it at a time."""

    def __init__(self, redactor: StreamRedactor) -> None:
        self._redactor = redactor

    def feed(self, item: Any) -> Iterator[str]:
        if not isinstance(item, str):
            raise UsageError(f"expected more pieces of the text, a {type(item).__name__} came")
        if shown := self._redactor.feed(item):
            yield shown

    def finish(self) -> Iterator[str]:
        if shown := self._redactor.finish():
            yield shown


def redact_tool_call(redactor: Redactor, call: ToolCall) -> ToolCall:
    """Return a tool call that a tool may be run with: its arguments screened, its name and id as they were.

    For an agent's middleware, before the tool is called. A number in which a value is found becomes a text, which a
    tool that expects a number will refuse.
    """
    if not isinstance(call, Mapping) or "args" not in call:
        raise UsageError("expected a tool call with its arguments")
    return cast("ToolCall", {**call, "args": redactor.redact_arguments(call["args"])})


def redact_tool_result(redactor: Redactor, result: Any) -> Any:
    """Return what a tool gave back, a ToolMessage with its artifact or a Command, as the agent may keep it."""
    return redactor.invoke(result)


async def _in_thread(do: Callable[..., Iterator[Any]], *given: Any) -> list[Any]:
    return await run_in_executor(None, lambda: list(do(*given)))


async def _after(first: Any, items: AsyncIterator[Any]) -> AsyncIterator[Any]:
    yield first
    async for item in items:
        yield item
