"""Keep a query within a scope: by the list of its classes, or by a bitmap where they are very many.

Whichever it is, the scope alone decides: row-level security would let through the same rows, and is not relied upon.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any, LiteralString

if TYPE_CHECKING:
    from collections.abc import Sequence

    from compliance_bot.records import Scope

_MANY = 4_000
_LISTED = re.compile(r"((?:\w+\.)?acl_id) = ANY\(%\(classes\)s\)")
_MAPPED = r"CASE WHEN \1 < 8 * length(%(classes)s::bytea) THEN get_bit(%(classes)s::bytea, \1) = 1 ELSE false END"


def is_mapped(classes: int, chunks: int, stored: int) -> bool:
    """Return whether a bitmap is better for so many classes and readable chunks of those stored.

    A list is looked up in the index class by class, over a microsecond each; a bitmap is asked about each chunk, also
    those that are not readable, which a list would never touch.
    """
    return classes > _MANY and chunks * 16 >= stored


def bitmap(classes: Sequence[int]) -> bytes:
    """Return the classes as a bitmap: bit n, counted from the lowest of each byte, is class n."""
    bits = bytearray(max(classes, default=-1) // 8 + 1)
    for class_id in classes:
        bits[class_id >> 3] |= 1 << (class_id & 7)
    return bytes(bits)


def within(query: LiteralString, scope: Scope) -> LiteralString:
    """Return a query with `acl_id = ANY(%(classes)s)` in it as it is asked in this scope."""
    return _by_bitmap(query) if scope.bitmap else query


def given(scope: Scope, **values: Any) -> dict[str, Any]:
    """Return the values of a query that is kept within a scope, with what else it is given.

    Classes go as the server reads an array: a list of Python's is sent as one of small numbers, which have another type
    than the column, and then each row is compared with every class instead of being hashed.
    """
    classes = scope.bitmap or "{" + ",".join(map(str, scope.classes)) + "}"
    return {"tenant": scope.tenant, "classes": classes, **values}


@cache
def _by_bitmap(query: LiteralString) -> LiteralString:
    text, count = _LISTED.subn(_MAPPED, query)
    if not count:
        raise RuntimeError("a query that is not kept within a scope")
    return text
