"""The anchor as a file: a chain that shows whatever was done to it, and that a crash cannot break."""

from __future__ import annotations

import multiprocessing
import os
import resource
import signal
import stat
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from compliance_bot.anchor.faults import AnchorAltered, AnchorFromNewer, AnchorUnreadable, AnchorUnwritable
from compliance_bot.anchor.file import AnchorFile
from compliance_bot.anchor.line import Line, chained, format_line, parse_line
from compliance_bot.records import RecordId
from compliance_bot.store.anchored import START

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.synchronize import Barrier

KEY = b"k" * 32
NOON = datetime(2026, 3, 3, 12, 0, 0, 5, tzinfo=UTC)


def following(last: Line | None, *, name: str = "a") -> Line:
    after = last.position if last else START
    return chained(after, at=NOON, record=RecordId("r"), kind="deleted", content={"documents": [name]}, key=KEY)


@pytest.fixture
def file(tmp_path: Path) -> AnchorFile:
    return AnchorFile(tmp_path / "anchor.jsonl", KEY)


def fill(file: AnchorFile, count: int) -> list[bytes]:
    for number in range(count):
        file.append(lambda last, n=number: following(last, name=str(n)))
    return file.path.read_bytes().splitlines(keepends=True)


def test_a_line_comes_back_as_it_was() -> None:
    line = following(None)
    assert parse_line(format_line(line), KEY) == line


def test_where_there_is_no_file_there_is_no_line(file: AnchorFile) -> None:
    assert file.last() is None
    assert list(file.lines()) == []
    assert file.state() is None


def test_lines_follow_each_other_and_the_last_is_found_by_itself(file: AnchorFile) -> None:
    fill(file, 30)
    lines = list(file.lines())
    assert [line.number for line in lines] == list(range(1, 31))
    assert file.last() == lines[-1]
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600


def test_a_last_line_that_is_longer_than_a_block_is_read_whole(file: AnchorFile) -> None:
    fill(file, 2)
    file.append(lambda last: following(last, name="x" * 50_000))
    assert file.last() == list(file.lines())[-1]


@pytest.mark.parametrize("of", [0, 3, 9])
def test_a_line_that_is_changed_dropped_or_moved_is_found(file: AnchorFile, of: int) -> None:
    lines = fill(file, 10)
    changed = [lines[of].replace(b'"documents":["', b'"documents":["x')]
    for text in (
        [*lines[:of], *changed, *lines[of + 1 :]],
        [*lines[:of], lines[of], *lines[of:]],
        [*lines[:of], b"\n", *lines[of:]],
        [*lines[:of], b"[]\n", *lines[of:]],
        [*lines[:of], b"\xff\n", *lines[of:]],
    ):
        file.path.write_bytes(b"".join(text))
        with pytest.raises(AnchorAltered):
            list(file.lines())


def test_a_line_that_is_missing_or_out_of_its_place_is_found(file: AnchorFile) -> None:
    lines = fill(file, 4)
    for text in ([lines[0], *lines[2:]], [lines[0], lines[2], lines[1], lines[3]]):
        file.path.write_bytes(b"".join(text))
        with pytest.raises(AnchorAltered):
            list(file.lines())


def test_another_homes_key_opens_nothing(file: AnchorFile) -> None:
    fill(file, 2)
    with pytest.raises(AnchorAltered):
        AnchorFile(file.path, b"o" * 32).last()


def test_a_version_of_the_future_is_named_as_such(file: AnchorFile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("compliance_bot.anchor.line.VERSION", 2)
    fill(file, 1)
    monkeypatch.undo()
    with pytest.raises(AnchorFromNewer):
        file.last()


def test_half_a_line_at_every_length_is_passed_over_and_cut_off(file: AnchorFile) -> None:
    lines = fill(file, 2)
    whole, half = lines[0], lines[1]
    for length in range(len(half)):
        file.path.write_bytes(whole + half[:length])
        assert [line.number for line in file.lines()] == [1]
        assert file.append(following).number == 2
        assert file.path.read_bytes() == whole + format_line(list(file.lines())[1])


def test_what_the_writer_refuses_leaves_the_file_as_it_was(file: AnchorFile) -> None:
    fill(file, 1)
    before = file.path.read_bytes()

    def refuse(_: Line | None) -> Line:
        raise AnchorAltered

    with pytest.raises(AnchorAltered):
        file.append(refuse)
    assert file.path.read_bytes() == before


def _append_many(path: str, together: Barrier) -> None:
    one = AnchorFile(Path(path), KEY)
    together.wait(60)
    for _ in range(200):
        one.append(following)


def test_two_programs_at_once_make_one_chain(file: AnchorFile) -> None:
    context = multiprocessing.get_context("spawn")
    together = context.Barrier(2)
    programs = [context.Process(target=_append_many, args=(str(file.path), together)) for _ in range(2)]
    for program in programs:
        program.start()
    while any(program.is_alive() for program in programs):
        list(file.lines())  # whoever reads meanwhile sees whole lines
    for program in programs:
        program.join(60)
        assert program.exitcode == 0
    assert [line.number for line in file.lines()] == list(range(1, 401))


@pytest.fixture
def no_room() -> Iterator[None]:
    """Let no file of this process grow beyond some bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    signal.signal(signal.SIGXFSZ, handler)


@pytest.mark.usefixtures("no_room")
@pytest.mark.parametrize("room", [0, 1, 100])
def test_without_room_for_a_line_it_is_as_if_nobody_had_written(file: AnchorFile, room: int) -> None:
    fill(file, 3)
    before = file.path.read_bytes()
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + room, hard))
    with pytest.raises(AnchorUnwritable):
        file.append(following)
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    assert file.path.read_bytes() == before
    assert file.append(following).number == 4


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on a file system of 8 KB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=8k,mode=0755", "tmpfs", str(folder)]
    if subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("needs the right to mount a tmpfs")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_full_disk_leaves_whole_lines_and_heals(tiny_disk: Path) -> None:
    file = AnchorFile(tiny_disk / "anchor.jsonl", KEY)
    with pytest.raises(AnchorUnwritable, match=r"anchor\.jsonl cannot be written"):
        fill(file, 100)
    count = len(list(file.lines()))
    assert count > 5
    subprocess.run(["mount", "-o", "remount,size=64k", str(tiny_disk)], check=True)
    assert file.append(following).number == count + 1


def test_a_folder_that_is_not_there_or_not_for_writing_is_told(tmp_path: Path) -> None:
    with pytest.raises(AnchorUnwritable, match="No such file or directory"):
        AnchorFile(tmp_path / "no" / "anchor.jsonl", KEY).append(following)
    (tmp_path / "folder").mkdir()
    with pytest.raises(AnchorUnwritable):
        AnchorFile(tmp_path / "folder", KEY).append(following)
    with pytest.raises(AnchorUnreadable):
        AnchorFile(tmp_path / "folder", KEY).last()


@pytest.mark.skipif(os.geteuid() != 0, reason="needs the right to act as another account")
def test_the_file_of_another_account_is_neither_read_nor_written(file: AnchorFile) -> None:
    fill(file, 1)
    child = os.fork()
    if not child:
        code = 9
        try:
            os.seteuid(65534)
            with pytest.raises(AnchorUnreadable):
                file.last()
            with pytest.raises(AnchorUnwritable):
                file.append(following)
            code = 0
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
