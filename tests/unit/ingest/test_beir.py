"""Ready passages: the good lines go in, each bad one is named."""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance_bot.ingest.beir import LONGEST_LINE, ReadyPassage, is_corpus, lines, read_passages
from compliance_bot.records import Rejected


def passage(**said: object) -> bytes:
    return json.dumps({"_id": "p1", "title": "T", "text": "Keep records."} | said).encode() + b"\n"


def test_passages_come_in_order_with_their_ids() -> None:
    found = list(
        read_passages([b"\xef\xbb\xbf" + passage(), b"\n", passage(_id="p2", title=None, text="A\r\nb\u200b")])
    )
    assert found == [
        ReadyPassage(ref="p1", title="T", text="Keep records."),
        ReadyPassage(ref="p2", title="", text="A\nb"),
    ]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"{", "not JSON"),
        (b"\xff\xfe", "not JSON in UTF-8"),
        (b"[" * 100_000, "not JSON"),
        (b"[1]", "not a JSON object"),
        (passage(_id=True), "_id is not"),
        (passage(_id=1.5), "_id is not"),
        (passage(_id=""), "_id is not"),
        (passage(_id="a\nb"), "_id is not"),
        (passage(_id="x" * 501), "_id is not"),
        (passage(title=["T"]), "title or text"),
        (passage(text=None), "title or text"),
        (passage(text=" \u200b\n"), "has no text"),
        (b" " * LONGEST_LINE + b"{}", "longer than"),
    ],
)
def test_a_bad_line_is_named_and_the_others_go_in(line: bytes, reason: str) -> None:
    first, bad, last = read_passages([passage(), line, passage(_id="p3")])
    assert isinstance(bad, Rejected)
    assert bad.path == "line 2"
    assert reason in bad.reason
    assert isinstance(first, ReadyPassage)
    assert isinstance(last, ReadyPassage)


def test_an_id_is_taken_once() -> None:
    found = list(read_passages([passage(), passage(text="Other.")]))
    assert found[1] == Rejected(path="line 2", reason="its _id was used by an earlier line")


def test_a_long_line_is_not_read_into_memory_whole() -> None:
    file = io.BytesIO(b"x" * (3 * LONGEST_LINE) + b"\n" + passage())
    found = list(lines(file))
    assert [len(line) for line in found] == [LONGEST_LINE + 1, len(passage())]
    assert [type(entry).__name__ for entry in read_passages(found)] == ["Rejected", "ReadyPassage"]


@pytest.mark.parametrize(
    ("name", "head", "expected"),
    [
        ("corpus.jsonl", passage(), True),
        ("Other.JSONL", b"\xef\xbb\xbf\n" + passage(), True),
        ("corpus.jsonl", b'{"_id": "1", "text": "no title', True),
        ("queries.jsonl", b'{"_id": "1", "text": "a question"}\n', False),
        ("corpus.json", passage(), False),
        ("corpus.jsonl", b"%PDF-1.4", False),
        ("corpus.jsonl", b"", False),
    ],
)
def test_a_corpus_is_known_by_name_and_first_line(name: str, head: bytes, expected: bool) -> None:
    assert is_corpus(name, head) is expected


@given(st.lists(st.binary(max_size=40), max_size=8))
def test_any_lines_give_one_entry_each_or_none(raw: list[bytes]) -> None:
    assert len(list(read_passages(raw))) == sum(bool(line.strip()) for line in raw)
