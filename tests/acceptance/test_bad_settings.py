"""Options, settings, policies and weights that cannot be meant: a clear error before anything is done."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from compliance_bot.models import registry
from tests.acceptance.conftest import Cli

Write = Callable[[str, str], Path]


@pytest.fixture(scope="module")
def keep_running() -> bool:
    return False  # whether one is left behind is looked at


def test_an_undeclared_attribute_is_refused_before_anything_is_stored(cli: Cli, write: Write, tmp_path: Path) -> None:
    path = write("folder/doc.md", "# Undeclared\n\nNobody stores this.\n")
    before = cli("documents", "list", "--json").json
    listed = write("attributes.csv", "path,colour\ndoc.md,red\n")
    for option in (("--set", "colour=red"), ("--set", "classification=high"), ("--attributes", listed)):
        result = cli("ingest", path, "--collection", "policies", *option, "--json")
        assert result.code == 2
        assert result.json["error"]["type"] == "UndeclaredAttribute"
    assert cli("documents", "list", "--json").json == before


def test_a_misspelt_line_in_a_list_of_attributes_opens_nothing_to_more_people(
    cli: Cli, write: Write, tmp_path: Path
) -> None:
    write("inbox/secret.md", "# Secret\n\nThe merger closes in June.\n")
    write("inbox/open.md", "# Open\n\nThe shop opens in June.\n")
    listed = write("attributes.csv", "path,classification\nsecert.md,3\nopen.md,0\n")
    result = cli("ingest", tmp_path / "inbox", "--collection", "misspelt", "--attributes", listed, "--json").json
    assert result["ingested"] == 1
    assert {item["path"] for item in result["rejected"]} == {"secret.md", "secert.md"}
    twice = write("attributes.csv", "path,classification\nopen.md,3\nopen.md,0\n")
    assert cli("ingest", tmp_path / "inbox", "--collection", "misspelt", "--attributes", twice).code == 2


def test_a_path_outside_the_base_is_refused_before_anything_is_stored(cli: Cli, write: Write, tmp_path: Path) -> None:
    inside, outside = write("base/in.md", "# In\n\nText inside.\n"), write("out.md", "# Out\n\nText outside.\n")
    result = cli("ingest", inside, outside, "--collection", "based", "--base", tmp_path / "base", "--json")
    assert result.code == 2
    assert not [d for d in cli("documents", "list", "--json").json["documents"] if d["collection"] == "based"]


def test_usage_errors_are_json_too(cli: Cli) -> None:
    result = cli("ask", "--json")
    assert result.code == 2
    assert result.json["error"]["type"] == "UsageError"
    assert cli("frobnicate").code == 2
    assert cli("search", "x", "-k", "0").code == 2


def test_an_unknown_setting_is_an_error(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPLIANCE_BOT_CHUNK_WORD", "100")
    result = cli("documents", "list")
    assert result.code == 2
    assert "COMPLIANCE_BOT_CHUNK_WORD" in result.err


def test_without_a_home_every_command_says_so(cli: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("COMPLIANCE_BOT_HOME", str(tmp_path / "nowhere"))
    for command in (("ask", "Anything?"), ("documents", "list"), ("audit", "list")):
        result = cli(*command, "--json")
        assert result.code == 3
        assert result.json["error"]["type"] == "NoHome"
    assert cli("doctor").code == 1


def test_policies_that_are_not_valid_stop_everything_and_leave_no_server_behind(cli: Cli, home: Path) -> None:
    broken = home / "policies" / "broken.cedar"
    broken.write_text('@id("x") permit (principal, action, resource) when { principal.nonsense };', encoding="utf-8")
    try:
        result = cli("ask", "Anything?", "--json")
        assert result.code == 2
        assert result.json["error"]["type"] == "InvalidPolicies"
        assert cli("doctor").code == 1
        place = json.loads((home / "server.json").read_text(encoding="utf-8"))
        assert not (Path(place["folder"]) / "data" / "postmaster.pid").exists()
    finally:
        broken.unlink()
    assert cli("documents", "list").code == 0


def test_tampered_weights_are_refused(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copied = tmp_path / "weights"
    shutil.copytree(registry.shipped("quote").parent, copied)
    path = next((copied / "quote").glob("coefficients.json"))
    path.write_bytes(path.read_bytes().replace(b"0", b"1", 1))
    monkeypatch.setattr(registry, "_SHIPPED", copied)
    result = cli("ask", "When does the Harbour branch open?", "--as", "ana", "--json")
    assert result.code == 1
    assert result.json["error"]["type"] == "ModelTampered"
    assert "coefficients.json" in result.json["error"]["message"]
