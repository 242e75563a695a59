"""A home whose log is witnessed: by whom it is said, that they are asked, and what happens when one disputes it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from compliance_bot import ComplianceBot
from compliance_bot.audit.checkpoint import Checkpoint, format_checkpoint, parse_checkpoint
from compliance_bot.audit.note import open_note, sign_note
from compliance_bot.audit.note_key import parse_verifier_key
from compliance_bot.store import cosignatures, tree
from compliance_bot.witness.file import CheckpointFile, FileWitness
from tests.acceptance.conftest import Cli

Write = Callable[[str, str], Path]

QUESTION = "When does the ferry leave?"
FILE = """quorum: 1
witnesses:
  - name: archive
    kind: file
    path: {path}
    required: {required}
"""


TWO = """quorum: 2
witnesses:
  - {{name: archive, kind: file, path: {path}}}
  - {{name: mounted, kind: file, path: {away}, required: true}}
"""


@pytest.fixture
def rules(home: Path, cli: Cli, write: Write, tmp_path: Path) -> Iterator[Path]:
    """Return the list of witnesses of the home; it is taken away, and the log begins anew, after the test."""
    document = write("ferry.md", "# Ferry\n\nThe ferry leaves at eight in the morning.\n")
    assert cli("ingest", document, "--collection", "policies").code == 0
    path = home / "policies" / "witnesses.yaml"
    yield path
    path.unlink()
    assert cli("audit", "begin-anew", "--reason", "the test is over").code == 0


def named(path: Path, *, required: bool = True) -> str:
    return FILE.format(path=path, required=str(required).lower())


def other_history(home: Path, path: Path) -> None:
    """Let the witness remember more than this log has, as after somebody put its database back."""
    with ComplianceBot.open(home) as bot:
        key = bot._integrator.signer()
    later = Checkpoint(origin=key.name, size=10**6, root=bytes(32))
    FileWitness("archive", CheckpointFile(path)).witness(sign_note(format_checkpoint(later), key), lambda _: ())


def test_a_command_that_left_a_record_shows_its_checkpoint(home: Path, cli: Cli, rules: Path, tmp_path: Path) -> None:
    path = tmp_path / "checkpoints.jsonl"
    rules.write_text(named(path), encoding="utf-8")
    assert cli("ask", QUESTION).code == 0
    assert path.stat().st_mode & 0o777 == 0o600
    lines = path.read_text(encoding="utf-8").splitlines()
    assert cli("ask", QUESTION).code == 0
    assert path.read_text(encoding="utf-8").splitlines() == lines, "not with every command: once a minute is enough"
    with ComplianceBot.open(home) as bot, bot._home.database.reading() as snapshot:
        (first,) = [
            one for size in range(1, 500) for one in cosignatures.of(snapshot, size) if one.witness == "archive"
        ]
        checkpoint = tree.last_checkpoint(snapshot)
    assert first.kind == "file"
    assert checkpoint is not None
    assert checkpoint.size > first.size


@pytest.mark.parametrize("required", [True, False])
def test_one_that_remembers_another_history_is_an_alarm_and_if_required_the_end(
    home: Path, cli: Cli, rules: Path, tmp_path: Path, *, required: bool
) -> None:
    path = tmp_path / "checkpoints.jsonl"
    other_history(home, path)
    rules.write_text(named(path, required=required), encoding="utf-8")
    with ComplianceBot.open(home) as bot:
        bot.ask(QUESTION, principal="admin")
        assert bot._witnessing is not None
        bot._pulse.catch_up(wait=True)
        bot._witnessing.ask(at_least_every_s=0)
        (said,) = disputed(bot)[-1]["disputes"]
        assert said == {"witness": "archive", "says": "WitnessAhead"}
        if required:
            with pytest.raises(Exception, match="nothing more is signed"):
                bot.ask(QUESTION, principal="admin")
        else:
            assert bot.ask(QUESTION, principal="admin").receipt


def disputed(bot: ComplianceBot) -> list[dict[str, list[dict[str, str]]]]:
    records = bot._log.newest(50, own=True)
    return [dict(one.envelope["public"]) for one in reversed(records) if one.envelope["type"] == "log.disputed"]


class TestACheckpointThatIsWitnessed:
    """`audit checkpoint --witnessed`: in the hand only once enough witnesses have seen it."""

    def test_who_saw_it_is_told_and_it_is_on_record(self, cli: Cli, rules: Path, tmp_path: Path) -> None:
        path = tmp_path / "checkpoints.jsonl"
        rules.write_text(named(path), encoding="utf-8")
        for _ in range(2):  # it is asked each time, however short the time in between
            result = cli("audit", "checkpoint", "--witnessed", "--json")
            assert (result.code, result.json["witnesses"][0]["witness"]) == (0, "archive")
            last = CheckpointFile(path).last()
            assert last is not None
            assert last.checkpoint.size >= result.json["size"] > 0
            assert "archive: seen at 20" in result.err
        record = cli("audit", "list", "--json").json["records"][1]
        assert (record["type"], record["outcome"]) == ("audit.checkpoint", "done")
        shown = cli("audit", "show", record["record"], "--json").json
        assert shown["envelope"]["public"]["seen_by"] == ["archive"]

    def test_where_a_required_one_is_away_nothing_is_handed_out(self, cli: Cli, rules: Path, tmp_path: Path) -> None:
        away = TWO.format(path=tmp_path / "checkpoints.jsonl", away=tmp_path / "no" / "folder")
        rules.write_text(away, encoding="utf-8")
        result = cli("audit", "checkpoint", "--witnessed", "--to", tmp_path / "checkpoint")
        assert (result.code, result.out) == (3, "")
        assert "archive: seen at 20" in result.err
        assert "mounted: the witness's file" in result.err
        assert "required and missing: mounted" in result.err
        assert not (tmp_path / "checkpoint").exists()
        records = cli("audit", "list", "--json").json["records"]
        assert next(one["outcome"] for one in records if one["type"] == "audit.checkpoint") == "failed"

    def test_one_that_disputes_it_is_no_matter_of_waiting(
        self, home: Path, cli: Cli, rules: Path, tmp_path: Path
    ) -> None:
        other_history(home, tmp_path / "checkpoints.jsonl")
        rules.write_text(named(tmp_path / "checkpoints.jsonl", required=False), encoding="utf-8")
        result = cli("audit", "checkpoint", "--witnessed")
        assert (result.code, result.out) == (1, "")
        assert "this log was put back" in result.err

    def test_a_home_without_witnesses_says_so(self, cli: Cli, rules: Path) -> None:
        result = cli("audit", "checkpoint", "--witnessed")
        assert (result.code, result.out) == (2, "")
        assert "policies/witnesses.yaml" in result.err
        rules.write_text(named(Path("/tmp/never-written"), required=False), encoding="utf-8")

    def test_it_needs_the_right_to_review(self, cli: Cli, rules: Path, tmp_path: Path) -> None:
        rules.write_text(named(tmp_path / "checkpoints.jsonl"), encoding="utf-8")
        assert cli("audit", "checkpoint", "--witnessed", "--as", "ana").code == 1


def test_a_list_that_is_not_valid_is_told_at_once(cli: Cli, rules: Path) -> None:
    rules.write_text("quorum: 3\nwitnesses: []\n", encoding="utf-8")
    result = cli("ask", QUESTION)
    assert (result.code, result.out) == (2, "")
    assert "witnesses.yaml" in result.err
    rules.write_text("quorum: 1\nwitnesses: [{name: a, kind: file, path: /tmp/never-written}]\n", encoding="utf-8")


def test_the_reference_witness_cosigns_what_a_command_signed(home: Path, cli: Cli, rules: Path, tmp_path: Path) -> None:
    rules.write_text("", encoding="utf-8")
    rules.unlink()
    log_key = cli("audit", "keys", "--json").json["signing"]
    run = [sys.executable, "-m", "compliance_bot.witness", "--key", str(tmp_path / "key")]
    made = subprocess.run([*run, "--new-key", "witness.example/w1"], capture_output=True, text=True, check=True)
    witness_key = made.stdout.split()[-1]
    arguments = [*run, "--state", str(tmp_path / "state"), "--log", log_key, "--listen", "127.0.0.1:0"]
    with subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True) as serving:
        port = _port(serving)
        rules.write_text(
            f"quorum: 1\nwitnesses: [{{name: w, kind: http, url: 'http://127.0.0.1:{port}/', key: '{witness_key}'}}]\n",
            encoding="utf-8",
        )
        assert cli("ask", QUESTION).code == 0
        with ComplianceBot.open(home) as bot, bot._home.database.reading() as snapshot:
            sizes = [
                size for size in range(1, 500) if any(one.witness == "w" for one in cosignatures.of(snapshot, size))
            ]
            (kept,) = [one for one in cosignatures.of(snapshot, sizes[-1]) if one.witness == "w"]
            query = "SELECT note FROM audit.checkpoint WHERE tenant = %s AND size = %s"
            (note,) = snapshot.connection.execute(query, [snapshot.tenant, kept.size]).fetchone() or (b"",)
        opened = open_note(note + kept.evidence, [parse_verifier_key(witness_key)])
        assert parse_checkpoint(opened.text).size == kept.size
        assert opened.verified[0].at is not None
        serving.terminate()


def _port(serving: subprocess.Popen[str]) -> int:
    """Return the port that a witness says it listens on."""
    assert serving.stderr is not None
    for line in serving.stderr:
        if "127.0.0.1:" in line:
            return int(line.rpartition(":")[2])
    raise AssertionError("it did not say where it listens")
