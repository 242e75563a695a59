"""Lists of bytes as PostgreSQL gets them: arrays in its binary format, written in one go.

The driver looks at each element of a list before it writes it, which costs more than all else that a statement with a
dozen of them costs here. Register it on a connection: `psycopg.types` has no such type.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from psycopg.adapt import Dumper
from psycopg.pq import Format

if TYPE_CHECKING:
    import psycopg
    from psycopg.abc import Buffer

_BYTEA, _UUID = 17, 2950
_HEAD, _LENGTH = struct.Struct("!iiIii"), struct.Struct("!i")


class ByteaArray(tuple[bytes, ...]):
    """What becomes a `bytea[]`."""

    __slots__ = ()


class UuidArray(tuple[bytes, ...]):
    """What becomes a `uuid[]`: the 16 bytes of each."""

    __slots__ = ()


class _ByteaDumper(Dumper):
    format, oid, element = Format.BINARY, 1001, _BYTEA

    def dump(self, obj: tuple[bytes, ...]) -> Buffer:
        """Return one dimension, no nulls, the type of the elements, how many, from 1 on; then each with its length."""
        parts = [_HEAD.pack(1, 0, self.element, len(obj), 1)]
        for one in obj:
            parts += (_LENGTH.pack(len(one)), one)
        return b"".join(parts)


class _UuidDumper(_ByteaDumper):
    oid, element = 2951, _UUID


def register_arrays(connection: psycopg.Connection[object]) -> None:
    """Let a connection take them."""
    connection.adapters.register_dumper(ByteaArray, _ByteaDumper)
    connection.adapters.register_dumper(UuidArray, _UuidDumper)
