"""Names and titles made to deceive a reader or a terminal: shown harmlessly wherever they are shown."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

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
