"""The reference pages say what the program says."""

from __future__ import annotations

import re

import pytest

from compliance_bot.errors import ComplianceError
from compliance_bot.settings import Settings
from compliance_bot.tuning.quote_corpora import CorpusMissing
from docs.generate import REFERENCE, commands, pages
from docs.refusals import refusals
from docs.tables import read_migrations

PAGES = pages()


@pytest.mark.parametrize("name", sorted(PAGES))
def test_page_is_what_the_program_says(name: str) -> None:
    written = (REFERENCE / name).read_text(encoding="utf-8")
    assert written == PAGES[name], f"{name} is stale: run `python -m docs.generate`"


def test_every_command_has_a_section() -> None:
    assert {"compliance-bot ask", "compliance-bot documents show"} <= {path for path, _ in commands()}
    assert all(f"\n## {path}\n" in PAGES["cli.md"] for path, _ in commands())


def test_every_setting_is_described_with_its_default() -> None:
    for name, field in Settings.model_fields.items():
        assert field.description, name
        assert f"| `{name}` |" in PAGES["settings.md"]
    assert "| `chunk_words` | `COMPLIANCE_BOT_CHUNK_WORDS` | `160` | 20 to 1000 |" in PAGES["settings.md"]


def test_no_default_of_a_setting_is_taken_from_the_machine_that_writes_the_page() -> None:
    assert "| `threads` | `COMPLIANCE_BOT_THREADS` | by machine |" in PAGES["settings.md"]


def test_every_error_has_a_message_and_an_exit_code_that_the_command_line_knows() -> None:
    found = refusals()
    assert len(found) == len({refusal.name for refusal in found}) > 25
    for refusal in found:
        assert refusal.message, refusal.name
        assert refusal.exit_code in {1, 2, 3}, refusal.name


def test_a_message_that_a_class_composes_is_shown_with_its_parts_in_braces() -> None:
    messages = {refusal.name: refusal.message for refusal in refusals()}
    assert messages["NoHome"] == "there is no home at {path}"
    assert messages["Refused"] == "Not permitted, or there is no such thing."


def test_an_error_of_a_test_is_not_on_the_page() -> None:
    class MadeHere(ComplianceError):
        """Only in this test."""

    assert "MadeHere" not in {refusal.name for refusal in refusals()}


def test_an_error_of_the_scripts_that_build_what_ships_is_not_on_the_page_either() -> None:
    assert issubclass(CorpusMissing, ComplianceError)
    assert "CorpusMissing" not in {refusal.name for refusal in refusals()}


def test_every_table_of_the_migrations_is_described() -> None:
    tables = [table for migration in read_migrations(REFERENCE.parents[1] / "migrations") for table in migration.tables]
    created = sum(
        len(re.findall("^CREATE TABLE", file.read_text(encoding="utf-8"), re.MULTILINE))
        for file in (REFERENCE.parents[1] / "migrations").glob("*.sql")
    )
    assert len(tables) == created
    assert all(table.columns for table in tables)
    columns = {(table.name, column.name): column for table in tables for column in table.columns}
    assert columns["audit.entry", "envelope"].note == "the exact bytes that are hashed"
    assert columns["document_version", "valid_to"].type == "timestamptz"
    assert columns["access_class", "id"].type == "integer, not null"
