"""Another embedding model: by setting, from a server, beside the old one until it is ready, through interruptions."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from compliance_bot import ComplianceBot
from compliance_bot.errors import Refused, UsageError
from compliance_bot.models.embed import EmbedderUnavailable, UnexpectedVectors
from compliance_bot.models.embedders import NoSuchEmbedder
from compliance_bot.testing import HashEmbedder
from tests.acceptance.conftest import Cli, made_home

QUESTION = "When is the sluice opened?"
DIM = 96


class Embeddings:
    """An OpenAI-compatible /v1/embeddings on this machine; `lie` may change what it answers."""

    def __init__(self) -> None:
        self.url, self.texts = "", list[str]()
        self.lie: Any = lambda rows: rows
        self.pause_s = 0.0


@contextmanager
def embeddings_server() -> Iterator[Embeddings]:
    script, model = Embeddings(), HashEmbedder(DIM)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            script.texts += body["input"]
            time.sleep(script.pause_s)
            rows = script.lie([vector.astype(float).tolist() for vector in model.embed(body["input"])])
            if rows is None:
                self.send_error(500, "secret words")
                return
            data = [{"object": "embedding", "index": n, "embedding": row} for n, row in enumerate(rows)]
            told = {"object": "list", "data": data, "model": "m", "usage": {"prompt_tokens": 1, "total_tokens": 1}}
            reply = json.dumps(told).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(reply)))
            self.end_headers()
            self.wfile.write(reply)

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        script.url = f"http://127.0.0.1:{server.server_port}/v1"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield script
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A home of its own for each test, with a handful of documents, one of them in two versions."""
    with made_home(tmp_path) as path:
        folder = tmp_path / "papers"
        folder.mkdir()
        for number in range(40):
            (folder / f"{number}.txt").write_text(f"Buoy {number} is painted in month {number}.", encoding="utf-8")
        (folder / "sluice.txt").write_text("The sluice is opened at noon.", encoding="utf-8")
        with ComplianceBot.open(path) as bot:
            bot.ingest([folder], collection="policies")
            (folder / "sluice.txt").write_text("The sluice is opened at one. Ask jo@x.example.", encoding="utf-8")
            bot.ingest([folder], collection="policies")
        yield path


def given(server: Embeddings, **more: Any) -> dict[str, Any]:
    elsewhere = {"embedder": "openai:m", "embedder_dim": DIM, "embedder_base_url": server.url, "embedder_retries": 0}
    return {**elsewhere, "embedder_timeout_s": 5, **more}


def uses(bot: ComplianceBot) -> dict[str, tuple[str, int, int]]:
    return {one.name: (one.use, one.vectors, one.chunks) for one in bot.embedders(principal="admin")}


def test_the_old_embedder_serves_until_the_new_one_has_everything(home: Path) -> None:
    shipped = "all-minilm-l6-v2-int8"
    with embeddings_server() as server, ComplianceBot.open(home, **given(server)) as bot:
        assert "at one" in bot.ask(QUESTION, principal="admin").answer
        assert server.texts == []
        assert uses(bot) == {shipped: ("serving", 42, 42)}
        seen: list[tuple[int, int]] = []
        assert bot.re_embed(on_progress=lambda done, total: seen.append((done, total))) == 42
        assert seen[-1] == (42, 42)
        assert uses(bot) == {"openai:m": ("serving", 42, 42)}
        assert not any("jo@x.example" in text for text in server.texts)
        assert any("email address" in text for text in server.texts)
        before = len(server.texts)
        answer = bot.ask(QUESTION, principal="admin")
        assert "at one" in answer.answer
        bot.search("When does jo@x.example open the sluice?", principal="admin")
        assert server.texts[before:] == [QUESTION, "When does email address open the sluice?"]
        public = bot.record(answer.record, principal="admin").envelope["public"]
        assert public["embedder"] == bot.embedder.manifest_hash
        kinds = [record.type for record in bot.records(principal="admin")]
        assert {"models.re_embed.started", "models.re_embed.switched"} <= set(kinds)
        with pytest.raises(UsageError, match="serves already"):
            bot.re_embed()
        with pytest.raises(Refused):
            bot.re_embed(principal="frank")
    with ComplianceBot.open(home) as bot:  # and back, keeping the other
        assert bot.re_embed(embedder=HashEmbedder(64), keep_old=True) == 42
        assert {use for use, _, _ in uses(bot).values()} == {"serving", "kept"}
        assert "at one" in bot.ask(QUESTION, principal="admin").answer


def test_an_interruption_loses_nothing_and_documents_that_come_in_meanwhile_are_caught_up_with(
    home: Path, tmp_path: Path
) -> None:
    class Interrupted(HashEmbedder):
        calls = 0

        def embed(self, texts: Any) -> Any:
            Interrupted.calls += 1
            if Interrupted.calls == 2:
                raise KeyboardInterrupt
            return super().embed(texts)

    with ComplianceBot.open(home) as bot:
        with pytest.raises(KeyboardInterrupt):
            bot.re_embed(embedder=Interrupted(48))
        assert uses(bot)["Interrupted"][:2] == ("making", 41)  # live ones were one group, the history another
        assert "at one" in bot.ask(QUESTION, principal="admin").answer
        late = tmp_path / "late.txt"
        late.write_text("The late lamp is lit at dusk.", encoding="utf-8")
        bot.ingest([late], collection="policies")
        assert bot.re_embed(embedder=Interrupted(48)) == 2
        assert uses(bot) == {"Interrupted": ("serving", 43, 43)}
        assert "dusk" in bot.ask("When is the late lamp lit?", principal="admin").answer


def test_another_process_that_has_the_home_open_goes_on_with_the_new_embedder(home: Path) -> None:
    with embeddings_server() as server, ComplianceBot.open(home, **given(server)) as old:
        assert "at one" in old.ask(QUESTION, principal="admin").answer
        with ComplianceBot.open(home, **given(server)) as other:
            other.re_embed()
        assert "at one" in old.ask(QUESTION, principal="admin").answer
        assert list(old.stream(QUESTION, principal="admin"))
        assert old.search(QUESTION, principal="admin", k=1)
        assert old.embedder.dim == DIM


def test_kill_9_in_the_middle_is_taken_up_again(home: Path) -> None:
    with embeddings_server() as server:
        server.pause_s = 0.7
        environment = {**os.environ, "COMPLIANCE_BOT_HOME": str(home)}
        for name, value in given(server).items():
            environment[f"COMPLIANCE_BOT_{name.upper()}"] = str(value)
        command = [sys.executable, "-m", "compliance_bot.cli", "model", "re-embed"]
        with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as running:
            until = time.monotonic() + 30
            while not server.texts and time.monotonic() < until:
                time.sleep(0.05)
            running.send_signal(signal.SIGKILL)
        server.pause_s = 0.0
        with ComplianceBot.open(home, **given(server)) as bot:
            assert "at one" in bot.ask(QUESTION, principal="admin").answer
            bot.re_embed()
            assert uses(bot) == {"openai:m": ("serving", 42, 42)}


@pytest.mark.parametrize(
    ("lie", "error"),
    [
        (lambda rows: None, EmbedderUnavailable),
        (lambda rows: [row[:-1] for row in rows], UnexpectedVectors),
        (lambda rows: [[0.0] * DIM for _ in rows], UnexpectedVectors),
        (lambda rows: rows[:-1], UnexpectedVectors),
        (lambda rows: [[float(np.float32(1e39))] * DIM for _ in rows], Exception),
    ],
    ids=["500", "dimension", "zero", "count", "infinite"],
)
def test_a_server_that_fails_or_lies_stores_nothing(home: Path, lie: Any, error: type[Exception]) -> None:
    with embeddings_server() as server, ComplianceBot.open(home, **given(server)) as bot:
        server.lie = lie
        with pytest.raises(error) as failed:
            bot.re_embed()
        assert "secret words" not in str(failed.value)
        assert uses(bot)["openai:m"][:2] == ("making", 0)
        assert "at one" in bot.ask(QUESTION, principal="admin").answer


def test_a_server_that_stalls_is_given_up_in_time(home: Path) -> None:
    with embeddings_server() as server, ComplianceBot.open(home, **given(server, embedder_timeout_s=0.5)) as bot:
        server.pause_s = 6
        began = time.monotonic()
        with pytest.raises(EmbedderUnavailable, match="did not answer"):
            bot.re_embed()
        assert time.monotonic() - began < 6


@pytest.mark.parametrize(
    "settings",
    [
        {"embedder": "nonsense"},
        {"embedder": "openai:m"},
        {"embedder": "martian:m", "embedder_dim": 5},
    ],
)
def test_an_embedder_that_cannot_be_made_is_a_setting_to_correct(home: Path, settings: dict[str, Any]) -> None:
    with ComplianceBot.open(home, **settings) as bot:
        with pytest.raises(NoSuchEmbedder) as refused:
            bot.re_embed()
        assert refused.value.exit_code == 2
        assert "at one" in bot.ask(QUESTION, principal="admin").answer


def test_the_command_lists_models_and_warns_until_they_are_made(
    cli: Cli, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with embeddings_server() as server:
        for name, value in given(server).items():
            monkeypatch.setenv(f"COMPLIANCE_BOT_{name.upper()}", str(value))
        listed = cli("model", "list", "--json").json
        assert listed["wanted"] == "openai:m"
        assert [one["use"] for one in listed["embedders"]] == ["serving"]
        (found,) = [check for check in cli("doctor", "--json").json["checks"] if check["check"] == "embedder"]
        assert found["state"] == "warning"
        assert cli("model", "re-embed", "--json").json == {"embedder": "openai:m", "made": 42}
        assert "42 of 42" in cli("model", "list").out
        assert cli("model", "re-embed").code == 2
        assert cli("ask", QUESTION, "--json").json["abstained"] is False
