"""A folder of mixed files as a new user meets it: one command, a truthful report, and an answer whichever way one asks.

The same was tried with 1,000 such files; here are as many as a test may take time for.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from compliance_bot import Answer, ComplianceBot, Principal
from compliance_bot.integrations.langchain import governed_chain
from tests.acceptance.conftest import Cli
from tests.acceptance.mixed import WRITERS, boxes, depot, document_count, fact, write_bad, write_mixed
from tests.openai_server import openai_server

COUNT = 48
KINDS = tuple(WRITERS)
ANA = Principal(id="ana", groups={"aml"})
PROCESS = """@id("aml-process") permit (principal in Group::"aml", action == Action::"process", resource);"""


@dataclass(frozen=True)
class Office:
    """A folder of files, what is true of it, and what the command said."""

    folder: Path
    files: dict[str, int]
    bad: dict[str, str]
    report: dict[str, Any]


@pytest.fixture(scope="module")
def office(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Office:
    """Write the files and take them in with one command, in a process of its own as a user starts it."""
    (home / "policies" / "process.cedar").write_text(PROCESS, encoding="utf-8")
    folder = tmp_path_factory.mktemp("office")
    files, bad = write_mixed(folder, COUNT), write_bad(folder)
    command = [sys.executable, "-m", "compliance_bot.cli", "ingest", str(folder), "--collection", "policies", "--json"]
    done = subprocess.run(
        command, env={**os.environ, "COMPLIANCE_BOT_HOME": str(home)}, capture_output=True, text=True, check=True
    )
    return Office(folder, files, bad, json.loads(done.stdout))


@pytest.fixture(scope="module")
def bot(home: Path, office: Office) -> Iterator[ComplianceBot]:
    """Open the home with a chat model that is asked over HTTP and quotes what fits the question best."""
    with openai_server() as server, ComplianceBot.open(home, chat_model="m", chat_base_url=server.url) as opened:
        yield opened


def question(number: int) -> str:
    return f"How many sealed boxes does the depot of {depot(number)} keep?"


def quoted(kind: str, number: int) -> str:
    """Return what an answer quotes: a row with its header, a point of a slide, or the sentence."""
    row = f"Depot | Statement\n{depot(number)} | {fact(number)}"
    return {"csv": row, "xlsx": row, "pptx": f"- {fact(number)}"}.get(kind, fact(number))


def test_the_report_is_true_for_every_file(office: Office) -> None:
    assert set(office.report) == {"ingested", "skipped", "rejected"}
    assert office.report["ingested"] == document_count(office.files)
    assert office.report["skipped"] == 0
    told = {rejected["path"]: rejected["reason"] for rejected in office.report["rejected"]}
    assert set(told) == set(office.bad)
    assert all(office.bad[name] in reason for name, reason in told.items()), told


def test_a_second_run_finds_everything_unchanged_and_tells_of_the_bad_files_again(cli: Cli, office: Office) -> None:
    again = cli("ingest", office.folder, "--collection", "policies", "--json").json
    assert again == {"ingested": 0, "skipped": document_count(office.files), "rejected": office.report["rejected"]}


@pytest.mark.parametrize("kind", KINDS)
def test_every_format_is_answered_with_a_quote_that_opens_in_its_document(bot: ComplianceBot, kind: str) -> None:
    for number in range(KINDS.index(kind), COUNT, len(KINDS)):
        answer = bot.ask(question(number), principal=ANA, model="quote")
        (citation,) = answer.citations
        assert citation.quote == quoted(kind, number)
        shown = bot.document(citation.document, principal=ANA, version=citation.version)
        assert shown.text is not None
        assert shown.text[citation.start : citation.end] == citation.quote


def test_the_quote_of_the_command_line_opens_too(cli: Cli, office: Office) -> None:
    (citation,) = cli("ask", question(9), "--as", "ana", "--json").json["citations"]
    shown = cli("documents", "show", citation["document"], "--as", "ana", "--text", "--json").json
    assert shown["text"][citation["start"] : citation["end"]] == citation["quote"]
    assert (boxes(9) in citation["quote"], citation["page"]) == (True, 1)


def test_what_no_file_says_is_not_answered(bot: ComplianceBot) -> None:
    assert bot.ask(question(COUNT), principal=ANA, model="quote").abstained


WAYS: dict[str, Callable[[ComplianceBot, str], Answer]] = {
    "quote mode": lambda bot, asked: bot.ask(asked, principal=ANA, model="quote"),
    "an OpenAI-compatible model": lambda bot, asked: bot.ask(asked, principal=ANA),
    "the chain": lambda bot, asked: governed_chain(bot, "quote").invoke(asked, {"configurable": {"principal": ANA}}),
    "the chain with that model": lambda bot, asked: governed_chain(bot).invoke({"question": asked, "principal": ANA}),
}


@pytest.mark.parametrize("kind", ["md", "xlsx", "pdf", "eml"])
def test_every_way_of_asking_cites_the_same_passage_and_leaves_the_same_kind_of_record(
    bot: ComplianceBot, kind: str
) -> None:
    number = KINDS.index(kind)
    answers = {way: ask(bot, question(number)) for way, ask in WAYS.items()}
    first = answers["quote mode"]
    assert boxes(number) in first.answer
    assert [answer.model.startswith("quote@") for answer in answers.values()] == [True, False, True, False]
    for answer in answers.values():
        assert answer.fallback is None
        assert answer.citations == first.citations
        assert answer.answer == first.answer
    shapes = [_shape(bot, answer) for answer in answers.values()]
    assert [shape.pop("sent") for shape in shapes] == [False, True, False, True]
    assert [shape.pop("prompt") for shape in shapes] == [False, True, False, True]
    assert shapes == shapes[:1] * len(shapes)


def _shape(bot: ComplianceBot, answer: Answer) -> dict[str, Any]:
    """Return what the records of one question have in common; "sent", whether passages went to a model outside."""
    record = bot.record(answer.record, principal="admin")
    public = dict(record.envelope["public"])
    return {
        "sent": public.pop("sent", None) is not None,
        "prompt": "prompt" in record.payload,
        "type": (record.type, record.outcome),
        "fields": (sorted(record.envelope), sorted(public), sorted(record.payload.keys() - {"prompt"})),
        "same": [public[name] for name in ("candidates", "citations", "denied", "embedder", "policies", "scope")],
        "asked": (record.envelope["actor"], record.payload["question"], record.payload["principal"]),
        "quoted": (record.payload["answer"], record.payload["citations"]),
    }
