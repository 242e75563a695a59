"""Text in other languages comes through every format into the chunks unchanged, and its words find it again."""

from __future__ import annotations

import io
import unicodedata
from typing import TYPE_CHECKING, Any

import docx
import openpyxl
import pptx
import pytest

from compliance_bot.ingest.chunk import chunk
from compliance_bot.ingest.parse import parse
from compliance_bot.terms import index_terms, query_terms
from tests.unit.ingest.formats.packages import odf, saved

if TYPE_CHECKING:
    from collections.abc import Callable

SENTENCES = {
    "German": (
        "Die Prüfung der Geschäftsbeziehung erfolgt jährlich; Ausnahmen genehmigt der Vorstand.",
        "Ausnahmen genehmigt",
    ),
    "French": (
        "L'établissement conserve les pièces d'identité pendant cinq ans après la clôture.",
        "pièces d'identité",
    ),
    "Arabic": ("يجب على البنك الاحتفاظ بسجلات العملاء لمدة خمس سنوات.", "سجلات العملاء"),
    "Chinese": ("银行须在业务关系结束后保存客户资料五年。", "保存客户资料"),
    "Japanese": ("銀行は取引終了後も顧客の本人確認書類を七年間保存する。", "本人確認書類"),
    "Korean": ("은행은 고객 확인 기록을 5년간 보관하여야 한다.", "고객 확인"),
}


def word(text: str) -> bytes:
    made = docx.Document()
    made.add_paragraph(text)
    return saved(made)


def sheet(text: str) -> bytes:
    made = openpyxl.Workbook()
    made.worksheets[0].append((text,))
    return saved(made)


def slides(text: str) -> bytes:
    made: Any = pptx.Presentation()
    made.slides.add_slide(made.slide_layouts[6]).shapes.add_textbox(0, 0, 9, 9).text_frame.text = text
    return saved(made)


def rich(text: str) -> bytes:
    codes = io.BytesIO(text.encode("utf-16-le"))
    units = iter(lambda: codes.read(2), b"")
    return b"{\\rtf1\\ansi " + b"".join(b"\\u%d?" % int.from_bytes(unit, "little") for unit in units) + b"}"


MAKERS: dict[str, Callable[[str], bytes]] = {
    "docx": word,
    "xlsx": sheet,
    "pptx": slides,
    "odt": lambda text: odf(f"<text:p>{text}</text:p>"),
    "ods": lambda text: odf(
        f"<table:table><table:table-row><table:table-cell><text:p>{text}</text:p></table:table-cell></table:table-row>"
        "</table:table>",
        "spreadsheet",
    ),
    "rtf": rich,
    "csv": lambda text: f'no,"{text}"\nno,"{text}"\n'.encode(),
    "html": lambda text: f"<p>{text}</p>".encode(),
    "txt": lambda text: text.encode("utf-16"),
}


@pytest.mark.parametrize("language", SENTENCES)
@pytest.mark.parametrize("kind", MAKERS)
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_sentence_is_the_same_in_every_format_and_its_words_find_it(kind: str, language: str, form: str) -> None:
    sentence, question = SENTENCES[language]
    data = MAKERS[kind](unicodedata.normalize(form, sentence))  # type: ignore[arg-type]
    found = chunk(parse(data, name=f"a.{kind}"))
    passage = next(draft.text for draft in found if sentence in draft.text)
    assert unicodedata.is_normalized("NFC", passage)
    assert set() < set(query_terms(question)) <= set(index_terms(passage))
