"""A sealed file opens as what was written, or not at all: whatever is changed, left out, doubled, moved or added."""

from __future__ import annotations

import io
from itertools import pairwise

import pytest

from compliance_bot.keys import Keyring
from compliance_bot.recovery import sealed_file
from compliance_bot.recovery.sealed_file import MAGIC, TAG_BYTES, NotSealed, SealBroken, Sealing, opened, read_preamble

KEYRING = Keyring(b"k" * 32)
HEADER = b'{"backup": "one"}'
SEGMENT = 64  # in the tests that try every place


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealed_file, "SEGMENT_BYTES", SEGMENT)


def seal(stream: bytes, *, header: bytes = HEADER, at_once: int = 1 << 30) -> bytes:
    file = io.BytesIO()
    sealing = Sealing(file, KEYRING, header)
    for start in range(0, len(stream), at_once):
        sealing.write(stream[start : start + at_once])
    sealing.finish()
    return file.getvalue()


def unseal(sealed: bytes, keyring: Keyring = KEYRING) -> bytes:
    file = io.BytesIO(sealed)
    return b"".join(opened(file, keyring, read_preamble(file)))


def split(sealed: bytes) -> tuple[bytes, list[bytes]]:
    """Return what stands before the segments, and the sealed segments."""
    file = io.BytesIO(sealed)
    begin = len(read_preamble(file).encoded())
    size = sealed_file.SEGMENT_BYTES + TAG_BYTES
    return sealed[:begin], [sealed[at : at + size] for at in range(begin, len(sealed), size)]


def stream(size: int) -> bytes:
    return bytes(number % 251 for number in range(size))


REAL = sealed_file.SEGMENT_BYTES


@pytest.mark.parametrize("size", [0, 1, REAL - 1, REAL, REAL + 1, 2 * REAL, 2 * REAL + 1])
def test_what_was_sealed_opens_at_every_border_of_segments(size: int) -> None:
    given = stream(size)
    sealed = seal(given)
    assert unseal(sealed) == given
    assert len(split(sealed)[1]) == max(1, -(-size // REAL))
    assert read_preamble(io.BytesIO(sealed)).header == HEADER


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("at_once", [1, 63, 64, 65, 1000])
def test_it_does_not_matter_in_which_pieces_a_stream_comes(at_once: int) -> None:
    for size in (0, 1, 63, 64, 65, 128, 200):
        assert unseal(seal(stream(size), at_once=at_once)) == stream(size)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("size", [0, 1, 64, 150])
def test_a_flipped_bit_is_found_wherever_it_is(size: int) -> None:
    sealed = seal(stream(size))
    for at in range(len(sealed)):
        changed = bytearray(sealed)
        changed[at] ^= 1 << (at % 8)
        with pytest.raises(SealBroken if at >= len(MAGIC) else NotSealed):
            unseal(bytes(changed))


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("size", [0, 1, 64, 128, 150])
def test_a_file_that_was_cut_short_anywhere_is_found(size: int) -> None:
    sealed = seal(stream(size))
    for length in range(len(sealed)):
        with pytest.raises(SealBroken if length >= len(MAGIC) else NotSealed):
            unseal(sealed[:length])


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("size", [0, 1, 64, 128, 150])
@pytest.mark.parametrize("added", [b"\0", bytes(TAG_BYTES), bytes(SEGMENT + TAG_BYTES), b"x" * 300])
def test_bytes_behind_the_end_are_found(size: int, added: bytes) -> None:
    with pytest.raises(SealBroken):
        unseal(seal(stream(size)) + added)


@pytest.mark.usefixtures("small")
def test_segments_that_are_left_out_doubled_or_swapped_are_found() -> None:
    begin, segments = split(seal(stream(5 * SEGMENT)))
    assert len(segments) == 5
    for at in range(5):
        for others in (
            segments[:at] + segments[at + 1 :],
            segments[: at + 1] + segments[at:],
            segments[:at] + segments[at + 1 : at + 2] + segments[at : at + 1] + segments[at + 2 :],
        ):
            if others != segments:
                with pytest.raises(SealBroken):
                    unseal(begin + b"".join(others))


@pytest.mark.usefixtures("small")
def test_a_segment_of_another_backup_of_the_same_home_is_found() -> None:
    given = stream(3 * SEGMENT)
    (begin, segments), (_, others) = split(seal(given)), split(seal(given))
    for at in range(3):
        with pytest.raises(SealBroken):
            unseal(begin + b"".join(segments[:at] + others[at : at + 1] + segments[at + 1 :]))


def test_another_header_does_not_open_what_follows() -> None:
    begin, segments = split(seal(b"stream"))
    other = begin.replace(b"one", b"two")
    assert other != begin
    with pytest.raises(SealBroken, match="damaged, incomplete or changed"):
        unseal(other + b"".join(segments))


def test_other_keys_do_not_open_it() -> None:
    with pytest.raises(SealBroken):
        unseal(seal(b"stream"), Keyring(b"l" * 32))


def test_nothing_of_a_broken_segment_is_given_out() -> None:
    sealed = bytearray(seal(stream(3 * REAL)))
    sealed[-REAL // 2] ^= 1
    file = io.BytesIO(bytes(sealed))
    segments = opened(file, KEYRING, read_preamble(file))
    assert next(segments) + next(segments) == stream(2 * REAL)
    with pytest.raises(SealBroken):
        next(segments)


def test_nothing_of_the_stream_stands_in_the_file_and_no_two_files_are_alike() -> None:
    given = b"Ana Lopez lives at the harbour. " * 100
    one, two = seal(given), seal(given)
    assert b"Ana Lopez" not in one
    assert b"harbour" not in one
    assert one[len(MAGIC) :] != two[len(MAGIC) :]
    assert all(left != right for left, right in pairwise(split(seal(bytes(3 * REAL)))[1]))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 a zip archive", MAGIC[:-2], b"compliance-bot backup 2\n"])
def test_another_file_is_said_to_be_no_backup(content: bytes) -> None:
    with pytest.raises(NotSealed, match="no backup"):
        unseal(content)


def test_a_header_that_claims_to_be_huge_is_not_read() -> None:
    with pytest.raises(SealBroken):
        unseal(MAGIC + bytes(32) + b"\xff\xff\xff\xff" + b"x" * 1000)


def test_a_header_that_would_not_be_read_again_is_not_written() -> None:
    with pytest.raises(ValueError, match="65536"):
        Sealing(io.BytesIO(), KEYRING, bytes(65_537))
