"""Sentences of a reply come as soon as they are whole, however the reply is cut into pieces."""

from __future__ import annotations

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance_bot.models.contract import REPLY_LIMIT, UnreadableReply
from compliance_bot.models.incremental import MOST_SENTENCES, ReplyReader

SAID = [
    {"text": 'He said "no" {twice]', "quotes": [{"id": "p1", "quote": 'a \\ b } ] " – ü'}]},
    {"text": "Two.", "quotes": [{"id": "p2", "quote": "c"}, {"id": "p1", "quote": "d"}]},
]


def read(pieces: list[str]) -> list[str]:
    reader = ReplyReader()
    found = [sentence.text for piece in pieces for sentence in reader.feed(piece)]
    reader.finish()
    return found


@given(st.lists(st.integers(0, 300), max_size=12), st.booleans(), st.booleans())
def test_where_a_reply_is_cut_makes_no_difference(cuts: list[int], fenced: bool, abstain_first: bool) -> None:
    fields = {"sentences": SAID, "abstain": False}
    text = json.dumps(dict(reversed(fields.items())) if abstain_first else fields, ensure_ascii=False)
    text = f"Sure:\n```json\n{text}\n```" if fenced else text
    places = sorted({0, len(text), *(min(cut, len(text)) for cut in cuts)})
    pieces = [text[start:end] for start, end in itertools.pairwise(places)]
    assert read(pieces) == [one["text"] for one in SAID]


def test_a_sentence_is_handed_out_before_the_next_is_there() -> None:
    reader = ReplyReader()
    begun = '{"sentences": [' + json.dumps(SAID[0])
    assert list(reader.feed(begun[:-1])) == []
    assert [sentence.text for sentence in reader.feed(begun[-1])] == [SAID[0]["text"]]


def test_an_abstention_has_no_sentences() -> None:
    assert read(['{"sentences": [], "abstain": true}']) == []
    assert read(['{"sentences": []}']) == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "I do not know.",
        '{"sentences": [',
        '{"sentences": [{"text": "a", "quotes": []}',
        '{"sentences": [{"text": "a", "quotes": []}]',
        '{"sentences": ["a"], "abstain": false}',
        '{"sentences": [{"text": "", "quotes": []}], "abstain": false}',
        '{"sentences": [{"text": "a", "quotes": [], "html": "b"}], "abstain": false}',
        '{"sentences": [{"text": "a", "quotes": []}], "abstain": true}',
        '{"sentences": [], "abstain": false}',
        '{"abstain": true, "sentences": [{"text": "a", "quotes": []}]}',
        '{"sentences": [{"text": "a", "quotes": [}]}], "abstain": false}',
    ],
)
def test_what_is_no_reply_is_refused(text: str) -> None:
    with pytest.raises(UnreadableReply):
        read([text])


def test_a_reply_without_end_is_refused_in_bounded_room() -> None:
    reader = ReplyReader()
    list(reader.feed('{"sentences": [{"text": "'))
    for _ in range(REPLY_LIMIT // 1000 - 1):
        list(reader.feed("x" * 1000))
    with pytest.raises(UnreadableReply, match="at most"):
        list(reader.feed("x" * 1000))
    one = json.dumps(SAID[1]) + ", "
    with pytest.raises(UnreadableReply, match=f"at most {MOST_SENTENCES} sentences"):
        read(['{"sentences": [', one * (MOST_SENTENCES + 1)])
