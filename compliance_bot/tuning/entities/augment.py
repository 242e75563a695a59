"""What makes few labelled texts many: other names in the same places, other ways to use capitals, texts joined."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from compliance_bot.tuning.entities.example import Example, Mention

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

    from compliance_bot.tuning.entities.fillers import Fillers

_RENAMED, _SMALL, _CAPITALS, _TITLED, _ALONE = 0.3, 0.04, 0.05, 0.03, 0.45


def varied(example: Example, fillers: Fillers) -> Example:
    """Return the text with some names exchanged, and now and then in small letters or capitals throughout."""
    draw = fillers.random
    example = renamed(example, fillers)
    chance = draw.random()
    text = example.text
    if chance < _SMALL:
        text = text.lower()
    elif chance < _SMALL + _CAPITALS:
        text = text.upper()
    elif chance < _SMALL + _CAPITALS + _TITLED:
        text = text.title()
    # Other lengths ("ß" is "SS" in capitals) would move the names.
    return replace(example, text=text) if len(text) == len(example.text) else example


def renamed(example: Example, fillers: Fillers) -> Example:
    """Return the text with each name exchanged for an invented one of its kind, with a chance."""
    parts: list[str] = []
    mentions: list[Mention] = []
    done = length = 0
    for mention in example.mentions:
        before, name = example.text[done : mention.start], example.text[mention.start : mention.end]
        if fillers.random.random() < _RENAMED and not name.startswith(("@", "#")):
            name = _another(name, mention.kind, fillers)
        parts += (before, name)
        length += len(before)
        mentions.append(Mention(start=length, end=length + len(name), kind=mention.kind))
        length += len(name)
        done = mention.end
    return replace(example, text="".join((*parts, example.text[done:])), mentions=tuple(mentions))


def _another(name: str, kind: str, fillers: Fillers) -> str:
    draw = fillers.random
    if kind == "PER":
        made = fillers.person() if " " in name else draw.choice([fillers.first, fillers.last])()
    elif kind == "LOC":
        made = fillers.fill(draw.choice(["city", "city", "country", "region", "place"])).removeprefix("the ")
    else:
        slots = (
            "company company company bank court agency ministry association hospital university newspaper union".split()
        )
        made = fillers.fill(draw.choice(slots)).removeprefix("the ")
    return made.upper() if name.isupper() and len(name) > 4 else made


def packed(examples: Sequence[Example], draw: random.Random, most_chars: int) -> list[Example]:
    """Return the texts, many of them joined with those that follow; what follows in a corpus goes on in it."""
    joined: list[Example] = []
    current: Example | None = None
    for example in examples:
        if current and current.domain == example.domain and draw.random() > _ALONE:
            glue = draw.choice([" ", " ", "\n", "\n\n"])
            shift = len(current.text) + len(glue)
            if shift + len(example.text) <= most_chars:
                moved = (replace(m, start=m.start + shift, end=m.end + shift) for m in example.mentions)
                text = current.text + glue + example.text
                current = replace(current, text=text, mentions=(*current.mentions, *moved))
                continue
        if current:
            joined.append(current)
        current = example
    return [*joined, current] if current else joined
