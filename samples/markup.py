"""Read the sources of the sample documents: a small part of Markdown, enough for policies, letters and contracts.

A source opens with a control block between `---` lines (`Key: value`, `title` first), then headings (`##`, `###`),
paragraphs, bullets (`- `, two blanks deeper for a sub-item), numbered items (`1. `), pipe tables and notes (`> `).
Bold is `**so**`. There is nothing else: what is not recognised is a paragraph.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator

_ITEM = re.compile(r"(?P<indent> *)(?P<mark>-|\d+\.) (?P<text>.+)")
_BOLD = re.compile(r"\*\*(.+?)\*\*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """A section title; level 1 is the document's own."""

    level: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Paragraph:
    """Running text; a note is set apart from it."""

    text: str
    is_note: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One list item; `number` 1 starts a numbered list, a bullet has 0."""

    kind: Literal["bullet", "number"]
    text: str
    level: int
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows of equal length; the first is the header."""

    rows: tuple[tuple[str, ...], ...]


Block = Heading | Paragraph | Item | Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A parsed source: title, the control block shown under it, and the body."""

    title: str
    control: tuple[tuple[str, str], ...]
    blocks: tuple[Block, ...]


def parse(text: str) -> Source:
    """Return the source's parts. Raises ValueError when the control block or its title is missing."""
    head, separator, body = text.removeprefix("---\n").partition("\n---\n")
    if not text.startswith("---\n") or not separator:
        raise ValueError("a source opens with a control block between two lines of ---")
    pairs = [(key.strip(), value.strip()) for key, _, value in (line.partition(":") for line in head.splitlines())]
    if not pairs or pairs[0][0] != "title":
        raise ValueError("the first line of a control block is `title: …`")
    return Source(title=pairs[0][1], control=tuple(pairs[1:]), blocks=tuple(_blocks(body)))


def spans(text: str) -> Iterator[tuple[str, bool]]:
    """Yield the pieces of a line with whether each is bold."""
    for position, piece in enumerate(_BOLD.split(text)):
        if piece:
            yield piece, position % 2 == 1


def plain(text: str) -> str:
    """Return a line without its bold marks."""
    return _BOLD.sub(r"\1", text)


def _blocks(body: str) -> Iterator[Block]:
    for chunk in re.split(r"\n\s*\n", body.strip("\n")):
        for kind, group in groupby(chunk.splitlines(), key=_kind):
            lines = list(group)
            if kind == "heading":
                for line in lines:
                    marks, _, title = line.partition(" ")
                    yield Heading(level=len(marks), text=title)
            elif kind == "table":
                yield _table(lines)
            elif kind == "item":
                yield from _items(lines)
            else:
                joined = " ".join(line.removeprefix("> ").strip() for line in lines)
                yield Paragraph(text=joined, is_note=kind == "note")


def _kind(line: str) -> str:
    if line.startswith(("## ", "### ")):
        return "heading"
    if line.startswith("|"):
        return "table"
    if line.startswith("> "):
        return "note"
    return "item" if _ITEM.fullmatch(line) else "text"


def _table(lines: list[str]) -> Table:
    rows = [tuple(cell.strip() for cell in line.strip().strip("|").split("|")) for line in lines]
    rows = [row for row in rows if not all(set(cell) <= set("-: ") for cell in row)]
    if len({len(row) for row in rows}) != 1:
        raise ValueError(f"the rows of a table differ in length: {rows[0]}")
    return Table(rows=tuple(rows))


def _items(lines: list[str]) -> Iterator[Item]:
    for line in lines:
        match = _ITEM.fullmatch(line)
        assert match is not None, "only lines that matched reach this"
        mark = match["mark"]
        yield Item(
            kind="bullet" if mark == "-" else "number",
            text=match["text"],
            level=len(match["indent"]) // 2,
            number=0 if mark == "-" else int(mark[:-1]),
        )
