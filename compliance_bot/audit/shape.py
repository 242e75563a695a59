"""Whether a JSON text is canonical, told by its shape. For whoever reads very many texts of few shapes.

A string without escapes has no second encoding, and a positive number has none. So whether a text of these is canonical
depends on its shape: on its keys, and on what stands between strings, with each number a zero. `canonical` is asked
once for each shape. It is asked for the text itself where there is anything else, and where a shape is not canonical:
so nothing is refused here that it takes.
"""

from __future__ import annotations

import re
from functools import lru_cache
from operator import itemgetter
from typing import TYPE_CHECKING

from compliance_bot.audit.canonical import parse_canonical_text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_SHAPES = 256  # remembered. A log has some tens; one of an envelope has 64 KiB at most
_NUMBER = re.compile("[1-9][0-9]{0,17}")  # what is left of a longer one makes no number with the zero before it


def require_canonical_text(text: str) -> None:
    """Raise ValueError for a text that `parse_canonical_text` does not take."""
    if "\\" not in text and text.isprintable():  # each quote begins or ends a string, and all within stands for itself
        parts = text.split('"')  # between strings and within, in turns; an even number where the last string has no end
        between = _NUMBER.sub("0", '"'.join(parts[::2]))
        if len(parts) % 2 and _is_canonical(between, _keys(between)(parts)):
            return
    parse_canonical_text(text)


@lru_cache(maxsize=_SHAPES)
def _keys(between: str) -> Callable[[Sequence[str]], tuple[str, ...]]:
    """Return what takes the keys from the parts of a text: the strings that a colon follows.

    It takes the first part too, twice, since it returns no tuple for less than two.
    """
    return itemgetter(0, 0, *_places(between))


@lru_cache(maxsize=_SHAPES)
def _is_canonical(between: str, keys: tuple[str, ...]) -> bool:
    """Return whether the text of this shape is canonical that has nothing in its other strings."""
    parts = [part for punctuation in between.split('"') for part in (punctuation, "")][:-1]
    for place, key in zip(_places(between), keys[2:], strict=True):
        parts[place] = key
    try:
        parse_canonical_text('"'.join(parts))
    except ValueError:
        return False
    return True


def _places(between: str) -> list[int]:
    """Return which parts of a text of this shape are keys."""
    return [2 * index - 1 for index, part in enumerate(between.split('"')) if index and part.startswith(":")]
