"""The default answerer: a chat model that answers with quotes only, or says that it has none.

It reads the passages and the question of the last human message (see `contract`), picks units with `selector`, and
replies in JSON. It adds no word of its own, needs no GPU, network or key, and is deterministic. A quote can still
mislead: see docs/discussions/quote-mode.md. What it learned is two JSON files under a manifest; a changed byte refuses.
"""

from __future__ import annotations

from pathlib import Path  # noqa: TC003  # pydantic reads the annotation
from typing import TYPE_CHECKING, Any

from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from pydantic import Field, PrivateAttr

from compliance_bot.models.coefficients import COEFFICIENTS, WORDS, parse_selector
from compliance_bot.models.contract import UnreadableRequest, format_reply, parse_request, reply_parts
from compliance_bot.models.registry import ModelKind, read_model, shipped
from compliance_bot.models.selector import select

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from langchain_core.callbacks import CallbackManagerForLLMRun
    from langchain_core.messages import BaseMessage

    from compliance_bot.models.contract import Reply
    from compliance_bot.models.features import Evidence
    from compliance_bot.models.selector import Selector

DEFAULT_WEIGHTS = "quote"


class QuoteChatModel(BaseChatModel):
    """Answers from the passages in the message, verbatim. `evidence` may be bound or passed to `invoke` and `stream`.

    Raises ModelMissing or ModelTampered when it is made and the weights differ from their manifest.
    """

    folder: Path = Field(default_factory=lambda: shipped(DEFAULT_WEIGHTS))
    """Where the weights and their manifest are."""

    model: str = "quote"
    """The name in traces; `manifest_hash` says which weights."""

    _selector: Selector = PrivateAttr()
    _hash: str = PrivateAttr()

    def model_post_init(self, context: Any, /) -> None:
        super().model_post_init(context)
        self._selector, self._hash = load_selector(self.folder)

    @property
    def manifest_hash(self) -> str:
        """The identity of the weights, for the record of each answer."""
        return self._hash

    @property
    def _llm_type(self) -> str:
        return "compliance-bot-quote"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"model": self.model, "manifest": self._hash}

    def answer(self, content: str | Sequence[Any], evidence: Evidence | None = None) -> Reply:
        """Return the reply to the content of a human message."""
        question, sources = parse_request(content)
        return select(question, sources, self._selector, evidence)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,  # noqa: ARG002  # a quote is never cut
        run_manager: CallbackManagerForLLMRun | None = None,  # noqa: ARG002
        *,
        evidence: Evidence | None = None,
        **kwargs: Any,  # noqa: ARG002  # what other chat models take, such as a temperature
    ) -> ChatResult:
        text = format_reply(self.answer(_last_human(messages).content, evidence))
        message = AIMessage(content=text, response_metadata=self._metadata())
        return ChatResult(generations=[ChatGeneration(message=message)])

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,  # noqa: ARG002
        run_manager: CallbackManagerForLLMRun | None = None,
        *,
        evidence: Evidence | None = None,
        **kwargs: Any,  # noqa: ARG002
    ) -> Iterator[ChatGenerationChunk]:
        """Yield the same JSON as `invoke`, one sentence per chunk."""
        metadata = self._metadata()
        for part in reply_parts(self.answer(_last_human(messages).content, evidence)):
            chunk = ChatGenerationChunk(message=AIMessageChunk(content=part, response_metadata=metadata))
            metadata = {}
            if run_manager:
                run_manager.on_llm_new_token(part, chunk=chunk)
            yield chunk

    def _metadata(self) -> dict[str, str]:
        return {"model_name": self.model, "manifest": self._hash}


def _last_human(messages: Sequence[BaseMessage]) -> HumanMessage:
    found = next((message for message in reversed(messages) if isinstance(message, HumanMessage)), None)
    if found is None:
        raise UnreadableRequest
    return found


def load_selector(folder: Path) -> tuple[Selector, str]:
    """Return what was learned, and the identity of the weights. Raises ModelMissing or ModelTampered."""
    manifest, files = read_model(folder, ModelKind.ANSWERER, COEFFICIENTS, WORDS)
    return parse_selector(files[COEFFICIENTS], files[WORDS]), manifest.hash
