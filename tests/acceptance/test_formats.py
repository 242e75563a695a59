"""What users get from an office's files: each kind is ingested, found by its words, and quoted as it stands."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pptx
import pytest

from tests.acceptance.conftest import Cli
from tests.unit.ingest.formats.packages import odf

FOREIGN = {
    "german.odt": ("Ausnahmen von der Prüfung genehmigt der Vorstand.", "Wer genehmigt Ausnahmen von der Prüfung?"),
    "french.rtf": (
        "Les pièces sont conservées pendant cinq ans.",
        "Combien de temps les pièces sont-elles conservées ?",
    ),
    "arabic.odt": ("يحتفظ البنك بسجلات العملاء خمس سنوات.", "سجلات العملاء"),
    "chinese.csv": ("客户资料须保存五年", "客户资料保存多久？"),
    "japanese.odt": ("顧客の本人確認書類は七年間保存する。", "本人確認書類の保存"),
}


def _workbook(path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.title = "Mooring fees"
    for row in (("Berth", "Fee per night"), ("North quay", 41), ("South quay", 57)):
        sheet.append(row)
    book.save(path)


def _slides(path: Path) -> None:
    deck: Any = pptx.Presentation()
    for title, words in (
        ("Lifeboats", "The lifeboat is tested monthly."),
        ("Flares", "Flares are replaced every three years."),
    ):
        slide = deck.slides.add_slide(deck.slide_layouts[1])
        slide.shapes.title.text = title
        slide.placeholders[1].text_frame.text = words
    deck.save(path)


@pytest.fixture
def office(tmp_path: Path) -> Path:
    folder = tmp_path / "office"
    folder.mkdir()
    _workbook(folder / "fees.xlsx")
    _slides(folder / "safety.pptx")
    (folder / "tides.csv").write_text(
        "Harbour;High tide\nEastport;six in the morning\nWestport;noon\n", encoding="utf-8"
    )
    (folder / "gates.rtf").write_bytes(rb"{\rtf1\ansi The lock gate {\deleted never }closes at dusk.\par}")
    (folder / "cranes.odt").write_bytes(odf("<text:p>The gantry crane lifts ninety tonnes.</text:p>"))
    for name, (sentence, _) in FOREIGN.items():
        (folder / name).write_bytes(_WRITERS[Path(name).suffix](sentence))
    (folder / "cut.xlsx").write_bytes((folder / "fees.xlsx").read_bytes()[:2000])
    (folder / "cut.rtf").write_bytes(rb"{\rtf1 The end is")
    return folder


_WRITERS: dict[str, Callable[[str], bytes]] = {
    ".odt": lambda text: odf(f"<text:p>{text}</text:p>"),
    ".csv": lambda text: f"编号,规定\n第一,{text}\n".encode(),
    ".rtf": lambda text: b"{\\rtf1\\ansi\\ansicpg1252 " + text.encode("cp1252") + b"}",
}


def test_office_files_go_in_and_are_quoted_and_damaged_ones_are_listed(cli: Cli, office: Path) -> None:
    report = cli("ingest", office, "--collection", "policies", "--json").json
    assert report["ingested"] == 5 + len(FOREIGN)
    assert {item["path"] for item in report["rejected"]} == {"cut.xlsx", "cut.rtf"}
    assert all("damaged" in item["reason"] for item in report["rejected"])
    for question, quote, page in (
        ("When does the lock gate close?", "The lock gate closes at dusk.", None),
        ("How many tonnes does the gantry crane lift?", "The gantry crane lifts ninety tonnes.", None),
        ("How often are flares replaced?", "Flares are replaced every three years.", 2),
    ):
        citation = cli("ask", question, "--as", "ana", "--json").json["citations"][0]
        assert (citation["quote"], citation["page"]) == (quote, page)
    for question, words in (
        ("What is the fee per night at the South quay?", "South quay | 57"),
        ("When is high tide at Eastport?", "Eastport | six in the morning"),
    ):
        hits = cli("search", question, "--as", "ana", "--json").json["hits"]
        assert words in hits[0]["text"]


def test_every_language_is_found_by_its_own_words(cli: Cli, office: Path) -> None:
    cli("ingest", office, "--collection", "policies", "--json")
    for sentence, question in FOREIGN.values():
        hits = cli("search", question, "--as", "ana", "--json").json["hits"]
        assert sentence in hits[0]["text"]
