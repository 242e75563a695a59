"""Whatever fails the audit log: no answer is shown, no value is revealed, nothing is half done, and exit code 3."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from compliance_bot import ComplianceBot
from compliance_bot.audit.record import RecordTooLarge
from compliance_bot.cli import run
from compliance_bot.store.account import run as run_as
from compliance_bot.store.embedded import APP_ROLE, SUPERUSER, EmbeddedServer
from compliance_bot.testing import HashEmbedder, ListedDetector
from tests.acceptance.conftest import Cli, made_home

Superuser = psycopg.Connection[Any]

QUESTION = "Who is asked when the ferry does not leave?"
SAID, VALUE = "when the ferry does not leave", "jan.novak@larkmoor.example"
REFUSING = """CREATE FUNCTION audit.refuse_all() RETURNS trigger LANGUAGE plpgsql
              AS $$ BEGIN RAISE EXCEPTION 'no'; END $$;
              CREATE TRIGGER refuse BEFORE INSERT ON audit.{table} FOR EACH ROW EXECUTE FUNCTION audit.refuse_all()"""
ALLOWING = "DROP TRIGGER refuse ON audit.{table}; DROP FUNCTION audit.refuse_all()"
FAULTS = {
    "a trigger refuses entries": (REFUSING.format(table="entry"), ALLOWING.format(table="entry")),
    "a trigger refuses what waits": (REFUSING.format(table="pending"), ALLOWING.format(table="pending")),
    "no right to insert": (
        f"REVOKE INSERT ON audit.pending FROM {APP_ROLE}",
        f"GRANT INSERT ON audit.pending TO {APP_ROLE}",
    ),
    "no right to read checkpoints": (
        f"REVOKE SELECT ON audit.checkpoint FROM {APP_ROLE}",
        f"GRANT SELECT ON audit.checkpoint TO {APP_ROLE}",
    ),
}


@pytest.fixture(scope="module")
def document(home: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("documents") / "ferry.md"
    path.write_text(f"# Ferry\n\nAsk {VALUE} {SAID}.\n", encoding="utf-8")
    with ComplianceBot.open(home) as bot:
        bot.ingest([path], collection="policies")
        (found,) = bot.documents(principal="admin")
        assert VALUE in (bot.document(found.document, principal="admin").text or "")
    return found.document


@pytest.fixture
def superuser(home: Path) -> Iterator[Superuser]:
    server = EmbeddedServer.open(home)
    with psycopg.connect(server.conninfo(SUPERUSER), autocommit=True) as connection:
        yield connection
    server.close()


def refused(cli: Cli, document: str) -> None:
    """Fail unless all that would show something ends with code 3 and says why, and nothing but that."""
    for command in (("ask", QUESTION), ("search", "ferry"), ("documents", "show", document, "--text")):
        result = cli(*command)
        assert (result.code, result.out) == (3, ""), command
        assert SAID not in result.err
        assert VALUE not in result.err
        assert "Traceback" not in result.err
    told = cli("ask", QUESTION, "--json")
    assert (told.code, told.json.keys()) == (3, {"error"})


def count(superuser: Superuser) -> tuple[Any, ...]:
    tables = ("entry", "payload", "pending", "leaf", "checkpoint")
    query = "SELECT " + ", ".join(f"(SELECT count(*) FROM audit.{table})" for table in tables)
    return superuser.execute(query).fetchone() or ()  # type: ignore[arg-type]  # of the names above


@pytest.mark.parametrize("fault", FAULTS)
def test_a_database_that_refuses_records_shows_nothing_and_heals(
    fault: str, cli: Cli, document: str, superuser: Superuser
) -> None:
    breaks, mends = FAULTS[fault]
    before = count(superuser)
    superuser.execute(breaks)
    try:
        refused(cli, document)
        assert count(superuser) == before
    finally:
        superuser.execute(mends)
    healed = cli("ask", QUESTION)
    assert healed.code == 0
    assert SAID in healed.out


@pytest.mark.parametrize("spoil", ["short", "exposed"])
def test_a_signing_key_that_is_no_key_shows_nothing(
    spoil: str, cli: Cli, home: Path, document: str, superuser: Superuser
) -> None:
    key = home / "keys" / "log" / "key-1"
    kept, before = key.read_bytes(), count(superuser)
    if spoil == "short":
        key.write_bytes(kept[:31])
    else:
        key.chmod(0o644)
    try:
        refused(cli, document)
        assert count(superuser) == before
    finally:
        key.write_bytes(kept)
        key.chmod(0o600)
    assert cli("ask", QUESTION).code == 0


def test_a_server_that_became_a_replica_shows_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with made_home(tmp_path, keep_running=False) as home:
        monkeypatch.setenv("COMPLIANCE_BOT_HOME", str(home))
        (tmp_path / "ferry.md").write_text(f"# Ferry\n\nAsk the harbour {SAID}.\n", encoding="utf-8")
        assert run(["ingest", str(tmp_path / "ferry.md"), "--collection", "policies"]) == 0
        place = json.loads((home / "server.json").read_text(encoding="utf-8"))
        signal = Path(place["folder"]) / "data" / "standby.signal"
        signal.touch()
        capsys.readouterr()
        assert [run(["ask", QUESTION]), run(["search", "ferry"])] == [3, 3]
        told = capsys.readouterr()
        assert told.out == ""
        assert "Traceback" not in told.err
        run_as("pg_ctl", "stop", "-D", str(signal.parent), "-m", "fast", "-w", account=place["account"], check=False)
        signal.unlink()
        assert run(["ask", QUESTION]) == 0
        assert SAID in capsys.readouterr().out


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ComplianceBot]:
    with made_home(tmp_path_factory.mktemp("large")) as home, ComplianceBot.open(home) as opened:
        opened.embedder, opened.detector = HashEmbedder(), ListedDetector({})
        yield opened


@pytest.fixture(scope="module")
def folder(large: ComplianceBot, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("many")
    lines = [{"_id": f"P-{n}", "title": "", "text": f"The ferry number {n} leaves."} for n in range(1900)]
    (folder / "corpus.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    (folder / "left.md").write_text("# Left\n\nThis one stays.\n", encoding="utf-8")
    large.ingest([folder], collection="policies", base=folder)
    return folder


@pytest.mark.usefixtures("folder")
def test_a_search_for_more_passages_than_a_record_can_name_shows_none(large: ComplianceBot) -> None:
    assert len(large.search("ferry", principal="admin", k=1000)) == 1000
    with pytest.raises(RecordTooLarge, match="65535 bytes"):
        large.search("ferry", principal="admin", k=1900)
    newest = large.records(principal="admin", limit=1)[0]
    assert (newest.type, newest.outcome) == ("search", "failed")


def test_a_folder_may_lose_more_documents_than_a_record_has_room_for(large: ComplianceBot, folder: Path) -> None:
    (folder / "corpus.jsonl").unlink()
    report = large.ingest([folder], collection="policies", base=folder, prune="all")
    assert report.deleted == 1900
    newest = next(one for one in large.records(principal="admin", limit=9) if one.type == "ingest.pruned")
    record = large.record(newest.record, principal="admin")
    assert len(record.payload["deleted"]) == 1900
    assert "deleted_sha256" in record.envelope["public"]
