"""What a national number looks like, how it is checked, and which words speak for it. Data only; `numbers` looks."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """A national number.

    `shapes` are its forms without separators: 9 a digit, A a letter, X either. `form` and `check` get the upper-case
    value without separators; `form` says whether it can be one at all, `check` whether its check digits are right.
    `words` is a regex of labels. `alone` is the score without one, for a right value set as one of `layouts`: sizes of
    its groups, `"3 3 3"`; where `marks` are given, one of them must stand between groups.
    """

    type: str
    shapes: tuple[str, ...]
    words: str
    form: Callable[[str], bool] | None = None
    check: Callable[[str], bool] | None = None
    alone: float = 0.0
    layouts: frozenset[str] = frozenset()
    marks: str = ""


def words(*alternatives: str) -> str:
    """Return a regex of labels, whole words, in any case; a blank stands for a blank, a hyphen or nothing."""
    either = "|".join(alternatives).replace(" ", "[ -]?")
    return rf"(?i)(?<![^\W_])(?:{either})(?![^\W\d_])"


def layouts(*sizes: str) -> frozenset[str]:
    """Return the ways to set a number in groups."""
    return frozenset(sizes)


def matches(pattern: str) -> Callable[[str], bool]:
    """Return a test of form: the whole value is `pattern`."""
    compiled = re.compile(pattern)
    return lambda value: compiled.fullmatch(value) is not None
