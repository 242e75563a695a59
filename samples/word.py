"""Set a source as a Word document: built-in heading styles, real list numbering, ruled tables, a page number field."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING, Any

import docx
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Pt
from markup import Heading, Item, Paragraph, Source, Table, spans

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

_LIST_STYLES = {"bullet": ("List Bullet", "List Bullet 2"), "number": ("List Number", "List Number 2")}


def write_docx(source: Source, path: Path, *, created: datetime) -> None:
    """Write the same bytes for the same source and date."""
    document = docx.Document()
    document.styles["Normal"].font.size = Pt(11)
    _stamp(document, source, created)
    document.add_heading(source.title, level=0)
    if source.control:
        _add_rows(document, source.control, header=False)
    numbering = 0
    for block in source.blocks:
        if isinstance(block, Heading):
            document.add_heading(block.text, level=block.level - 1)
        elif isinstance(block, Table):
            _add_rows(document, block.rows, header=True)
        elif isinstance(block, Item):
            if block.kind == "number" and (block.number == 1 or not numbering):
                numbering = _new_numbering(document)
            _add_item(document, block, numbering)
        else:
            _add_paragraph(document, block)
    _add_footer(document, dict(source.control).get("Reference", ""))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_without_clock(document, created))


def _stamp(document: Any, source: Source, created: datetime) -> None:
    properties = document.core_properties
    properties.title = source.title
    properties.author = "Larkmoor Bank"
    properties.last_modified_by = "Larkmoor Bank"
    properties.comments = ""
    # Word stores UTC without a zone.
    properties.created = properties.modified = created.replace(tzinfo=None)


def _add_paragraph(document: Any, block: Paragraph) -> None:
    paragraph = document.add_paragraph(style="Intense Quote" if block.is_note else None)
    _add_spans(paragraph, block.text)


def _add_item(document: Any, item: Item, numbering: int) -> None:
    paragraph = document.add_paragraph(style=_LIST_STYLES[item.kind][min(item.level, 1)])
    if item.kind == "number":
        properties = paragraph._p.get_or_add_pPr().get_or_add_numPr()
        properties.get_or_add_ilvl().val = 0
        properties.get_or_add_numId().val = numbering
    _add_spans(paragraph, item.text)


def _add_spans(paragraph: Any, text: str) -> None:
    for piece, bold in spans(text):
        paragraph.add_run(piece).bold = bold or None


def _add_rows(document: Any, rows: tuple[tuple[str, ...], ...], *, header: bool) -> None:
    table = document.add_table(rows=len(rows), cols=len(rows[0]), style="Table Grid")
    for position, cells in enumerate(rows):
        for cell, text in zip(table.rows[position].cells, cells, strict=True):
            for piece, bold in spans(text):
                cell.paragraphs[0].add_run(piece).bold = bold or (header and position == 0) or None
    document.add_paragraph()


def _new_numbering(document: Any) -> int:
    """Return the id of a numbering that starts at 1 and looks like the `List Number` style's."""
    numbering = document.part.numbering_part.element
    style = document.styles["List Number"].element
    inherited = style.pPr.numPr.numId.val
    abstract = numbering.num_having_numId(inherited).abstractNumId.val
    number = numbering.add_num(abstract)
    number.add_lvlOverride(ilvl=0).add_startOverride(1)
    identifier: int = number.numId
    return identifier


def _add_footer(document: Any, reference: str) -> None:
    paragraph = document.sections[0].footer.paragraphs[0]
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    paragraph.add_run(f"Larkmoor Bank   {reference}   Page ")
    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), "PAGE")
    paragraph._p.append(field)


def _without_clock(document: Any, created: datetime) -> bytes:
    """Return the package with the date `created` on each part: python-docx stamps them with the time of saving."""
    saved, fixed = io.BytesIO(), io.BytesIO()
    document.save(saved)
    with zipfile.ZipFile(saved) as source, zipfile.ZipFile(fixed, "w", zipfile.ZIP_DEFLATED) as target:
        for name in sorted(source.namelist(), key=lambda name: (name != "[Content_Types].xml", name)):
            info = zipfile.ZipInfo(name, date_time=created.timetuple()[:6])
            info.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(info, source.read(name))
    return fixed.getvalue()
