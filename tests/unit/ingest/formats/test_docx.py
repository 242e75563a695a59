"""Word files, made here with python-docx and with the XML that Word writes for tracked changes and notes."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING, Any

import docx
import pytest
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part as OpcPart
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from compliance_bot.ingest.formats.docx import read_docx
from compliance_bot.ingest.unreadable import Limits, Reason, UnreadableDocument

if TYPE_CHECKING:
    from collections.abc import Callable

    from compliance_bot.ingest.structure import ParsedDocument


def saved(document: Any) -> bytes:
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def read(document: Any) -> ParsedDocument:
    return read_docx(saved(document), Limits())


def with_body(xml: str) -> Any:
    """Return a document whose body begins with this XML."""
    document = docx.Document()
    document.element.body.insert(0, parse_xml(f"<w:sdt {nsdecls('w')}><w:sdtContent>{xml}</w:sdtContent></w:sdt>"))
    return document


def replaced(data: bytes, name: str, old: bytes, new: bytes) -> bytes:
    """Return the package with a part's bytes changed."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(buffer, "w") as target:
        for entry in source.namelist():
            content = source.read(entry)
            target.writestr(entry, content.replace(old, new) if entry == name else content)
    return buffer.getvalue()


def test_a_policy_in_word_keeps_its_structure(outline: Callable[[ParsedDocument], list[str]]) -> None:
    document = docx.Document()
    document.add_heading("Record Policy", 0)
    document.add_heading("Scope", 1)
    document.add_paragraph("A firm must:")
    for text in ("keep records", "report"):
        document.add_paragraph(text, style="List Number")
    document.add_paragraph("at once", style="List Bullet")
    document.add_paragraph("It ends.")
    table = document.add_table(rows=2, cols=2)
    for cell, text in zip(table._cells, ("Fee", "Amount", "Entry\nfee", "5"), strict=True):
        cell.text = text
    document.add_heading("Manual", 2)
    for text in ("It must", "(a) stop;", "(b) look."):
        document.add_paragraph(text)
    found = read(document)
    assert found.title == "Record Policy"
    assert outline(found) == [
        "heading 1: Record Policy",
        "heading 1: Scope",
        "list_lead 0: A firm must:",
        "list_item 1: 1. keep records",
        "list_item 1: 2. report",
        "list_item 1: - at once",
        "paragraph 0: It ends.",
        "table_header 0: Fee | Amount",
        "table_row 0: Entry fee | 5",
        "heading 2: Manual",
        "list_lead 0: It must",
        "list_item 1: (a) stop;",
        "list_item 1: (b) look.",
    ]


def test_insertions_are_text_and_deletions_comments_and_hidden_words_are_not() -> None:
    found = read(
        with_body(
            """<w:p><w:r><w:t xml:space="preserve">A firm </w:t></w:r>
            <w:ins w:id="1" w:author="x"><w:r><w:t>shall</w:t></w:r></w:ins>
            <w:del w:id="2" w:author="x"><w:r><w:delText>may</w:delText></w:r></w:del>
            <w:moveFrom w:id="3" w:author="x"><w:r><w:t>gone</w:t></w:r></w:moveFrom>
            <w:r><w:rPr><w:vanish/></w:rPr><w:t>secret</w:t></w:r>
            <w:r><w:commentReference w:id="0"/></w:r><w:r><w:tab/><w:t>keep</w:t><w:noBreakHyphen/><w:t>it</w:t></w:r>
            <w:r><w:fldChar w:fldCharType="begin"/><w:instrText>PAGE</w:instrText></w:r></w:p>"""
        )
    )
    assert found.text == "A firm shall keep-it"


def test_numbering_is_written_out_as_word_shows_it(outline: Callable[[ParsedDocument], list[str]]) -> None:
    document = docx.Document()
    numbering = document.part.numbering_part.element
    levels = "".join(
        f'<w:lvl w:ilvl="{i}"><w:start w:val="1"/><w:numFmt w:val="{form}"/><w:lvlText w:val="{text}"/></w:lvl>'
        for i, (form, text) in enumerate(
            [("decimal", "%1."), ("decimal", "%1.%2"), ("lowerLetter", "(%3)"), ("lowerRoman", "(%4)")]
        )
    )
    numbering.insert(0, parse_xml(f'<w:abstractNum {nsdecls("w")} w:abstractNumId="99">{levels}</w:abstractNum>'))
    numbering.append(parse_xml(f'<w:num {nsdecls("w")} w:numId="99"><w:abstractNumId w:val="99"/></w:num>'))
    for level in (0, 1, 1, 2, 2, 3, 0, 1):
        paragraph = document.add_paragraph(f"level {level}")
        place = f'<w:numPr {nsdecls("w")}><w:ilvl w:val="{level}"/><w:numId w:val="99"/></w:numPr>'
        paragraph._p.get_or_add_pPr().append(parse_xml(place))
    assert [line.split(": ")[1] for line in outline(read(document))] == [
        "1. level 0",
        "1.1 level 1",
        "1.2 level 1",
        "(a) level 2",
        "(b) level 2",
        "(i) level 3",
        "2. level 0",
        "2.1 level 1",
    ]


def test_a_frame_of_one_cell_is_text_and_tables_in_cells_are_read_once() -> None:
    document = docx.Document()
    document.add_table(rows=1, cols=1).cell(0, 0).text = "Framed words."
    outer = document.add_table(rows=1, cols=2)
    outer.cell(0, 0).text = "left"
    inner = outer.cell(0, 1).add_table(rows=1, cols=2)
    inner.cell(0, 0).text, inner.cell(0, 1).text = "deep", "deeper"
    assert read(document).text == "Framed words.\n\nleft | deep deeper"


def test_footnotes_follow_their_paragraph() -> None:
    document = with_body('<w:p><w:r><w:t>Keep it.</w:t><w:footnoteReference w:id="2"/></w:r></w:p>')
    document.add_paragraph("After.")
    notes = '<w:footnote w:id="2"><w:p><w:r><w:t>Unless told.</w:t></w:r></w:p></w:footnote>'
    blob = f"<w:footnotes {nsdecls('w')}>{notes}</w:footnotes>".encode()
    name = PackURI("/word/footnotes.xml")
    part = OpcPart(name, "application/vnd.openxmlformats-officedocument.wordprocessingml.footnotes+xml", blob)
    document.part.relate_to(part, RELATIONSHIP_TYPE.FOOTNOTES)
    assert read(document).text == "Keep it.[1]\n\n[1] Unless told.\n\nAfter."


def test_a_footnote_of_a_lead_in_follows_the_list() -> None:
    document = with_body('<w:p><w:r><w:t>It must</w:t><w:footnoteReference w:id="2"/><w:t>:</w:t></w:r></w:p>')
    document.add_paragraph("stop", style="List Bullet")
    document.add_paragraph("After.")
    notes = '<w:footnote w:id="2"><w:p><w:r><w:t>Unless told</w:t></w:r></w:p></w:footnote>'
    blob = f"<w:footnotes {nsdecls('w')}>{notes}</w:footnotes>".encode()
    name = PackURI("/word/footnotes.xml")
    part = OpcPart(name, "application/vnd.openxmlformats-officedocument.wordprocessingml.footnotes+xml", blob)
    document.part.relate_to(part, RELATIONSHIP_TYPE.FOOTNOTES)
    assert read(document).text == "It must[1]:\n- stop\n\n[1] Unless told\n\nAfter."


BOMB = '<!ENTITY a "aaaaaaaaaa">' + "".join(
    f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghx", strict=True)
)


@pytest.mark.parametrize("entities", ['<!ENTITY x SYSTEM "file:///etc/passwd">', BOMB])
def test_a_package_with_entities_is_refused(entities: str) -> None:
    document = docx.Document()
    document.add_paragraph("MARK and more")
    data = replaced(saved(document), "word/document.xml", b"MARK", b"&x;")
    data = replaced(data, "word/document.xml", b"<w:document", f"<!DOCTYPE d [{entities}]><w:document".encode())
    with pytest.raises(UnreadableDocument, match="damaged"):
        read_docx(data, Limits())


def test_a_package_that_unpacks_to_too_much_is_refused_before_it_is_unpacked() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("word/document.xml", b" " * 5_000_000)
    assert len(buffer.getvalue()) < 10_000
    with pytest.raises(UnreadableDocument, match="unpacks to more than 1000000 bytes"):
        read_docx(buffer.getvalue(), Limits(unpacked_bytes=1_000_000))


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data[: len(data) // 2],
        lambda data: replaced(data, "word/document.xml", b"</w:body>", b""),
        lambda data: replaced(data, "[Content_Types].xml", b"wordprocessingml.document.main", b"spreadsheet"),
        lambda data: replaced(data, "_rels/.rels", b"officeDocument", b"nothing"),
        lambda data: replaced(data, "word/document.xml", b"<w:body>", b"<w:body>" + b"<w:sdt>" * 5_000),
    ],
)
def test_a_damaged_package_is_refused(change: Callable[[bytes], bytes]) -> None:
    document = docx.Document()
    document.add_paragraph("words")
    with pytest.raises(UnreadableDocument) as caught:
        read_docx(change(saved(document)), Limits())
    assert caught.value.reason is Reason.CORRUPT


def test_a_document_without_words_is_refused() -> None:
    with pytest.raises(UnreadableDocument, match="no text"):
        read(docx.Document())
