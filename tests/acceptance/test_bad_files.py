"""Files that cannot be ingested: each is told with its reason, and never stops the good ones."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from fpdf import FPDF

from tests.acceptance.conftest import Cli

Write = Callable[[str, str], Path]


@pytest.fixture
def bad_folder(tmp_path: Path) -> Path:
    """One file of each kind that cannot be ingested, and one that can."""
    folder = tmp_path / "inbox"
    folder.mkdir()
    (folder / "good.md").write_text("# Opening hours\n\nThe Harbour branch opens at nine.\n", encoding="utf-8")
    (folder / "empty.txt").touch()
    (folder / "corrupt.pdf").write_bytes(b"%PDF-1.7\nthis is no PDF at all\n%%EOF")
    (folder / "encrypted.pdf").write_bytes(_pdf("Secret text.", password="open sesame"))
    (folder / "scanned.pdf").write_bytes(_pdf(""))
    (folder / "image.pdf").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    (folder / "binary.txt").write_bytes(bytes(range(256)) * 20)
    (folder / "archive.docx").write_bytes(b"PK\x03\x04 broken")
    (folder / "really-a-pdf.txt").write_bytes(_pdf("The Quay branch opens at ten."))
    return folder


def _pdf(text: str, *, password: str = "") -> bytes:
    pdf = FPDF()
    pdf.add_page()
    pdf.set_font("helvetica", size=12)
    if text:
        pdf.cell(text=text)
    if password:
        pdf.set_encryption(owner_password=password, user_password=password)
    return bytes(pdf.output())


def test_bad_files_are_collected_with_reasons_and_never_stop_the_good_ones(cli: Cli, bad_folder: Path) -> None:
    result = cli("ingest", bad_folder, "--collection", "policies", "--json")
    assert result.code == 0
    assert result.json["ingested"] == 2  # good.md, and the PDF that is called .txt
    reasons = {item["path"]: item["reason"] for item in result.json["rejected"]}
    assert set(reasons) == {
        "empty.txt", "corrupt.pdf", "encrypted.pdf", "scanned.pdf", "image.pdf", "binary.txt", "archive.docx",
    }  # fmt: skip
    assert "empty" in reasons["empty.txt"]
    assert "password" in reasons["encrypted.pdf"]
    assert "no text" in reasons["scanned.pdf"]
    assert "OCR" in reasons["scanned.pdf"]
    assert "image" in reasons["image.pdf"]
    assert cli("ask", "When does the Quay branch open?", "--as", "ana", "--json").json["citations"][0]["page"] == 1


def test_passages_without_a_word_are_rejects_and_the_others_go_in(cli: Cli, write: Write) -> None:
    texts = {"W-1": "***", "W-2": "\u0301\u200b", "W-3": "", "W-4": "The quay crane lifts forty tonnes."}
    rows = [json.dumps({"_id": key, "title": "", "text": text}) for key, text in texts.items()]
    result = cli("ingest", write("corpus.jsonl", "\n".join(rows)), "--collection", "policies", "--json").json
    assert result["ingested"] == 1
    assert len(result["rejected"]) == 3


def test_a_document_with_an_ornament_between_its_sections_goes_in(cli: Cli, write: Write) -> None:
    path = write(
        "ornament.md", "# Lighthouse\n\n## Part\n\n\\* \\* \\*\n\n## Lamp\n\nThe lamp turns four times a minute.\n"
    )
    assert cli("ingest", path, "--collection", "policies", "--json").json["ingested"] == 1
    answer = cli("ask", "How often does the lamp turn?", "--as", "ana", "--json").json
    assert answer["citations"][0]["heading"] == "Lamp"


def test_a_batch_of_nothing_good_ends_with_exit_code_1(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "empty.txt").touch()
    assert cli("ingest", tmp_path / "empty.txt", "--collection", "policies").code == 1
    absent = cli("ingest", tmp_path / "absent.pdf", "--collection", "policies", "--json")
    assert absent.code == 1
    assert absent.json["rejected"][0]["reason"] == "there is no such file or folder"


def test_a_file_over_the_size_limit_is_rejected_unread(cli: Cli, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPLIANCE_BOT_MAX_FILE_MB", "1")
    large = write("large.txt", "All work and no play. " * 100_000)
    result = cli("ingest", large, "--collection", "policies", "--json")
    assert result.code == 1
    assert "too large" in result.json["rejected"][0]["reason"]


def test_a_file_that_this_account_may_not_read_is_a_reject(tmp_path: Path) -> None:
    """Root reads everything, so this runs as another account."""
    if os.geteuid() != 0:
        pytest.skip("needs root, to become another account")
    folder = Path("/tmp") / f"compliance-bot-unreadable-{os.getpid()}"
    folder.mkdir(mode=0o755)
    try:
        (folder / "closed.txt").write_text("closed", encoding="utf-8")
        (folder / "closed.txt").chmod(0o600)
        (folder / "open.txt").write_text("open", encoding="utf-8")
        (folder / "open.txt").chmod(0o644)
        (folder / "sub").mkdir(mode=0o700)
        program = (
            "import os, sys; from pathlib import Path; from compliance_bot.ingest.items import gather;"
            "os.setuid(65534);"
            "print([type(i).__name__ + ':' + (i.reason if hasattr(i, 'reason') else i.name)"
            " for i in gather([Path(sys.argv[1])], base=None, max_bytes=10**6)])"
        )
        seen = subprocess.run([sys.executable, "-c", program, str(folder)], capture_output=True, text=True, check=True)
    finally:
        shutil.rmtree(folder)
    assert "Rejected:the file cannot be read: Permission denied" in seen.stdout
    assert "Rejected:the folder cannot be read: Permission denied" in seen.stdout
    assert "Item:open.txt" in seen.stdout
