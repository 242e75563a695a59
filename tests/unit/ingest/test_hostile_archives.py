"""What hostile ZIP archives try, through the parser's own process: sizes that lie, shared bytes, endless numbers."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from typing import TYPE_CHECKING

import pytest

from compliance_bot.ingest import expand
from compliance_bot.ingest.container import DEEPEST, Member
from compliance_bot.ingest.items import Item
from compliance_bot.ingest.sandbox import ParserProcess
from compliance_bot.ingest.unreadable import Limits, Reason, UnreadableDocument
from compliance_bot.records import Rejected
from tests.unit.ingest.formats.packages import understated, zipped

if TYPE_CHECKING:
    from collections.abc import Iterator

LIMITS = Limits(unpacked_bytes=20_000_000, size_bytes=15_000_000)
GOOD = "Keep records."


@pytest.fixture(scope="module")
def parser() -> Iterator[ParserProcess]:
    with ParserProcess(timeout_s=20, limits=LIMITS) as shared:
        yield shared


def unpacked(parser: ParserProcess, data: bytes) -> dict[str, int | Reason]:
    """Return the length of each member, or why it cannot be had."""
    members = parser.unpack(data, "a.zip")
    assert members is not None
    return {member.name: member.refused.reason if member.refused else len(member.data) for member in members}


def refusal(parser: ParserProcess, data: bytes) -> Reason:
    with pytest.raises(UnreadableDocument) as caught:
        parser.unpack(data, "a.zip")
    return caught.value.reason


def patched(data: bytes, name: str, *, at: int, kind: str, value: int) -> bytes:
    """Return the archive with a field changed in both headers of a member; `at` is its place in the local one."""
    changed = bytearray(data)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        in_directory = archive.start_dir
        for entry in archive.infolist():
            if entry.filename == name:
                break
            in_directory += 46 + len(entry.filename.encode()) + len(entry.extra) + len(entry.comment)
    struct.pack_into(kind, changed, entry.header_offset + at, value)
    struct.pack_into(kind, changed, in_directory + at + 2, value)
    return bytes(changed)


def overlapping(count: int, size: int) -> bytes:
    """Return an archive whose members share one run of bytes: each quotes the headers up to it (Fifield 2019)."""
    compressor = zlib.compressobj(9, wbits=-15)
    body, content = compressor.compress(bytes(size)) + compressor.flush(), bytes(size)
    entries: list[tuple[bytes, int]] = []
    for number in reversed(range(count)):
        name = b"%06d" % number
        fields = struct.pack("<HHHHHIIIH", 20, 0, 8, 0, 33, zlib.crc32(content), len(body), len(content), len(name))
        header = b"PK\x03\x04" + fields + bytes(2) + name
        entries.append((b"PK\x01\x02" + bytes((20, 0)) + fields + bytes(12), len(body) + len(header)))
        body, content = header + body, header + content
        if number:
            body = struct.pack("<BHH", 0, len(header), 0xFFFF ^ len(header)) + body
    directory = b""
    for number, (entry, from_end) in enumerate(reversed(entries)):
        directory += entry + struct.pack("<I", len(body) - from_end) + b"%06d" % number
    return body + directory + struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, count, count, len(directory), len(body), 0)


def test_an_archive_whose_members_share_bytes_is_refused(parser: ParserProcess) -> None:
    data = overlapping(300, 1_000_000)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert sum(info.file_size for info in archive.infolist()) > 10_000 * len(data)
    assert refusal(parser, data) is Reason.CORRUPT
    assert unpacked(parser, overlapping(1, 10)) == {"000000": 10}


def test_a_size_that_is_told_too_small_harms_that_file_only(parser: ParserProcess) -> None:
    data = understated(zipped({"bomb.txt": bytes(30_000_000)}), 1_000)
    assert unpacked(parser, data) == {"bomb.txt": Reason.CORRUPT}
    data = patched(zipped({"a.txt": bytes(9_000_000), "b.txt": GOOD}), "a.txt", at=22, kind="<I", value=5)
    assert unpacked(parser, data) == {"a.txt": Reason.CORRUPT, "b.txt": len(GOOD)}


@pytest.mark.parametrize(("told", "found"), [(14_000_000, len(GOOD)), (4_000_000_000, Reason.TOO_LARGE)])
def test_a_size_that_is_told_too_large_takes_no_room(parser: ParserProcess, told: int, found: int | Reason) -> None:
    data = patched(zipped({"a.txt": GOOD, "b.txt": bytes(14_000_000)}), "a.txt", at=22, kind="<I", value=told)
    assert unpacked(parser, data) == {"a.txt": found, "b.txt": 14_000_000}


def test_damaged_files_take_the_room_that_they_were_unpacked_in(parser: ParserProcess) -> None:
    data = zipped({name: bytes(14_000_000) for name in "abc"})
    for name in "ab":
        data = patched(data, name, at=14, kind="<I", value=1)  # a wrong checksum, seen at the end
    assert unpacked(parser, data) == dict(zip("abc", (Reason.CORRUPT, *[Reason.UNPACKS_TOO_LARGE] * 2), strict=True))


def test_a_hundred_thousand_members_are_refused_by_their_number(parser: ParserProcess) -> None:
    entry = b"PK\x01\x02" + bytes(24) + b"\1\0" + bytes(16) + b"a"
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 1, 1, 100_000 * len(entry), 0, 0)  # it tells of one member
    data = b"PK\x03\x04" + bytes(26) + entry * 100_000 + end
    assert refusal(parser, data) is Reason.TOO_MANY_MEMBERS


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_many_files_of_one_name_are_files_of_different_names(parser: ParserProcess) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in ["a.txt"] * 1_000 + [f"a ({number}).txt" for number in range(2, 500)] * 2:
            archive.writestr(name, name)
    assert len(unpacked(parser, buffer.getvalue())) == 1_996


def test_an_encrypted_file_and_an_unusual_packing_are_told(parser: ParserProcess) -> None:
    data = zipped({"a.txt": GOOD, "b.txt": GOOD, "c.txt": GOOD})
    data = patched(data, "a.txt", at=6, kind="<H", value=1)
    data = patched(data, "b.txt", at=8, kind="<H", value=9)  # Deflate64
    assert unpacked(parser, data) == {"a.txt": Reason.ENCRYPTED, "b.txt": Reason.COMPRESSION, "c.txt": len(GOOD)}


def test_a_file_that_unpacks_at_once_beyond_the_memory_is_refused_and_the_next_is_unpacked() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("a.txt", bytes(100_000_000))
    data = patched(buffer.getvalue(), "a.txt", at=22, kind="<I", value=5)
    assert len(data) < 1_000
    with ParserProcess(limits=LIMITS, memory_bytes=100_000_000) as weak:
        assert refusal(weak, data) is Reason.STOPPED
        assert unpacked(weak, zipped({"a.txt": GOOD})) == {"a.txt": len(GOOD)}


def taken_apart(data: bytes, parser: ParserProcess, limits: Limits = LIMITS) -> list[Item | Rejected]:
    item = Item(name="a.zip", identity="file:/a.zip", data=data)
    return list(expand.expanded([item], parser, (), limits=limits))


@pytest.mark.parametrize("depth", [DEEPEST, DEEPEST + 1])
def test_archives_within_each_other_are_taken_apart_to_the_limit(parser: ParserProcess, depth: int) -> None:
    data = zipped({"a.txt": GOOD})
    for _ in range(depth - 1):
        data = zipped({"a.zip": data})
    (found,) = taken_apart(data, parser)
    if depth > DEEPEST:
        assert isinstance(found, Rejected)
        assert "within each other: more than 3" in found.reason
    else:
        assert isinstance(found, Item)
        assert found.data == GOOD.encode()


class Quine(ParserProcess):
    """A parser of an archive that holds itself, some times over."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self._times = times
        self.asked: list[int] = []

    def unpack(self, data: bytes, name: str, *, most_bytes: int | None = None) -> tuple[Member, ...]:
        assert most_bytes is not None
        self.asked.append(most_bytes)
        return tuple(Member(name=f"{number}.zip", data=data) for number in range(self._times))


def test_an_archive_that_holds_itself_ends_at_the_limit_of_depth() -> None:
    parser = Quine(1)
    (found,) = taken_apart(zipped({}) + bytes(1_000), parser)
    assert isinstance(found, Rejected)
    assert "within each other" in found.reason
    assert len(parser.asked) == DEEPEST + 1


def test_an_archive_that_holds_itself_many_times_ends_at_the_number_of_files() -> None:
    parser = Quine(60)
    found = taken_apart(zipped({}), parser, Limits(members=1_000))
    assert all(isinstance(one, Rejected) for one in found)
    assert any("too many files: more than 1000" in one.reason for one in found if isinstance(one, Rejected))
    assert len(parser.asked) < 1_100


def test_once_an_archive_is_full_nothing_more_of_it_is_unpacked(parser: ParserProcess) -> None:
    bomb = zipped({name: bytes(14_000_000) for name in "ab"})
    found = taken_apart(zipped({"a.zip": bomb, "b.zip": zipped({"b.txt": GOOD})}), parser)
    assert [type(one).__name__ for one in found] == ["Item", "Rejected", "Rejected"]
    assert {one.reason for one in found if isinstance(one, Rejected)} == {
        "the file unpacks to more than 20000000 bytes"
    }


def test_an_archive_may_not_take_time_without_end(parser: ParserProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expand, "_MOST_S", 0)
    (found,) = taken_apart(zipped({"a.zip": zipped({"a.txt": GOOD})}), parser)
    assert isinstance(found, Rejected)
    assert "longer than 0 seconds" in found.reason
