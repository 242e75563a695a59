"""The page on the format of exports tells what the program does."""

from __future__ import annotations

import re
from pathlib import Path

from compliance_bot.audit.bundle.form import FORMAT, LINES_PER_FILE, limit_bytes
from compliance_bot.audit.bundle.manifest import Content, Counts, Manifest, format_manifest
from compliance_bot.audit.bundle.selection import EVERYTHING
from compliance_bot.audit.canonical import parse_canonical
from compliance_bot.audit.verify.findings import Findings, Kind, Verdict
from compliance_bot.audit.verify.report import SENTENCES, Unchecked

DOCS = Path(__file__).resolve().parents[3] / "docs"
PAGE = (DOCS / "reference" / "export-format.md").read_text(encoding="utf-8")
EXAMPLES = {
    "handovers/<size>": "handovers/7",
    "handovers/<size>.json": "handovers/7.json",
    "timestamps/<name>.tsr": "timestamps/tsa.example.tsr",
    "tile/<level>/<index>[.p/<width>]": "tile/0/x001/000.p/9",
    "records/<first index>.jsonl": "records/0000000000.jsonl",
}


def test_it_lists_the_files_and_how_large_they_may_be() -> None:
    listed = re.findall(r"^\| `([^`]+)` \| (\d+) \|", PAGE, re.MULTILINE)
    assert len(listed) == 11
    for name, limit in listed:
        assert limit_bytes(EXAMPLES.get(name, name)) == int(limit)
    assert f"{LINES_PER_FILE} in each file" in PAGE
    assert FORMAT in PAGE


def test_it_lists_the_fields_of_a_manifest() -> None:
    made = Manifest(
        origin="o", size=0, first=0, end=0, selection=EVERYTHING, content=Content.NONE, counts=Counts(), files=()
    )
    shape = parse_canonical(format_manifest(made))
    told = set(re.findall(r"`(\w+)`", PAGE.partition("| field of `manifest.json`")[2].partition("##")[0]))
    assert {*shape, *shape["selection"], *shape["counts"], *Content} <= told


def test_it_lists_every_fault_and_which_of_them_make_an_export_incomplete() -> None:
    listed = re.findall(r"^\| `(\w+)` \| (\*incomplete\*)?", PAGE.partition("| fault |")[2], re.MULTILINE)
    assert [name for name, _ in listed] == list(Kind)
    for name, incomplete in listed:
        findings = Findings()
        findings.add(Kind(name), "")
        assert findings.verdict is (Verdict.INCOMPLETE if incomplete else Verdict.TAMPERED)


def test_the_how_to_shows_sentences_that_a_report_has() -> None:
    page = (DOCS / "how-to" / "verify-an-export.md").read_text(encoding="utf-8")
    shown = re.findall(r"^- (.*)$", page.partition("Not checked:\n")[2].partition("```")[0], re.MULTILINE)
    assert shown == [
        SENTENCES[what] for what in (Unchecked.WITNESS, Unchecked.OLD_CHECKPOINT, Unchecked.LAST, Unchecked.TRUTH)
    ]
    assert SENTENCES.keys() == set(Unchecked)
