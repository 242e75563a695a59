"""Turn slides into parts: each slide is a page under its title, with what its speaker notes say at its end.

A slide without a title is named by its number, so that no passage stands under the title of another slide.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from compliance_bot.ingest.assemble import Part, one_line
from compliance_bot.ingest.structure import BlockKind

if TYPE_CHECKING:
    from collections.abc import Iterable

NOTES = "Notes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Slide:
    """A slide's number, counted from 1 with the hidden ones, and its words."""

    number: int
    title: str
    parts: tuple[Part, ...]
    notes: tuple[Part, ...] = ()


def slide_parts(slides: Iterable[Slide]) -> list[Part]:
    """Return the parts of the slides, each on its page. A slide without words gives none."""
    found: list[Part] = []
    for slide in slides:
        title, notes = one_line(slide.title), [part for part in slide.notes if one_line(part.text)]
        if not title and not notes and not any(one_line(part.text) for part in slide.parts):
            continue
        heads = Part(kind=BlockKind.HEADING, text=title or f"Slide {slide.number}", level=1)
        found += (replace(part, page=slide.number) for part in (heads, *slide.parts))
        if notes:
            heads = Part(kind=BlockKind.HEADING, text=NOTES, level=2)
            found += (replace(part, page=slide.number) for part in (heads, *notes))
    return found
