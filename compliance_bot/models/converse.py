"""Ask a chat model outside this process, under one deadline, and hand out its sentences as they come.

A reader thread takes the stream apart from the caller, so that a server that drips, stalls or never ends costs no more
than the deadline. Failed calls are repeated within it, as long as nothing was handed out. What a provider's library
says is never told: it may hold the prompt or a key. Tracing is off whatever the environment says.
"""

from __future__ import annotations

import queue
import threading
import time
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from langsmith.run_helpers import tracing_context

from compliance_bot.errors import Unavailable
from compliance_bot.models.contract import UnreadableReply
from compliance_bot.models.incremental import ReplyReader

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from langchain_core.language_models.chat_models import BaseChatModel
    from langchain_core.messages import BaseMessage

    from compliance_bot.models.contract import ReplySentence

_PAUSE_S = 0.5  # before the first repetition; doubled before each further one
_MOST_PAUSE_S = 8.0
_PIECES_AHEAD = 64  # what the reader thread may have read before it waits
_OPENAI = "langchain_openai"
_TOO_MANY = 429
_CLIENT_ERRORS = range(400, 500)
_WORTH_REPEATING = frozenset({408, 409, 425, _TOO_MANY})
_FORM_ERRORS = frozenset({400, 422})  # what servers answer that know no schemas


class Failure(StrEnum):
    """Why a chat model gave no (whole) reply: the words for records and messages, and no others."""

    UNREACHABLE = "the chat model's server cannot be reached"
    TIMED_OUT = "the chat model took too long"
    REJECTED = "the chat model's server rejected the request"
    OVERLOADED = "the chat model's server is overloaded or out of order"
    UNREADABLE = "the chat model's reply is not of the agreed form"
    BROKE_OFF = "the chat model's reply broke off"
    FORM_REJECTED = "the chat model's server rejected the request or its schema"
    FAILED = "the chat model failed"


class ChatModelFailed(Unavailable):
    """The chat model gave no answer."""

    hint = "Look at the model's server and its settings (`compliance-bot doctor`), or set chat_fallback to `quote`."

    def __init__(self, failure: Failure, *, retry_after_s: float = 0) -> None:
        super().__init__(failure.value)
        self.failure = failure
        self.retry_after_s = retry_after_s  # what the server asks for


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long to wait for one reply, all tries together, and how often to try again."""

    timeout_s: float
    retries: int


def converse(
    model: BaseChatModel, messages: Sequence[BaseMessage], schema: dict[str, Any], patience: Patience
) -> Iterator[ReplySentence]:
    """Yield the sentences of the model's reply as they come; none at all is an abstention.

    Raises ChatModelFailed, also after sentences: then the reply is not whole.
    """
    deadline = time.monotonic() + patience.timeout_s
    held_to = _held_to(model, schema)
    attempt = 0
    while True:
        handed_out = False
        try:
            for sentence in _sentences(model, messages, held_to, deadline):
                handed_out = True
                yield sentence
        except ChatModelFailed as error:
            if error.failure is Failure.FORM_REJECTED and held_to and not handed_out:
                held_to = {}  # the instructions say the same in words; this is no repetition
                continue
            pause = max(min(_PAUSE_S * 2**attempt, _MOST_PAUSE_S), error.retry_after_s)
            is_last = attempt == patience.retries or time.monotonic() + pause >= deadline
            if handed_out or is_last or error.failure in (Failure.REJECTED, Failure.FORM_REJECTED):
                raise
            attempt += 1
            time.sleep(pause)
        else:
            return


def _sentences(
    model: BaseChatModel, messages: Sequence[BaseMessage], held_to: dict[str, Any], deadline: float
) -> Iterator[ReplySentence]:
    reader = ReplyReader()
    received = False
    try:
        for piece in _pieces(model, messages, held_to, deadline):
            received = True
            yield from reader.feed(piece)
        reader.finish()
    except UnreadableReply as error:
        raise ChatModelFailed(Failure.UNREADABLE) from error
    except ChatModelFailed as error:
        if received and error.failure in (Failure.UNREACHABLE, Failure.FAILED):
            raise ChatModelFailed(Failure.BROKE_OFF) from None
        raise


def _pieces(
    model: BaseChatModel, messages: Sequence[BaseMessage], held_to: dict[str, Any], deadline: float
) -> Iterator[str]:
    """Yield the text of a reply piece by piece, read by a thread of its own. Raises ChatModelFailed."""
    pieces: queue.Queue[str | ChatModelFailed | None] = queue.Queue(_PIECES_AHEAD)
    abandoned = threading.Event()
    thread = threading.Thread(
        target=_read, args=(model, messages, held_to, pieces, abandoned), name="chat-model", daemon=True
    )
    thread.start()
    try:
        while True:
            try:
                piece = pieces.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                raise ChatModelFailed(Failure.TIMED_OUT) from None
            if piece is None:
                return
            if isinstance(piece, ChatModelFailed):
                raise piece
            yield piece
            if time.monotonic() >= deadline:
                raise ChatModelFailed(Failure.TIMED_OUT)
    finally:
        abandoned.set()


def _read(
    model: BaseChatModel,
    messages: Sequence[BaseMessage],
    held_to: dict[str, Any],
    pieces: queue.Queue[str | ChatModelFailed | None],
    abandoned: threading.Event,
) -> None:
    """Put the pieces of a reply into the queue, then None or what went wrong; stop soon after being abandoned."""

    def put(piece: str | ChatModelFailed | None) -> None:
        while not abandoned.is_set():
            try:
                pieces.put(piece, timeout=0.2)
            except queue.Full:
                continue
            return

    try:
        # A thread has a context of its own.
        with tracing_context(enabled=False):
            stream = model.stream(list(messages), config={"callbacks": []}, **held_to)
            for chunk in stream:
                if abandoned.is_set():
                    getattr(stream, "close", lambda: None)()
                    return
                if text := chunk.text:
                    put(str(text))
        put(None)
    except Exception as error:  # noqa: BLE001  # any provider, any error: told apart by what they have in common
        put(ChatModelFailed(_failure(error), retry_after_s=_retry_after_s(error)))


def _held_to(model: BaseChatModel, schema: dict[str, Any]) -> dict[str, Any]:
    """Return what holds a model to the schema where that is known to work; the instructions say the same in words."""
    if type(model).__module__.partition(".")[0] == _OPENAI:
        described = {"name": "answer", "schema": schema, "strict": True}
        return {"response_format": {"type": "json_schema", "json_schema": described}}
    return {}


def _failure(error: BaseException) -> Failure:
    """Return what kind of failure a provider's error is, by its class and status and never by its words."""
    status = getattr(error, "status_code", None)
    if isinstance(status, int):
        if status in _FORM_ERRORS:
            return Failure.FORM_REJECTED
        if status in _CLIENT_ERRORS and status not in _WORTH_REPEATING:
            return Failure.REJECTED
        return Failure.OVERLOADED if status >= _CLIENT_ERRORS.start else Failure.REJECTED
    names = {kind.__name__ for kind in type(error).__mro__}
    if names & {"TimeoutError", "APITimeoutError", "TimeoutException", "Timeout"}:
        return Failure.TIMED_OUT
    if names & {"ConnectionError", "APIConnectionError", "TransportError", "NetworkError"}:
        return Failure.UNREACHABLE
    if names & {"JSONDecodeError", "ValidationError"}:
        return Failure.UNREADABLE
    return Failure.FAILED


def _retry_after_s(error: BaseException) -> float:
    """Return how long a server asks to be left alone, in seconds; 0 where it says nothing that can be read."""
    headers = getattr(getattr(error, "response", None), "headers", None) or {}
    asked = str(headers.get("retry-after", ""))
    return float(asked) if asked.isascii() and asked.isdecimal() and len(asked) < 10 else 0
