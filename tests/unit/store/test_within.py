"""When a scope is kept by a bitmap, and that a query which is not kept within one is never asked."""

from __future__ import annotations

from dataclasses import replace

import pytest

from compliance_bot.records import ClassId, Scope
from compliance_bot.store.queries import named_queries
from compliance_bot.store.within import bitmap, given, is_mapped, within

SCOPE = Scope(
    tenant=1,
    principal="ana",
    classes=(ClassId(1), ClassId(9), ClassId(16)),
    chunks=3,
    terms=9,
    policies="",
    determining=(),
)
MAPPED = replace(SCOPE, bitmap=bitmap(SCOPE.classes))


def test_very_many_classes_are_a_bitmap_where_much_is_readable() -> None:
    assert is_mapped(5_000, chunks=5_000, stored=80_000)
    assert not is_mapped(5_000, chunks=5_000, stored=80_001)  # a bitmap is asked about what is not readable, too
    assert not is_mapped(4_000, chunks=80_000, stored=80_000)


def test_a_bitmap_has_a_bit_for_each_class() -> None:
    assert bitmap(SCOPE.classes) == bytes([0b10, 0b10, 0b1])
    assert bitmap([]) == b""
    assert given(MAPPED, k=3) == {"tenant": 1, "classes": bytes([2, 2, 1]), "k": 3}
    assert given(SCOPE) == {"tenant": 1, "classes": "{1,9,16}"}


def test_every_query_of_a_search_can_be_asked_either_way() -> None:
    queries = {name: text for name, text in named_queries("search").items() if "walk" not in name}
    assert len(queries) == 8
    for text in queries.values():
        assert within(text, SCOPE) == text
        assert text.count("%(classes)s") == within(text, MAPPED).count("get_bit(%(classes)s::bytea, ")
        assert "ANY(%(classes)s)" not in within(text, MAPPED)


def test_a_query_without_a_scope_is_not_asked() -> None:
    with pytest.raises(RuntimeError):
        within("SELECT id FROM chunk WHERE tenant = %(tenant)s", MAPPED)
