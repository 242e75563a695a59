"""Pipes with a deadline."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

import pytest

from compliance_bot.ingest.pipes import Deadline, PipeClosed, read_exactly, write_all

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    os.set_blocking(writing, False)
    yield reading, writing
    for end in (reading, writing):
        if os.path.exists(f"/proc/self/fd/{end}"):  # noqa: PTH110  # a link to no file
            os.close(end)


def test_what_is_written_is_read_though_the_pipe_is_small(pipe: tuple[int, int]) -> None:
    pieces = (b"a" * 300_000, b"", b"b" * 300_000)
    writer = threading.Thread(target=write_all, args=(pipe[1], pieces, Deadline(10)))
    writer.start()
    assert read_exactly(pipe[0], 600_000, Deadline(10)) == b"".join(pieces)
    writer.join()


def test_a_reader_that_does_not_read_is_not_waited_for(pipe: tuple[int, int]) -> None:
    with pytest.raises(TimeoutError):
        write_all(pipe[1], (b"a" * 1_000_000,), Deadline(0.05))


def test_a_writer_that_does_not_write_is_not_waited_for(pipe: tuple[int, int]) -> None:
    os.write(pipe[1], b"abc")
    with pytest.raises(TimeoutError):
        read_exactly(pipe[0], 4, Deadline(0.05))


def test_an_end_that_is_gone_is_told_from_one_that_is_slow(pipe: tuple[int, int]) -> None:
    os.close(pipe[1])
    with pytest.raises(PipeClosed):
        read_exactly(pipe[0], 1, Deadline(5))
