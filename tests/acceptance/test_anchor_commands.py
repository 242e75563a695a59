"""The anchor as people meet it: what serves without one, how it is accepted that one is lost, what the doctor says."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from compliance_bot.settings import load_settings
from tests.acceptance.conftest import Cli, Result

SCHEMAS = Path(__file__).resolve().parents[2] / "docs" / "reference" / "schemas"

Write = Callable[[str, str], Path]


def fits(name: str, result: Result) -> dict[str, Any]:
    """Return what a command printed, which fits its schema."""
    schema = json.loads((SCHEMAS / f"{name}.json").read_text(encoding="utf-8"))
    Draft202012Validator(schema).validate(result.json)
    return result.json


@pytest.fixture
def anchor(home: Path, cli: Cli, write: Write, tmp_path: Path) -> Iterator[Path]:
    """Return the anchor of a home that has a document, and put it back after the test unless another one began."""
    assert (
        cli("ingest", write("ferry.md", "# Ferry\n\nThe ferry leaves at eight.\n"), "--collection", "policies").code
        == 0
    )
    assert cli("kill-switch", "stop", "model", "m", "--reason", "a test").code == 0
    path = load_settings().anchor_file
    assert path == home.with_name(f"{home.name}.anchor.jsonl")
    copy = shutil.copy(path, tmp_path / "copy")
    yield path
    if not path.exists():
        shutil.copy(copy, path)
    assert cli("kill-switch", "lift", "model", "m").code == 0


def test_without_it_no_command_shows_anything(anchor: Path, cli: Cli) -> None:
    kept = anchor.read_bytes()
    anchor.unlink()
    commands = (
        ("ask", "When does the ferry leave?"),
        ("search", "ferry"),
        ("documents", "list"),
        ("audit", "list"),
        ("anchor", "show"),
    )
    for command in commands:
        result = cli(*command)
        assert (result.code, result.out) == (3, ""), command
        assert "accept-loss" in result.err
    assert not anchor.exists()
    anchor.write_bytes(kept)
    anchor.chmod(0o600)
    assert "The ferry leaves at eight." in cli("ask", "When does the ferry leave?").out


def test_it_is_shown_and_its_loss_accepted(anchor: Path, cli: Cli) -> None:
    shown = fits("anchor-show", cli("anchor", "show", "--json"))
    assert (shown["anchor"], shown["first"]) == (str(anchor), 1)
    assert f"lines 1 to {shown['last']}" in cli("anchor", "show").out
    assert cli("anchor", "accept-loss", "--reason", "none").code == 2
    anchor.unlink()
    assert cli("anchor", "accept-loss", "--reason", "a test", "--as", "ana").code == 1
    accepted = fits("anchor-accept-loss", cli("anchor", "accept-loss", "--reason", "a test", "--json"))
    assert (accepted["anchor"], accepted["lost"], accepted["applied"]) == (str(anchor), "AnchorLost", 0)
    again = fits("anchor-show", cli("anchor", "show", "--json"))
    assert (again["first"], again["last"]) == (shown["last"] + 1, shown["last"] + 1)
    assert fits("audit-show", cli("audit", "show", accepted["record"], "--json"))["envelope"]["outcome"] == "done"


def checks(cli: Cli, *options: str) -> dict[str, tuple[str, str]]:
    found = cli("doctor", *options, "--json").json["checks"]
    return {one["check"]: (one["state"], one["detail"]) for one in found}


def test_the_doctor_says_where_it_is_and_what_is_wrong_with_it(
    anchor: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    state, detail = checks(cli)["anchor"]
    assert (state, str(anchor) in detail) == ("ok", True)
    assert checks(cli, "--production")["place of the anchor"][0] == "problem"
    anchor.chmod(0o644)
    assert checks(cli)["anchor"][0] == "warning"
    anchor.chmod(0o600)
    text = anchor.read_bytes()
    anchor.write_bytes(text.replace(b'"version":1', b'"version":2'))
    assert checks(cli)["anchor"][0] == "problem"
    anchor.write_bytes(text)
    elsewhere, other = tmp_path / "elsewhere.jsonl", Path("/dev/shm")
    shutil.copy(anchor, elsewhere)
    with monkeypatch.context() as patch:
        patch.setenv("COMPLIANCE_BOT_ANCHOR", str(elsewhere))
        assert checks(cli, "--production")["place of the anchor"][0] == "warning"  # on the disk of the home
        if other.is_dir() and other.stat().st_dev != tmp_path.stat().st_dev:
            patch.setenv("COMPLIANCE_BOT_ANCHOR", str(other / "no-such-anchor.jsonl"))
            assert checks(cli, "--production")["place of the anchor"][0] == "ok"


def test_a_demo_leaves_nothing_behind_and_writes_to_no_anchor_of_somebody_else(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("COMPLIANCE_BOT_ANCHOR", str(tmp_path / "theirs.jsonl"))
    result = cli("demo")
    assert (result.code, "COMPLIANCE_BOT_ANCHOR" in result.err) == (2, True)
    assert not (tmp_path / "theirs.jsonl").exists()
