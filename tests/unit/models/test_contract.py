"""The form in which passages reach a model and its quotes come back."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance_bot.models.contract import (
    Quote,
    Reply,
    ReplySentence,
    Source,
    UnreadableReply,
    UnreadableRequest,
    format_reply,
    format_request,
    parse_reply,
    parse_request,
    reply_parts,
    reply_schema,
    source,
)
from compliance_bot.records import ChunkId, ClassId, DocumentId, Lead, Passage, VersionId

_TEXTS = st.text(min_size=1, max_size=30).filter(lambda text: bool(text.strip()) and text.isprintable())
_IDS = st.text("0123456789abcdef", min_size=16, max_size=16).map(ChunkId)
_OFFSETS = st.integers(0, 10**9)
_QUOTES = st.builds(Quote, id=_IDS, quote=_TEXTS, start=st.none() | _OFFSETS)
_SENTENCES = st.builds(ReplySentence, text=_TEXTS, quotes=st.lists(_QUOTES, max_size=3).map(tuple))
_REPLIES = st.builds(Reply, sentences=st.lists(_SENTENCES, max_size=3).map(tuple))
_LEADS = st.builds(Lead, start=_OFFSETS, text=_TEXTS)
_SOURCES = st.builds(
    Source, id=_IDS, title=_TEXTS, text=_TEXTS, start=_OFFSETS, leads=st.lists(_LEADS, max_size=2).map(tuple)
)


@given(_REPLIES)
def test_a_reply_survives_the_trip(reply: Reply) -> None:
    assert parse_reply(format_reply(reply)) == reply


@given(_REPLIES)
def test_the_parts_of_a_reply_are_the_reply_one_sentence_each(reply: Reply) -> None:
    parts = list(reply_parts(reply))
    assert "".join(parts) == format_reply(reply)
    assert len(parts) == len(reply.sentences) + 1


@given(_TEXTS, st.lists(_SOURCES, max_size=4))
def test_a_question_and_its_passages_survive_the_trip_with_their_leads(question: str, sources: list[Source]) -> None:
    blocks = json.loads(json.dumps(format_request(question, sources)))
    assert parse_request(blocks) == (question, tuple(sources))


def test_the_schema_for_a_model_allows_the_given_ids_only() -> None:
    schema = reply_schema([ChunkId("00ff"), ChunkId("11ee")])
    assert schema["required"] == ["sentences", "abstain"]
    quote = schema["properties"]["sentences"]["items"]["properties"]["quotes"]["items"]
    assert quote["properties"]["id"] == {"type": "string", "enum": ["00ff", "11ee"]}
    assert quote["additionalProperties"] is False
    assert quote["required"] == ["id", "quote"]


def test_an_abstention_reads_as_one() -> None:
    assert format_reply(Reply()) == '{"sentences": [], "abstain": true}'


def test_a_reply_is_written_as_agreed() -> None:
    quote = Quote(id=ChunkId("00ff"), quote="Files are kept – always.", start=7)
    reply = Reply(sentences=(ReplySentence(text="Files are kept – always.", quotes=(quote,)),))
    assert format_reply(reply) == (
        '{"sentences": [{"text": "Files are kept – always.", "quotes": [{"id": "00ff", '
        '"quote": "Files are kept – always.", "start": 7}]}], "abstain": false}'
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "reply: json_invalid"),
        ("Six years.", "reply: json_invalid"),
        ('```json\n{"sentences": [], "abstain": true}\n```', "reply: json_invalid"),
        ('{"sentences": []}', "abstain: missing"),
        ('{"sentences": [], "abstain": "true"}', "abstain: bool_type"),
        ('{"sentences": [], "abstain": true, "note": "secret"}', "reply: extra_forbidden"),
        ('{"sentences": [{"text": "a"}], "abstain": false}', "sentences.0.quotes: missing"),
        ('{"sentences": [{"text": " ", "quotes": []}], "abstain": false}', "sentences.0.text: string_pattern"),
        (
            '{"sentences": [{"text": "a", "quotes": [{"id": 7, "quote": "a"}]}], "abstain": false}',
            "quotes.0.id: string",
        ),
        (
            '{"sentences": [{"text": "a", "quotes": [{"id": "7", "quote": "a", "start": -1}]}], "abstain": false}',
            "quotes.0.start: greater_than",
        ),
        ('{"sentences": [], "abstain": false}', "both or neither"),
        ('{"sentences": [{"text": "a", "quotes": []}], "abstain": true}', "both or neither"),
        (" " * 200_001, "at most 200000"),
    ],
)
def test_any_other_form_of_reply_is_refused(text: str, message: str) -> None:
    with pytest.raises(UnreadableReply, match=message):
        parse_reply(text)


def test_a_refusal_quotes_nothing_of_the_reply() -> None:
    with pytest.raises(UnreadableReply) as caught:
        parse_reply('{"sentences": [{"secret": "salary"}], "abstain": "salary", "salary": 1}')
    assert "salary" not in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("block", "message"),
    [
        ({"type": "text-plain", "text": "a"}, "document block 1: id: missing"),
        ({"type": "text-plain", "id": "7"}, "document block 1: text: missing"),
        ({"type": "text-plain", "id": "7", "text": "a", "extras": {"start": -1}}, "extras.start"),
        (
            {"type": "text-plain", "id": "7", "text": "a", "extras": {"leads": [{"text": "b"}]}},
            "leads.0.start: missing",
        ),
    ],
)
def test_a_document_block_without_its_place_is_refused(block: dict[str, object], message: str) -> None:
    with pytest.raises(UnreadableRequest, match=message):
        parse_request([block])


def test_plain_text_is_a_question_and_foreign_blocks_are_left_out() -> None:
    assert parse_request("How long?") == ("How long?", ())
    blocks: list[str | dict[str, str]] = ["How", {"type": "image", "url": "x"}, {"type": "text", "text": "long?"}]
    assert parse_request(blocks) == ("How\nlong?", ())


def test_a_passage_is_shown_with_its_title_and_heading_path() -> None:
    passage = Passage(
        chunk=ChunkId("00ff"),
        document=DocumentId("d"),
        title="Retention policy",
        collection="policies",
        version=1,
        version_id=VersionId("v"),
        version_sha256="0" * 64,
        valid_from=datetime(2026, 1, 1, tzinfo=UTC),
        sha256="0" * 64,
        ref=None,
        page=3,
        page_starts=(),
        heading="Records > Clients",
        start=40,
        end=51,
        text="six years;",
        leads=(Lead(start=10, text="Files are kept for:"),),
        class_id=ClassId(1),
    )
    shown = source(passage)
    assert shown.title == "Retention policy > Records > Clients"
    assert (shown.start, shown.leads) == (40, passage.leads)
