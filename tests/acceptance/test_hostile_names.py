"""Names and titles made to deceive a reader or a terminal: shown harmlessly wherever they are shown."""

from __future__ import annotations

import json
import os
import unicodedata
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.acceptance.conftest import Cli

Write = Callable[[str, str], Path]


def test_names_that_are_not_text_are_told_and_never_stop_a_batch(cli: Cli, tmp_path: Path) -> None:
    folder = tmp_path / "odd"
    folder.mkdir()
    (folder / os.fsdecode(b"\xff\xfe.txt")).touch()
    (folder / os.fsdecode(b"\xffgood.txt")).write_text("The odd ferry leaves at noon.", encoding="utf-8")
    (folder / "new\nline\x1b[31m.md").touch()
    result = cli("ingest", folder, tmp_path / os.fsdecode(b"absent\xff"), "--collection", "policies", "--json")
    assert result.json["ingested"] == 1
    assert {item["path"] for item in result.json["rejected"]} == {
        "\ufffd\ufffd.txt", "new\nline\x1b[31m.md", str(tmp_path / "absent\ufffd"),
    }  # fmt: skip
    assert "\x1b" not in cli("ingest", folder, "--collection", "policies").err
    assert not cli("ask", "When does the odd ferry leave?", "--as", "ana", "--json").json["abstained"]


def test_control_characters_of_documents_never_reach_the_terminal(cli: Cli, write: Write) -> None:
    hostile = "\x1b[31mred\x1b]0;owned\x07 \u202egnirts\u200b\x9b2J"
    line = {"_id": "X-1", "title": f"Terminal {hostile}", "text": f"The terminal fee {hostile} is four crowns."}
    corpus = write("terminal-corpus.jsonl", json.dumps(line))
    cli("ingest", corpus, "--collection", "policies")
    shown = cli("ask", "What is the terminal fee?", "--as", "ana").out
    shown += cli("search", "terminal fee", "--as", "ana").out + cli("documents", "list").out
    assert "terminal fee" in shown.lower()
    assert not set(shown) & set("\x1b\x07\x9b\u202e\u200b")


FERRY = "The wooden ferry leaves the pier at seven."
NAMES = {
    "wooden \x1b[31mred\x1b]0;owned\x07.txt": FERRY,
    "new\nline.txt": "The second boat leaves at eight.",
    "gpj.\u202etxt.\u200bexe\x9b2J.txt": "The third boat leaves at nine.",
    "<script>alert(1)<script>.txt": "The fourth boat leaves at ten.",
    "-rf --as admin.txt": "The fifth boat leaves at eleven.",
    "l" * 251 + ".txt": "The sixth boat leaves at noon.",
    os.fsdecode(b"\xff\xfebytes.txt"): "The seventh boat leaves at one.",
    "empty \x1b[2J\u2066\n9 ingested.txt": "",
}


@pytest.fixture
def named(tmp_path: Path) -> Path:
    """A folder with files of these names, and an archive with the same."""
    with zipfile.ZipFile(tmp_path / "names.zip", "w") as archive:
        for name, text in NAMES.items():
            (tmp_path / name).write_text(text, encoding="utf-8")
            archive.writestr(os.fsencode(name).decode("utf-8", "replace"), text)
    return tmp_path


def test_names_of_files_and_members_steer_no_terminal_and_spoil_no_json(cli: Cli, named: Path) -> None:
    said = cli("ingest", named, "--collection", "names")
    require_plain(said.out + said.err)
    assert len((said.out + said.err).splitlines()) == 3  # the counts, and a line for each empty file
    report = cli("ingest", named, "--collection", "names", "--json")
    assert (report.json["skipped"], len(report.json["rejected"])) == (2 * len(NAMES) - 2, 2)
    listed, documents = cli("documents", "list"), cli("documents", "list", "--json")
    titles = {one["title"] for one in documents.json["documents"] if one["collection"] == "names"}
    assert len(titles) == len(NAMES) - 1
    assert {"<script>alert(1)<script>", "-rf --as admin", "new line"} <= titles
    for title in titles:
        require_plain(title)
    question = "When does the wooden ferry leave the pier?"
    asked, answer = cli("ask", question), cli("ask", question, "--json")
    assert "wooden [31mred" in asked.out
    assert answer.json["citations"][0]["quote"] == FERRY
    shown = cli("documents", "show", answer.json["citations"][0]["document"], "--text")
    record = cli("audit", "list", "--json").json["records"][-1]["record"]
    for result in (listed, asked, shown, cli("audit", "list"), cli("audit", "show", record)):
        require_plain(result.out + result.err)
    for result in (report, documents, answer):
        assert result.out.isascii()
        require_plain(result.out)


def test_a_command_line_that_is_wrong_is_told_without_what_steers_a_terminal(cli: Cli, tmp_path: Path) -> None:
    for arguments in (
        ("ingest", "-\x1b[31m"),
        ("\x1b[31m",),
        ("ask", "a", "--as", "\x1b[31m"),
        ("documents", "show", "\x9b"),
    ):
        result = cli(*arguments)
        assert result.code != 0
        require_plain(result.out + result.err)
    absent = cli("ingest", tmp_path / "\x1b[31m\nabsent", "--collection", "policies")
    require_plain(absent.out + absent.err)


def require_plain(text: str) -> None:
    """Fail where a text has a character that a terminal obeys or a reader cannot see."""
    found = {unicodedata.category(character) for character in text.replace("\n", "")}
    assert not found & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
