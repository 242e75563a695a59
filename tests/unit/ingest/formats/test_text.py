"""Plain text: encodings, wrapped lines, headings, lists."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compliance_bot.ingest.formats.text import decode, read_text
from compliance_bot.ingest.unreadable import Limits, Reason, UnreadableDocument

if TYPE_CHECKING:
    from collections.abc import Callable

    from compliance_bot.ingest.structure import ParsedDocument

SAMPLE = """\
Record Policy
=============

1. Scope

This policy applies to the regu-
lation desk, and to regulation in rule
4. It is a well-
known one.

2.1 Retention
The firm must:
(a) keep records for
    six years; and
(b) where
   (i) it is a bank, report
   (ii) it is not, keep silent.
(c) stop
but only when asked.

3. Fees
Fee\tAmount
Entry\t5
Exit\t6

PART II
1. Apples
2. Pears

ANNEX OF FORMS

- one thing
- two things
"""


def test_a_policy_in_plain_text_keeps_its_structure(outline: Callable[[ParsedDocument], list[str]]) -> None:
    assert outline(read_text(SAMPLE.encode(), Limits())) == [
        "heading 1: Record Policy",
        "heading 2: 1. Scope",
        "paragraph 0: This policy applies to the regulation desk, and to regulation in rule 4. It is a well-known one.",
        "heading 3: 2.1 Retention",
        "list_lead 0: The firm must:",
        "list_item 1: (a) keep records for six years; and",
        "list_item 1: (b) where",
        "list_item 2: (i) it is a bank, report",
        "list_item 2: (ii) it is not, keep silent.",
        "list_item 1: (c) stop",
        "paragraph 0: but only when asked.",
        "heading 2: 3. Fees",
        "table_header 0: Fee | Amount",
        "table_row 0: Entry | 5",
        "table_row 0: Exit | 6",
        "heading 1: PART II",
        "list_item 1: 1. Apples",
        "list_item 1: 2. Pears",
        "heading 1: ANNEX OF FORMS",
        "list_item 1: - one thing",
        "list_item 1: - two things",
    ]


def test_where_lines_are_long_each_is_a_paragraph() -> None:
    lines = [f"Paragraph {number} " + "goes on and on " * 12 for number in range(3)]
    assert len(read_text("\n".join(lines).encode(), Limits()).blocks) == 3


def test_letters_after_h_are_no_roman_numerals(outline: Callable[[ParsedDocument], list[str]]) -> None:
    text = "It must:\n" + "\n".join(f"({letter}) keep item" for letter in "abcdefghijk")
    assert {line.split(":")[0] for line in outline(read_text(text.encode(), Limits()))[1:]} == {"list_item 1"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1252"])
def test_western_text_is_read_in_its_encoding(encoding: str) -> None:
    text = "Café “Müller” pays €5 — every week, in cash, at the counter in Zürich."
    assert decode(text.encode(encoding)).lstrip("\ufeff") == text


def test_big_endian_text_is_read_by_its_mark() -> None:
    assert decode(codecs.BOM_UTF16_BE + "Zürich".encode("utf-16-be")) == "Zürich"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ("Привет, это правила банка".encode("cp1251"), Reason.ENCODING),
        ("規則に従うこと".encode("shift_jis"), Reason.ENCODING),
        (b"Caf\xe9 \x81 costs five euros in the city", Reason.ENCODING),
        (codecs.BOM_UTF16_LE + b"a\x00b", Reason.ENCODING),
        (b"\0" * 100, Reason.BINARY),
        (b"text with a \0 in it", Reason.BINARY),
        (bytes(range(1, 32)) * 5, Reason.BINARY),
    ],
)
def test_what_cannot_be_read_surely_is_refused(data: bytes, reason: Reason) -> None:
    with pytest.raises(UnreadableDocument) as caught:
        decode(data)
    assert caught.value.reason is reason


WORDS = st.sampled_from(["Rule", "a", "(a)", "1.", "PART", "\t", "-", "x-", "===", "3.2", ".", "Ünd", " ", "\x0c"])


@settings(max_examples=60)
@given(st.lists(st.lists(WORDS, max_size=5).map(" ".join), max_size=12).map("\n".join))
def test_no_word_is_lost_whatever_the_lines(text: str) -> None:
    found = read_text(("Start\n" + text).encode(), Limits()).text
    assert [c for c in found if c.isalnum()] == [c for c in "Start" + text if c.isalnum()]
