"""What hostile PDF files try, through the parser's own process: actions, embedded files, loops, pages without end."""

from __future__ import annotations

import contextlib
import socket
from typing import TYPE_CHECKING

import pypdfium2 as pdfium
import pytest

from compliance_bot.ingest.parse import parse
from compliance_bot.ingest.sandbox import ParserProcess
from compliance_bot.ingest.unreadable import Limits, Reason, UnreadableDocument

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WORDS = "Keep records."
CATALOG = b"<</Type/Catalog/Pages 2 0 R>>"
PAGES = b"<</Type/Pages/Kids[3 0 R]/Count 1>>"
PAGE = (
    b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R"
    b"/Resources<</Font<</F<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>>>"
)


def stream(content: bytes, entries: bytes = b"") -> bytes:
    return b"<</Length %d%b>>stream\n%b\nendstream" % (len(content), entries, content)


CONTENT = stream(b"BT /F 20 Tf 40 700 Td (%b) Tj ET" % WORDS.encode())


def pdf(*objects: bytes, trailer: bytes = b"", end: bytes = b"startxref\n0\n%%EOF") -> bytes:
    """Return a PDF of the objects, numbered from 1. It has no table of them, so that the reader must look for them."""
    body = b"".join(b"%d 0 obj%b endobj\n" % (number, text) for number, text in enumerate(objects, start=1))
    return b"%PDF-1.7\n" + body + b"trailer<</Root 1 0 R%b>>\n" % trailer + end


@pytest.fixture(scope="module")
def parser() -> Iterator[ParserProcess]:
    with ParserProcess(timeout_s=20) as shared:
        yield shared


def active(url: bytes, path: bytes) -> bytes:
    """Return a PDF that opens addresses, runs a script and a program, and carries another file."""
    script = b"<</S/JavaScript/JS(app.alert\\('owned'\\);this.submitForm\\('%b'\\);)>>" % url
    uri = b"<</S/URI/URI(%b)>>" % url
    launch = b"<</S/Launch/F(/bin/sh)/Win<</F(cmd)/P(/c %b)>>/Next[%b %b]>>" % (path, script, uri)
    names = b"/Names<</JavaScript<</Names[(a)%b]>>/EmbeddedFiles<</Names[(annex.txt)5 0 R]>>>>" % script
    link = b"/Annots[<</Type/Annot/Subtype/Link/Rect[0 0 600 800]/A%b/AA<</PV%b>>>>]/AA<</O%b>>/Type/Page"
    return pdf(
        CATALOG.replace(b"/Type", b"/OpenAction%b%b/AA<</WC%b>>/URI<</Base(%b)>>/Type" % (launch, names, launch, url)),
        PAGES,
        PAGE.replace(b"/Type/Page", link % (uri, uri, launch), 1),
        stream(b"BT /F 20 Tf 40 700 Td (%b) Tj ET" % WORDS.encode(), b"/FFilter/FlateDecode/F<</FS/URL/F(%b)>>" % url),
        b"<</Type/Filespec/F(annex.txt)/EF<</F 6 0 R>>>>",
        stream(b"The hidden annex.", b"/Type/EmbeddedFile"),
    )


@pytest.mark.parametrize("is_confined", [True, False])
def test_of_an_active_file_nothing_is_run_or_fetched_and_what_it_embeds_stays_out(
    parser: ParserProcess, tmp_path: Path, *, is_confined: bool
) -> None:
    """The reader itself must not try: where a system allows no confinement, it would get through."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        data = active(b"http://127.0.0.1:%d/x" % listener.getsockname()[1], bytes(tmp_path / "run"))
        with contextlib.closing(pdfium.PdfDocument(data)) as file:
            assert file.get_attachment(0).get_name() == "annex.txt"
        found = parser.parse(data, "a.pdf") if is_confined else parse(data, name="a.pdf")
        with pytest.raises(BlockingIOError):
            listener.accept()
    assert (found.title, found.text) == ("a", WORDS)
    assert parser.unpack(data, "a.pdf") is None
    assert not list(tmp_path.iterdir())


BROKEN = {
    "a page tree that is its own branch": pdf(CATALOG, b"<</Type/Pages/Kids[2 0 R]/Count 3>>", PAGE, CONTENT),
    "two branches that hold each other": pdf(
        CATALOG, b"<</Type/Pages/Kids[5 0 R]/Count 4>>", PAGE, CONTENT, b"<</Type/Pages/Kids[2 0 R 2 0 R]/Count 4>>"
    ),
    "more pages told than there are": pdf(CATALOG, b"<</Type/Pages/Kids[3 0 R]/Count 4000>>", PAGE, CONTENT),
    "no pages": b"%PDF-1.7\ntrailer<<>>\n%%EOF",
    "brackets without end": b"%PDF-1.7\n1 0 obj" + b"[" * 1_000_000,
    "a branch of branches": pdf(
        CATALOG, *(b"<</Type/Pages/Kids[%d 0 R]/Count 1>>" % child for child in range(3, 3_000)), PAGE
    ),
}


@pytest.mark.parametrize("data", BROKEN.values(), ids=BROKEN)
def test_a_file_that_leads_in_circles_is_damaged(parser: ParserProcess, data: bytes) -> None:
    with pytest.raises(UnreadableDocument) as refused:
        parser.parse(data, "a.pdf")
    assert refused.value.reason is Reason.CORRUPT


def test_a_million_pages_that_are_one_are_too_many(parser: ParserProcess) -> None:
    with pytest.raises(UnreadableDocument, match="too many pages: more than 5000"):
        parser.parse(pdf(CATALOG, b"<</Type/Pages/Kids[2 0 R]/Count 1000000>>", PAGE, CONTENT), "a.pdf")


@pytest.mark.parametrize(
    "end",
    [
        b"startxref\n99999999999\n%%EOF",
        b"xref\n0 1\n0000000000 65535 f \ntrailer<</Root 1 0 R/Prev 9>>\nstartxref\n9\n%%EOF",
        b"",
    ],
    ids=["beyond the file", "in a circle", "cut off"],
)
def test_a_table_of_objects_that_leads_nowhere_is_made_anew(parser: ParserProcess, end: bytes) -> None:
    assert parser.parse(pdf(CATALOG, PAGES, PAGE, CONTENT, end=end), "a.pdf").text == WORDS


def test_ten_thousand_pages_are_read_in_little_memory_where_the_limit_allows_them() -> None:
    count = 10_000
    kids = b" ".join(b"%d 0 R" % number for number in range(6, 6 + count - 1))
    blank = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 5 0 R>>"
    data = pdf(
        CATALOG, b"<</Type/Pages/Kids[%b 3 0 R]/Count %d>>" % (kids, count), PAGE, CONTENT, stream(b"q Q"),
        *[blank] * (count - 1),
    )  # fmt: skip
    with ParserProcess(limits=Limits(pages=count), memory_bytes=250_000_000) as parser:
        found = parser.parse(data, "a.pdf")
    assert (found.text, len(found.pages), found.blocks[0].page) == (WORDS, count, count)
