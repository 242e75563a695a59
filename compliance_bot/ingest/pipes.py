"""Read and write pipes without ever waiting past a deadline: what is at the other end may be stuck."""

from __future__ import annotations

import os
import selectors
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_PIECE = 1 << 16  # bytes per read: what a pipe holds


class PipeClosed(Exception):
    """The other end is gone."""


class Deadline:
    """A moment on the monotonic clock."""

    def __init__(self, seconds: float) -> None:
        self._at = time.monotonic() + seconds

    def wait(self, descriptor: int, event: int) -> None:
        """Return once the descriptor is ready for `selectors.EVENT_READ` or `EVENT_WRITE`. Raises TimeoutError."""
        with selectors.DefaultSelector() as selector:
            selector.register(descriptor, event)
            if not selector.select(max(0.0, self._at - time.monotonic())):
                raise TimeoutError


def write_all(descriptor: int, pieces: Iterable[bytes], deadline: Deadline) -> None:
    """Write everything to a non-blocking pipe. Raises TimeoutError or PipeClosed."""
    for piece in pieces:
        rest = memoryview(piece)
        while rest:
            deadline.wait(descriptor, selectors.EVENT_WRITE)
            try:
                rest = rest[os.write(descriptor, rest) :]
            except BlockingIOError:
                continue
            except OSError as error:
                raise PipeClosed from error


def read_exactly(descriptor: int, length: int, deadline: Deadline) -> bytes:
    """Return the next `length` bytes of a non-blocking pipe. Raises TimeoutError or PipeClosed."""
    read = bytearray()
    while len(read) < length:
        deadline.wait(descriptor, selectors.EVENT_READ)
        try:
            piece = os.read(descriptor, min(_PIECE, length - len(read)))
        except BlockingIOError:
            continue
        except OSError as error:
            raise PipeClosed from error
        if not piece:
            raise PipeClosed
        read += piece
    return bytes(read)
