"""What flows through LangChain, with the values planted in it gone and everything else as it was."""

from __future__ import annotations

import json
from collections import UserDict, namedtuple
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any

import pytest
from langchain_core.documents import Document
from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    HumanMessage,
    InvalidToolCall,
    SystemMessage,
    ToolMessage,
)
from langchain_core.prompt_values import ChatPromptValue, StringPromptValue
from langgraph.types import Command
from pydantic import BaseModel, PrivateAttr

from compliance_bot.integrations.leaves import UnscreenableContent
from compliance_bot.integrations.messages import mask_arguments, mask_values
from compliance_bot.redaction.detect import DetectionFailed, Detector
from compliance_bot.testing import FailingDetector, ListedDetector

MAIL, CARD = "maria.lopez@bank.example", "4111 1111 1111 1111"
DETECTOR = Detector.load()


def masked(value: Any, **options: Any) -> Any:
    return mask_values([value], DETECTOR, **options)[0]


@pytest.mark.parametrize(
    ("given", "made"),
    [
        (f"to {MAIL}", "to <EMAIL_ADDRESS>"),
        ({"a": {"b": [MAIL, 3, None, True]}}, {"a": {"b": ["<EMAIL_ADDRESS>", 3, None, True]}}),
        ({MAIL: 1, "x@y.example": 2}, {"<EMAIL_ADDRESS>": 1, "<EMAIL_ADDRESS> 2": 2}),
        ({(MAIL, 1): 2}, {("<EMAIL_ADDRESS>", 1): 2}),
        ((MAIL, "b"), ("<EMAIL_ADDRESS>", "b")),
        ({MAIL, "b"}, {"<EMAIL_ADDRESS>", "b"}),
        (frozenset({MAIL}), frozenset({"<EMAIL_ADDRESS>"})),
        (UserDict({"a": MAIL}), {"a": "<EMAIL_ADDRESS>"}),
        (4111111111111111, "<CREDIT_CARD>"),
        (Decimal(4111111111111111), "<CREDIT_CARD>"),
        ([4111111111111111, 2], ["<CREDIT_CARD>", "2"]),
        (PurePosixPath(f"/mail/{MAIL}.eml"), "/mail/<EMAIL_ADDRESS>"),
        (PurePosixPath("/mail/inbox"), PurePosixPath("/mail/inbox")),
        (datetime(2026, 11, 3, tzinfo=UTC), "<DATE_TIME>"),
        (timedelta(hours=2), timedelta(hours=2)),
        ([0.25, 0.5, 1e-9], [0.25, 0.5, 1e-9]),
        (None, None),
    ],
)
def test_structures_come_back_with_their_values_masked(given: Any, made: Any) -> None:
    assert masked(given) == made
    assert type(masked(given)) is type(made)


@pytest.mark.parametrize("key", ["ssn", "SSN", "customer_ssn", "customerSsn"])
def test_a_key_speaks_for_what_stands_under_it(key: str) -> None:
    assert masked({"name": "x", key: 219099999}) == {"name": "x", key: "<US_SSN>"}
    assert masked({key: ["219 09 9999"]}) == {key: ["<US_SSN>"]}
    assert masked({"rows": 219099999}) == {"rows": 219099999}


def test_json_in_a_text_stays_json() -> None:
    text = json.dumps({"mail": "maria.lopez\u0040bank.example", "ssn": 219099999, "n": 1.5}).replace("@", "\\u0040")
    made = masked(text)
    assert json.loads(made) == {"mail": "<EMAIL_ADDRESS>", "ssn": "<US_SSN>", "n": 1.5}
    assert masked('{"a":  1}') == '{"a":  1}'
    assert masked("[not json") == "[not json"


def test_what_json_would_drop_is_screened_too() -> None:
    assert MAIL not in masked(f'{{"a": "{MAIL}", "a": "b"}}')
    assert masked(f"[{'1' * 5000}, {MAIL}") == f"[{'1' * 5000}, <EMAIL_ADDRESS>"


class Order(BaseModel):
    customer: str
    amount: int = 1

    @cached_property
    def shouted(self) -> str:
        return self.customer.upper()


class Secretive(BaseModel):
    _told: str = PrivateAttr(default="x")


@dataclass(frozen=True, slots=True)
class Row:
    who: str


Pair = namedtuple("Pair", "left right")


def test_models_dataclasses_and_named_tuples_keep_their_kind() -> None:
    order = Order(customer=MAIL)
    assert order.shouted
    made = masked(order)
    assert made == Order(customer="<EMAIL_ADDRESS>")
    assert MAIL not in repr(vars(made))
    assert made.shouted == "<EMAIL_ADDRESS>"
    assert order.customer == MAIL
    assert masked(Row(MAIL)) == Row("<EMAIL_ADDRESS>")
    assert masked(Pair(MAIL, 1)) == Pair("<EMAIL_ADDRESS>", 1)
    assert masked(Command(update={"messages": [ToolMessage(MAIL, tool_call_id="1")]})).update["messages"][0].text == (
        "<EMAIL_ADDRESS>"
    )


@pytest.mark.parametrize("given", [b"bytes", object(), Secretive(), [lambda: 1], {"a": bytearray(b"x")}])
def test_what_cannot_be_screened_is_refused_or_kept(given: Any) -> None:
    with pytest.raises(UnscreenableContent, match="cannot be screened"):
        masked(given)
    assert masked(given, keep_unscreened=True) == given


def test_values_within_values_without_end_are_refused() -> None:
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(UnscreenableContent, match="within each other"):
        masked(endless, keep_unscreened=True)


def test_a_message_keeps_how_it_is_built() -> None:
    message = AIMessage(
        f"Written to {MAIL}",
        id="run-1",
        tool_calls=[{"name": "mail", "args": {"to": MAIL, "copies": [{"to": MAIL}], MAIL: 1}, "id": "call_1"}],
        invalid_tool_calls=[InvalidToolCall(name="pay", args=f'{{"to": "{MAIL}', id="2", error=f"no {MAIL}")],
        additional_kwargs={"reasoning_content": f"{MAIL} asked", "refusal": None},
        response_metadata={
            "model_name": "gpt-5-2026-08-06",
            "finish_reason": "stop",
            "logprobs": {"content": [{"token": "maria.lo"}, {"token": "pez@bank.example"}]},
            "headers": {"x-user": MAIL},
        },
        usage_metadata={"input_tokens": 4111111111111111, "output_tokens": 1, "total_tokens": 2},
    )
    made = masked(message)
    assert "lopez" not in repr(made)
    assert "pez@" not in repr(made)
    assert made.content == "Written to <EMAIL_ADDRESS>"
    assert made.id == "run-1"
    (call,) = made.tool_calls
    assert (call["name"], call["id"], call["type"]) == ("mail", "call_1", "tool_call")
    assert call["args"] == {"to": "<EMAIL_ADDRESS>", "copies": [{"to": "<EMAIL_ADDRESS>"}], "<EMAIL_ADDRESS>": 1}
    assert made.invalid_tool_calls[0]["args"] == '{"to": "<EMAIL_ADDRESS>'
    assert made.response_metadata == {
        "model_name": "gpt-5-2026-08-06", "finish_reason": "stop", "headers": {"x-user": "<EMAIL_ADDRESS>"},
    }  # fmt: skip
    assert made.usage_metadata == message.usage_metadata
    assert MAIL in message.content


def test_a_tool_result_is_masked_with_its_artifact() -> None:
    result = ToolMessage(
        json.dumps({"ssn": 219099999}), tool_call_id="call_1", name="search_crm", artifact={"rows": [Row(MAIL)]}
    )
    made = masked(result)
    assert json.loads(made.text) == {"ssn": "<US_SSN>"}
    assert made.artifact == {"rows": [Row("<EMAIL_ADDRESS>")]}
    assert (made.tool_call_id, made.name, made.status) == ("call_1", "search_crm", "success")


def test_who_wrote_a_message_is_masked_and_which_tool_did_is_not() -> None:
    detector = ListedDetector({"Ana Lopez": "PERSON", "search_crm": "PERSON"})
    human, tool = mask_values(
        [HumanMessage("hi", name="Ana Lopez"), ToolMessage("hi", name="search_crm", tool_call_id="1")], detector
    )
    assert (human.name, tool.name) == ("<PERSON>", "search_crm")


@pytest.mark.parametrize(
    "block",
    [
        {"type": "text", "text": MAIL, "annotations": [{"type": "citation", "cited_text": MAIL}]},
        {"type": "reasoning", "reasoning": MAIL, "summary": [{"type": "summary_text", "text": MAIL}]},
        {"type": "thinking", "thinking": MAIL, "signature": "abc"},
        {"type": "tool_use", "id": "1", "name": "mail", "input": {"to": MAIL}},
        {"type": "server_tool_result", "output": [{"type": "text", "text": MAIL}]},
        {"type": "non_standard", "value": {"deep": [MAIL]}},
        {"type": "invented_later", "said": MAIL},
        {"type": "text", "text": "x", "logprobs": [{"token": "maria.lo"}, {"token": MAIL}]},
        MAIL,
    ],
)
def test_blocks_of_text_are_masked_whatever_they_are_called(block: Any) -> None:
    (made,) = masked(AIMessage([block])).content
    assert "lopez" not in repr(made)
    if isinstance(block, dict):
        assert made["type"] == block["type"]


@pytest.mark.parametrize(
    "block",
    [
        {"type": "image", "base64": "abcd", "mime_type": "image/png"},
        {"type": "image_url", "image_url": {"url": "https://x.example/maria.png"}},
        {"type": "audio", "file_id": "f1"},
        {"type": "file", "base64": "abcd"},
        {"type": "tool_result", "content": [{"type": "image", "source": {"data": "abcd"}}]},
        {"type": "text-plain", "base64": "abcd"},
    ],
)
def test_pictures_sound_and_files_are_refused_or_kept(block: Any) -> None:
    message = HumanMessage([{"type": "text", "text": MAIL}, block])
    with pytest.raises(UnscreenableContent, match="a content block of type"):
        masked(message)
    assert masked(message, keep_unscreened=True).content == [{"type": "text", "text": "<EMAIL_ADDRESS>"}, block]


def test_prompts_and_documents_are_masked_in_all_their_parts() -> None:
    prompt = ChatPromptValue(messages=[SystemMessage("be brief"), HumanMessage(MAIL)])
    assert [m.text for m in masked(prompt).to_messages()] == ["be brief", "<EMAIL_ADDRESS>"]
    assert masked(StringPromptValue(text=MAIL)).to_string() == "<EMAIL_ADDRESS>"
    document = Document(
        f"Card {CARD}", id="a", metadata={"source": f"/mail/{MAIL}.pdf", "title": f"From {MAIL}", "page": 3, MAIL: 1}
    )
    made = masked(document)
    assert made.page_content == "Card <CREDIT_CARD>"
    assert made.metadata == {"source": "/mail/<EMAIL_ADDRESS>", "title": "From <EMAIL_ADDRESS>", "page": 3,
                             "<EMAIL_ADDRESS>": 1}  # fmt: skip
    assert (made.id, masked(Document("x", id=MAIL)).id) == ("a", None)


def test_a_chunk_by_itself_is_masked_as_it_stands() -> None:
    chunk = AIMessageChunk(MAIL, tool_call_chunks=[{"name": "mail", "args": f'{{"to": "{MAIL}', "id": "1", "index": 0}])
    assert "lopez" not in repr(masked(chunk))


def test_names_of_parameters_stay_and_other_keys_do_not() -> None:
    detector = ListedDetector({"name": "PERSON", "Ana": "PERSON"})
    assert mask_arguments({"name": "Ana", "of Ana": {"name": 1}}, detector) == {
        "name": "<PERSON>", "of <PERSON>": {"<PERSON>": 1},
    }  # fmt: skip


def test_right_to_left_text_and_markers_are_left_as_they_are() -> None:
    text = f"שלום <PERSON>, הכתובת {MAIL}، مرحبا"
    assert masked({"a": text}) == {"a": "שלום <PERSON>, הכתובת <EMAIL_ADDRESS>، مرحبا"}


@pytest.mark.parametrize("given", ["text", {"a": 1}, AIMessage("x"), Document("x"), [1.5, 2.5]])
def test_a_failing_detector_refuses_whatever_came(given: Any) -> None:
    with pytest.raises(DetectionFailed):
        mask_values([given], FailingDetector())


def test_all_texts_go_to_the_detector_at_once() -> None:
    calls: list[int] = []

    class Counting:
        def detect(self, text: str) -> Any:
            raise AssertionError

        def detect_each(self, texts: Any) -> Any:
            calls.append(len(texts))
            return DETECTOR.detect_each(texts)

    made = mask_values([{"a": MAIL, "b": ["x", MAIL]}, Document("y")], Counting())
    assert made == [{"a": "<EMAIL_ADDRESS>", "b": ["x", "<EMAIL_ADDRESS>"]}, Document("y")]
    assert calls == [6, 2]  # keys and values, then once more what was masked
