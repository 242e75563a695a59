"""Arrays are written as the driver writes them."""

from __future__ import annotations

import uuid

import pytest
from psycopg.adapt import PyFormat, Transformer

from compliance_bot.store.arrays import ByteaArray, UuidArray, _ByteaDumper, _UuidDumper


@pytest.mark.parametrize("items", [[b"a"], [b"", b"\x00\xff" * 700, b"x"], [b"one"] * 100])
def test_bytes(items: list[bytes]) -> None:
    expected = Transformer().get_dumper(items, PyFormat.BINARY).dump(items)
    assert _ByteaDumper(ByteaArray).dump(ByteaArray(items)) == expected


def test_uuids() -> None:
    items = [uuid.uuid4() for _ in range(20)]
    expected = Transformer().get_dumper(items, PyFormat.BINARY).dump(items)
    assert _UuidDumper(UuidArray).dump(UuidArray(one.bytes for one in items)) == expected
