"""The witness's own command line, as the page that describes it shows it."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from compliance_bot.audit.note_key import parse_verifier_key
from compliance_bot.witness.__main__ import _parser, main

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "how-to" / "witness-the-log.md").read_text(encoding="utf-8")


def test_the_commands_of_the_page_are_understood() -> None:
    lines = re.findall(r"python -m compliance_bot\.witness (--.*)$", PAGE, re.MULTILINE)
    asked = [_parser().parse_args(shlex.split(line)) for line in lines]
    assert [one.new_key for one in asked] == ["witness.auditor.example/w1", None]
    assert [parse_verifier_key(log).name for log in asked[1].log] == ["compliance-bot/6d1f0c2e8a4b"]


def test_a_new_key_prints_the_half_that_others_need(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--key", str(tmp_path / "key"), "--new-key", "w1"]) == 0
    printed = capsys.readouterr().out
    assert parse_verifier_key(printed.strip()).name == "w1"
    assert "PRIVATE" not in printed


def test_a_refusal_is_said_with_what_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--key", str(tmp_path / "none"), "--state", str(tmp_path), "--log", "x"]) == 2
    said = capsys.readouterr().err
    assert "No such file" in said
    assert "--new-key" in said
