"""What was typed wrongly is named, with the help of that very command; a group by itself shows its commands."""

from __future__ import annotations

import json

import pytest

from compliance_bot.cli import run


@pytest.mark.parametrize(
    ("typed", "told", "asks"),
    [
        ("audit export", "Missing argument 'PATH'.", "audit export"),
        ("audit receipt x", "Missing option '--answer'.", "audit receipt"),
        ("ingest x --collection a --still 0", "Invalid value for '--still'", "ingest"),
        ("audit export x --frist 1", "No such option: --frist", "audit export"),
        ("vault nothing", "No such command 'nothing'.", "vault"),
    ],
)
def test_it_is_named_and_so_is_where_to_look(
    typed: str, told: str, asks: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(typed.split()) == 2
    said = capsys.readouterr()
    assert said.out == ""
    error, hint = said.err.splitlines()
    assert error.startswith(f"UsageError: {told}")
    assert hint == f"  `compliance-bot {asks} --help` tells what it takes."


def test_a_command_that_there_is_not_refers_to_all_of_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["nothing"]) == 2
    assert capsys.readouterr().err.splitlines()[1] == "  `compliance-bot --help` lists the commands."


def test_as_json_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["ask", "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["message"] == "Missing argument 'QUESTION'."


@pytest.mark.parametrize(("typed", "listed"), [("", "  audit "), ("audit", "  export ")])
def test_a_group_by_itself_shows_its_help_as_it_is(typed: str, listed: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(typed.split()) == 2
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith(f"Usage: compliance-bot {typed}".rstrip())
    assert any(line.startswith(listed) for line in lines)
