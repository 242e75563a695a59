"""This product as LangChain runnables: a retriever, the whole governed chain, and its answer as text.

Who asks comes from the application, never from what a user typed or a model wrote: at construction, with the call, or
in the call's configuration (`config={"configurable": {"principal": …}}`). Without one nothing is done. The answers, the
refusals and the records are those of `ComplianceBot`; its errors pass through as they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables.config import ensure_config, run_in_executor
from pydantic import BaseModel, Field, RootModel

from compliance_bot.bot import ComplianceBot  # noqa: TC001  # a field of the retriever
from compliance_bot.errors import Refused, UsageError
from compliance_bot.integrations.untraced import Governed, Unheard, in_threads, no_tracing, untraced
from compliance_bot.records import Answer, AnswerPart, Asker, Credential, Principal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from langchain_core.language_models.chat_models import BaseChatModel
    from langchain_core.runnables import RunnableConfig

    from compliance_bot.records import Hit

__all__ = ["ComplianceRetriever", "GovernedChain", "NoPrincipal", "answer_text", "governed_chain", "untraced"]


class NoPrincipal(Refused):
    """Nobody asks: a principal was expected."""

    hint = "Give `principal=…`, or `config={'configurable': {'principal': …}}` with each call."


class Asked(TypedDict, total=False):
    """A question with who asks it, and what for."""

    question: str
    principal: Asker
    purpose: str | None


class Question(BaseModel):
    """What a model that has the chain as a tool may fill in: it cannot say who asks."""

    question: str = Field(description="A question about the documents, in plain words.")


class ComplianceRetriever(Unheard, BaseRetriever):
    """Finds the best passages that the principal may read, best first. Each call is recorded as a search.

    `k`, `principal` and `purpose` hold for all calls; a call may give its own `k`, and a principal or a purpose in its
    configuration where the retriever has none. No callback is told of a call: see `integrations.untraced`.
    """

    bot: ComplianceBot = Field(exclude=True, repr=False)
    principal: Asker | None = Field(default=None, exclude=True, repr=False)
    k: int = Field(default=10, ge=1, le=1000)
    purpose: str | None = Field(default=None, exclude=True, repr=False)

    def invoke(self, input: str, config: RunnableConfig | None = None, **kwargs: Any) -> list[Document]:
        with no_tracing():
            return self._found(input, ensure_config(config), kwargs.get("k"))

    async def ainvoke(self, input: str, config: RunnableConfig | None = None, **kwargs: Any) -> list[Document]:
        return await run_in_executor(None, self.invoke, input, ensure_config(config), **kwargs)

    def _get_relevant_documents(self, query: str, **_: Any) -> list[Document]:
        return self.invoke(query)

    def _found(self, query: str, config: RunnableConfig, k: int | None) -> list[Document]:
        principal = _one_of(self.principal, config, "principal")
        if principal is None:
            raise NoPrincipal
        k = self.k if k is None else k
        if isinstance(k, bool) or not isinstance(k, int) or not 1 <= k <= _MOST:
            raise UsageError(f"k is a number from 1 to {_MOST}")
        purpose = _one_of(self.purpose, config, "purpose")
        hits = self.bot.search(_text(query), principal=principal, k=k, purpose=purpose, reveal=False)
        return [_document(hit) for hit in hits]


_MOST = 1000  # of passages, as on the command line


class GovernedChain(Governed["str | Asked", Any]):
    """The whole chain: from a question to an `Answer` on record. `stream` yields `AnswerPart`s before it."""

    name = "governed_chain"

    def __init__(self, bot: ComplianceBot, model: BaseChatModel | str | None = None, *, reveal: bool = False) -> None:
        self._bot, self._model, self._reveal = bot, model, reveal

    def act(self, input: str | Asked, config: RunnableConfig, **_: Any) -> Answer:
        return self._bot.ask(model=self._model, reveal=self._reveal, **_call(input, config))

    def stream(
        self, input: str | Asked, config: RunnableConfig | None = None, **_: Any
    ) -> Iterator[AnswerPart | Answer]:
        """Return each sentence once its record is committed, and the whole answer last. Close it to stop."""
        called = _call(input, ensure_config(config))
        return self._bot.stream(model=self._model, reveal=self._reveal, **called)

    async def astream(
        self, input: str | Asked, config: RunnableConfig | None = None, **kwargs: Any
    ) -> AsyncIterator[AnswerPart | Answer]:
        async for item in in_threads(self.stream(input, config, **kwargs)):
            yield item

    def get_input_schema(self, config: RunnableConfig | None = None) -> type[BaseModel]:
        return Question

    def get_output_schema(self, config: RunnableConfig | None = None) -> type[BaseModel]:
        return RootModel[Answer]


class AnswerText(Governed["Answer | AnswerPart", str]):
    """The text of an answer with its numbers in brackets; of a streamed one, each sentence as it comes."""

    name = "answer_text"

    def act(self, input: Answer | AnswerPart, config: RunnableConfig, **_: Any) -> str:
        if isinstance(input, AnswerPart):
            return _sentence(input)
        if isinstance(input, Answer):
            return input.answer
        raise UsageError("answer_text expects what `governed_chain` returns")

    def transform(
        self, input: Iterator[Answer | AnswerPart], config: RunnableConfig | None = None, **_: Any
    ) -> Iterator[str]:
        """Yield the text of an answer sentence by sentence; of an abstention, its notice."""
        shown = 0
        for item in input:
            if isinstance(item, AnswerPart):
                yield f"{' ' if shown else ''}{_sentence(item)}"
                shown += 1
            elif not shown:
                yield self.act(item, ensure_config(config))

    async def atransform(
        self, input: AsyncIterator[Answer | AnswerPart], config: RunnableConfig | None = None, **_: Any
    ) -> AsyncIterator[str]:
        """Yield as `transform` does."""
        shown = 0
        async for item in input:
            if isinstance(item, AnswerPart):
                yield f"{' ' if shown else ''}{_sentence(item)}"
                shown += 1
            elif not shown:
                yield self.act(item, ensure_config(config))


answer_text = AnswerText()


def governed_chain(
    bot: ComplianceBot, model: BaseChatModel | str | None = None, *, reveal: bool = False
) -> GovernedChain:
    """Return the chain of a bot as a runnable. `model` composes the answers in place of the one in the settings.

    Answers have placeholders for personal data. With `reveal` those that the principal may see stand in them: for a
    chain whose answers go to their asker, and not into a trace, a memory, or another model.

    It takes a question, or `{"question": …, "principal": …, "purpose": …}`; as a tool, a model fills in the question
    alone.
    """
    return GovernedChain(bot, model, reveal=reveal)


def _call(input: str | Asked, config: RunnableConfig) -> dict[str, Any]:
    asked: Asked = {"question": input} if isinstance(input, str) else input
    if not isinstance(asked, dict) or not {"question"} <= set(asked) <= {"question", "principal", "purpose"}:
        raise UsageError("expected a question, or a dictionary of question, principal and purpose")
    principal = _one_of(asked.get("principal"), config, "principal")
    if principal is None:
        raise NoPrincipal
    purpose = _one_of(asked.get("purpose"), config, "purpose")
    return {"question": _text(asked["question"]), "principal": principal, "purpose": purpose}


def _one_of(given: Any, config: RunnableConfig, name: str) -> Any:
    """Return what was given or configured. Raises UsageError where both were and differ: neither is the safe choice."""
    configured = (config.get("configurable") or {}).get(name)
    if given is not None and configured is not None and given != configured:
        raise UsageError(f"two different values for {name} came: expected one")
    value = given if given is not None else configured
    if value is None:
        return None
    kinds = (Principal, str, Credential) if name == "principal" else (str,)
    if not isinstance(value, kinds):
        raise UsageError(f"{name} is not of the expected kind: expected {' or '.join(k.__name__ for k in kinds)}")
    return value


def _text(question: Any) -> str:
    if not isinstance(question, str):
        raise UsageError("the question is not text")
    return question


def _sentence(part: AnswerPart) -> str:
    return f"{part.sentence.text} {''.join(f'[{n}]' for n in part.sentence.citations)}"


def _document(hit: Hit) -> Document:
    metadata = {
        "ref": hit.ref,
        "document": hit.document,
        "title": hit.title,
        "version": hit.version,
        "chunk": hit.chunk,
        "page": hit.page,
        "heading": hit.heading,
        "start": hit.start,
        "end": hit.end,
        "rank": hit.rank,
        "score": hit.score,
    }
    return Document(id=hit.chunk, page_content=hit.text, metadata=metadata)
