"""RTF, in the words that Word, LibreOffice and WordPad write."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from compliance_bot.ingest.formats.rtf import read_rtf
from compliance_bot.ingest.unreadable import Limits, Reason, UnreadableDocument

if TYPE_CHECKING:
    from collections.abc import Callable

    from compliance_bot.ingest.structure import ParsedDocument

FONTS = (
    rb"{\fonttbl{\f0\fcharset0 Arial;}{\f1\fcharset128 MS Mincho;}{\f2\fcharset204 Arial Cyr;}{\f3\fcharset2 Symbol;}}"
)


def read(body: bytes, head: bytes = rb"\ansi\ansicpg1252\deff0") -> ParsedDocument:
    return read_rtf(rb"{\rtf1" + head + FONTS + body + b"}", Limits())


def refusal(data: bytes, limits: Limits | None = None) -> Reason:
    with pytest.raises(UnreadableDocument) as caught:
        read_rtf(data, limits or Limits())
    return caught.value.reason


def test_a_text_keeps_its_structure(outline: Callable[[ParsedDocument], list[str]]) -> None:
    found = read(
        rb"""{\stylesheet{\s0 Normal;}{\s1\outlinelevel0 heading 1;}{\s2 heading 2;}{\s3 Title;}{\*\cs10 Default;}}
{\info{\title Properties}{\author NOBODY}}
\pard\s3 Record Policy\par\pard\s1 Scope\par\pard\s2 Who\par
\pard A firm must:\par
{\listtext\pard 1.\tab}\pard\ilvl0 keep\par{\listtext\f3\'b7\tab}\pard\ilvl1 files\par
\pard It ends.\par (a) stop;\par (b) look.\par
\trowd\trhdr\cellx1\cellx2\pard\intbl Fee\cell 5 days\cell\row
\trowd\cellx1\cellx2\pard\intbl Entry\par fee\cell 7\cell\row
\pard After."""
    )
    assert found.title == "Record Policy"
    assert outline(found) == [
        "heading 1: Record Policy",
        "heading 1: Scope",
        "heading 2: Who",
        "list_lead 0: A firm must:",
        "list_item 1: 1. keep",
        "list_item 2: - files",
        "paragraph 0: It ends.",
        "list_item 1: (a) stop;",
        "list_item 1: (b) look.",
        "table_header 0: Fee | 5 days",
        "table_row 0: Entry fee | 7",
        "paragraph 0: After.",
    ]


def test_insertions_are_text_and_deletions_comments_and_hidden_words_are_not() -> None:
    found = read(
        rb"""A firm {\revised shall}{\deleted DELETED} {\v HIDDEN \v0 keep}{\*\annotation COMMENT}{\header HEADER} it
\deleted DELETED{\footnote DELETED}\plain  well.\par"""
    )
    assert found.text == "A firm shall keep it well."


def test_footnotes_and_boxes_follow_their_paragraph() -> None:
    found = read(
        rb"""Keep it{\super\chftn}{\footnote\pard {\super\chftn}Unless told.\par Or asked.}.
{\shp{\*\shpinst{\sp{\sn NAME}{\sv VALUE}}{\shptxt\pard In a box.\par}}{\shprslt{\*\do DRAWN}}}\par After.\par"""
    )
    assert found.text == "Keep it[1].\n\n[1] Unless told. Or asked.\n\nIn a box.\n\nAfter."


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (rb"Pr\'fcfung \'80", "Prüfung €"),
        (rb"{\f2 \'cf\'f0\'e0\'e2\'e8\'eb\'e0}", "Правила"),
        (rb"{\f1 \'8c\'da\'8bq}", "顧客"),  # the second byte of a character may be a plain letter
        (rb"\uc1\u39015?\u23458?", "顧客"),
        (rb"\uc2\u39015\'8c\'da\u23458 xx", "顧客"),
        (rb"x\uc0\u-10179\u-8704", "x😀"),
        (rb"{\uc1\u1581?\u1601?\u1592?} \lquote x\rquote\~\emdash\_y\{\}\\", "حفظ ‘x’ —-y{}\\"),
    ],
)
def test_characters_come_through_in_every_encoding(body: bytes, text: str) -> None:
    assert read(body).text == text


def test_the_code_page_of_the_document_holds_where_a_font_names_none() -> None:
    data = rb"{\rtf1\ansi\ansicpg1251 \'cf\'f0\'e0\'e2\'e8\'eb\'e0}"
    assert read_rtf(data, Limits()).text == "Правила"


def test_links_objects_pictures_and_templates_are_not_shown() -> None:
    found = read(
        rb"""{\*\template http://127.0.0.1/T.dotm}{\field{\*\fldinst HYPERLINK "http://127.0.0.1/L"}{\fldrslt the rule}}
{\field{\*\fldinst INCLUDEPICTURE "http://127.0.0.1/P"}}{\object\objemb{\*\objdata 0102}{\result RESULT}}
{\pict\wmetafile8\bin5 }}}}}}{\*\shppict{\pict\pngblip 89504e47}}{\*\unknown UNKNOWN}\par"""
    )
    assert found.text == "the rule"


@pytest.mark.parametrize(
    ("data", "limits", "reason"),
    [
        (rb"{\rtf1 words", Limits(), Reason.CORRUPT),
        (rb"{\rtf1 {words}", Limits(), Reason.CORRUPT),
        (rb"{\rtf1{\pict\bin99999 x}}", Limits(), Reason.CORRUPT),
        (rb"{\rtf1" + b"{" * 100_000, Limits(), Reason.TOO_DEEP),
        (rb"{\rtf1\ansicpg99999 \'cf}", Limits(), Reason.ENCODING),
        (rb"{\rtf1{\fonttbl{\f0\fcharset78 Osaka;}}\f0 \'8c\'da}", Limits(), Reason.ENCODING),
        (rb"{\rtf1 " + b"words " * 100 + b"}", Limits(characters=100), Reason.TOO_MUCH_TEXT),
        (rb"{\rtf1{\pict 00}}", Limits(), Reason.NO_TEXT),
        (rb"{\rtf", Limits(), Reason.CORRUPT),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_reason(data: bytes, limits: Limits, reason: Reason) -> None:
    assert refusal(data, limits) is reason


def test_what_stands_after_the_document_is_not_read() -> None:
    assert read_rtf(rb"{\rtf1 words} AFTER {", Limits()).text == "words"
