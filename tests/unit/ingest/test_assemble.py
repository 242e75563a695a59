"""Clean text, lead-ins and pages."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance_bot.ingest.assemble import Part, assemble, clean, one_line
from compliance_bot.ingest.structure import BlockKind
from compliance_bot.ingest.unreadable import Limits, Reason, UnreadableDocument

PARAGRAPH, ITEM, ROW = BlockKind.PARAGRAPH, BlockKind.LIST_ITEM, BlockKind.TABLE_ROW


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\r\nb\rc\u2028d", "a\nb\nc\nd"),
        ("Jo\u200bhn\u00ad \u202eDoe\u202c\ufeff", "John Doe"),
        ("a\x00b\x07c\x1b[31md\x9f", "abc[31md"),
        ("e\u0301", "é"),
        ("a\u00a0b\u2009c\td", "a b c\td"),
        ("A\U000e0041\U000e0042\ufe0f", "A"),
        ("x\ud800y", "xy"),
    ],
)
def test_hidden_characters_go_and_blanks_become_plain(text: str, expected: str) -> None:
    assert clean(text) == expected


@given(st.text())
def test_clean_text_is_normal_has_no_hidden_characters_and_stays_so(text: str) -> None:
    found = clean(text)
    assert clean(found) == found
    assert unicodedata.is_normalized("NFC", found)
    hidden = {"Cc", "Cs", "Zl", "Zp"}
    assert all(c in "\n\t" or unicodedata.category(c) not in hidden for c in found)
    found.encode()


def test_no_formatting_character_survives_but_those_that_are_seen() -> None:
    """Those with a shape are signs above Arabic, Syriac and Kaithi numbers, and Egyptian joiners."""
    visible = set("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd")
    visible |= {chr(code) for code in range(0x13430, 0x13460)}
    formatting = {chr(code) for code in range(0x110000) if unicodedata.category(chr(code)) == "Cf"}
    assert {character for character in formatting if clean(character)} == formatting & visible


def test_a_paragraph_that_a_list_follows_is_its_lead_in() -> None:
    parts = [
        Part(kind=PARAGRAPH, text="A firm must:"),
        Part(kind=ITEM, text="(a) one", level=1),
        Part(kind=PARAGRAPH, text="It ends."),
        Part(kind=ITEM, text="(a) two", level=1),
    ]
    found = assemble("", parts)
    assert [block.kind.value for block in found.blocks] == ["list_lead", "list_item", "paragraph", "list_item"]
    assert found.text == "A firm must:\n(a) one\n\nIt ends.\n\n(a) two"


def test_pages_begin_inside_a_part_where_it_crosses_them() -> None:
    parts = [Part(kind=PARAGRAPH, text="one", page=1), Part(kind=PARAGRAPH, text="two \fthree\ffour", page=1)]
    found = assemble("", [*parts, Part(kind=PARAGRAPH, text="five", page=5)], page_count=6)
    assert [found.text[start:][:5] for start in found.pages] == ["one\n\n", "three", "four\n", "five", "five", ""]
    assert found.page_at(found.text.index("two")) == 1
    assert found.page_at(found.text.index("four")) == 3


@pytest.mark.parametrize("texts", [[], [" \n\t"], ["\u200b\u200b"], ["***", "—"]])
def test_a_document_without_words_is_refused(texts: list[str]) -> None:
    with pytest.raises(UnreadableDocument, match="no text was found"):
        assemble("", [Part(kind=PARAGRAPH, text=text) for text in texts])


def test_the_refusal_of_pages_without_words_says_how_many() -> None:
    with pytest.raises(UnreadableDocument, match=r"^7 pages, no text: scanned"):
        assemble("", [], page_count=7)


def test_too_much_text_is_refused() -> None:
    with pytest.raises(UnreadableDocument, match="more than 10 characters") as caught:
        assemble("", [Part(kind=PARAGRAPH, text="a" * 11)], Limits(characters=10))
    assert caught.value.reason is Reason.TOO_MUCH_TEXT


@given(st.lists(st.tuples(st.sampled_from(list(BlockKind)), st.text(max_size=12)), max_size=8), st.text(max_size=9))
def test_blocks_are_apart_by_newlines_only(drawn: list[tuple[BlockKind, str]], title: str) -> None:
    parts = [Part(kind=kind, text=text) for kind, text in drawn]
    try:
        found = assemble(title, [*parts, Part(kind=PARAGRAPH, text="end")])
    except UnreadableDocument:
        return
    outside = list(found.text)
    for block in found.blocks:
        outside[block.start : block.end] = [""] * (block.end - block.start)
    assert set("".join(outside)) <= {"\n"}
    assert clean(found.text) == found.text
    assert found.title == one_line(title)
