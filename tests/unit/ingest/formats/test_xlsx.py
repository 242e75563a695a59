"""Excel files, made here with openpyxl; hostile ones by changing their parts."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest
from openpyxl.comments import Comment

from compliance_bot.ingest.chunk import chunk
from compliance_bot.ingest.formats.xlsx import read_xlsx
from compliance_bot.ingest.unreadable import Limits, Reason, UnreadableDocument
from tests.unit.ingest.formats.packages import replaced, saved

if TYPE_CHECKING:
    from collections.abc import Callable

    from compliance_bot.ingest.structure import ParsedDocument

SHEET = "xl/worksheets/sheet1.xml"


def workbook(*rows: tuple[Any, ...], title: str = "Fees") -> Any:
    book = openpyxl.Workbook()
    book.active.title = title
    for row in rows:
        book.active.append(row)
    return book


def read(book: Any) -> ParsedDocument:
    return read_xlsx(saved(book), Limits())


def refusal(data: bytes, limits: Limits | None = None) -> Reason:
    with pytest.raises(UnreadableDocument) as caught:
        read_xlsx(data, limits or Limits())
    return caught.value.reason


def test_a_sheet_is_a_heading_with_its_titles_tables_and_notes(outline: Callable[[ParsedDocument], list[str]]) -> None:
    book = workbook(
        ("Fee schedule 2026",), (), ("Product", "Fee"), ("Card", 30), (), ("Loan", 250), (), ("All fees are net.",)
    )
    book.create_sheet("Limits").append(("Cash", "5,000 a day"))
    found = read(book)
    assert outline(found) == [
        "heading 1: Fees",
        "paragraph 0: Fee schedule 2026",
        "table_header 0: Product | Fee",
        "table_row 0: Card | 30",
        "table_row 0: Loan | 250",
        "paragraph 0: All fees are net.",
        "heading 1: Limits",
        "table_row 0: Cash | 5,000 a day",
    ]
    loan = next(draft for draft in chunk(found, size_words=4) if "Loan" in draft.text)
    assert [lead.text for lead in loan.leads] == ["Product | Fee"]
    assert found.text[loan.start : loan.end] == loan.text


@pytest.mark.parametrize(
    ("value", "number_format", "shown"),
    [
        (3.0, "General", "3"),
        (0.1 + 0.2, "General", "0.3"),
        (1e20, "General", "1e+20"),
        (0.125, "0.0%", "12.5%"),
        (1234567.891, "#,##0.00", "1,234,567.89"),
        (-1250, '"EUR" #,##0', "EUR -1,250"),
        (1250.5, "#,##0.00 [$€-407]", "1,250.50 €"),
        (7, "0000", "7"),
        (1.5, "# ?/?", "1.5"),
        (True, "General", "TRUE"),
        (dt.date(2026, 3, 1), "dd.mm.yyyy", "2026-03-01"),
        (46082.6041666667, "dd.mm.yyyy hh:mm", "2026-03-01 14:30:00"),
        (dt.time(9, 5), "h:mm", "09:05:00"),
        ("=text, not a formula", "@", None),
    ],
)
def test_values_stand_as_they_are_displayed_and_dates_in_iso(value: Any, number_format: str, shown: str | None) -> None:
    book = workbook(("Name", "Value"), ("x", value))
    cell = book.active["B2"]
    cell.number_format = number_format
    if shown is None:
        cell.data_type, shown = "s", value
    assert read(book).text.endswith(f"x | {shown}")


def test_a_formula_is_its_stored_value_or_nothing() -> None:
    book = workbook(("Name", "Value"), ("stored", "=1+1"), ("not stored", '=WEBSERVICE("http://127.0.0.1/x")'))
    book.active["C3"] = '=HYPERLINK("http://127.0.0.1/y","here")'
    data = replaced(saved(book), SHEET, b"<f>1+1</f><v></v>", b"<f>1+1</f><v>2</v>")
    assert read_xlsx(data, Limits()).text == "Fees\n\nName | Value\nstored | 2\nnot stored |"


def test_what_somebody_hid_is_left_out_but_not_what_a_filter_or_a_folded_outline_hides() -> None:
    book = workbook(
        ("Name", "Cost", "Price", "Group"), ("open", 1, 2, "a"), ("hidden", 3, 4, "b"), ("folded", 5, 6, "c")
    )
    sheet = book.active
    sheet.column_dimensions["B"].hidden = True
    sheet.column_dimensions.group("D", "D", hidden=True)
    sheet.row_dimensions[3].hidden = True
    sheet.row_dimensions.group(4, 4, hidden=True)
    book.create_sheet("Inner").sheet_state = "hidden"
    book["Inner"]["A1"] = "secret"
    book.create_sheet("Deeper").sheet_state = "veryHidden"
    book["Deeper"]["A1"] = "secret"
    assert read(book).text == "Fees\n\nName | Price | Group\nopen | 2 | a\nfolded | 6 | c"
    sheet.auto_filter.ref = "A1:D4"
    sheet.auto_filter.add_filter_column(0, ["open"])
    assert "hidden | 4 | b" in read(book).text


def test_a_cell_merged_downwards_stands_in_each_of_its_rows() -> None:
    book = workbook(("Group", "Item"), ("Retail", "card"), (None, "loan"), ("Private", "trust"))
    book.active.merge_cells("A2:A3")
    assert read(book).text.endswith("Retail | card\nRetail | loan\nPrivate | trust")


def test_comments_errors_and_empty_sheets_are_left_out() -> None:
    book = workbook(("Name", "Value"), ("x", "#REF!"))
    book.active["A2"].comment = Comment("COMMENT", "ann")
    book.create_sheet("Empty")
    assert read(book).text == "Fees\n\nName | Value\nx |"


def test_a_macro_workbook_is_read_and_its_macros_are_not() -> None:
    data = replaced(
        saved(workbook(("Name", "Value"), ("x", 1))),
        "[Content_Types].xml",
        b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml",
        b"application/vnd.ms-excel.sheet.macroEnabled.main+xml",
    )
    data = replaced(data, "xl/vbaProject.bin", b"", b"MACRO")
    assert read_xlsx(data, Limits()).text == "Fees\n\nName | Value\nx | 1"


def test_rows_far_down_and_a_large_claimed_range_cost_nothing() -> None:
    book = workbook(("Name", "Value"), ("x", 1))
    book.active["A1048576"] = "the end"
    data = replaced(saved(book), SHEET, b'ref="A1:B1048576"', b'ref="A1:XFD1048576"')
    data = replaced(data, SHEET, b'<row r="2"', b'<row r="999999999999"')
    assert read_xlsx(data, Limits()).text == "Fees\n\nName | Value\n\nthe end\n\nx | 1"


def test_a_long_text_named_by_many_cells_is_refused_when_there_is_too_much_of_it() -> None:
    namespace = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    strings = f'<sst xmlns="{namespace}"><si><t>{"word " * 1_000}</t></si></sst>'
    data = replaced(saved(workbook()), "xl/sharedStrings.xml", b"", strings.encode())
    named = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    override = b'<Override PartName="/xl/sharedStrings.xml" ContentType="' + named + b'"/></Types>'
    data = replaced(data, "[Content_Types].xml", b"</Types>", override)
    rows = b"".join(b'<row r="%d"><c r="A%d" t="s"><v>0</v></c></row>' % (row, row) for row in range(1, 101))
    data = replaced(data, SHEET, b"<sheetData></sheetData>", b"<sheetData>" + rows + b"</sheetData>")
    assert refusal(data, Limits(characters=50_000)) is Reason.TOO_MUCH_TEXT
    assert read_xlsx(data, Limits()).text.count("word") == 100_000


def test_external_links_are_not_read() -> None:
    book = workbook(("Name", "Value"), ("x", "='[1]Sheet1'!A1"))
    link = (
        b'<externalLink xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><externalBook><sheetDataSet>'
        b'<sheetData sheetId="0"><row r="1"><cell r="A1"><v>CACHED</v></cell></row></sheetData></sheetDataSet>'
        b"</externalBook></externalLink>"
    )
    data = replaced(saved(book), "xl/externalLinks/externalLink1.xml", b"", link)
    assert "CACHED" not in read_xlsx(data, Limits()).text


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data[: len(data) // 2],
        lambda data: replaced(data, SHEET, b"</sheetData>", b""),
        lambda data: replaced(data, SHEET, b'r="A1"', b'r="ZZZZZ1"'),
        lambda data: replaced(
            data, SHEET, b'<c r="A1" t="inlineStr"', b'<c r="A1" s="99"><v>1</v></c><c t="s"><v>99</v></c><c r="A1"'
        ),
        lambda data: replaced(data, "xl/workbook.xml", b"<sheets>", b"<sheets><sheet/>"),
        lambda data: replaced(data, "[Content_Types].xml", b"spreadsheetml.sheet.main", b"nothing"),
    ],
)
def test_a_damaged_workbook_is_refused(change: Callable[[bytes], bytes]) -> None:
    assert refusal(change(saved(workbook(("Name", "Value"), ("x", 1))))) is Reason.CORRUPT


def test_a_workbook_without_words_is_refused() -> None:
    assert refusal(saved(workbook())) is Reason.NO_TEXT
