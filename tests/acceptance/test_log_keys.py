"""The log's keys, checkpoints, receipts and proofs, as people type for them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from compliance_bot import ComplianceBot
from compliance_bot.audit.note import open_note
from compliance_bot.audit.note_key import NoteError, parse_verifier_key
from tests.acceptance.conftest import Cli, Result

SCHEMAS = Path(__file__).resolve().parents[2] / "docs" / "reference" / "schemas"
QUESTION = "When does the ferry leave?"

Write = Callable[[str, str], Path]


@pytest.fixture(autouse=True)
def ferry(cli: Cli, write: Write) -> None:
    path = write("ferry.md", "# Ferry\n\nThe ferry leaves at eight in the morning.\n")
    assert cli("ingest", path, "--collection", "policies").code == 0


def fits(name: str, result: Result) -> dict[str, Any]:
    """Return what a command printed, which fits its schema."""
    assert result.code == 0, result.err
    Draft202012Validator(json.loads((SCHEMAS / f"{name}.json").read_text(encoding="utf-8"))).validate(result.json)
    return result.json


def key_of(cli: Cli) -> str:
    return str(fits("audit-keys", cli("audit", "keys", "--json"))["signing"])


class TestReceipt:
    def test_each_answer_comes_with_one_that_holds_for_its_text_alone(self, cli: Cli, tmp_path: Path) -> None:
        answer = cli("ask", QUESTION, "--as", "ana", "--json").json
        (tmp_path / "receipt").write_text(answer["receipt"], encoding="utf-8")
        (tmp_path / "answer.txt").write_text(answer["answer"] + "\n", encoding="utf-8")
        given = ("--answer", tmp_path / "answer.txt", "--key", key_of(cli))
        checked = fits("audit-receipt", cli("audit", "receipt", tmp_path / "receipt", *given, "--json"))
        assert (checked["record"], checked["kind"]) == (answer["record"], "receipt")
        (tmp_path / "answer.txt").write_text(answer["answer"].replace("eight", "nine"), encoding="utf-8")
        refused = cli("audit", "receipt", tmp_path / "receipt", *given)
        assert (refused.code, refused.out) == (1, "")
        assert "another text" in refused.err

    def test_an_abstention_has_one_too(self, cli: Cli) -> None:
        answer = cli("ask", "What is the boiling point of tungsten?", "--as", "ana", "--json").json
        assert answer["abstained"]
        assert "compliance-bot receipt v1" in answer["receipt"]

    def test_so_has_an_answer_that_is_streamed(self, home: Path) -> None:
        with ComplianceBot.open(home) as bot:
            *_, answer = bot.stream(QUESTION, principal="ana")
            assert answer.receipt is not None
            assert f"record {answer.record}" in answer.receipt

    def test_the_key_of_somebody_else_is_refused(self, cli: Cli, tmp_path: Path) -> None:
        answer = cli("ask", QUESTION, "--as", "ana", "--json").json
        (tmp_path / "receipt").write_text(answer["receipt"], encoding="utf-8")
        (tmp_path / "answer.txt").write_text(answer["answer"], encoding="utf-8")
        foreign = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
        result = cli("audit", "receipt", tmp_path / "receipt", "--answer", tmp_path / "answer.txt", "--key", foreign)
        assert (result.code, result.out) == (1, "")

    @pytest.mark.parametrize("missing", ["receipt", "answer.txt"])
    def test_a_file_that_is_not_there_is_told(self, cli: Cli, tmp_path: Path, missing: str) -> None:
        for name in {"receipt", "answer.txt"} - {missing}:
            (tmp_path / name).write_text("x", encoding="utf-8")
        result = cli(
            "audit", "receipt", tmp_path / "receipt", "--answer", tmp_path / "answer.txt", "--key", key_of(cli)
        )
        assert (result.code, result.out) == (2, "")


class TestProof:
    def test_whoever_asked_gets_the_proof_and_it_needs_no_home(
        self, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        answer = cli("ask", QUESTION, "--as", "ana", "--json").json
        key = key_of(cli)
        assert cli("audit", "proof", answer["record"], "--to", tmp_path / "proof", "--as", "ana").code == 0
        (tmp_path / "answer.txt").write_text(answer["answer"], encoding="utf-8")
        monkeypatch.setenv("COMPLIANCE_BOT_HOME", str(tmp_path / "nowhere"))
        given = ("--answer", tmp_path / "answer.txt", "--key", key, "--json")
        checked = fits("audit-receipt", cli("audit", "receipt", tmp_path / "proof", *given))
        assert (checked["record"], checked["kind"]) == (answer["record"], "proof")
        assert 0 < checked["index"] < checked["size"]

    def test_others_do_not_unless_they_review(self, cli: Cli) -> None:
        of_another = cli("ask", QUESTION, "--json").json["record"]
        refused = cli("audit", "proof", of_another, "--as", "ana")
        assert (refused.code, refused.out) == (1, "")
        unknown = cli("audit", "proof", "01a2023d-a1fb-7141-8099-fae63586aab8", "--as", "ana")
        assert unknown.err == refused.err
        record = cli("ask", QUESTION, "--as", "ana", "--json").json["record"]
        fits("audit-proof", cli("audit", "proof", record, "--json"))

    def test_a_record_of_no_answer_has_none(self, cli: Cli) -> None:
        record = cli("audit", "list", "--json").json["records"][0]["record"]
        result = cli("audit", "proof", record)
        assert (result.code, result.out) == (2, "")
        assert "no receipt" in result.err

    def test_a_file_that_is_there_is_not_replaced(self, cli: Cli, tmp_path: Path) -> None:
        (tmp_path / "proof").write_text("mine", encoding="utf-8")
        record = cli("ask", QUESTION, "--json").json["record"]
        assert cli("audit", "proof", record, "--to", tmp_path / "proof").code == 2
        assert (tmp_path / "proof").read_text(encoding="utf-8") == "mine"


class TestCheckpoint:
    def test_it_opens_with_the_key_and_grows(self, cli: Cli, tmp_path: Path) -> None:
        key = parse_verifier_key(key_of(cli))
        first = fits("audit-checkpoint", cli("audit", "checkpoint", "--json"))
        assert cli("audit", "checkpoint", "--to", tmp_path / "checkpoint").code == 0
        text = open_note((tmp_path / "checkpoint").read_bytes(), [key]).text
        assert int(text.splitlines()[1]) > first["size"]

    def test_nobody_gets_it_who_may_not_review(self, cli: Cli) -> None:
        for command in ("keys", "checkpoint"):
            assert cli("audit", command, "--as", "ana").code == 1
        assert cli("audit", "rotate-key", "--reason", "because", "--as", "ana").code == 1


class TestKeys:
    def test_another_key_takes_over_and_the_old_one_vouches_for_it(self, cli: Cli, tmp_path: Path, home: Path) -> None:
        old = key_of(cli)
        before = cli("ask", QUESTION, "--as", "ana", "--json").json
        changed = fits("audit-rotate-key", cli("audit", "rotate-key", "--reason", "yearly", "--json"))
        assert old in changed["earlier"]
        handover, note = (cli("audit", "checkpoint", "--json").json["note"].encode() for _ in range(2))
        new = parse_verifier_key(changed["signing"])
        assert len(open_note(handover, [parse_verifier_key(old), new]).verified) == 2
        open_note(note, [new])
        with pytest.raises(NoteError):
            open_note(note, [parse_verifier_key(old)])
        (tmp_path / "receipt").write_text(before["receipt"], encoding="utf-8")
        (tmp_path / "answer.txt").write_text(before["answer"], encoding="utf-8")
        given = ("--answer", tmp_path / "answer.txt", "--key", old)
        assert cli("audit", "receipt", tmp_path / "receipt", *given).code == 0
        assert sorted(path.name for path in (home / "keys" / "log").iterdir())[:2] == ["key-1", "key-2"]

    def test_without_a_reason_nothing_is_changed(self, cli: Cli, home: Path) -> None:
        before = sorted((home / "keys" / "log").iterdir())
        assert cli("audit", "rotate-key", "--reason", " ").code == 2
        assert sorted((home / "keys" / "log").iterdir()) == before

    @pytest.mark.parametrize("command", [("ask", QUESTION), ("search", "ferry"), ("documents", "list")])
    def test_without_the_key_nothing_is_shown(self, cli: Cli, home: Path, command: tuple[str, ...]) -> None:
        folder = home / "keys" / "log"
        folder.rename(folder.with_name("log.away"))
        try:
            result = cli(*command)
            assert (result.code, result.out) == (3, "")
            assert "keys/log" in result.err
            assert not folder.exists(), "no other key takes its place"
        finally:
            folder.with_name("log.away").rename(folder)
