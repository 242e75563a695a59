"""PowerPoint files, made here with python-pptx."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pptx
import pytest
from lxml import etree
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches

from compliance_bot.ingest.chunk import chunk
from compliance_bot.ingest.formats.pptx import read_pptx
from compliance_bot.ingest.unreadable import Limits, Reason, UnreadableDocument
from tests.unit.ingest.formats.packages import replaced, saved

if TYPE_CHECKING:
    from collections.abc import Callable

    from compliance_bot.ingest.structure import ParsedDocument

BOX = (Inches(1), Inches(1), Inches(5), Inches(1))
TITLE_AND_CONTENT, BLANK = 1, 6
A = 'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'


def slide(deck: Any, title: str = "", *lines: tuple[int, str]) -> Any:
    made = deck.slides.add_slide(deck.slide_layouts[TITLE_AND_CONTENT if title else BLANK])
    if title:
        made.shapes.title.text = title
        frame = made.placeholders[1].text_frame
        for number, (level, text) in enumerate(lines):
            paragraph = frame.add_paragraph() if number else frame.paragraphs[0]
            paragraph.text, paragraph.level = text, level
    return made


def read(deck: Any) -> ParsedDocument:
    return read_pptx(saved(deck), Limits())


def test_slides_are_pages_with_titles_lists_tables_and_notes(outline: Callable[[ParsedDocument], list[str]]) -> None:
    deck = pptx.Presentation()
    first = slide(deck, "Records", (0, "A firm must"), (1, "keep them"), (1, "report"))
    first.notes_slide.notes_text_frame.text = "Say why."
    second = slide(deck)
    second.shapes.add_textbox(*BOX).text_frame.text = "No title here."
    table = second.shapes.add_table(2, 2, *BOX).table
    for row, cells in enumerate((("Fee", "Amount"), ("Entry", "5"))):
        for column, text in enumerate(cells):
            table.cell(row, column).text = text
    found = read(deck)
    assert outline(found) == [
        "heading 1: Records",
        "list_item 1: - A firm must",
        "list_item 2: - keep them",
        "list_item 2: - report",
        "heading 2: Notes",
        "paragraph 0: Say why.",
        "heading 1: Slide 2",
        "paragraph 0: No title here.",
        "table_header 0: Fee | Amount",
        "table_row 0: Entry | 5",
    ]
    assert found.title == "Records"
    assert [block.page for block in found.blocks] == [1] * 6 + [2] * 4
    assert [(draft.page, draft.heading) for draft in chunk(found)] == [(1, ""), (1, "Notes"), (2, "Slide 2")]


def test_groups_diagrams_and_charts_give_their_words() -> None:
    deck = pptx.Presentation()
    made = slide(deck, "Parts")
    group = made.shapes.add_group_shape().shapes.add_group_shape()
    group.shapes.add_textbox(*BOX).text_frame.text = "deep"
    data = CategoryChartData()
    data.categories = ["2025", "2026"]
    data.add_series("Fees", (1.5, 2))
    chart = made.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, *BOX, data).chart
    chart.has_title = True
    chart.chart_title.text_frame.text = "Fees by year"
    assert read(deck).text == "Parts\n\ndeep\n\nFees by year\n\n| Fees\n2025 | 1.5\n2026 | 2"


def test_numbers_and_bullets_of_a_text_box_are_list_items(outline: Callable[[ParsedDocument], list[str]]) -> None:
    deck = pptx.Presentation()
    frame = slide(deck).shapes.add_textbox(*BOX).text_frame
    for mark, text in (
        ("", "It must:"),
        ('AutoNum type="alphaLcParenBoth"', "stop"),
        ('AutoNum type="alphaLcParenBoth"', "look"),
        ('Char char="•"', "listen"),
    ):
        paragraph = frame.add_paragraph()
        paragraph.text = text
        if mark:
            paragraph._p.get_or_add_pPr().append(etree.fromstring(f"<a:bu{mark} {A}/>"))
    assert outline(read(deck))[1:] == [
        "list_lead 0: It must:",
        "list_item 1: (a) stop",
        "list_item 1: (b) look",
        "list_item 1: - listen",
    ]


def test_hidden_slides_are_left_out_and_the_others_keep_their_numbers() -> None:
    deck = pptx.Presentation()
    slide(deck, "Secret")._element.set("show", "0")
    slide(deck, "Open")
    found = read(deck)
    assert (found.text, found.page_at(0), len(found.pages)) == ("Open", 2, 2)


def test_a_show_with_macros_is_read_and_its_macros_are_not() -> None:
    deck = pptx.Presentation()
    slide(deck, "Open")
    plain = b"application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml"
    macro = b"application/vnd.ms-powerpoint.slideshow.macroEnabled.main+xml"
    data = replaced(saved(deck), "[Content_Types].xml", plain, macro)
    assert read_pptx(replaced(data, "ppt/vbaProject.bin", b"", b"MACRO"), Limits()).text == "Open"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda data: data[: len(data) // 2], Reason.CORRUPT),
        (lambda data: replaced(data, "ppt/slides/slide1.xml", b"</p:spTree>", b""), Reason.CORRUPT),
        (
            lambda data: replaced(data, "ppt/slides/slide1.xml", b"<p:spTree>", b"<p:spTree>" + b"<p:grpSp>" * 900),
            Reason.CORRUPT,
        ),
        (
            lambda data: replaced(data, "ppt/_rels/presentation.xml.rels", b"slides/slide1.xml", b"slides/gone.xml"),
            Reason.CORRUPT,
        ),
    ],
)
def test_a_damaged_presentation_is_refused(change: Callable[[bytes], bytes], reason: Reason) -> None:
    deck = pptx.Presentation()
    slide(deck, "Open")
    with pytest.raises(UnreadableDocument) as caught:
        read_pptx(change(saved(deck)), Limits())
    assert caught.value.reason is reason


def test_too_many_slides_and_slides_without_words_are_refused() -> None:
    deck = pptx.Presentation()
    slide(deck)
    with pytest.raises(UnreadableDocument, match="1 pages, no text"):
        read(deck)
    slide(deck, "Open")
    with pytest.raises(UnreadableDocument, match="more than 1"):
        read_pptx(saved(deck), Limits(pages=1))
