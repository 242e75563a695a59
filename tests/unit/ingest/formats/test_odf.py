"""OpenDocument texts, spreadsheets and presentations, in the XML that LibreOffice writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from compliance_bot.ingest.formats.odf import read_odf
from compliance_bot.ingest.parse import parse
from compliance_bot.ingest.unreadable import Limits, Reason, UnreadableDocument
from tests.unit.ingest.formats.packages import SPACES, odf, replaced, zipped

if TYPE_CHECKING:
    from collections.abc import Callable

    from compliance_bot.ingest.structure import ParsedDocument

NUMBERED = """<text:list-style style:name="L1">
  <text:list-level-style-number text:level="1" style:num-format="1" style:num-suffix="."/>
  <text:list-level-style-number text:level="2" style:num-format="a" style:num-prefix="(" style:num-suffix=")"/>
  <text:list-level-style-number text:level="3" style:num-format="1" text:display-levels="3"/>
</text:list-style><text:list-style style:name="L2"><text:list-level-style-bullet text:level="1"/></text:list-style>"""


def read(body: str, kind: str = "text", styles: str = "", **parts: str) -> ParsedDocument:
    return read_odf(odf(body, kind, styles=styles, **parts), Limits())


def cells(*texts: str) -> str:
    row = "".join(f"<table:table-cell><text:p>{text}</text:p></table:table-cell>" for text in texts)
    return f"<table:table-row>{row}</table:table-row>"


def refusal(data: bytes, limits: Limits | None = None) -> Reason:
    with pytest.raises(UnreadableDocument) as caught:
        read_odf(data, limits or Limits())
    return caught.value.reason


def test_a_text_keeps_its_structure(outline: Callable[[ParsedDocument], list[str]]) -> None:
    found = read(
        f"""<text:p text:style-name="P1">Record Policy</text:p>
        <text:h text:outline-level="1"><text:number>1.</text:number>Scope</text:h>
        <text:p>A <text:span>firm</text:span><text:s text:c="3"/>must:<text:tab/></text:p>
        <text:list text:style-name="L1"><text:list-item><text:p>keep</text:p>
          <text:list><text:list-item><text:p>files</text:p></text:list-item>
            <text:list-item><text:p>mail</text:p></text:list-item></text:list></text:list-item>
          <text:list-item><text:p>report</text:p></text:list-item></text:list>
        <text:p>It ends.</text:p>
        <text:list text:style-name="L1" text:continue-numbering="true"><text:list-item><text:p>go on</text:p>
          </text:list-item></text:list>
        <text:list text:style-name="L2"><text:list-item><text:p>at once</text:p></text:list-item></text:list>
        <table:table><table:table-column table:number-columns-repeated="2"/>
          <table:table-header-rows>{cells("Fee", "5 days")}</table:table-header-rows>{cells("Entry", "7")}</table:table>
        <table:table>{cells("Framed words.")}</table:table>""",
        styles=NUMBERED + '<style:style style:name="P1" style:family="paragraph" style:parent-style-name="Title"/>'
        '<style:style style:name="Title" style:family="paragraph"/>',
    )
    assert found.title == "Record Policy"
    assert outline(found) == [
        "heading 1: Record Policy",
        "heading 1: 1. Scope",
        "list_lead 0: A firm must:",
        "list_item 1: 1. keep",
        "list_item 2: (a) files",
        "list_item 2: (b) mail",
        "list_item 1: 2. report",
        "paragraph 0: It ends.",
        "list_item 1: 3. go on",
        "list_item 1: - at once",
        "table_header 0: Fee | 5 days",
        "table_row 0: Entry | 7",
        "paragraph 0: Framed words.",
    ]


def test_insertions_are_text_and_deletions_comments_and_hidden_words_are_not() -> None:
    found = read(
        """<text:tracked-changes><text:changed-region><text:deletion><text:p>DELETED</text:p></text:deletion>
        </text:changed-region><text:changed-region><text:insertion/></text:changed-region></text:tracked-changes>
        <text:table-of-content><text:index-body><text:p>CONTENTS</text:p></text:index-body></text:table-of-content>
        <text:p>A firm <text:change-start text:change-id="c"/>shall<text:change-end text:change-id="c"/>
        <text:change text:change-id="d"/><office:annotation><text:p>COMMENT</text:p></office:annotation>keep
        <text:span text:style-name="T1">HIDDEN</text:span><text:hidden-text>HIDDEN</text:hidden-text> it</text:p>
        <text:section text:display="none"><text:p>HIDDEN</text:p></text:section>""",
        styles='<style:style style:name="T1" style:family="text"><style:text-properties text:display="none"/>'
        "</style:style>",
    )
    assert found.text == "A firm shall keep it"


def test_footnotes_and_boxes_follow_their_paragraph() -> None:
    found = read(
        """<text:p>Keep it<text:note><text:note-citation>1</text:note-citation><text:note-body><text:p>Unless
        told.</text:p></text:note-body></text:note>.<draw:frame><draw:text-box><text:p>In a box.</text:p>
        </draw:text-box></draw:frame></text:p><text:p>After.</text:p>"""
    )
    assert found.text == "Keep it[1].\n\n[1] Unless told.\n\nIn a box.\n\nAfter."


def test_a_spreadsheet_has_sheets_with_values_as_displayed() -> None:
    value = '<table:table-cell office:value-type="percentage"><text:p>12.5%</text:p></table:table-cell>'
    midnight = 'office:value-type="date" office:date-value="2026-03-01T00:00:00"'
    date = f"<table:table-cell {midnight}><text:p>1.3.26</text:p></table:table-cell>"
    empty = '<table:table-cell table:number-columns-repeated="16384"/>'
    sheet = f"""<table:table table:name="Fees"><table:table-column/><table:table-column table:visibility="collapse"/>
      {cells("Name", "Cost", "Share", "From")}
      <table:table-row><table:table-cell table:number-rows-spanned="2"><text:p>Card</text:p></table:table-cell>
        <table:table-cell><text:p>1</text:p></table:table-cell>{value}{date}{empty}</table:table-row>
      <table:table-row><table:covered-table-cell/><table:table-cell/>{value}</table:table-row>
      <table:table-row table:visibility="collapse">{value}</table:table-row>
      <table:table-row table:visibility="filter">{value}{value}{value}{value}</table:table-row>
      <table:table-row table:number-rows-repeated="1048500"><table:table-cell/></table:table-row>
      {cells("The end")}</table:table>"""
    hidden = f'<table:table table:name="Inner" table:style-name="ta2">{cells("SECRET")}</table:table>'
    display = '<style:table-properties table:display="false"/>'
    styles = f'<style:style style:name="ta2" style:family="table">{display}</style:style>'
    data = odf(sheet + hidden, "spreadsheet", styles=styles)
    found = parse(data, name="fees.ods")
    assert found.title == "fees"
    assert found.text == (
        "Fees\n\nName | Share | From\nCard | 12.5% | 2026-03-01\nCard | 12.5% |\n12.5% | 12.5% | 12.5%\n\nThe end"
    )


def test_a_repeated_cell_is_made_no_more_often_than_there_is_room_for() -> None:
    cell = '<table:table-cell table:number-columns-repeated="999999"><text:p>x</text:p></table:table-cell>'
    row = f'<table:table-row table:number-rows-repeated="999999">{cell}</table:table-row>'
    assert refusal(odf(f"<table:table>{row}</table:table>", "spreadsheet")) is Reason.TOO_MUCH_TEXT


def test_a_presentation_has_slides_with_titles_and_notes(outline: Callable[[ParsedDocument], list[str]]) -> None:
    found = read(
        """<draw:page><draw:frame presentation:class="outline"><draw:text-box><text:list><text:list-item>
        <text:p>keep</text:p></text:list-item></text:list></draw:text-box></draw:frame>
        <draw:frame presentation:class="title"><draw:text-box><text:p>Records</text:p></draw:text-box></draw:frame>
        <draw:frame presentation:class="footer"><draw:text-box><text:p>FOOTER</text:p></draw:text-box></draw:frame>
        <presentation:notes><draw:frame presentation:class="notes"><draw:text-box><text:p>Say why.</text:p>
        </draw:text-box></draw:frame></presentation:notes></draw:page>
        <draw:page draw:style-name="dp2"><draw:frame><draw:text-box><text:p>SECRET</text:p></draw:text-box>
        </draw:frame></draw:page>
        <draw:page><draw:g><draw:custom-shape><text:p>In a shape.</text:p></draw:custom-shape></draw:g></draw:page>""",
        "presentation",
        '<style:style style:name="dp2" style:family="drawing-page"><style:drawing-page-properties '
        'presentation:visibility="hidden"/></style:style>',
    )
    assert outline(found) == [
        "heading 1: Records",
        "list_item 1: - keep",
        "heading 2: Notes",
        "paragraph 0: Say why.",
        "heading 1: Slide 3",
        "paragraph 0: In a shape.",
    ]
    assert [block.page for block in found.blocks] == [1, 1, 1, 1, 3, 3]


def test_the_own_title_is_taken_where_no_heading_is() -> None:
    title = "<office:meta><dc:title>My title</dc:title></office:meta>"
    meta = f"<office:document-meta {SPACES}>{title}</office:document-meta>"
    assert read("<text:p>words</text:p>", meta=meta).title == "My title"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (odf("<text:p>words</text:p>")[:-200], Reason.CORRUPT),
        (replaced(odf("<text:p>words</text:p>"), "content.xml", b"</text:p>", b""), Reason.CORRUPT),
        (odf("<text:section>" * 300 + "<text:p>x</text:p>" + "</text:section>" * 300), Reason.TOO_DEEP),
        (odf("<text:list><text:list-item>" * 120 + "<text:p>x</text:p>" + "</text:list-item></text:list>" * 120), None),
        (zipped({"content.xml": ""}), Reason.CORRUPT),
        (zipped({"content.xml": "<x/>"}), Reason.CORRUPT),
        (odf("<text:p>x</text:p>", "drawing"), Reason.OTHER_OFFICE),
        (odf("<text:p/>"), Reason.NO_TEXT),
        (
            replaced(
                odf("<text:p>words</text:p>"),
                "META-INF/manifest.xml",
                b"/>",
                b"><manifest:file-entry><manifest:encryption-data/></manifest:file-entry></manifest:manifest>",
            ),
            Reason.ENCRYPTED,
        ),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_reason(data: bytes, reason: Reason | None) -> None:
    if reason is None:
        assert read_odf(data, Limits()).text == "- x"
    else:
        assert refusal(data) is reason
