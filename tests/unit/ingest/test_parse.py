"""A file is what its content is; what cannot be read is refused with a reason that quotes nothing."""

from __future__ import annotations

import io
import zipfile

import docx
import pytest
from fpdf import FPDF

from compliance_bot.ingest.parse import parse
from compliance_bot.ingest.unreadable import Limits, Reason, UnreadableDocument


def pdf(text: str = "Keep records.") -> bytes:
    made = FPDF()
    made.add_page()
    made.set_font("Helvetica", "", 11)
    made.cell(0, 6, text)
    return bytes(made.output())


def word(text: str = "Keep records.") -> bytes:
    buffer = io.BytesIO()
    made = docx.Document()
    made.add_paragraph(text)
    made.save(buffer)
    return buffer.getvalue()


def package(*names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        for name in names:
            made.writestr(name, "x")
    return buffer.getvalue()


@pytest.mark.parametrize("name", ["a.pdf", "a.txt", "a.docx", "a", "", "a.md", "../../a", "a\nb\x1b[31m.html"])
@pytest.mark.parametrize("data", [pdf(), word()], ids=["pdf", "docx"])
def test_a_wrongly_named_file_is_read_by_its_content(data: bytes, name: str) -> None:
    assert parse(data, name=name).text == "Keep records."


@pytest.mark.parametrize(
    ("data", "name", "text"),
    [
        (b"<!-- x --><!DOCTYPE html><p>Keep</p>", "a.txt", "Keep"),
        (b"<p>Keep</p>", "a.md", "Keep"),
        (b"Keep <b>it</b>", "a.html", "Keep it"),
        (b"# Keep *it*", "a.md", "Keep it"),
        (b"# Keep *it*", "a.txt", "# Keep *it*"),
        (b"Keep it", "a.pdf", "Keep it"),
        (b"A note on the %PDF-1.4 mark", "a.txt", "A note on the %PDF-1.4 mark"),
    ],
)
def test_text_is_read_by_its_look_and_then_its_name(data: bytes, name: str, text: str) -> None:
    assert parse(data, name=name).text == text


@pytest.mark.parametrize(
    ("data", "name", "reason"),
    [
        (b"", "a.pdf", Reason.EMPTY),
        (b"\0" * 5_000, "a.txt", Reason.BINARY),
        (b"\x7fELF\x02\x01\x01\0\0\0", "a.txt", Reason.BINARY),
        (b"\x89PNG\r\n\x1a\n\0\0", "a.pdf", Reason.IMAGE),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "a.docx", Reason.IMAGE),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 99, "a.doc", Reason.OLD_OFFICE),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"),
            "a.docx",
            Reason.ENCRYPTED,
        ),
        (b"{\\rtf1 hello", "a.txt", Reason.CORRUPT),
        (package("xl/workbook.xml", "[Content_Types].xml"), "a.docx", Reason.CORRUPT),
        (package("xl/workbook.bin", "[Content_Types].xml"), "a.xlsx", Reason.OTHER_OFFICE),
        (package("content.xml", "mimetype"), "a.odt", Reason.CORRUPT),
        (package("a.txt"), "a.docx", Reason.ARCHIVE),
        (package("word/document.xml"), "a.docx", Reason.CORRUPT),
        (b"PK\x03\x04 and so on", "a.docx", Reason.CORRUPT),
        (word()[:-300], "a.docx", Reason.CORRUPT),
        (b"\x1f\x8b\x08", "a.txt", Reason.ARCHIVE),
        (b"%PDF-1.7 and so on", "a.pdf", Reason.CORRUPT),
        (pdf()[:300], "a.pdf", Reason.CORRUPT),
        (b"<?xml version='1.0'?><catalog/>", "a.xml", Reason.UNSUPPORTED),
        ("Правила банка и клиентов".encode("cp1251"), "a.txt", Reason.ENCODING),
        (b"---", "a.md", Reason.NO_TEXT),
        (b"<div>" * 100_000 + b"x", "a.html", Reason.TOO_DEEP),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_reason(data: bytes, name: str, reason: Reason) -> None:
    with pytest.raises(UnreadableDocument) as caught:
        parse(data, name=name)
    assert caught.value.reason is reason


def test_a_file_over_the_limit_is_refused() -> None:
    with pytest.raises(UnreadableDocument, match="too large: more than 10 bytes"):
        parse(b"x" * 11, name="a.txt", limits=Limits(size_bytes=10))


@pytest.mark.parametrize("data", [b"SECRET \0", b"{\\rtf SECRET", "СЕКРЕТ SECRET".encode("cp1251"), b"%PDF-SECRET"])
def test_no_reason_quotes_the_file_or_its_name(data: bytes) -> None:
    with pytest.raises(UnreadableDocument) as caught:
        parse(data, name="SECRET.txt")
    assert "SECRET" not in str(caught.value)


@pytest.mark.parametrize(
    ("data", "name", "title"),
    [
        (b"# The Policy\n\ntext", "file.md", "The Policy"),
        (b"POLICY ON RECORDS\n\ntext goes here", "file.txt", "POLICY ON RECORDS"),
        (b"only text here", "folder/My policy.v2.txt", "My policy.v2"),
        (b"only text here", "evil\nname\x1b[31m\u202e.txt", "evil name[31m"),
        (b"only text here", "", "Untitled"),
        (b"only text here", "\n", "Untitled"),
        (b"# " + b"long " * 500, "a.md", ("long " * 60).strip()),
    ],
)
def test_a_document_always_has_a_title_on_one_line(data: bytes, name: str, title: str) -> None:
    assert parse(data, name=name).title == title
