"""PDF: layout read back from pages that fpdf2 sets."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from fpdf import FPDF
from PIL import Image

from compliance_bot.ingest.formats.pdf import read_pdf
from compliance_bot.ingest.unreadable import Limits, Reason, UnreadableDocument

if TYPE_CHECKING:
    from collections.abc import Callable

    from compliance_bot.ingest.structure import ParsedDocument

LONG = "A firm must keep its records for six years after the end of the business relationship. "


class Policy(FPDF):
    """Pages with a running header, page numbers and a few ways to write on them."""

    def header(self) -> None:
        self.set_font("Helvetica", "", 8)
        self.cell(0, 6, "Northfield Bank - internal", new_x="LMARGIN", new_y="NEXT")

    def footer(self) -> None:
        self.set_y(-15)
        self.set_font("Helvetica", "", 8)
        self.cell(0, 6, f"Page {self.page_no()} of {{nb}}", align="C")

    def say(self, text: str, *, size: float = 11, style: str = "", indent: float = 0) -> None:
        self.set_font("Helvetica", style, size)
        self.set_x(self.l_margin + indent)
        self.multi_cell(0, size * 0.55, text, new_x="LMARGIN", new_y="NEXT", align="L")

    def rows(self, *rows: tuple[str, ...], ruled: bool) -> None:
        self.set_font("Helvetica", "", 11)
        if ruled:
            with self.table() as table:
                for cells in rows:
                    row = table.row()
                    for text in cells:
                        row.cell(text)
            return
        for cells in rows:
            for text in cells:
                self.cell(50, 6, text)
            self.ln(6)


@pytest.fixture
def policy() -> Policy:
    made = Policy()
    made.add_page()
    return made


def read(made: FPDF, limits: Limits | None = None) -> ParsedDocument:
    return read_pdf(bytes(made.output()), limits or Limits())


def test_a_policy_in_pdf_keeps_its_structure(policy: Policy, outline: Callable[[ParsedDocument], list[str]]) -> None:
    policy.say("Record Policy", size=20, style="B")
    policy.say("1 Keeping", size=14, style="B")
    policy.say(LONG * 2)
    policy.ln(4)
    policy.say("Duties of staff", style="B")
    policy.say("Each member of staff must:")
    policy.say(
        "(a) report any breach without delay, in writing, with all the facts known then, to the head;",
        indent=8,
    )
    policy.say("(b) keep a copy; and", indent=8)
    policy.say("(c) not tell the client.", indent=8)
    policy.ln(4)
    policy.rows(
        ("Fee", "Amount", "Due"), ("Entry", "5 EUR", "later in the year after the review has ended"), ruled=True
    )
    policy.ln(4)
    policy.rows(("Name", "Limit"), ("Cash", "1,000"), ("Wire", "20,000"), ruled=False)
    policy.ln(4)
    policy.say("This is the end.")
    policy.add_page()
    policy.say("2 Closing", size=14, style="B")
    policy.say(LONG)
    found = read(policy)
    assert found.title == "Record Policy"
    assert outline(found) == [
        "heading 1: Record Policy",
        "heading 2: 1 Keeping",
        f"paragraph 0: {(LONG * 2).strip()}",
        "heading 3: Duties of staff",
        "list_lead 0: Each member of staff must:",
        "list_item 1: (a) report any breach without delay, in writing, with all the facts known then, to the head;",
        "list_item 1: (b) keep a copy; and",
        "list_item 1: (c) not tell the client.",
        "table_header 0: Fee | Amount | Due",
        "table_row 0: Entry | 5 EUR | later in the year after the review has ended",
        "table_header 0: Name | Limit",
        "table_row 0: Cash | 1,000",
        "table_row 0: Wire | 20,000",
        "paragraph 0: This is the end.",
        "heading 2: 2 Closing",
        f"paragraph 0: {LONG.strip()}",
    ]
    assert [found.text[start:][:9] for start in found.pages] == ["Record Po", "2 Closing"]
    assert [block.page for block in found.blocks] == [1] * 14 + [2] * 2


def test_a_paragraph_that_crosses_a_page_is_one_and_knows_where(policy: Policy) -> None:
    policy.set_auto_page_break(auto=True, margin=20)
    sentence = "the records of every one of the customers are kept without a break for all of the years, "
    policy.say("Thus " + sentence * 80 + "and so on.")
    found = read(policy)
    assert len(found.pages) == 2
    assert len(found.blocks) == 1
    assert "Northfield" not in found.text
    assert "Page" not in found.text
    assert found.text.split() == ("Thus " + sentence * 80 + "and so on.").split()
    assert 0 < found.pages[1] < len(found.text)


def test_words_broken_at_a_lines_end_are_mended_where_the_document_has_them_whole(policy: Policy) -> None:
    policy.say("The rules of regulation apply to every regu-\nlation and to a well-\nknown and well-known case of it.")
    assert "every regulation and to a well-known and" in read(policy).text


def test_text_that_only_one_page_has_at_its_edge_stays(policy: Policy) -> None:
    policy.say("An opening line of the first page.")
    policy.add_page()
    policy.say("Another opening line on the second.")
    assert "An opening line" in read(policy).text
    assert "Another opening" in read(policy).text


def test_two_columns_are_read_one_after_the_other(policy: Policy) -> None:
    policy.set_font("Helvetica", "", 11)
    words = [f"word{number} follows on and on" for number in range(60)]
    with policy.text_columns(ncols=2, gutter=10, text=". ".join(words)):
        pass
    assert read(policy).text.split()[4:] == ". ".join(words).split()


def test_slanted_marks_across_the_page_are_no_text(policy: Policy) -> None:
    policy.say(LONG)
    with policy.rotation(35, 100, 150):
        policy.set_font("Helvetica", "B", 50)
        policy.text(60, 150, "DRAFT")
    assert "DRAFT" not in read(policy).text


def test_text_on_a_turned_page_is_read(policy: Policy, outline: Callable[[ParsedDocument], list[str]]) -> None:
    made = FPDF(orientation="landscape")
    made.add_page()
    made.set_font("Helvetica", "", 11)
    with made.rotation(90, 100, 100):
        for i, text in enumerate(("Upright words that go on", "and on over two lines.")):
            made.text(60, 100 + 6 * i, text)
    assert outline(read(made)) == ["paragraph 0: Upright words that go on and on over two lines."]


def test_a_scanned_file_is_refused_with_what_to_do() -> None:
    made = FPDF()
    for _ in range(3):
        made.add_page()
        picture = io.BytesIO()
        Image.new("RGB", (60, 60), "white").save(picture, "PNG")
        made.image(picture, 10, 10, 50)
    with pytest.raises(UnreadableDocument, match=r"^3 pages, no text: scanned.*OCR"):
        read(made)


def test_an_encrypted_file_is_refused(policy: Policy) -> None:
    policy.say("secret")
    policy.set_encryption(owner_password="owner", user_password="user")
    with pytest.raises(UnreadableDocument, match="encrypted"):
        read(policy)


def test_a_file_that_opens_without_a_password_is_read(policy: Policy) -> None:
    policy.say("not so secret")
    policy.set_encryption(owner_password="owner")
    assert "not so secret" in read(policy).text


def test_too_many_pages_and_too_much_text_are_refused(policy: Policy) -> None:
    policy.say(LONG)
    policy.add_page()
    with pytest.raises(UnreadableDocument, match="too many pages: more than 1"):
        read(policy, Limits(pages=1))
    with pytest.raises(UnreadableDocument, match="too much text"):
        read(policy, Limits(characters=50))


@pytest.mark.parametrize("data", [b"%PDF-1.4", b"%PDF-1.7\n%%EOF", b"%PDF-1.4\n" + bytes(range(256)) * 9])
def test_a_damaged_file_is_refused(data: bytes) -> None:
    with pytest.raises(UnreadableDocument) as caught:
        read_pdf(data, Limits())
    assert caught.value.reason is Reason.CORRUPT
