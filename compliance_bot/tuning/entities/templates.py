"""Texts made of templates: `{slot}` replaced by an invented value, the places of names known exactly."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from compliance_bot.tuning.entities.example import Example, Mention

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compliance_bot.tuning.entities.fillers import Fillers

_FOLDER = Path(__file__).parent / "templates"
_SLOT = re.compile(r"\{\{|\}\}|\{(\w+)\}")
_JOINED = re.compile(r"\.? ")  # between two parts of one name: `{first} {i}. {last}`


def template_lines() -> dict[str, tuple[str, ...]]:
    r"""Return the templates by domain. `\n` in a line of the file is a line break."""
    return {
        path.stem: tuple(
            line.replace(r"\n", "\n")
            for line in path.read_text(encoding="utf-8").splitlines()
            if line and not line.startswith("# ")
        )
        for path in sorted(_FOLDER.glob("*.txt"))
    }


def made_from(template: str, fillers: Fillers, domain: str) -> Example:
    """Return one text made from a template."""
    parts: list[str] = []
    mentions: list[Mention] = []
    done = length = 0

    def add(text: str) -> None:
        nonlocal length
        parts.append(text)
        length += len(text)

    for match in _SLOT.finditer(template):
        add(template[done : match.start()])
        done = match.end()
        if match.group(1) is None:
            add(match.group()[0])
            continue
        slot = match.group(1)
        if slot == "mr":
            add(f"{fillers.honorific()} ")
            slot = "last"
        value = fillers.fill(slot)
        kind = fillers.kind(slot)
        if kind is not None:
            article = "the " if value.startswith("the ") else ""
            _join(mentions, Mention(start=length + len(article), end=length + len(value), kind=kind), "".join(parts))
        add(value)
    add(template[done:])
    return Example(text="".join(parts), mentions=tuple(mentions), domain=domain)


def made(fillers: Fillers, count: int, *, held_out: bool = False) -> Iterator[Example]:
    """Yield `count` texts, all templates equally often: those for training, or every tenth, which is held out."""
    each_line = ((n, line, name) for name, lines in template_lines().items() for n, line in enumerate(lines))
    lines = [(line, name) for n, line, name in each_line if (n % 10 == 7) == held_out]
    order: list[tuple[str, str]] = []
    for _ in range(count):
        if not order:
            order = list(lines)
            fillers.random.shuffle(order)
        line, name = order.pop()
        yield made_from(line, fillers, f"made/{name}")


def _join(mentions: list[Mention], fresh: Mention, text: str) -> None:
    last = mentions[-1] if mentions else None
    if last and last.kind == fresh.kind == "PER" and _JOINED.fullmatch(text[last.end : fresh.start]):
        mentions[-1] = Mention(start=last.start, end=fresh.end, kind="PER")
    else:
        mentions.append(fresh)
