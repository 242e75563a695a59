"""Read the tables that the migrations make, with the comments that stand beside them.

Not a SQL parser: it reads the plain style in which the migrations are written, one column per line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_TABLE = re.compile(
    r"(?P<comment>(?:^--[^\n]*\n)*)^CREATE TABLE (?P<name>[\w.]+) \(\n(?P<body>.*?)^\)", re.MULTILINE | re.DOTALL
)
_COLUMN = re.compile(r"^  (?P<name>[a-z_]\w*) (?P<type>[a-z]+(?:\(\d+\))?(?:\[\])?)(?P<rest>[^\n]*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column and the comment at the end of its line."""

    name: str
    type: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table and the comment above it."""

    name: str
    comment: str
    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """One migration: what it is for, and the tables it makes."""

    name: str
    purpose: str
    tables: tuple[Table, ...]


def read_migrations(folder: Path) -> tuple[Migration, ...]:
    """Return the migrations in the order in which they are applied."""
    return tuple(_migration(file) for file in sorted(folder.glob("*.sql")))


def _migration(file: Path) -> Migration:
    text = file.read_text(encoding="utf-8")
    head = text.partition("\n\n")[0]
    purpose = _comment("\n".join(line for line in head.splitlines() if not line.startswith("-- depends:")))
    return Migration(name=file.stem, purpose=purpose, tables=tuple(_tables(text)))


def _tables(text: str) -> Iterator[Table]:
    for match in _TABLE.finditer(text):
        columns = tuple(
            Column(name=column["name"], type=_type(column["type"], column["rest"]), note=_note(column["rest"]))
            for column in _COLUMN.finditer(match["body"])
        )
        yield Table(name=match["name"], comment=_comment(match["comment"]), columns=columns)


def _type(type_: str, rest: str) -> str:
    is_required = any(words in rest for words in ("NOT NULL", "PRIMARY KEY", "GENERATED ALWAYS AS IDENTITY"))
    return f"{type_}, not null" if is_required else type_


def _note(rest: str) -> str:
    return rest.partition("-- ")[2].strip().replace("|", "\\|")


def _comment(text: str) -> str:
    return " ".join(line.removeprefix("--").strip() for line in text.splitlines() if line.startswith("--"))
