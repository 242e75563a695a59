"""`compliance-bot privacy sample|confirm|measure|quality`: from nothing known to figures, in words for people."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from compliance_bot.bot import ComplianceBot

from .conftest import Cli, Result, made_home

SCHEMAS = Path(__file__).resolve().parents[2] / "docs" / "reference" / "schemas"
POLICIES = """
@id("administrator") permit (principal == User::"admin", action, resource);
@id("staff-reads") permit (principal in Group::"staff", action == Action::"read", resource in Collection::"letters");
"""
PEOPLE = "[{id: admin}, {id: ben, groups: [staff]}]\n"
LETTER = "# Complaint\n\nMaria Lopez complained about the overdraft fee. Her e-mail is maria.lopez@example.net.\n"
BOARD = "# Minutes\n\nMaria Schmidt is to leave the board.\n"
ABSENT = "00000000-0000-4000-8000-000000000000"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("papers")
    with made_home(tmp_path_factory.mktemp("home")) as path:
        (path / "policies" / "starter.cedar").write_text(POLICIES, encoding="utf-8")
        (path / "policies" / "principals.yaml").write_text(PEOPLE, encoding="utf-8")
        with ComplianceBot.open(home=path) as bot:
            for name, text, collection in (("letter", LETTER, "letters"), ("board", BOARD, "board")):
                (folder / f"{name}.md").write_text(text, encoding="utf-8")
                assert bot.ingest([folder / f"{name}.md"], collection=collection).ingested == 1
        yield path


def fits(name: str, result: Result) -> dict[str, Any]:
    """Return what a command printed, which fits its schema."""
    schema = json.loads((SCHEMAS / f"privacy-{name}.json").read_text(encoding="utf-8"))
    Draft202012Validator(schema).validate(result.json)
    assert result.code == 0
    return result.json


def test_from_nothing_known_to_figures_and_their_history(cli: Cli) -> None:
    empty = fits("quality", cli("privacy", "quality", "--json"))
    assert (empty["confirmed"], empty["figures"], empty["history"], empty["drift"]) == (0, [], [], None)
    assert empty["unlabelled"] == ["EMAIL_ADDRESS", "PERSON"]
    said = cli("privacy", "quality")
    assert "nothing is known of how well redaction does" in said.out
    assert "privacy sample" in said.out
    assert cli("privacy", "measure").code == 2

    drawn = fits("sample", cli("privacy", "sample", "--json", "--seed", "3"))
    assert drawn == fits("sample", cli("privacy", "sample", "--json", "--seed", "3"))
    (letter,) = (one for one in drawn["passages"] if one["title"] == "Complaint")
    shown = cli("documents", "show", letter["document"], "--text", "--json").json["text"]
    assert shown[letter["start"] : letter["end"]] == letter["text"]
    masked = [(letter["text"][one["start"] : one["end"]], one["type"]) for one in letter["masked"]]
    assert masked == [("Maria Lopez", "PERSON"), ("maria.lopez@example.net", "EMAIL_ADDRESS")]
    said = cli("privacy", "sample", "--collection", "letters", "--seed", "3")
    assert f"{letter['document']} {letter['start']}:{letter['end']}  Complaint, version 1" in said.out
    assert "[PERSON: Maria Lopez] complained" in said.out
    assert "--seed 3" in said.err

    stretch = f"{letter['start']}:{letter['end']}"
    done = fits("confirm", cli("privacy", "confirm", letter["document"], stretch, "--language", "en", "--json"))
    assert (done["labels"], done["language"], done["is_new"]) == (2, "en", True)
    again = cli("privacy", "confirm", letter["document"], stretch)
    assert again.out.startswith(f"was confirmed before: {letter['document']} {stretch}")
    unmeasured = cli("privacy", "quality").out
    assert "1 stretches are confirmed, 1 of them not in the last measure" in unmeasured
    assert "Nothing is measured yet" in unmeasured

    run = fits("measure", cli("privacy", "measure", "--json"))
    assert (run["stretches"], run["labels"], run["covered"], run["unseen"], run["failed"]) == (1, 2, 2, 0, 0)
    assert "1 stretches with 2 labels, of which 2 are covered" in cli("privacy", "measure").out
    ledger = fits("quality", cli("privacy", "quality", "--json"))
    assert [(one["type"], one["labels"], one["measures"]["covering_recall"]["value"]) for one in ledger["figures"]] == [
        (None, 2, 1.0),
        ("EMAIL_ADDRESS", 1, 1.0),
        ("PERSON", 1, 1.0),
    ]
    assert [one["labels"] for one in ledger["history"]] == [2, 2]
    said = cli("privacy", "quality").out
    assert "PERSON                    all             1  1.000 0.207–1.000" in said
    assert "no earlier measure by another detector" in said
    listed = {one["type"] for one in cli("audit", "list", "--json").json["records"]}
    assert {"privacy.sample", "privacy.confirm", "privacy.measure", "privacy.quality"} <= listed


def test_a_worse_profile_is_told_in_a_clear_word(cli: Cli, home: Path, tmp_path: Path) -> None:
    names = "Ann Ben Carl Dora Emil Fred Gina Hans Ida Jon".split()
    text = "# Members\n\n" + "\n\n".join(f"Write to {name.lower()}@mail.example about it." for name in names)
    (tmp_path / "members.md").write_text(text, encoding="utf-8")
    assert cli("ingest", tmp_path / "members.md", "--collection", "members").code == 0
    for one in cli("privacy", "sample", "--collection", "members", "--json").json["passages"]:
        assert cli("privacy", "confirm", one["document"], f"{one['start']}:{one['end']}").code == 0
    assert cli("privacy", "measure").code == 0
    (home / "policies" / "redaction.yaml").write_text("collections: {members: pci-dss}\n", encoding="utf-8")
    assert cli("privacy", "measure").code == 0
    said = cli("privacy", "quality").out
    assert "WORSE: EMAIL_ADDRESS, all types; compared on the same" in said
    assert "EMAIL_ADDRESS, recall, covered: 10 of 10, now 0 of 10 (-1.000, -1.000 to -0.608): WORSE" in said
    drift = fits("quality", cli("privacy", "quality", "--json"))["drift"]
    assert {one["type"] for one in drift["changes"] if one["worse"]} == {None, "EMAIL_ADDRESS"}


def test_who_may_not_see_learns_nothing(cli: Cli) -> None:
    listed = cli("documents", "list", "--no-reveal", "--json").json["documents"]
    ids = {one["title"]: one["document"] for one in listed}
    told = set()
    for document in (ids["Complaint"], ids["Minutes"], ABSENT):
        refused = cli("privacy", "confirm", document, "0:30", "--as", "ben")
        told.add((refused.code, refused.out, refused.err))
    assert len(told) == 1
    assert next(iter(told))[0] == 1
    assert fits("sample", cli("privacy", "sample", "--as", "ben", "--json"))["passages"] == []
    assert "no passage that nobody has reviewed" in cli("privacy", "sample", "--as", "ben").out
    ledger = fits("quality", cli("privacy", "quality", "--as", "ben", "--json"))
    assert "Minutes" not in str(ledger)
    assert all(run["labels"] == 2 for run in ledger["history"])


@pytest.mark.parametrize("stretch", ["", "12", "5:", "-1:5", "a:b", "5:4", "3:3", "0:99999"])
def test_a_stretch_that_is_none_is_a_usage_error(cli: Cli, stretch: str) -> None:
    document = cli("documents", "list", "--json").json["documents"][0]["document"]
    result = cli("privacy", "confirm", "--json", "--", document, stretch)
    assert result.code == 2
    assert "expected" in result.json["error"]["message"]
