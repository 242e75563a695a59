"""A long text in overlapping pieces, so that no recogniser sees more than it can take in one go."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

WINDOW = 1 << 17  # characters looked at in one go
MARGIN = 1 << 12  # seen on either side of a window: more than the longest value (a private key) and what speaks for it


class Window(NamedTuple):
    """What is seen begins at `origin` of the text; a span that starts in [start, end) of the text is this window's."""

    start: int
    end: int
    origin: int
    seen: str


def windows(text: str) -> Iterator[Window]:
    """Yield the windows of `text`; none where it is empty."""
    for start in range(0, len(text), WINDOW):
        origin = max(0, start - MARGIN)
        yield Window(start, start + WINDOW, origin, text[origin : start + WINDOW + MARGIN])
