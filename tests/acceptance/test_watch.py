"""Documents in step with a folder: by hand with --prune, and by itself with --watch, as the command a user runs."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.conftest import Cli

STILL = "0.2"
_PATIENCE_S = 60.0  # a busy machine is not a defect


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "papers"
    path.mkdir()
    return path


def archive(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        for name, data in files.items():
            made.writestr(name, data)
    return buffer.getvalue()


def titles(cli: Cli, collection: str) -> dict[str, str]:
    listed = cli("documents", "list", "--json").json["documents"]
    return {d["title"]: d["document"] for d in listed if d["collection"] == collection}


def ingest(cli: Cli, folder: Path, collection: str, *more: str) -> dict[str, Any]:
    return cli("ingest", folder, "--collection", collection, "--json", *more).json


def test_without_prune_nothing_is_deleted_and_with_it_what_is_gone_is(cli: Cli, folder: Path) -> None:
    for name in ("ants", "bees", "cats"):
        (folder / f"{name}.txt").write_text(f"The {name} are counted twice a year.", encoding="utf-8")
    ingest(cli, folder, "one")
    (folder / "bees.txt").unlink()
    assert "deleted" not in ingest(cli, folder, "one")
    assert set(titles(cli, "one")) == {"ants", "bees", "cats"}
    assert ingest(cli, folder, "one", "--prune")["deleted"] == 1
    assert set(titles(cli, "one")) == {"ants", "cats"}
    assert "ingest.pruned" in {r["type"] for r in cli("audit", "list", "--json").json["records"]}


def test_a_renamed_file_keeps_its_document_and_history(cli: Cli, folder: Path) -> None:
    (folder / "old.md").write_text("# Harbour\n\nThe harbour closes at ten.", encoding="utf-8")
    ingest(cli, folder, "two")
    (folder / "old.md").write_text("# Harbour\n\nThe harbour closes at eleven.", encoding="utf-8")
    ingest(cli, folder, "two")
    before = titles(cli, "two")
    (folder / "sub").mkdir()
    (folder / "old.md").rename(folder / "sub" / "new.md")
    report = ingest(cli, folder, "two", "--prune")
    assert (report["renamed"], report["deleted"], report["ingested"], report["skipped"]) == (1, 0, 0, 1)
    assert titles(cli, "two") == before
    assert len(cli("documents", "history", before["Harbour"], "--json").json["versions"]) == 2


def test_what_is_gone_from_an_archive_is_deleted_and_a_damaged_archive_deletes_nothing(cli: Cli, folder: Path) -> None:
    packed = folder / "a.zip"
    packed.write_bytes(archive({"x.txt": b"The ox is in the north field.", "y.txt": b"The yak is in the south."}))
    ingest(cli, folder, "three", "--prune")
    whole = archive({"x.txt": b"The ox is in the north field."})
    packed.write_bytes(whole[:40])
    assert ingest(cli, folder, "three", "--prune")["deleted"] == 0
    assert set(titles(cli, "three")) == {"x", "y"}
    packed.write_bytes(whole)
    assert ingest(cli, folder, "three", "--prune")["deleted"] == 1
    assert set(titles(cli, "three")) == {"x"}


def test_an_empty_or_vanished_folder_deletes_nothing_unless_that_is_said(cli: Cli, folder: Path) -> None:
    for number in range(3):
        (folder / f"{number}.txt").write_text(f"Buoy number {number} is green.", encoding="utf-8")
    ingest(cli, folder, "four", "--prune")
    away = folder.rename(folder.parent / "away")
    report = ingest(cli, folder, "four", "--prune")
    assert report["deleted"] == 0
    assert "not all of it can be read" in report["rejected"][-1]["reason"]
    folder.mkdir()
    report = ingest(cli, folder, "four", "--prune")
    assert report["deleted"] == 0
    assert "say --prune-all" in report["rejected"][-1]["reason"]
    assert len(titles(cli, "four")) == 3
    assert ingest(cli, folder, "four", "--prune-all")["deleted"] == 3
    assert titles(cli, "four") == {}
    assert away.exists()


def test_most_of_many_missing_is_a_doubt_and_a_file_that_cannot_be_read_is_not_missing(cli: Cli, folder: Path) -> None:
    for number in range(24):
        (folder / f"{number}.txt").write_text(f"Lamp number {number} is lit at dusk.", encoding="utf-8")
    ingest(cli, folder, "five")
    for number in range(13):
        (folder / f"{number}.txt").unlink()
    (folder / "20.txt").write_bytes(b"")
    report = ingest(cli, folder, "five", "--prune")
    assert report["deleted"] == 0
    assert any("13 of 24" in one["reason"] for one in report["rejected"])
    assert ingest(cli, folder, "five", "--prune-all")["deleted"] == 13
    assert "20" in titles(cli, "five")


def test_other_folders_and_collections_are_left_alone(cli: Cli, folder: Path) -> None:
    other = folder.parent / "other"
    other.mkdir()
    (folder / "a.txt").write_text("Swans nest by the weir.", encoding="utf-8")
    (other / "b.txt").write_text("Herons fish by the lock.", encoding="utf-8")
    ingest(cli, folder, "six")
    ingest(cli, other, "six")
    ingest(cli, folder, "seven")
    (folder / "a.txt").unlink()
    (folder / "c.txt").write_text("Otters play by the mill.", encoding="utf-8")
    assert ingest(cli, folder, "six", "--prune")["deleted"] == 1
    assert set(titles(cli, "six")) == {"b", "c"}
    assert set(titles(cli, "seven")) == {"a"}


# The command that goes on by itself


class Watcher:
    """The command as a process; its passes arrive as JSON lines."""

    def __init__(self, home: Path, folder: Path, collection: str, *more: str) -> None:
        command = [sys.executable, "-m", "compliance_bot.cli", "ingest", str(folder), "--collection", collection]
        environment = {**os.environ, "COMPLIANCE_BOT_HOME": str(home), "PYTHONUNBUFFERED": "1"}
        self.log = folder.parent / f"{collection}.log"
        with self.log.open("a") as out:
            self.process = subprocess.Popen(
                [*command, "--watch", "--still", STILL, "--json", *more], env=environment, stdout=out, stderr=out
            )

    def totals(self) -> dict[str, int]:
        passes = [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]
        counts = {key: sum(one[key] for one in passes) for key in ("ingested", "deleted", "renamed")}
        return {**counts, "passes": len(passes)}

    def wait(self, condition: Callable[[dict[str, int]], bool]) -> None:
        until = time.monotonic() + _PATIENCE_S
        while not condition(self.totals()):
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < until, self.log.read_text()
            time.sleep(0.1)


@pytest.fixture
def watcher(home: Path, folder: Path) -> Iterator[Callable[..., Watcher]]:
    started: list[Watcher] = []

    def start(collection: str, *more: str) -> Watcher:
        started.append(Watcher(home, folder, collection, *more))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.process.kill()
        one.process.wait()


def test_a_watched_folder_is_followed_until_the_command_is_ended(
    cli: Cli, folder: Path, watcher: Callable[..., Watcher]
) -> None:
    (folder / "first.txt").write_text("The first bell rings at six.", encoding="utf-8")
    running = watcher("eight")
    running.wait(lambda t: t["ingested"] == 1)
    time.sleep(0.5)
    (folder / "second.txt").write_text("The second bell rings at seven.", encoding="utf-8")
    running.wait(lambda t: t["ingested"] == 2)
    (folder / "new.txt.part").write_text("half", encoding="utf-8")
    (folder / "first.txt").rename(folder / "third.txt")
    running.wait(lambda t: t["renamed"] == 1)
    (folder / "second.txt").unlink()
    running.wait(lambda t: t["deleted"] == 1)
    (folder / "third.txt.swp").write_text("The third bell rings at eight.", encoding="utf-8")
    (folder / "third.txt.swp").replace(folder / "third.txt")
    running.wait(lambda t: t["ingested"] == 3)
    running.process.send_signal(signal.SIGTERM)
    assert running.process.wait(20) == 0
    assert "everything taken in is stored" in running.log.read_text()
    assert len(titles(cli, "eight")) == 1
    assert "eight" in cli("ask", "When does the third bell ring?", "--json").json["answer"]


def test_after_kill_9_a_new_watcher_brings_everything_in_step(
    cli: Cli, folder: Path, watcher: Callable[..., Watcher]
) -> None:
    for number in range(6):
        (folder / f"{number}.txt").write_text(f"Mooring {number} is by the crane.", encoding="utf-8")
    first = watcher("nine")
    first.wait(lambda t: t["ingested"] == 6)
    first.process.kill()
    first.process.wait()
    (folder / "0.txt").unlink()
    (folder / "1.txt").rename(folder / "one.txt")
    (folder / "6.txt").write_text("Mooring 6 is by the slip.", encoding="utf-8")
    second = watcher("nine")
    second.wait(lambda t: (t["ingested"], t["deleted"], t["renamed"]) == (7, 1, 1))
    assert len(titles(cli, "nine")) == 6


def test_a_folder_that_vanishes_and_returns_costs_nothing(
    cli: Cli, folder: Path, watcher: Callable[..., Watcher]
) -> None:
    (folder / "a.txt").write_text("The sluice opens at noon.", encoding="utf-8")
    (folder / "b.txt").write_text("The weir is mended in May.", encoding="utf-8")
    running = watcher("ten")
    running.wait(lambda t: t["ingested"] == 2)
    away = folder.rename(folder.parent / "away")
    before = running.totals()["passes"]
    running.wait(lambda t: t["passes"] > before)
    assert len(titles(cli, "ten")) == 2
    away.rename(folder)
    (folder / "c.txt").write_text("The lock is closed in June.", encoding="utf-8")
    running.wait(lambda t: t["ingested"] == 3)
    assert running.totals()["deleted"] == 0


def test_a_refusal_on_the_first_pass_ends_the_command(cli: Cli, folder: Path) -> None:
    assert cli("ingest", folder, "--collection", "eleven", "--watch", "--as", "frank").code == 1
    assert cli("ingest", folder, "--collection", "eleven", "--watch", "--set", "colour=red").code == 2
