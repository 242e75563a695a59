"""`compliance-bot privacy mark`, `unmark` and `corrections`, as they are typed, and killed at any moment."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from compliance_bot.bot import ComplianceBot

from .conftest import Cli, Result, made_home

SCHEMAS = Path(__file__).resolve().parents[2] / "docs" / "reference" / "schemas"
MINUTES = """# Minutes

The clerk read the overdraft fees. OVERDRAFT FEES rose before the vote on 3 March 2026.
"""
WHY = ("--reason", "read in the minutes")


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    with made_home(tmp_path / "homes") as path:
        with ComplianceBot.open(home=path) as bot:
            (tmp_path / "minutes.md").write_text(MINUTES, encoding="utf-8")
            assert bot.ingest([tmp_path / "minutes.md"], collection="board").ingested == 1
        yield path


def shaped(result: Result, name: str) -> Any:
    assert result.code == 0, result
    shape = json.loads(result.out)
    Draft202012Validator(json.loads((SCHEMAS / f"{name}.json").read_text(encoding="utf-8"))).validate(shape)
    return shape


def document(cli: Cli) -> str:
    (one,) = json.loads(cli("documents", "list", "--json").out)["documents"]
    return str(one["document"])


def text(cli: Cli) -> str:
    return str(json.loads(cli("documents", "show", document(cli), "--text", "--no-reveal", "--json").out)["text"])


def test_words_are_marked_listed_and_given_back(cli: Cli) -> None:
    before, where = text(cli), document(cli)
    assert "overdraft fees" in before
    marked = shaped(
        cli("privacy", "mark", where, "overdraft fees", "--type", "ORGANIZATION", *WHY, "--json"), "privacy-mark"
    )
    assert (marked["type"], marked["documents"], marked["versions"]) == ("ORGANIZATION", 1, 1)
    assert "overdraft fees" not in text(cli).lower()
    listed = shaped(cli("privacy", "corrections", "--json"), "privacy-corrections")["corrections"]
    assert [(one["kind"], one["record"]) for one in listed] == [("marked", marked["record"])]
    assert "marked    ORGANIZATION" in cli("privacy", "corrections").out
    back = cli("privacy", "unmark", where, "ORGANIZATION_1", *WHY, "--json")
    assert shaped(back, "privacy-unmark")["versions"] == 1
    assert text(cli) == before


def test_a_place_in_the_text_serves_as_well_as_words(cli: Cli) -> None:
    at = text(cli).index("overdraft fees")
    done = cli("privacy", "mark", document(cli), "--at", f"{at}:{at + 14}", "--type", "ORGANIZATION", *WHY)
    assert done.code == 0
    assert done.err.startswith("ORGANIZATION: masked in 1 documents, 1 versions; record ")
    assert "overdraft fees" not in text(cli)


@pytest.mark.parametrize(
    ("given", "code", "says"),
    [
        (["Nobody Here", "--type", "ORGANIZATION", *WHY], 2, "do not stand in this document"),
        (["overdraft fees", "--type", "PEOPLE", *WHY], 2, "no type 'PEOPLE'"),
        (["overdraft fees", "--type", "ORGANIZATION", "--reason", " "], 2, "needs a reason"),
        (["--type", "ORGANIZATION", *WHY], 2, "expected WORDS, or --at"),
        (["overdraft fees", "--at", "1:2", "--type", "ORGANIZATION", *WHY], 2, "expected WORDS, or --at"),
        (["--at", "one", "--type", "ORGANIZATION", *WHY], 2, "expected START:END"),
        (["--at", "0:99999", "--type", "ORGANIZATION", *WHY], 2, "expected START:END within"),
    ],
)
def test_what_cannot_be_marked_is_said(cli: Cli, given: list[str], code: int, says: str) -> None:
    before = text(cli)
    result = cli("privacy", "mark", document(cli), *given)
    assert (result.code, says in result.err) == (code, True), result
    assert text(cli) == before


def test_an_absent_document_and_a_bad_placeholder_are_refused(cli: Cli) -> None:
    absent = "00000000-0000-4000-8000-000000000000"
    for given in (("mark", absent, "words", "--type", "ORGANIZATION"), ("unmark", absent, "PERSON_1")):
        assert cli("privacy", *given, *WHY).code == 1
    assert cli("privacy", "unmark", document(cli), "PERSON_99", *WHY).code == 1
    assert cli("privacy", "unmark", document(cli), "a name", *WHY).code == 2


_SLOW = """
import sys, time
from compliance_bot.store import {module}
original = {module}.{function}
def slow(*given, **named):
    print("here", flush=True)
    time.sleep(60)
    return original(*given, **named)
{module}.{function} = slow
from compliance_bot.cli import main
sys.argv = ["compliance-bot", *sys.argv[1:]]
main()
"""


@pytest.mark.parametrize(
    ("module", "function"),
    [("revisions", "unbind"), ("revisions", "move_chunks"), ("revisions", "index_anew"), ("vault", "add_erasure")],
)
def test_killed_at_any_moment_a_correction_is_made_or_not(cli: Cli, home: Path, module: str, function: str) -> None:
    before = text(cli)
    command = ["privacy", "mark", document(cli), "overdraft fees", "--type", "ORGANIZATION", *WHY]
    process = subprocess.Popen(
        [sys.executable, "-c", _SLOW.format(module=module, function=function), *command],
        env={**os.environ, "COMPLIANCE_BOT_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "here\n"
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    deadline = time.monotonic() + 30
    while (now := text(cli)) != before and time.monotonic() < deadline:
        time.sleep(0.2)
    assert now == before
    assert json.loads(cli("privacy", "corrections", "--json").out) == {"corrections": []}
    assert cli(*command).code == 0  # and again, it is made
    assert "overdraft fees" not in text(cli)
