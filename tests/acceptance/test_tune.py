"""`doctor --tune`: who may, what it prints, what it keeps and records, and what stays as it was where it cannot."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from compliance_bot.retrieval import tune as tuning
from compliance_bot.store.embedded import EmbeddedServer
from tests.benchmarks.measure import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.acceptance.conftest import Cli

WORDS = "retention of records fees limits loans wires desks review filing escrow margin custody".split()
PASSAGES = 120


@pytest.fixture(scope="module", autouse=True)
def _server(home: Path) -> Iterator[None]:
    """Keep the server of the home running: the tests are faster."""
    opened = EmbeddedServer.open(home)
    yield
    opened.close()


@pytest.fixture
def few_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tuning, "LEAST_CHUNKS", 100)


@pytest.fixture
def filled(cli: Cli, write: Callable[[str, str], Path]) -> None:
    rows = [
        {"_id": str(n), "title": "", "text": f"The {WORDS[n % 13]} of {WORDS[n // 13]} number {n}."}
        for n in range(PASSAGES)
    ]
    corpus = write("corpus.jsonl", "\n".join(json.dumps(row) for row in rows))
    assert cli("ingest", corpus, "--collection", "policies").code == 0


def record(cli: Cli) -> dict[str, Any]:
    """Return the newest record in full."""
    newest = cli("audit", "list", "--limit", "1", "--json").json["records"][0]
    return cli("audit", "show", newest["record"], "--json").json


def seen(cli: Cli) -> dict[str, Any]:
    checks: list[dict[str, Any]] = cli("doctor", "--json").json["checks"]
    return next(check for check in checks if check["check"] == "search")


def test_with_too_few_chunks_it_says_that_nothing_changes_and_leaves_a_record(cli: Cli) -> None:
    result = cli("doctor", "--tune")
    assert result.code == 1
    assert "what is built in stays" in result.err
    assert record(cli)["outcome"] == "refused"
    assert "nothing to tune" in seen(cli)["detail"]


@pytest.mark.usefixtures("filled", "few_are_enough")
def test_it_measures_prints_what_it_saw_keeps_it_and_records_it(cli: Cli) -> None:
    told = cli("doctor", "--tune", "--json")
    assert told.code == 0
    schema = json.loads((ROOT / "docs" / "reference" / "schemas" / "doctor-tune.json").read_text(encoding="utf-8"))
    Draft202012Validator(schema).validate(told.json)
    assert told.json["tuning"]["chunks"] == PASSAGES
    kept = record(cli)
    assert (kept["type"], kept["outcome"]) == ("search.tune", "done")
    assert f'"threshold": {told.json["tuning"]["threshold"]}' in json.dumps(kept)
    assert f"up to {told.json['tuning']['threshold']} readable chunks all are compared" in seen(cli)["detail"]
    lines = cli("doctor", "--tune").out.splitlines()
    assert lines[0].split() == ["readable", "which", "all,", "ms", "index,", "ms", "recall@10", "given", "up"]
    assert lines[1].split()[:2] == [str(PASSAGES), "anywhere"]


@pytest.mark.usefixtures("filled", "few_are_enough")
def test_who_may_not_administer_is_refused_and_learns_nothing(cli: Cli) -> None:
    for person in ("ana", "frank"):
        result = cli("doctor", "--tune", "--as", person)
        assert result.code == 1
        assert result.out == ""
        assert "Not permitted" in result.err
        assert str(PASSAGES) not in result.err
        assert record(cli)["outcome"] == "refused"


@pytest.mark.usefixtures("filled", "few_are_enough")
def test_interrupted_it_leaves_a_record_and_what_held_before(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cli("doctor", "--tune").code == 0
    before = seen(cli)["detail"]

    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(tuning, "choose", interrupt)
    try:
        code = cli("doctor", "--tune").code
    except KeyboardInterrupt:
        code = 130
    assert code != 0
    assert record(cli)["outcome"] == "failed"
    assert seen(cli)["detail"] == before


@pytest.mark.usefixtures("filled", "few_are_enough")
def test_the_doctor_says_when_the_chunks_have_doubled(cli: Cli, write: Callable[[str, str], Path]) -> None:
    assert cli("doctor", "--tune").code == 0
    assert seen(cli)["state"] == "ok"
    rows = [{"_id": f"more-{n}", "title": "", "text": f"More of {WORDS[n % 13]}, number {n}."} for n in range(PASSAGES)]
    more = write("more.jsonl", "\n".join(json.dumps(row) for row in rows))
    assert cli("ingest", more, "--collection", "policies").code == 0
    found = seen(cli)
    assert found["state"] == "warning"
    assert "doubled" in found["detail"]
    assert "doctor --tune" in found["hint"]


@pytest.mark.usefixtures("filled")
def test_which_way_was_taken_is_in_the_record_and_nowhere_else(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    ways = []
    for threshold in ("100000", "0"):
        monkeypatch.setenv("COMPLIANCE_BOT_EXACT_THRESHOLD", threshold)
        for command in (("search", "retention of records"), ("ask", "What is the retention of records?")):
            told = cli(*command, "--as", "ana", "--json")
            assert told.code == 0
            assert "exact" not in told.out
            assert cli("audit", "list", "--as", "ana").code == 1, "she may not review"
            newest = cli("audit", "list", "--limit", "10", "--json").json["records"]
            mine = next(one for one in newest if one["type"] in {"answer", "search"})
            ways.append('"exact": true' in json.dumps(cli("audit", "show", mine["record"], "--json").json))
    assert ways == [True, True, False, False]


def test_help_tells_of_it(cli: Cli) -> None:
    assert "--tune" in cli("doctor", "--help").out
