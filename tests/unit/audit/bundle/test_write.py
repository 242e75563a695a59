"""Exports are written whole or not at all, over nothing, and the same bytes for the same range."""

from __future__ import annotations

import csv
import dataclasses
import io
import stat
import zipfile
from pathlib import Path

import pytest

from compliance_bot.audit.bundle.form import BundleMalformed, limit_bytes
from compliance_bot.audit.bundle.line import Line
from compliance_bot.audit.bundle.selection import Selection
from compliance_bot.audit.bundle.table import HEADER, row
from compliance_bot.audit.bundle.write import ExportInTheWay, ExportNotWritten, write_export
from compliance_bot.audit.envelope import parse_envelope
from compliance_bot.audit.merkle import root
from compliance_bot.audit.tiles import Tile, split_hashes
from tests.audit_logs import MadeLog, MadeSource, signing_key

KEY = signing_key(1)


def contents(path: Path) -> dict[str, bytes]:
    return {str(file.relative_to(path)): file.read_bytes() for file in path.rglob("*") if file.is_file()}


def test_an_export_has_the_files_of_its_range_and_its_tree(tmp_path: Path) -> None:
    log = MadeLog().fill(300)
    log.hand_over(signing_key(2))
    write_export(log.source(first=2, end=299), tmp_path / "export", signing_key(2))
    files = contents(tmp_path / "export")
    assert set(files) == {
        "checkpoint", "handovers/301", "handovers/301.json", "tile/0/000", "tile/0/001.p/45", "tile/1/000.p/1",
        "records/0000000002.jsonl", "records.csv", "manifest.json", "manifest.note", "verify.pyz", "README.txt",
    }  # fmt: skip
    assert root(split_hashes(files["tile/0/000"])) == files["tile/1/000.p/1"]
    assert len(files["records/0000000002.jsonl"].splitlines()) == 297


def test_records_stand_in_files_of_4096(tmp_path: Path) -> None:
    manifest = write_export(MadeLog().fill(4100).source(), tmp_path / "export", KEY)
    names = [file.name for file in manifest.files if file.name.startswith("records/")]
    assert names == ["records/0000000000.jsonl", "records/0000004096.jsonl"]
    assert len((tmp_path / "export" / names[0]).read_bytes().splitlines()) == 4096


@pytest.mark.parametrize("name", ["export", "export.zip"])
def test_the_same_range_gives_the_same_bytes(name: str, tmp_path: Path) -> None:
    log = MadeLog().fill(20)
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        write_export(log.source(end=10), tmp_path / folder / name, KEY)
    if name.endswith(".zip"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
        return
    one = contents(tmp_path / "one" / name)
    assert one == contents(tmp_path / "two" / name)
    log.fill(5)  # the log goes on, the range stays
    write_export(log.source(end=10), tmp_path / "later", KEY)
    later = contents(tmp_path / "later")
    assert all(later[data] == one[data] for data in ("records/0000000000.jsonl", "records.csv", "verify.pyz"))


@pytest.mark.parametrize("name", ["export", "export.zip"])
def test_nothing_is_written_over(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text("mine")
    with pytest.raises(ExportInTheWay):
        write_export(MadeLog().fill(3).source(), tmp_path / name, KEY)
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text() == "mine"


@pytest.mark.parametrize("name", ["export", "export.zip"])
def test_of_an_export_that_fails_nothing_is_left(name: str, tmp_path: Path) -> None:
    source = MadeLog().fill(3).source()
    source.end = 4
    with pytest.raises(BundleMalformed, match="range"):
        write_export(source, tmp_path / name, KEY)
    with pytest.raises(ExportNotWritten):
        write_export(MadeLog().fill(3).source(), tmp_path / "no folder" / name, KEY)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["export", "export.zip"])
def test_a_source_that_gives_other_leaves_than_its_range_is_refused(name: str, tmp_path: Path) -> None:
    class Gaps(MadeSource):
        def line(self, index: int) -> Line:
            return super().line(index + index // 2)

    with pytest.raises(BundleMalformed, match="gave another"):
        write_export(Gaps(MadeLog().fill(9), 0, 5), tmp_path / name, KEY)

    class Short(MadeSource):
        def batches(self):  # type: ignore[no-untyped-def]
            return iter(list(super().batches())[:-1])

    with pytest.raises(BundleMalformed, match="fewer"):
        write_export(Short(MadeLog().fill(150), 0, 150), tmp_path / name, KEY)
    assert list(tmp_path.iterdir()) == []


def test_an_export_is_for_its_owner_alone(tmp_path: Path) -> None:
    write_export(MadeLog().fill(3).source(), tmp_path / "export", KEY)
    write_export(MadeLog().fill(3).source(), tmp_path / "export.zip", KEY)
    files = [path for path in (tmp_path / "export").rglob("*") if path.is_file()]
    for path in [tmp_path / "export", tmp_path / "export.zip", *files]:
        assert not stat.S_IMODE(path.stat().st_mode) & 0o077
    with zipfile.ZipFile(tmp_path / "export.zip") as archive:
        assert {entry.external_attr >> 16 for entry in archive.infolist()} == {0o600}


@pytest.mark.parametrize("value", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", 'a "quoted", word'])
def test_a_table_has_no_formulas_and_its_cells_are_read_back(value: str) -> None:
    record = MadeLog().write()
    envelope = dataclasses.replace(parse_envelope(record.envelope), outcome=value)
    text = HEADER + row(Line(index=0, leaf=record.leaf_hash), envelope)
    head, cells = csv.reader(io.StringIO(text, newline=""))
    assert head == ["index", "record", "at", "type", "outcome", "actor", "content"]
    assert cells[4] == (value if value.startswith("a") else "'" + value)


def test_a_table_tells_of_the_records_that_were_selected(tmp_path: Path) -> None:
    log = MadeLog().fill(4)
    source = log.source(selection=Selection(types=frozenset({"answer"})), is_withheld=lambda index: index == 0)
    write_export(source, tmp_path / "export", KEY)
    rows = list(csv.reader(io.StringIO((tmp_path / "export" / "records.csv").read_bytes().decode(), newline="")))
    told = [(cells[0], cells[3], cells[4], cells[6]) for cells in rows[1:]]
    assert told == [("0", "answer", "answered", "withheld"), ("3", "answer", "answered", "disclosed")]


@pytest.mark.parametrize("tile", [Tile(0, 0), Tile(0, 390_624, 255), Tile(7, 999_999_999_999, 1)])
def test_tiles_have_names_that_exports_may_have(tile: Tile) -> None:
    assert limit_bytes(tile.path) >= tile.size_bytes


@pytest.mark.parametrize("name", ["", "x", "Checkpoint", "checkpoint\n", "handovers/٠", "./checkpoint", "tile"])
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(BundleMalformed):
        limit_bytes(name)
