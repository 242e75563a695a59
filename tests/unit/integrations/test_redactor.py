from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from langchain.agents import create_agent
from langchain.agents.middleware import wrap_tool_call
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.documents import BaseDocumentTransformer, Document
from langchain_core.language_models import GenericFakeChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage, ToolMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.runnables import Runnable, RunnableGenerator, RunnableLambda
from langchain_core.tools import tool

from compliance_bot.errors import UsageError
from compliance_bot.integrations import pieces
from compliance_bot.integrations.redactor import (
    Redactor,
    UnscreenableContent,
    redact_tool_call,
    redact_tool_result,
)
from compliance_bot.redaction.detect import DetectionFailed, Detector
from compliance_bot.redaction.profiles import UnknownProfile
from compliance_bot.testing import FailingDetector, ListedDetector

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator, Sequence

MAIL, CARD = "maria.lopez@bank.example", "4111 1111 1111 1111"
PROSE = "The branch keeps a copy of each statement in the file of the customer. "
REPLY = f"{PROSE * 5}Write to {MAIL}, card {CARD}. {PROSE * 5}"
MASKED = REPLY.replace(MAIL, "<EMAIL_ADDRESS>").replace(CARD, "<CREDIT_CARD>")
REDACTOR = Redactor()


def chunks(text: str, size: int = 3) -> list[AIMessageChunk]:
    return [AIMessageChunk(text[n : n + size], id="run-1") for n in range(0, len(text), size)]


def stream(items: Iterable[Any], redactor: Redactor = REDACTOR) -> list[Any]:
    return list(redactor.transform(iter(items)))


def astream(items: Iterable[Any], redactor: Redactor = REDACTOR) -> list[Any]:
    async def given() -> AsyncIterator[Any]:
        for item in items:
            yield item

    async def collect() -> list[Any]:
        return [made async for made in redactor.atransform(given())]

    return asyncio.run(collect())


def merged(made: Sequence[AIMessageChunk]) -> AIMessageChunk:
    whole = made[0]
    for chunk in made[1:]:
        whole += chunk
    return whole


def test_it_is_a_runnable_and_a_document_transformer() -> None:
    assert isinstance(REDACTOR, Runnable)
    assert isinstance(REDACTOR, BaseDocumentTransformer)
    documents = [Document(f"to {MAIL}", metadata={"title": MAIL}), Document("b")]
    made = REDACTOR.transform_documents(documents)
    assert [one.page_content for one in made] == ["to <EMAIL_ADDRESS>", "b"]
    assert made[0].metadata == {"title": "<EMAIL_ADDRESS>"}
    assert asyncio.run(REDACTOR.atransform_documents(documents)) == made
    with pytest.raises(UsageError, match="expected LangChain documents"):
        REDACTOR.transform_documents(["text"])  # type: ignore[list-item]


def test_a_profile_says_what_is_masked() -> None:
    text = f"office@bank.example {CARD}"
    assert Redactor("pci-dss").invoke(text) == "office@bank.example <CREDIT_CARD>"
    assert Redactor.load("pci-dss").invoke(text) == "office@bank.example <CREDIT_CARD>"
    assert Redactor("pci-dss", detector=ListedDetector({"office@bank.example": "EMAIL_ADDRESS"})).invoke(text) == text
    with pytest.raises(UnknownProfile, match=r"no redaction profile 'hippa'; known: .*hipaa"):
        Redactor("hippa")


def test_a_batch_is_masked_in_one_go_and_tells_exceptions_apart() -> None:
    assert REDACTOR.batch([MAIL, HumanMessage(CARD), {"a": MAIL}, []]) == [
        "<EMAIL_ADDRESS>", HumanMessage("<CREDIT_CARD>"), {"a": "<EMAIL_ADDRESS>"}, [],
    ]  # fmt: skip
    assert asyncio.run(REDACTOR.abatch([MAIL])) == ["<EMAIL_ADDRESS>"]
    first, second = REDACTOR.batch([MAIL, b"x"], return_exceptions=True)
    assert (first, type(second)) == ("<EMAIL_ADDRESS>", UnscreenableContent)
    with pytest.raises(UnscreenableContent):
        REDACTOR.batch([MAIL, b"x"])
    assert REDACTOR.batch([]) == []


@pytest.mark.parametrize("run", [stream, astream])
@pytest.mark.parametrize("size", [1, 2, 7, 40, 5000])
def test_streams_of_text_and_of_messages_are_masked_as_a_whole(run: Any, size: int) -> None:
    deltas = [REPLY[n : n + size] for n in range(0, len(REPLY), size)]
    assert "".join(run(deltas)) == MASKED
    made = run(chunks(REPLY, size))
    assert merged(made).content == MASKED
    assert {chunk.id for chunk in made} == {"run-1"}
    assert len(made) > 1 or size == 5000


def test_a_value_is_masked_at_every_split_of_a_message() -> None:
    text = f"card {CARD}, then "
    for place in range(len(text) + 1):
        made = stream([AIMessageChunk(text[:place]), AIMessageChunk(""), AIMessageChunk(text[place:])])
        assert merged(made).content == "card <CREDIT_CARD>, then "


def test_anything_else_that_streams_is_masked_when_all_of_it_has_come() -> None:
    assert stream([["write to"], ["x"], [MAIL]]) == [["write to", "x", "<EMAIL_ADDRESS>"]]
    assert astream([AIMessage(MAIL)]) == [AIMessage("<EMAIL_ADDRESS>")]
    assert stream([]) == []
    assert astream([]) == []
    assert list(REDACTOR.stream(MAIL)) == ["<EMAIL_ADDRESS>"]


@pytest.mark.parametrize("run", [stream, astream])
@pytest.mark.parametrize("items", [["text", 1], [AIMessageChunk("text"), "text"]])
def test_a_stream_of_several_kinds_is_refused(run: Any, items: list[Any]) -> None:
    with pytest.raises(UsageError, match="expected more pieces"):
        run(items)


def tool_chunks(arguments: str, size: int, **other: Any) -> list[AIMessageChunk]:
    pieces_ = [arguments[n : n + size] for n in range(0, len(arguments), size)]
    return [
        AIMessageChunk(
            "",
            id="run-1",
            tool_call_chunks=[
                {"name": None if n else "mail", "args": piece, "id": None if n else "call_1", "index": 0}
            ],
            **other,
        )
        for n, piece in enumerate(pieces_)
    ]


@pytest.mark.parametrize("size", [1, 4, 1000])
def test_streamed_arguments_of_a_tool_call_come_out_whole_and_masked(size: int) -> None:
    arguments = json.dumps({"to": MAIL, "ssn": 219099999, "text": "hi"}).replace("@", "\\u0040")
    last = AIMessageChunk("", id="run-1", chunk_position="last", usage_metadata={
        "input_tokens": 1, "output_tokens": 2, "total_tokens": 3})  # fmt: skip
    made = stream([*chunks(REPLY), *tool_chunks(arguments, size), last])
    whole = merged(made)
    assert whole.content == MASKED
    (call,) = whole.tool_calls
    assert call == {
        "name": "mail", "id": "call_1", "type": "tool_call",
        "args": {"to": "<EMAIL_ADDRESS>", "ssn": "<US_SSN>", "text": "hi"},
    }  # fmt: skip
    assert whole.usage_metadata == last.usage_metadata
    assert whole.chunk_position == "last"
    assert all("lopez" not in repr(chunk) for chunk in made)


def test_streamed_arguments_that_break_off_are_masked_too() -> None:
    made = stream(tool_chunks(json.dumps({"to": MAIL, "b": 1})[:-8], 3))
    assert "lopez" not in repr(made)
    assert "<EMAIL_ADDRESS>" in repr(made)


def test_reasoning_and_what_comes_beside_is_held_until_it_is_whole() -> None:
    given = [
        AIMessageChunk("", additional_kwargs={"reasoning_content": "maria.lo"}),
        AIMessageChunk("", additional_kwargs={"reasoning_content": "pez@bank.example asks"}),
        AIMessageChunk("Hi", response_metadata={"logprobs": {"content": ["maria"]}, "finish_reason": "stop"}),
    ]
    whole = merged(stream(given))
    assert whole.additional_kwargs == {"reasoning_content": "<EMAIL_ADDRESS> asks"}
    assert whole.response_metadata == {"finish_reason": "stop"}
    assert whole.content == "Hi"


def blocks(*made: dict[str, Any]) -> list[AIMessageChunk]:
    return [AIMessageChunk([block], id="run-1") for block in made]


def test_blocks_of_content_stream_one_after_the_other() -> None:
    given = blocks(
        {"type": "reasoning", "reasoning": "maria.lo", "index": 0},
        {"type": "reasoning", "reasoning": "pez@bank.example", "index": 0},
        *({"type": "text", "text": REPLY[n : n + 5], "index": 1} for n in range(0, len(REPLY), 5)),
        *({"type": "text", "text": letter, "index": 2} for letter in f" and {MAIL}"),
        {"type": "text", "text": "", "index": 2, "annotations": [{"type": "citation", "cited_text": MAIL}]},
    )
    made = stream(given)
    assert all("lopez" not in repr(chunk) for chunk in made)
    texts = {b["index"]: b.get("text", b.get("reasoning")) for b in merged(made).content if isinstance(b, dict)}
    assert texts == {0: "<EMAIL_ADDRESS>", 1: MASKED, 2: " and <EMAIL_ADDRESS>"}
    shown = "".join(b["text"] for chunk in made for b in chunk.content if b.get("type") == "text")  # type: ignore[union-attr]
    assert shown == f"{MASKED} and <EMAIL_ADDRESS>"


def test_blocks_that_come_in_turns_are_refused() -> None:
    turns = [{"type": "text", "text": part, "index": n % 2} for n, part in enumerate(["4111 1111", "x", " 1111 1111"])]
    with pytest.raises(UsageError, match="come in turns"):
        stream(blocks(*turns))


def test_what_is_held_of_a_message_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces, "MOST_BESIDE", 100)
    with pytest.raises(DetectionFailed, match="more than 100 characters beside its text"):
        stream(tool_chunks("x" * 200, 10))


def model_of(reply: str) -> GenericFakeChatModel:
    return GenericFakeChatModel(messages=iter([AIMessage(reply)] * 4))


def test_it_follows_a_model_and_a_parser_as_they_stream() -> None:
    model = model_of(REPLY)
    assert (model | REDACTOR).invoke("go").content == MASKED
    assert merged(list((model | REDACTOR).stream("go"))).content == MASKED
    made = list((model | StrOutputParser() | REDACTOR).stream("go"))
    assert "".join(made) == MASKED
    assert len(made) > 2


def test_it_goes_before_a_model_whose_reply_then_streams() -> None:
    heard: list[Any] = []

    def hear(items: Iterator[Any]) -> Iterator[Any]:
        for item in items:
            heard.append(item)
            yield from item.split(" ")

    assert list((REDACTOR | RunnableGenerator(hear)).stream(f"to {MAIL}")) == ["to", "<EMAIL_ADDRESS>"]
    assert heard == ["to <EMAIL_ADDRESS>"]


@pytest.mark.parametrize("items", [["maria", ".lopez"], chunks(REPLY), [AIMessage(MAIL)], [[MAIL]]])
@pytest.mark.parametrize("run", [stream, astream])
@pytest.mark.parametrize("detector", [FailingDetector(), Detector(Detector.load().recognizers, limit_s=-1.0)])
def test_a_detector_that_fails_or_takes_too_long_lets_nothing_out(run: Any, items: list[Any], detector: Any) -> None:
    redactor = Redactor(detector=detector)
    shown: list[Any] = []
    with pytest.raises(DetectionFailed) as caught:
        shown += run(items, redactor)
    assert shown == []
    assert "lopez" not in str(caught.value)
    for call in (
        lambda: redactor.invoke(MAIL),
        lambda: redactor.batch([MAIL]),
        lambda: redactor.transform_documents([Document(MAIL)]),
        lambda: redact_tool_call(redactor, {"name": "a", "args": {"b": MAIL}, "id": "1"}),
        lambda: redact_tool_result(redactor, ToolMessage(MAIL, tool_call_id="1")),
    ):
        with pytest.raises(DetectionFailed):
            call()
    assert [type(one) for one in redactor.batch([MAIL], return_exceptions=True)] == [DetectionFailed]


class Hearing(BaseCallbackHandler):
    """Hears whatever LangChain tells a callback."""

    def __init__(self) -> None:
        self.heard: list[Any] = []

    def on_chain_start(self, serialized: Any, inputs: Any, **_: Any) -> None:
        self.heard.append(inputs)

    def on_chain_end(self, outputs: Any, **_: Any) -> None:
        self.heard.append(outputs)


@pytest.mark.parametrize(
    "made",
    [
        REDACTOR,
        REDACTOR.with_retry(),
        REDACTOR.with_fallbacks([RunnableLambda(lambda _: "no")]),
        REDACTOR.with_config(tags=["a"]),
        REDACTOR | RunnableLambda(lambda text: text),
        REDACTOR.pipe(RunnableLambda(lambda text: text), RunnableLambda(lambda text: text)),
        REDACTOR.with_retry() | RunnableLambda(lambda text: text),
        (REDACTOR | RunnableLambda(lambda text: text)) | RunnableLambda(lambda text: text),
    ],
    ids=["alone", "retry", "fallbacks", "config", "before", "piped", "retry before", "three"],
)
def test_no_callback_hears_what_was_there_before(made: Runnable[Any, Any]) -> None:
    hearing = Hearing()
    config: Any = {"callbacks": [hearing]}
    assert made.invoke(MAIL, config) == "<EMAIL_ADDRESS>"
    assert list(made.stream(MAIL, config)) == ["<EMAIL_ADDRESS>"]
    assert made.batch([MAIL], config) == ["<EMAIL_ADDRESS>"]
    assert asyncio.run(made.ainvoke(MAIL, config)) == "<EMAIL_ADDRESS>"
    assert MAIL not in repr(hearing.heard)


def test_a_map_of_it_tells_nobody_either() -> None:
    hearing = Hearing()
    assert REDACTOR.map().invoke([MAIL], {"callbacks": [hearing]}) == ["<EMAIL_ADDRESS>"]
    assert hearing.heard == []


def test_a_tool_call_and_its_result_are_masked_in_an_agent() -> None:
    seen: list[Any] = []

    @tool
    def search_crm(customer: str) -> str:
        """Search."""
        seen.append(customer)
        return f"{customer}: card {CARD}"

    @wrap_tool_call
    def screened(request: Any, handler: Any) -> Any:
        call = redact_tool_call(REDACTOR, request.tool_call)
        return redact_tool_result(REDACTOR, handler(request.override(tool_call=call)))

    class Model(GenericFakeChatModel):
        def bind_tools(self, tools: Any, **_: Any) -> Any:
            return self

    call = {"name": "search_crm", "args": {"customer": MAIL}, "id": "call_1"}
    model = Model(messages=iter([AIMessage("", tool_calls=[call]), AIMessage("done")]))  # type: ignore[list-item]
    agent: Any = create_agent(model, tools=[search_crm], middleware=[screened])
    messages = agent.invoke({"messages": [HumanMessage("go")]})["messages"]
    assert seen == ["<EMAIL_ADDRESS>"]
    (result,) = (message for message in messages if isinstance(message, ToolMessage))
    assert result.text == "<EMAIL_ADDRESS>: card <CREDIT_CARD>"
    assert result.tool_call_id == "call_1"


def test_what_is_no_tool_call_is_told() -> None:
    with pytest.raises(UsageError, match="expected a tool call"):
        redact_tool_call(REDACTOR, "text")  # type: ignore[arg-type]


def test_the_documented_examples_run(capsys: pytest.CaptureFixture[str]) -> None:
    page = Path(__file__).parents[3] / "docs" / "how-to" / "redact-text-in-your-application.md"
    named: dict[str, Any] = {}
    for code in re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL):
        exec(compile(code, str(page), "exec", dont_inherit=True), named)
    assert named["mask_note"](f"Write to {MAIL}.") == "Write to <EMAIL_ADDRESS>."
    assert "{'EMAIL_ADDRESS': 1}" in capsys.readouterr().out
    assert "".join(named["masked"](REPLY)) == MASKED
    heard: list[Any] = []

    class Model(GenericFakeChatModel):
        def _generate(self, messages: Any, *given: Any, **more: Any) -> Any:
            heard.append(messages)
            return super()._generate(messages, *given, **more)

    model = Model(messages=iter([AIMessage(REPLY)] * 2))
    assert named["before_and_after"](model).invoke(f"Who is {MAIL}?").content == MASKED
    assert [message.content for message in heard[0]] == ["Who is <EMAIL_ADDRESS>?"]
    assert named["after"](model).invoke("go").content == MASKED
    assert named["clean"]([Document(MAIL)]) == [Document("<EMAIL_ADDRESS>")]
    assert named["screen_tools"](REDACTOR)
