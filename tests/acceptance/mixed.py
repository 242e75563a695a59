"""A folder of mixed files as an office has it: every format that is read, each with one fact of its own.

Each file of number n says that depot n keeps a number of sealed boxes, once; `fact` knows the number. A few files are
bad in ways that files are bad. The same count gives the same facts, so that a test can ask for any of them.
"""

from __future__ import annotations

import csv
import io
import zipfile
from email.message import EmailMessage
from typing import TYPE_CHECKING

import docx
import openpyxl
import pptx
from fpdf import FPDF

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from pathlib import Path

_ODT_MANIFEST = """<?xml version="1.0" encoding="UTF-8"?>
<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0" manifest:version="1.2">
<manifest:file-entry manifest:full-path="/" manifest:media-type="application/vnd.oasis.opendocument.text"/>
<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/></manifest:manifest>"""
_ODT_CONTENT = """<?xml version="1.0" encoding="UTF-8"?>
<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" office:version="1.2"><office:body><office:text>
<text:h text:outline-level="1">{title}</text:h><text:p>{fact}</text:p><text:p>{filler}</text:p>
</office:text></office:body></office:document-content>"""

# No two depots share a name, and none is a word of another: what is asked for has one right answer.
_FIRST = "alder birch cedar damson elder fennel gorse hazel iris juniper".split()
_SECOND = "brook cliff dale field ford gate hill lea moor ridge".split()
_THIRD = "north south east west upper lower inner outer old new".split()
FILLER = "The keeper walks the aisles each Monday and signs the ledger. Visitors wait at the porter's desk."


def depot(number: int) -> str:
    """Return the name of a depot; the first 1,000 differ."""
    return f"{_THIRD[number // 100 % 10]} {_FIRST[number // 10 % 10]}{_SECOND[number % 10]}".title()


def boxes(number: int) -> str:
    """Return how many boxes a depot keeps, as its file says it."""
    return f"{1_000 + number * 7:,}"


def fact(number: int) -> str:
    """Return the sentence that only file `number` holds."""
    return f"The depot of {depot(number)} keeps {boxes(number)} sealed boxes under lock."


def write_mixed(folder: Path, count: int) -> dict[str, int]:
    """Write `count` readable files and some bad ones; return the name of each readable one with its number."""
    written: dict[str, int] = {}
    for number in range(count):
        kind = tuple(WRITERS)[number % len(WRITERS)]
        name = f"{number // 100:02d}/depot-{number:04d}.{kind}"
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(WRITERS[kind](number))
        written[name] = number
    return written


def write_bad(folder: Path) -> dict[str, str]:
    """Write files that cannot be read; return the name of each with a word of the true reason."""
    bad = {
        "empty.txt": (b"", "empty"),
        "cut-off.docx": (_docx(0)[:700], "damaged"),
        "picture.png": (b"\x89PNG\r\n\x1a\n" + bytes(64), "image"),
        "not-really.pdf": (b"%PDF-1.7\n" + bytes(range(256)), "damaged"),
        "noise.bin": (bytes(range(256)) * 40, "binary"),
    }
    for name, (data, _) in bad.items():
        (folder / name).write_bytes(data)
    return {name: reason for name, (_, reason) in bad.items()}


def document_count(written: Collection[str]) -> int:
    """Return how many documents these files are: an e-mail and its attachment are two, the ZIPs here hold one each."""
    return len(written) + sum(name.endswith(".eml") for name in written)


def _text(number: int) -> bytes:
    return f"Depot of {depot(number)}\n\n{fact(number)}\n\n{FILLER}\n".encode()


def _markdown(number: int) -> bytes:
    return f"# Depot of {depot(number)}\n\n{fact(number)}\n\n- {FILLER}\n".encode()


def _html(number: int) -> bytes:
    body = f"<h1>Depot of {depot(number)}</h1><p>{fact(number)}</p><p>{FILLER}</p>"
    return f"<!doctype html><html><head><title>Depot</title></head><body>{body}</body></html>".encode()


def _csv(number: int) -> bytes:
    rows = io.StringIO()
    csv.writer(rows).writerows([["Depot", "Statement"], [depot(number), fact(number)], ["Office", FILLER]])
    return rows.getvalue().encode()


def _xlsx(number: int) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["Depot", "Statement"], [depot(number), fact(number)], ["Office", FILLER]):
        sheet.append(row)
    return _saved(book.save)


def _docx(number: int) -> bytes:
    document = docx.Document()
    document.add_heading(f"Depot of {depot(number)}", level=1)
    document.add_paragraph(fact(number))
    document.add_paragraph(FILLER)
    return _saved(document.save)


def _pptx(number: int) -> bytes:
    show = pptx.Presentation()
    slide = show.slides.add_slide(show.slide_layouts[1])
    slide.shapes.title.text = f"Depot of {depot(number)}"
    slide.placeholders[1].text = f"{fact(number)}\n{FILLER}"
    return _saved(show.save)


def _odt(number: int) -> bytes:
    content = _ODT_CONTENT.format(title=f"Depot of {depot(number)}", fact=fact(number), filler=FILLER)
    mimetype = "application/vnd.oasis.opendocument.text"
    return _zip({"mimetype": mimetype, "content.xml": content, "META-INF/manifest.xml": _ODT_MANIFEST})


def _rtf(number: int) -> bytes:
    return rf"{{\rtf1\ansi\deff0{{\fonttbl{{\f0 Arial;}}}}\f0 {fact(number)}\par {FILLER}\par}}".encode("ascii")


def _pdf(number: int) -> bytes:
    sheet = FPDF()
    sheet.add_page()
    sheet.set_font("helvetica", size=12)
    for text in (f"Depot of {depot(number)}", fact(number), FILLER):
        sheet.multi_cell(0, 8, text, new_x="LMARGIN", new_y="NEXT")
        sheet.ln(4)
    return bytes(sheet.output())


def _eml(number: int) -> bytes:
    mail = EmailMessage()
    mail["Subject"] = f"Depot of {depot(number)}"
    mail["From"], mail["To"] = "porter@larkmoor.example", "archive@larkmoor.example"
    mail.set_content("The count is attached.")
    mail.add_attachment(_text(number), maintype="text", subtype="plain", filename="count.txt")
    return mail.as_bytes()


def _zipped(number: int) -> bytes:
    return _zip({"count/note.md": _markdown(number)})


def _saved(save: Callable[[io.BytesIO], object]) -> bytes:
    buffer = io.BytesIO()
    save(buffer)
    return buffer.getvalue()


def _zip(members: dict[str, str | bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


# File n is of the format n modulo 12.
WRITERS: dict[str, Callable[[int], bytes]] = {
    "txt": _text,
    "md": _markdown,
    "html": _html,
    "csv": _csv,
    "xlsx": _xlsx,
    "docx": _docx,
    "pptx": _pptx,
    "odt": _odt,
    "rtf": _rtf,
    "pdf": _pdf,
    "eml": _eml,
    "zip": _zipped,
}
