"""Huge and hostile files: each is a clear reject or goes in as plain text, and the rest of the batch goes in."""

from __future__ import annotations

import os
import socket
import sys
import time
from pathlib import Path

import pypdfium2 as pdfium
import pytest

from compliance_bot.ingest.items import Item, gather
from compliance_bot.records import Rejected
from tests.acceptance.conftest import Cli


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    """A folder with one good file, which must go in whatever stands beside it."""
    folder = tmp_path / "inbox"
    folder.mkdir()
    (folder / "good.md").write_text(f"# Good\n\nThe good file of {tmp_path.name} goes in.\n", encoding="utf-8")
    return folder


def rejects(cli: Cli, folder: Path) -> dict[str, str]:
    """Ingest the folder, of which the good file alone goes in, and return the reasons for the others."""
    result = cli("ingest", folder, "--collection", "policies", "--json")
    assert (result.code, result.json["ingested"]) == (0, 1)
    return {item["path"]: item["reason"] for item in result.json["rejected"]}


def test_a_pdf_of_ten_thousand_pages_is_refused_by_its_number_of_pages(cli: Cli, inbox: Path) -> None:
    made = pdfium.PdfDocument.new()
    for _ in range(10_000):
        made.new_page(100, 100)
    made.save(inbox / "long.pdf")
    assert rejects(cli, inbox) == {"long.pdf": "the file has too many pages: more than 5000"}


def test_pdfs_that_lead_in_circles_are_damaged_and_the_rest_goes_in(cli: Cli, inbox: Path) -> None:
    head = b"%PDF-1.7\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[2 0 R]/Count "
    for name, count, tail in (
        ("circle.pdf", 3, b"startxref\n9\n%%EOF"),
        ("endless.pdf", 10**6, b""),
        ("table.pdf", 3, b"xref\n0 9\nnone\nstartxref\n999999\n%%EOF"),
    ):
        (inbox / name).write_bytes(head + b"%d>>endobj\ntrailer<</Root 1 0 R>>\n" % count + tail)
    reasons = rejects(cli, inbox)
    assert "damaged" in reasons["circle.pdf"]
    assert "damaged" in reasons["table.pdf"]
    assert "too many pages" in reasons["endless.pdf"]


def test_half_a_gigabyte_of_text_is_refused_unread(cli: Cli, inbox: Path) -> None:
    with (inbox / "huge.txt").open("wb") as file:
        file.truncate(500_000_000)
    began = time.process_time()
    assert "too large" in rejects(cli, inbox)["huge.txt"]
    assert time.process_time() - began < 10


def test_text_beyond_the_limit_on_characters_is_refused(cli: Cli, inbox: Path) -> None:
    (inbox / "long.txt").write_text("All work and no play.\n" * 1_000_000, encoding="utf-8")
    assert "too much text" in rejects(cli, inbox)["long.txt"]


def test_pipes_sockets_and_links_to_devices_are_left_out_of_a_folder(cli: Cli, inbox: Path) -> None:
    os.mkfifo(inbox / "pipe.txt")
    (inbox / "zero.txt").symlink_to("/dev/zero")
    with socket.socket(socket.AF_UNIX) as local:
        here = Path.cwd()
        os.chdir(inbox)  # a socket's path is short
        try:
            local.bind("socket.txt")
        finally:
            os.chdir(here)
        assert rejects(cli, inbox) == {}


def test_a_page_fetches_nothing_and_its_scripts_are_no_text(cli: Cli, inbox: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        url = f"http://127.0.0.1:{server.getsockname()[1]}/x"
        (inbox / "page.html").write_text(
            f"<html><head><meta http-equiv=refresh content='0;url={url}'><link rel=stylesheet href='{url}'>"
            f"<style>@import '{url}';</style></head><body><h1>Mooring rules</h1><script>stealTheKeys()</script>"
            f"<img src='{url}' onerror='stealTheKeys()'><iframe src='{url}'></iframe>"
            "<p>The zeppelin moors at the north mast.</p></body></html>",
            encoding="utf-8",
        )
        assert cli("ingest", inbox, "--collection", "policies", "--json").json["ingested"] == 2
        with pytest.raises(BlockingIOError):
            server.accept()
    (page,) = [d for d in cli("documents", "list", "--json").json["documents"] if d["title"] == "Mooring rules"]
    text = cli("documents", "show", page["document"], "--text", "--json").json["text"]
    assert "The zeppelin moors" in text
    assert "steal" not in text
    assert "127.0.0.1" not in text


def test_a_file_that_grows_after_it_was_measured_is_refused_at_the_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "growing.txt"
    path.write_bytes(b"x" * 10)
    measure = Path.stat

    def grow_after(self: Path, *, follow_symlinks: bool = True) -> os.stat_result:
        measured = measure(self, follow_symlinks=follow_symlinks)
        if self == path:
            path.write_bytes(b"x" * 1000)
        return measured

    found = gather([path], base=None, max_bytes=100)
    monkeypatch.setattr(Path, "stat", grow_after)
    (item,) = found
    assert isinstance(item, Rejected)
    assert "too large" in item.reason


@pytest.mark.parametrize("left", [None, b"", b"short"])
def test_a_file_that_vanishes_or_shrinks_after_it_was_measured_is_told_or_taken_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, left: bytes | None
) -> None:
    path, other = tmp_path / "a.txt", tmp_path / "b.txt"
    path.write_bytes(b"x" * 50)
    other.write_bytes(b"stays")
    found = gather([path, other], base=None, max_bytes=100)
    measure = Path.stat

    def change_after(self: Path, *, follow_symlinks: bool = True) -> os.stat_result:
        measured = measure(self, follow_symlinks=follow_symlinks)
        if self == path and measured.st_size == 50 and sys._getframe(1).f_code.co_name == "_file":
            path.unlink()
            if left is not None:
                path.write_bytes(left)
        return measured

    monkeypatch.setattr(Path, "stat", change_after)
    item, second = found
    assert isinstance(second, Item)
    if left is None:
        assert isinstance(item, Rejected)
        assert item.reason == "the file cannot be read: No such file or directory"
    else:
        assert isinstance(item, Item)
        assert item.data == left


def test_a_folder_that_vanishes_during_the_run_takes_only_its_own_files_with_it(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "one.txt").write_text("text", encoding="utf-8")
    items = gather([tmp_path / name for name in ("a", "b", "c")], base=None, max_bytes=100)
    next(items)
    (tmp_path / "b" / "one.txt").unlink()
    (tmp_path / "b").rmdir()
    gone, last = items
    assert isinstance(gone, Rejected)
    assert gone.reason == "there is no such file or folder"
    assert not isinstance(last, Rejected)
