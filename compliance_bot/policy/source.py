"""Cut a policy file into its policies, so that each can be shown in its author's words and found again by line.

Cedar parses policies and tells their meaning, but not where they stand. Only strings, comments and semicolons matter
here; what a piece says is still read by Cedar.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_PART = re.compile(r'"(?:[^"\\]|\\.)*"|//[^\n]*|(?P<end>;)|[^";/]+|.', re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One policy as written, from its first annotation to its semicolon. Lines count from 1."""

    line: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a policy stands."""

    id: str
    file: str  # name within the folder
    line: int
    text: str


def pieces(text: str) -> Iterator[Piece]:
    """Yield the policies of a file in order, without the comments between them."""
    start: int | None = None
    for part in _PART.finditer(text):
        token = part[0]
        if start is None:
            if token.isspace() or token.startswith("//"):
                continue
            start = part.start() + len(token) - len(token.lstrip())
        if part["end"]:
            yield Piece(line=text.count("\n", 0, start) + 1, text=text[start : part.end()])
            start = None
    if start is not None:
        yield Piece(line=text.count("\n", 0, start) + 1, text=text[start:].rstrip())
