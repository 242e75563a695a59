"""Ingesting with other attributes moves a document to another class: permitted by itself, and on record."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.acceptance.conftest import Cli

Write = Callable[[str, str], Path]
GRANTS = """
@id("aml-keeps-its-inbox")
permit (principal in Group::"aml", action == Action::"ingest", resource == Collection::"inbox");
@id("aml-reads-its-inbox")
permit (principal in Group::"aml", action == Action::"read", resource in Collection::"inbox");
"""


@pytest.fixture(autouse=True)
def grants(home: Path) -> None:
    (home / "policies" / "inbox.cedar").write_text(GRANTS, encoding="utf-8")


def test_a_forbidden_move_stops_that_document_and_no_other_of_its_class(cli: Cli, write: Write, tmp_path: Path) -> None:
    for name in ("one", "two"):
        write(f"inbox/{name}.md", f"# Paper {name}\n\nThe text of paper {name}.\n")
    cli("ingest", tmp_path / "inbox", "--collection", "inbox", "--as", "ana")
    write("inbox/two.md", "# Paper two\n\nThe new text of paper two.\n")
    listed = write("attributes.csv", "path,classification\none.md,3\n")
    result = cli("ingest", tmp_path / "inbox", "--collection", "inbox", "--attributes", listed, "--as", "ana", "--json")
    assert result.json["ingested"] == 1
    assert result.json["rejected"] == [{"path": "one.md", "reason": "not permitted"}]
    versions = {d["title"]: d["version"] for d in cli("documents", "list", "--json").json["documents"]}
    assert versions == {"Paper one": 1, "Paper two": 2}


def test_a_permitted_move_names_its_document_in_the_record(cli: Cli, write: Write) -> None:
    path = write("moved.md", "# Moved\n\nThis one is moved.\n")
    cli("ingest", path, "--collection", "inbox")
    cli("ingest", path, "--collection", "inbox", "--set", "classification=2")
    (moved,) = [d for d in cli("documents", "list", "--json").json["documents"] if d["title"] == "Moved"]
    assert moved["attributes"] == {"classification": 2, "collection": "inbox"}
    stored = next(r for r in cli("audit", "list", "--json").json["records"] if r["type"] == "ingest.stored")
    public = cli("audit", "show", stored["record"], "--json").json["envelope"]["public"]
    assert public["reclassified"] == [moved["document"]]
    assert public["versions"] == []
