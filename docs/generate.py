"""Write the reference pages from the program: `python -m docs.generate`, from the top of a checkout.

Each page is a pure function of the program's own definitions (commands, settings, errors, schemas, migrations), so that
it cannot tell anything else; a test compares every page with what this script would write.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import typer
from pydantic_core import PydanticUndefined

from compliance_bot.cli.app import app
from compliance_bot.ingest.unreadable import Reason
from compliance_bot.settings import FILE_NAME, PREFIX, Settings
from docs.refusals import Refusal, refusals
from docs.tables import Migration, read_migrations

ROOT = Path(__file__).resolve().parent.parent
REFERENCE = ROOT / "docs" / "reference"
SCHEMAS = REFERENCE / "schemas"
_NOTE = "<!-- Written by `python -m docs.generate`. Change the program, not this page. -->"
_HELP_WIDTH = 100


_CLI = """\
# Commands

Exit codes: 0 done (an abstention too), 1 refused or a check failed, 2 usage or settings, 3 unavailable, 130
interrupted. Answers go to stdout, everything else to stderr. With `--json`, errors go to stdout as JSON too.
[json.md](json.md) describes what `--json` prints, [errors.md](errors.md) what can go wrong."""

_SETTINGS = f"""\
# Settings

Strongest first: arguments in code, environment variables `{PREFIX}…`, the home's `{FILE_NAME}`.
A key that is not in this table is an error in each of them. In `{FILE_NAME}` a setting has its plain name.

| setting | environment | default | allowed | what it is |
|---|---|---|---|---|"""

_ERRORS = """\
# Errors

Every refusal is a `ComplianceError`. Words in braces are filled in. No message quotes document text, a question or a
secret; what is forbidden and what is absent are refused with the same words. A hint may be overridden where more is
known. Exit codes: 1 refused or a check failed, 2 usage or settings, 3 unavailable.

| error | is a | exit | message | hint |
|---|---|---|---|---|"""

_REASONS = """
## Why a file is left out

The reasons of `UnreadableDocument`, as an ingest run lists them; `{n}` is a count.
"""

_JSON = """\
# JSON

What `--json` prints, version 1. Each shape has a JSON Schema (draft 2020-12) under [schemas/](schemas), and a test
validates output against them. Within a version no field is removed or given another meaning. A field may come: the
schemas are closed so that the test notices, and your program should ignore what it does not know.

Text offsets count characters in the text that this viewer gets (`documents show --text`): there
`text[start:end] == quote`. Times are RFC 3339 in UTC, hashes lower-case hex of SHA-256."""

_SCHEMA = """\
# Database schema

Made by the migrations, in this order; they are plain SQL to read and review. Tables are in the schema `compliance_bot`
unless they say `audit.`. Every table with a `tenant` has row-level security, enabled and forced. The application
account owns nothing; what it may do is granted by `compliance_bot/store/queries/grants.sql`: it can append to the log
and read it, and neither change nor delete a record."""


def pages() -> dict[str, str]:
    """Return every generated page by its file name."""
    makers: dict[str, Callable[[], Iterator[str]]] = {
        "cli.md": cli_page,
        "settings.md": settings_page,
        "errors.md": errors_page,
        "json.md": json_page,
        "schema.md": schema_page,
    }
    return {name: "\n".join((_NOTE, "", *make(), "")) for name, make in makers.items()}


def cli_page() -> Iterator[str]:
    """Yield the help of every command, as the program prints it."""
    yield _CLI
    for path, command in commands():
        yield from ("", f"## {path}", "", "```text", _help(path, command), "```")


def commands() -> Iterator[tuple[str, Any]]:
    """Yield every command with its full name, groups before their members."""
    pending = [("compliance-bot", typer.main.get_command(app))]
    while pending:
        path, command = pending.pop(0)
        yield path, command
        members = getattr(command, "commands", {})
        pending = [(f"{path} {name}", member) for name, member in members.items()] + pending


def settings_page() -> Iterator[str]:
    """Yield the table of settings."""
    yield _SETTINGS
    for name, field in Settings.model_fields.items():
        default = "by machine" if field.default is PydanticUndefined else _shown(field.default)
        cells = (f"`{name}`", f"`{PREFIX}{name.upper()}`", default, _allowed(field), str(field.description))
        yield f"| {' | '.join(cells)} |"


def errors_page() -> Iterator[str]:
    """Yield the table of errors."""
    yield _ERRORS
    for refusal in refusals():
        yield f"| {' | '.join(_error_cells(refusal))} |"
    yield _REASONS
    yield from (f"- {reason.value}" for reason in Reason)


def json_page() -> Iterator[str]:
    """Yield a table of fields for each JSON Schema."""
    yield _JSON
    for file in sorted(SCHEMAS.glob("*.json")):
        schema = json.loads(file.read_text(encoding="utf-8"))
        yield from ("", f"## {schema['title']}", "", schema["description"], "")
        yield from (f"Schema: [{file.name}](schemas/{file.name})", "", "| field | type | what it is |", "|---|---|---|")
        yield from (f"| `{path}` | {kind} | {text} |" for path, kind, text in _fields(schema))


def schema_page() -> Iterator[str]:
    """Yield the tables that the migrations make."""
    yield _SCHEMA
    for migration in read_migrations(ROOT / "migrations"):
        yield from _migration(migration)


def _migration(migration: Migration) -> Iterator[str]:
    yield from (
        "",
        f"## {migration.name}",
        "",
        f"[migrations/{migration.name}.sql](../../migrations/{migration.name}.sql)",
    )
    yield from ("", migration.purpose)
    for table in migration.tables:
        yield from ("", f"### {table.name}", "")
        if table.comment:
            yield from (table.comment, "")
        yield from ("| column | type | note |", "|---|---|---|")
        yield from (f"| `{column.name}` | {column.type} | {column.note} |" for column in table.columns)


def _help(path: str, command: Any) -> str:
    context = command.make_context(path, [], resilient_parsing=True)
    context.terminal_width = _HELP_WIDTH
    context.max_content_width = _HELP_WIDTH
    text: str = command.get_help(context)
    return "\n".join(line.rstrip() for line in text.splitlines())


def _shown(default: object) -> str:
    return "none" if default is None else f"`{default}`"


def _allowed(field: Any) -> str:
    bounds = {type(rule).__name__: rule for rule in field.metadata}
    low, high = getattr(bounds.get("Ge"), "ge", None), getattr(bounds.get("Le"), "le", None)
    if low is not None:
        return f"{low} to {high}" if high is not None else f"from {low}"
    words = re.findall(r"'(\w+)'", str(field.annotation)) if "Literal" in str(field.annotation) else []
    return ", ".join(f"`{word}`" for word in words)


def _error_cells(refusal: Refusal) -> tuple[str, ...]:
    message, hint = (text.replace("|", "\\|") for text in (refusal.message, refusal.hint))
    return f"`{refusal.name}`", f"`{refusal.base}`" if refusal.base else "", str(refusal.exit_code), message, hint


def _fields(schema: dict[str, Any], path: str = "") -> Iterator[tuple[str, str, str]]:
    """Yield path, type and meaning of each field, depth first; `[]` is each item of a list."""
    for name, field in schema.get("properties", {}).items():
        here = f"{path}.{name}" if path else name
        yield here, _kind(field), field.get("description", "")
        items = field.get("items", {})
        yield from _fields(items, f"{here}[]")
        yield from _fields(field, here)


def _kind(field: dict[str, Any]) -> str:
    if "const" in field or "enum" in field:
        return " or ".join(f"`{json.dumps(word)}`" for word in field.get("enum", [field.get("const")]))
    types = field.get("type", "any")
    said = " or ".join(types) if isinstance(types, list) else types
    inner = field.get("items", {}).get("type")
    return f"{said} of {inner}" if said == "array" and inner else str(said)


def main() -> None:
    """Write all pages."""
    for name, text in pages().items():
        (REFERENCE / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
