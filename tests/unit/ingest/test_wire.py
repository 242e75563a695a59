"""A taken-over parser must not be able to say what the product relies on being false."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compliance_bot.ingest.assemble import Part, assemble
from compliance_bot.ingest.structure import BlockKind, ParsedDocument
from compliance_bot.ingest.unreadable import Limits, Reason, UnreadableDocument
from compliance_bot.ingest.wire import Distrusted, format_reply, parse_reply

DOCUMENT = assemble(
    "Title",
    [
        Part(kind=BlockKind.HEADING, text="Title", level=1, page=1),
        Part(kind=BlockKind.PARAGRAPH, text="Keep é.", page=2),
    ],
    page_count=2,
)
LIMITS = Limits()


def test_a_document_comes_back_as_it_was() -> None:
    assert parse_reply(format_reply(DOCUMENT), LIMITS) == DOCUMENT


@pytest.mark.parametrize("reason", list(Reason))
def test_a_refusal_comes_back_as_it_was(reason: Reason) -> None:
    found = parse_reply(format_reply(UnreadableDocument(reason, 3)), LIMITS)
    assert isinstance(found, UnreadableDocument)
    assert (found.reason, found.n) == (reason, 3)
    assert str(found) == reason.value.format(n=3)


def said(**changes: Any) -> bytes:
    return json.dumps(json.loads(format_reply(DOCUMENT)) | changes).encode()


@pytest.mark.parametrize(
    "reply",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"[" * 200_000,
        b"\xff",
        b'{"refused": "my own words", "n": 1}',
        b'{"refused": "EMPTY", "n": "1"}',
        b'{"refused": "EMPTY", "n": 1.5}',
        b'{"refused": "EMPTY"}',
        b'{"title": "T", "text": "x"}',
        said(title=None),
        said(title=""),
        said(title="a\nb"),
        said(title="\u202eevil"),
        said(title="x" * 2000),
        said(text="Title\n\nKe\u200bep"),
        said(text="Title\n\nKe\x1bep"),
        said(text="Title\n\nKe\ud800ep"),
        said(text="Title\n\ne\u0301......"),
        said(text=7),
        said(blocks=[]),
        said(blocks={"0": 1}),
        said(blocks=[["paragraph", 0, 99, 0, None]]),
        said(blocks=[["paragraph", 0, 5, 0]]),
        said(blocks=[["poem", 0, 5, 0, None]]),
        said(blocks=[["paragraph", True, 5, 0, None]]),
        said(blocks=[["paragraph", 0.0, 5, 0, None]]),
        said(blocks=[["paragraph", 0, 5, 10**9, None]]),
        said(blocks=[["paragraph", 0, 5, 0, 3]]),
        said(blocks=[["paragraph", 0, 5, 0, 0]]),
        said(blocks=[["paragraph", 5, 7, 0, None]]),
        said(blocks=[["paragraph", 2, 5, 0, None], ["paragraph", 0, 1, 0, None]]),
        said(pages=[0, 99]),
        said(pages=[5, 0]),
        said(pages=["0"]),
    ],
)
def test_an_answer_that_does_not_hold_together_is_distrusted(reply: bytes) -> None:
    with pytest.raises(Distrusted):
        parse_reply(reply, LIMITS)


def test_more_text_than_was_allowed_is_distrusted() -> None:
    with pytest.raises(Distrusted):
        parse_reply(format_reply(DOCUMENT), Limits(characters=3))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 20) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=60)
@given(st.dictionaries(st.sampled_from(["title", "text", "blocks", "pages", "refused", "n"]), JSON))
def test_any_json_is_a_sound_answer_or_distrusted(changes: dict[str, object]) -> None:
    try:
        found = parse_reply(said(**changes), LIMITS)
    except Distrusted:
        return
    assert isinstance(found, ParsedDocument | UnreadableDocument)
