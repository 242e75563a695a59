"""Members come back under their names, in their order, byte for byte; a stream that is none is refused."""

from __future__ import annotations

import hashlib
import io
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance_bot.keys import Keyring
from compliance_bot.recovery import members
from compliance_bot.recovery.members import read_members, write_end, write_member
from compliance_bot.recovery.sealed_file import SealBroken, Sealing, opened, read_preamble

NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="/\0."), min_size=1, max_size=20)
CONTENTS = st.lists(st.binary(max_size=50), max_size=4)


def written(*given: tuple[str, list[bytes]], end: bool = True) -> bytes:
    sink = io.BytesIO()
    for name, blocks in given:
        write_member(sink, name, blocks)
    if end:
        write_end(sink)
    return sink.getvalue()


def pieces(stream: bytes, size: int) -> Iterator[bytes]:
    return iter([stream[at : at + size] for at in range(0, len(stream), size)])


def read(stream: bytes, size: int = 7) -> list[tuple[str, bytes]]:
    return [(member.name, b"".join(member)) for member in read_members(pieces(stream, size))]


@given(st.lists(st.tuples(NAMES, CONTENTS), max_size=5), st.integers(1, 40))
def test_members_come_back_as_they_were(given: list[tuple[str, list[bytes]]], size: int) -> None:
    assert read(written(*given), size) == [(name, b"".join(blocks)) for name, blocks in given]


def test_a_member_is_described_alike_when_it_is_written_read_and_passed_over() -> None:
    stream = io.BytesIO()
    kept = write_member(stream, "policies/a.cedar", [b"one", b"", b"two"])
    write_end(stream)
    assert (kept.size_bytes, kept.sha256) == (6, hashlib.sha256(b"onetwo").hexdigest())
    for is_read in (True, False):
        for member in read_members(pieces(stream.getvalue(), 5)):
            if is_read:
                assert b"".join(member) == b"onetwo"
            assert member.drained() == kept


def test_a_block_larger_than_a_reader_takes_is_written_as_several(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(members, "_MOST_BLOCK_BYTES", 10)
    assert read(written(("a", [b"x" * 25]))) == [("a", b"x" * 25)]


def test_a_stream_that_ends_too_early_is_refused_at_every_place() -> None:
    stream = written(("a", [b"one", b"two"]), ("b/c", []))
    for length in range(len(stream)):
        with pytest.raises(SealBroken):
            read(stream[:length])


def test_a_stream_that_goes_on_behind_its_end_is_refused() -> None:
    with pytest.raises(SealBroken):
        read(written(("a", [b"one"])) + b"\0")


@pytest.mark.parametrize("name", ["/etc/passwd", "../keys/x", "a/../../x", "a//b", "a/", "./a", "a\0b"])
def test_a_name_that_leads_elsewhere_is_refused(name: str) -> None:
    with pytest.raises(SealBroken):
        read(written((name, [b"x"])))


def test_a_name_that_is_no_text_is_refused() -> None:
    with pytest.raises(SealBroken):
        read(b"\0\1\xff\0\0\0\0\0\0")


def test_a_block_that_claims_to_be_huge_is_refused() -> None:
    with pytest.raises(SealBroken):
        read(b"\0\1a\xff\xff\xff\xff" + bytes(100))


def test_memory_does_not_grow_with_what_is_written_and_read(tmp_path: Path) -> None:
    keyring, block = Keyring(b"k" * 32), bytes(1 << 20)
    tracemalloc.start()
    try:
        with (tmp_path / "x").open("wb") as file:
            sealing = Sealing(file, keyring, b"{}")
            kept = write_member(sealing, "large", (block for _ in range(64)))
            write_end(sealing)
            sealing.finish()
        with (tmp_path / "x").open("rb") as file:
            (read,) = [member.drained() for member in read_members(opened(file, keyring, read_preamble(file)))]
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert read == kept
    assert read.size_bytes == 64 << 20
    assert peak < 12 << 20
