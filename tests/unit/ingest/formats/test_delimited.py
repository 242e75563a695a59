"""CSV and TSV: which separator, which header, and what is no table at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from compliance_bot.ingest.formats.delimited import read_delimited
from compliance_bot.ingest.parse import parse
from compliance_bot.ingest.unreadable import Limits, Reason, UnreadableDocument

if TYPE_CHECKING:
    from collections.abc import Callable

    from compliance_bot.ingest.structure import ParsedDocument


def read(data: bytes) -> ParsedDocument:
    return read_delimited(data, Limits())


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"Fee,Amount\nEntry,5\n", "Fee | Amount\nEntry | 5"),
        (b"Fee;Amount\r\nEntry;1,5\r\nExit;2,5\r\n", "Fee | Amount\nEntry | 1,5\nExit | 2,5"),
        (b"Fee\tAmount\nEntry\t5\n", "Fee | Amount\nEntry | 5"),
        (b"Fee|Amount\nEntry|5\n", "Fee | Amount\nEntry | 5"),
        (b"sep=;\nFee;Amount\nEntry, once;5\n", "Fee | Amount\nEntry, once | 5"),
        (b'Fee,Words\nEntry,"two\nlines, and ""quotes"""\n', 'Fee | Words\nEntry | two lines, and "quotes"'),
        (b"Fees of 2026\n\nFee,Amount\n\nEntry,5\n", "Fees of 2026\n\nFee | Amount\nEntry | 5"),
        ("Gebühr;Höhe\nPrüfung;5 €\n".encode("cp1252"), "Gebühr | Höhe\nPrüfung | 5 €"),
        ("Gebühr;Höhe\nPrüfung;5\n".encode("utf-16"), "Gebühr | Höhe\nPrüfung | 5"),
        ("\ufeff手续费,金额\n开户,5\n".encode(), "手续费 | 金额\n开户 | 5"),
        (b"a,1,2\nb,3,4\nc,5\nd,6,7\ne,8,9\nf,1,1", "a | 1 | 2\nb | 3 | 4\nc | 5 |\nd | 6 | 7\ne | 8 | 9\nf | 1 | 1"),
    ],
)
def test_a_table_is_read_whatever_parts_its_cells(data: bytes, text: str) -> None:
    assert read(data).text == text


def test_the_first_row_is_the_header_unless_it_holds_values(outline: Callable[[ParsedDocument], list[str]]) -> None:
    assert outline(read(b"Fee,Amount\nEntry,5"))[0] == "table_header 0: Fee | Amount"
    assert outline(read(b"Entry,5\nExit,7"))[0] == "table_row 0: Entry | 5"


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"Fee,Amount\nEntry,5,once\n", "Fee,Amount Entry,5,once"),
        (b'Fee,Amount\nEntry,"5\nExit,7\n', 'Fee,Amount Entry,"5 Exit,7'),
        (b"Dear all,\nthis is, of course, a letter.\n", "Dear all, this is, of course, a letter."),
        (b"words only", "words only"),
    ],
)
def test_a_ragged_or_broken_file_is_text_and_loses_no_word(data: bytes, text: str) -> None:
    assert read(data).text == text


def test_only_a_name_makes_text_a_table() -> None:
    data = b"Fee,Amount\nEntry,5\n"
    assert parse(data, name="fees.CSV").text == "Fee | Amount\nEntry | 5"
    assert parse(data, name="fees.txt").text == "Fee,Amount Entry,5"


@pytest.mark.parametrize(
    ("data", "limits", "reason"),
    [
        (b"a,b\n\0,c", Limits(), Reason.BINARY),
        ("Сбор,Сумма\nВход,5".encode("cp1251"), Limits(), Reason.ENCODING),
        (b"a,b\n" * 100, Limits(characters=50), Reason.TOO_MUCH_TEXT),
        (b",,\n,,\n", Limits(), Reason.NO_TEXT),
    ],
)
def test_what_is_no_text_is_refused(data: bytes, limits: Limits, reason: Reason) -> None:
    with pytest.raises(UnreadableDocument) as caught:
        read_delimited(data, limits)
    assert caught.value.reason is reason
