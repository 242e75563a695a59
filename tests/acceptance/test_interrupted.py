"""Ingests that are killed, interrupted, run twice at once or meet a full disk: nothing lost, nothing twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from compliance_bot.bot import ComplianceBot
from compliance_bot.cli import run
from compliance_bot.keys.signing import SigningKeyFiles
from compliance_bot.settings import load_settings
from compliance_bot.store.connect import DEFAULT_TENANT
from compliance_bot.store.embedded import SUPERUSER, EmbeddedServer
from tests.acceptance.conftest import Cli, made_home
from tests.whole_log import require_whole

Write = Callable[[str, str], Path]


MANY = 6000  # more than are stored before anybody can interrupt


def test_two_ingests_of_one_folder_at_once_make_no_duplicates(home: Path, cli: Cli, tmp_path: Path) -> None:
    folder = tmp_path / "twins"
    folder.mkdir()
    for number in range(12):
        text = f"# Twin {number}\n\nDocument number {number} of the twins.\n"
        (folder / f"{number}.md").write_text(text, encoding="utf-8")
    barrier = threading.Barrier(2)

    def ingest() -> None:
        with ComplianceBot.open(home) as bot:
            bot.parts  # noqa: B018  # load before the race
            barrier.wait(60)
            bot.ingest([folder], collection="twins")

    threads = [threading.Thread(target=ingest) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    twins = [d for d in cli("documents", "list", "--json").json["documents"] if d["collection"] == "twins"]
    assert sorted(d["title"] for d in twins) == sorted(f"Twin {number}" for number in range(12))
    assert {d["versions"] for d in twins} == {1}


def test_an_ingest_that_is_killed_is_taken_up_again_without_loss_or_duplicates(
    home: Path, cli: Cli, tmp_path: Path
) -> None:
    corpus = tmp_path / "corpus.jsonl"
    lines = [{"_id": f"K-{n}", "title": "", "text": f"Killed passage number {n} about ledgers."} for n in range(400)]
    corpus.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    program = [sys.executable, "-m", "compliance_bot.cli", "ingest", str(corpus), "--collection", "killed"]
    environment = {**os.environ, "COMPLIANCE_BOT_HOME": str(home)}
    with ComplianceBot.open(home) as bot, subprocess.Popen(program, env=environment) as child:
        while not (stored := _stored(bot)) and child.poll() is None:
            pass
        child.kill()
    assert stored > 0
    result = cli("ingest", corpus, "--collection", "killed", "--json").json
    assert result["ingested"] + result["skipped"] == 400
    assert result["skipped"] >= stored
    documents = [d for d in cli("documents", "list", "--json").json["documents"] if d["collection"] == "killed"]
    assert len(documents) == 400
    assert {d["versions"] for d in documents} == {1}


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Let programs be interrupted that are started here, even where a shell runs these tests in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_an_ingest_that_is_interrupted_says_so_and_keeps_what_was_done(home: Path, cli: Cli, tmp_path: Path) -> None:
    corpus = tmp_path / "corpus.jsonl"
    lines = [{"_id": f"I-{n}", "title": "", "text": f"Interrupted passage {n} on anchors."} for n in range(MANY)]
    corpus.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    program = [sys.executable, "-m", "compliance_bot.cli", "ingest", str(corpus), "--collection", "killed"]
    environment = {**os.environ, "COMPLIANCE_BOT_HOME": str(home)}
    with ComplianceBot.open(home) as bot:
        before = _stored(bot)
        with subprocess.Popen(program, env=environment, stderr=subprocess.PIPE, text=True) as child:
            while (stored := _stored(bot)) == before and child.poll() is None:
                pass
            child.send_signal(signal.SIGINT)
            told = child.communicate()[1]
        assert child.returncode == 130
        assert "interrupted" in told
        assert "Traceback" not in told
        assert before < stored <= _stored(bot) < before + MANY


def _stored(bot: ComplianceBot) -> int:
    return sum(document.collection == "killed" for document in bot.documents(principal="admin"))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on a file system of 120 MB."""
    folder = Path("/tmp") / f"compliance-bot-disk-{os.getpid()}"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=120m,mode=0755", "tmpfs", str(folder)], check=False, capture_output=True
    )
    if mounted.returncode:
        folder.rmdir()
        pytest.skip("needs the right to mount a tmpfs")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)
    folder.rmdir()


def test_a_full_disk_loses_nothing_and_heals(
    small_disk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COMPLIANCE_BOT_DATABASE_DIR", str(small_disk))
    with made_home(tmp_path / "full", keep_running=False) as home:
        monkeypatch.setenv("COMPLIANCE_BOT_HOME", str(home))
        assert load_settings().database_dir == small_disk
        good = tmp_path / "good.md"
        good.write_text("# Ferry\n\nThe ferry leaves at eight.\n", encoding="utf-8")
        assert run(["ingest", str(good), "--collection", "c"]) == 0
        filler = small_disk / "filler"
        _fill(filler)
        corpus = tmp_path / "corpus.jsonl"
        rows = [json.dumps({"_id": str(n), "title": "", "text": f"Passage {n} {'word ' * 150}{n}"}) for n in range(300)]
        corpus.write_text("\n".join(rows), encoding="utf-8")
        assert run(["ingest", str(corpus), "--collection", "c"]) == 3
        assert run(["ask", "When does the ferry leave?"]) == 3
        assert "ferry leaves" not in capsys.readouterr().out
        filler.unlink()
        assert run(["ask", "When does the ferry leave?"]) == 0
        assert "The ferry leaves at eight." in capsys.readouterr().out
        assert run(["ingest", str(corpus), "--collection", "c"]) == 0
        with ComplianceBot.open(home) as bot:
            bot.audit_log(principal="admin").checkpoint()
        with closing(EmbeddedServer.open(home)) as server:
            require_whole(server.conninfo(SUPERUSER), DEFAULT_TENANT, SigningKeyFiles(home / "keys").load())


def _fill(path: Path) -> None:
    """Write until nothing fits any more."""
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(2**16))
        except OSError:
            return
