"""What hostile Office files try, through the parser's own process: entities, bombs, and addresses to be fetched."""

from __future__ import annotations

import email
import io
import socket
import zipfile
from email.message import EmailMessage
from typing import TYPE_CHECKING, Any

import docx
import openpyxl
import pptx
import pytest

from compliance_bot.ingest.sandbox import ParserProcess
from compliance_bot.ingest.unreadable import Limits, Reason, UnreadableDocument
from tests.unit.ingest.formats.packages import odf, replaced, saved, understated

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

WORDS = "Keep records."
RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def word() -> bytes:
    made = docx.Document()
    made.add_paragraph(WORDS)
    return saved(made)


def sheet() -> bytes:
    made = openpyxl.Workbook()
    made.worksheets[0]["A1"] = WORDS
    return saved(made)


def slides() -> bytes:
    made: Any = pptx.Presentation()
    made.slides.add_slide(made.slide_layouts[5]).shapes.title.text = WORDS
    return saved(made)


def text() -> bytes:
    return odf(f"<text:p>{WORDS}</text:p>", styles="<x/>")


MAKERS: dict[str, Callable[[], bytes]] = {"docx": word, "xlsx": sheet, "pptx": slides, "odt": text}
MAIN = {
    "docx": "word/document.xml",
    "xlsx": "xl/worksheets/sheet1.xml",
    "pptx": "ppt/slides/slide1.xml",
    "odt": "content.xml",
}
LAUGHS = '<!ENTITY a "aaaaaaaaaa">' + "".join(
    f'<!ENTITY {new} "{f"&{old};" * 10}">' for old, new in zip("abcdefgh", "bcdefghx", strict=True)
)


@pytest.fixture(scope="module")
def parser() -> Iterator[ParserProcess]:
    with ParserProcess(timeout_s=20, limits=Limits(unpacked_bytes=20_000_000)) as shared:
        yield shared


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """Yield a socket on this machine that nobody should connect to."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield server


def refusal(parser: ParserProcess, data: bytes, name: str = "a") -> Reason:
    with pytest.raises(UnreadableDocument) as caught:
        parser.parse(data, name)
    return caught.value.reason


def parts_of(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        return {name: package.read(name) for name in package.namelist()}


@pytest.mark.parametrize("kind", MAKERS)
def test_no_part_of_a_package_may_have_entities(parser: ParserProcess, kind: str) -> None:
    data = MAKERS[kind]()
    for name, content in parts_of(data).items():
        if not name.endswith((".xml", ".rels")) or not content.strip():
            continue
        for entities in ('<!ENTITY x SYSTEM "file:///etc/passwd">', LAUGHS):
            start = content.index(b"?>") + 2 if content.startswith(b"<?xml") else 0
            hostile = content[:start] + f"<!-- --><!DOCTYPE d [{entities}]>".encode() + content[start:]
            assert refusal(parser, replaced(data, name, content, hostile)) is Reason.CORRUPT, name


@pytest.mark.parametrize("kind", MAKERS)
@pytest.mark.parametrize("encoding", ["utf-16", "utf-7", "utf-32", "cp037"])
def test_a_document_type_cannot_hide_in_another_encoding(parser: ParserProcess, kind: str, encoding: str) -> None:
    data, name = MAKERS[kind](), MAIN[kind]
    content = parts_of(data)[name]
    root = content[content.index(b"?>") + 2 :] if content.startswith(b"<?xml") else content
    markup = f'<?xml version="1.0" encoding="{encoding}"?><!DOCTYPE d [{LAUGHS}]>' + root.decode()
    assert refusal(parser, replaced(data, name, content, markup.encode(encoding))) is Reason.CORRUPT


def test_a_package_in_utf_16_is_read(parser: ParserProcess) -> None:
    content = parts_of(text())["content.xml"]
    wide = content.decode().replace("UTF-8", "UTF-16").encode("utf-16")
    assert parser.parse(replaced(text(), "content.xml", content, wide), "a").text == WORDS


@pytest.mark.parametrize("kind", MAKERS)
def test_a_bomb_is_stopped_while_it_unpacks_whatever_its_directory_says(parser: ParserProcess, kind: str) -> None:
    data = replaced(MAKERS[kind](), "custom/item.xml", b"", b"<x>" + b" " * 30_000_000 + b"</x>")
    assert len(data) < 200_000
    assert refusal(parser, data) is Reason.UNPACKS_TOO_LARGE
    assert refusal(parser, understated(data, 1_000)) is Reason.CORRUPT


@pytest.mark.parametrize("kind", MAKERS)
def test_macros_pictures_and_embedded_files_stay_packed(parser: ParserProcess, kind: str) -> None:
    data = replaced(MAKERS[kind](), "media/image.png", b"", b"\0" * 30_000_000)
    assert WORDS in parser.parse(data, "a").text


@pytest.mark.parametrize("kind", MAKERS)
def test_an_encrypted_part_is_told_from_a_damaged_one(parser: ParserProcess, kind: str) -> None:
    data = bytearray(MAKERS[kind]())
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        position = data.find(mark)
        while position >= 0:
            data[position + place] |= 1
            position = data.find(mark, position + 4)
    assert refusal(parser, bytes(data)) is Reason.ENCRYPTED


@pytest.mark.parametrize("kind", MAKERS)
@pytest.mark.parametrize("name", ["a.pdf", "a.csv", "a.xlsx", "a.rtf", "a"])
def test_a_wrong_name_changes_nothing(parser: ParserProcess, kind: str, name: str) -> None:
    assert WORDS in parser.parse(MAKERS[kind](), name).text


def related(data: bytes, rels: str, kind: str, url: str) -> bytes:
    """Return the package with a relationship to an address outside it."""
    relation = (
        f'<Relationship Id="rIdX" Type="{RELATION}/{kind}" Target="{url}" TargetMode="External"/></Relationships>'
    )
    empty = b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"></Relationships>'
    if rels not in parts_of(data):
        data = replaced(data, rels, b"", empty)
    return replaced(data, rels, b"</Relationships>", relation.encode())


def remote(url: str) -> dict[str, bytes]:
    """Return files that name an address where a program would look for a template, picture, sheet or object."""
    picture = f'<draw:frame><draw:image xlink:href="{url}" xlink:actuate="onLoad"/></draw:frame>'
    section = f'<text:section><text:section-source xlink:href="{url}"/><text:p>{WORDS}</text:p></text:section>'
    formula = openpyxl.Workbook()
    formula.worksheets[0]["A1"] = WORDS
    formula.worksheets[0]["A2"] = f'=WEBSERVICE("{url}")'
    drawing = (
        f'<w:p><w:r><w:pict xmlns:v="urn:schemas-microsoft-com:vml"><v:shape><v:imagedata r:id="rIdX" src="{url}"/>'
        "</v:shape></w:pict></w:r></w:p><w:sectPr"
    )
    return {
        "template": related(word(), "word/_rels/settings.xml.rels", "attachedTemplate", url),
        "picture": replaced(
            related(word(), "word/_rels/document.xml.rels", "image", url),
            "word/document.xml",
            b"<w:sectPr",
            drawing.encode(),
        ),
        "slide picture": related(slides(), "ppt/slides/_rels/slide1.xml.rels", "image", url),
        "external book": related(sheet(), "xl/externalLinks/_rels/externalLink1.xml.rels", "externalLinkPath", url),
        "formula": saved(formula),
        "odt": odf(picture + section),
        "rtf": rb"{\rtf1{\*\template %b}{\field{\*\fldinst INCLUDEPICTURE %b \\d}}%b}"
        % (url.encode(), url.encode(), WORDS.encode()),
        "eml": mail(url),
        "html": f'<html><body background="{url}">{page(url)}</body></html>'.encode(),
        "md": f"# Note\n\n![]({url})\n\n{WORDS} ![]({url})\n\n{page(url)}\n".encode(),
    }


def page(url: str) -> str:
    """Return a paragraph beside what a browser would fetch."""
    return (
        f'<link rel="stylesheet" href="{url}"><img src="{url}"><object data="{url}"></object><svg><use href="{url}"/>'
        f'</svg><video src="{url}"></video><p>{WORDS}</p>'
    )


def mail(url: str) -> bytes:
    """Return a message whose text is a page, and one part of which lies elsewhere."""
    message = EmailMessage()
    message["From"], message["Subject"] = "ana@corp.example", "Notice"
    message.set_content(page(url), subtype="html")
    message.add_attachment(f"{WORDS}", filename="note.txt")
    elsewhere = email.message_from_string(
        f'Content-Type: message/external-body; access-type=URL; URL="{url}"\n\nContent-Type: text/plain\n\n'
    )
    message.attach(elsewhere)
    return message.as_bytes()


@pytest.mark.parametrize("name", remote("http://127.0.0.1:1/x"))
@pytest.mark.parametrize("confined", [True, False])
def test_nothing_is_fetched_and_no_address_is_shown(
    parser: ParserProcess, listener: socket.socket, name: str, confined: bool
) -> None:
    """The readers themselves must not try, for where a system allows no network namespace they would get through."""
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/x.dotm"
    data = remote(url)[name]
    if confined:
        found = parser.parse(data, f"a.{name}")
    else:
        from compliance_bot.ingest.parse import parse

        found = parse(data, name=f"a.{name}")
    assert WORDS in found.text
    assert "127.0.0.1" not in found.text
    with pytest.raises(BlockingIOError):
        listener.accept()


def test_word_files_with_macros_and_templates_are_read_as_text(parser: ParserProcess) -> None:
    plain = b"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
    for kind in (
        b"application/vnd.ms-word.document.macroEnabled.main+xml",
        b"application/vnd.ms-word.template.macroEnabledTemplate.main+xml",
        b"application/vnd.openxmlformats-officedocument.wordprocessingml.template.main+xml",
    ):
        data = replaced(word(), "[Content_Types].xml", plain, kind)
        assert parser.parse(replaced(data, "word/vbaProject.bin", b"", b"MACRO"), "a.docm").text == WORDS
