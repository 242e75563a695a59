"""No log line, at its most talkative, holds anything that a person or a document said."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from compliance_bot import ComplianceBot, Principal
from compliance_bot.errors import ComplianceError
from compliance_bot.logs import LOGGER
from tests.acceptance.conftest import Cli
from tests.openai_server import openai_server

GRANTS = '@id("canaryid-process") permit (principal, action == Action::"process", resource);'
CANARIES = ("canary", "Canary", "jan.novak@larkmoor.example")
Write = Callable[[str, str], Path]


@pytest.fixture(scope="module")
def keep_running() -> bool:
    return False  # that it was started is logged


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    ours, root = logging.getLogger(LOGGER), logging.getLogger()
    before, roots = (ours.level, ours.propagate, ours.handlers[:]), root.handlers[:]
    yield
    for handler in set(ours.handlers) - set(before[2]):
        handler.close()
    ours.setLevel(before[0])
    ours.propagate, ours.handlers, root.handlers = before[1], before[2], roots


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COMPLIANCE_BOT_LOG_LEVEL", "debug")
    monkeypatch.setenv("COMPLIANCE_BOT_LOG_FORMAT", "json")
    monkeypatch.setenv("COMPLIANCE_BOT_LOG_FILE", str(tmp_path / "bot.log"))
    return tmp_path / "bot.log"


def test_nothing_that_anybody_wrote_is_logged(
    cli: Cli, home: Path, write: Write, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "policies" / "process.cedar").write_text(GRANTS, encoding="utf-8")
    for name in ("psycopg", "psycopg.pool", "httpx", "httpcore", "openai", "langsmith", "urllib3"):
        monkeypatch.setattr(logging.getLogger(name), "level", logging.DEBUG)
    good = write(
        "canaryfile.md",
        "# Canary title\n\nThe fee for a canary transfer is nine crowns. Ask jan.novak@larkmoor.example.\n",
    )
    bad = write("canarybad.pdf", "%PDF-canary")
    assert cli("ingest", good, bad, "--collection", "policies").code == 0
    assert cli("ask", "How high is the fee for a canary transfer?", "--as", "ana").code == 0
    assert cli("search", "canaryfee for jan.novak@larkmoor.example", "--as", "ana").code == 0
    assert cli("ask", "canaryquestion", "--as", "canaryprincipal", "--purpose", "canarypurpose").code == 1
    assert cli("ask", "canary\0question", "--as", "ana").code == 2
    with openai_server() as server:
        server.act = lambda handler, body: handler.fail(500, "canaryerror")
        monkeypatch.setenv("COMPLIANCE_BOT_CHAT_BASE_URL", server.url)
        monkeypatch.setenv("COMPLIANCE_BOT_CHAT_MODEL", "scripted")
        monkeypatch.setenv("COMPLIANCE_BOT_CHAT_RETRIES", "0")
        assert cli("ask", "How high is the fee for a canary transfer?", "--as", "ana").code == 0
        assert server.requests
    logged = log.read_text(encoding="utf-8")
    assert not [canary for canary in CANARIES if canary in logged]
    lines: list[dict[str, Any]] = [json.loads(line) for line in logged.splitlines()]
    events = [line["event"] for line in lines]
    assert {"server.started", "ingest.group", "ingest.done", "answer.done", "search.done", "record.committed"} <= set(
        events
    )
    fallback = next(line for line in reversed(lines) if line["event"] == "answer.done")
    assert fallback["level"] == "warning"
    assert fallback["fallback"] == "the chat model's server is overloaded or out of order"
    assert {line["outcome"] for line in lines if line["event"] == "answer.done"} == {"answered", "refused"}
    steps = {"identify", "decide", "mask", "scope", "embed", "retrieve", "recheck"}
    searched = next(line for line in lines if line["event"] == "search.done")
    assert set(searched["timings_ms"]) == steps | {"draw", "record", "total"}
    assert set(fallback["timings_ms"]) == steps | {"compose", "cite", "screen", "draw", "record", "total"}


def test_the_lines_of_one_question_carry_its_record(cli: Cli, write: Write, log: Path) -> None:
    cli("ingest", write("fees.md", "# Fees\n\nThe fee is nine crowns.\n"), "--collection", "policies")
    log.unlink()
    record = cli("ask", "How high is the fee?", "--as", "ana", "--json").json["record"]
    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    assert [line["event"] for line in lines if line.get("record") == record] == ["record.committed", "answer.done"]


def test_an_application_that_embeds_it_gets_no_handler_and_no_output(
    home: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with ComplianceBot.open(home) as bot, pytest.raises(ComplianceError):
        bot.ask("canary", principal=Principal(id="nobody"))
    assert capfd.readouterr() == ("", "")
    own = [one for one in logging.getLogger(LOGGER).handlers if not type(one).__module__.startswith("_pytest")]
    assert [type(handler) for handler in own] == [logging.NullHandler]
