"""The whole log checked where it stands, and exported and checked elsewhere, as people type for it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import uuid
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jsonschema import Draft202012Validator

from compliance_bot import ComplianceBot
from compliance_bot.audit.checkpoint import Checkpoint, format_checkpoint
from compliance_bot.audit.merkle import leaf_hash
from compliance_bot.audit.note import sign_note
from compliance_bot.audit.note_key import SigningKey, parse_verifier_key
from compliance_bot.audit.verify.asked import Asked
from compliance_bot.audit.verify.findings import Kind
from compliance_bot.records import Principal
from compliance_bot.store.embedded import SUPERUSER, EmbeddedServer
from tests.acceptance.conftest import Cli, Result

SCHEMAS = Path(__file__).resolve().parents[2] / "docs" / "reference" / "schemas"
QUESTION = "When does the ferry leave?"

Write = Callable[[str, str], Path]


def fits(name: str, result: Result) -> dict[str, Any]:
    """Return what a command printed, which fits its schema."""
    Draft202012Validator(json.loads((SCHEMAS / f"{name}.json").read_text(encoding="utf-8"))).validate(result.json)
    return result.json


@pytest.fixture
def key(cli: Cli, write: Write) -> str:
    """Return the public key of a log with some answers."""
    path = write("ferry.md", "# Ferry\n\nThe ferry leaves at eight in the morning.\n")
    assert cli("ingest", path, "--collection", "policies").code == 0
    assert cli("ask", QUESTION, "--as", "ana").code == 0
    return str(cli("audit", "keys", "--json").json["signing"])


@pytest.fixture
def superuser(home: Path) -> Iterator[psycopg.Connection[Any]]:
    server = EmbeddedServer.open(home)
    with psycopg.connect(server.conninfo(SUPERUSER), autocommit=True) as connection:
        yield connection
    server.close()


class TestLive:
    def test_an_untouched_log_is_intact_and_what_was_not_checked_is_told(self, cli: Cli, key: str) -> None:
        result = cli("audit", "verify", "--key", key, "--json")
        report = fits("audit-verify", result)
        assert (result.code, report["verdict"], report["faults"]) == (0, "intact", [])
        assert report["records"] == report["opened"] == report["size"] > 5
        assert {"witness", "old_checkpoint", "truth"} <= {one["what"] for one in report["unchecked"]}
        assert "Intact." in cli("audit", "verify", "--key", key).out

    def test_without_a_key_nothing_is_believed(self, cli: Cli, key: str) -> None:
        result = cli("audit", "verify", "--json")
        assert (result.code, fits("audit-verify", result)["verdict"]) == (2, "incomplete")

    def test_the_key_of_somebody_else_is_no_key_of_this_log(self, cli: Cli, key: str) -> None:
        foreign = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
        assert cli("audit", "verify", "--key", foreign).code == 1

    def test_a_text_that_is_no_key_is_told_and_is_no_word_on_the_log(self, cli: Cli, key: str) -> None:
        for option in ("--key", "--witness"):
            result = cli("audit", "verify", option, "compliance-bot")
            assert (result.code, result.out) == (2, "")
            assert "name+id+key" in result.err

    def test_it_is_compared_with_what_the_auditor_kept(self, cli: Cli, key: str, tmp_path: Path) -> None:
        kept = tmp_path / "kept"
        assert cli("audit", "verify", "--key", key, "--save-checkpoint", kept).code == 0
        assert cli("ask", QUESTION).code == 0
        before = kept.read_bytes()
        report = fits("audit-verify", cli("audit", "verify", "--key", key, "--checkpoint", kept, "--json"))
        assert "old_checkpoint" not in {one["what"] for one in report["unchecked"]}
        assert kept.read_bytes() == before

    def test_it_needs_the_right_to_review_and_is_on_record(self, cli: Cli, key: str) -> None:
        assert cli("audit", "verify", "--key", key, "--as", "ana").code == 1
        assert cli("audit", "verify", "--key", key).code == 0
        newest = cli("audit", "list", "--json").json["records"][0]
        assert newest["type"] == "audit.verify"
        envelope = cli("audit", "show", newest["record"], "--json").json["envelope"]
        assert envelope["public"]["verdict"] == "intact"

    def test_a_changed_key_is_followed_from_the_old_one(self, cli: Cli, key: str) -> None:
        new = cli("audit", "rotate-key", "--reason", "a test", "--json").json["signing"]
        assert cli("ask", QUESTION).code == 0
        for known in (key, new):
            assert cli("audit", "verify", "--key", known).code == 0
        assert cli("audit", "verify", "--key", key, "--json").json["handed_over_to"] == new


class TestTampering:
    """What somebody who owns the database does. Each is undone after its test."""

    @pytest.fixture
    def changed(self, superuser: psycopg.Connection[Any], cli: Cli, key: str) -> Callable[..., dict[str, Any]]:
        def change(do: str, undo: str, **given: Any) -> dict[str, Any]:
            assert cli("audit", "checkpoint").code == 0  # all that there is stands in the tree
            with superuser.transaction():
                superuser.execute("SET LOCAL session_replication_role = replica")
                for table in ("entry", "payload", "leaf", "tile", "checkpoint"):
                    superuser.execute(f"ALTER TABLE audit.{table} DISABLE TRIGGER append_only")
                superuser.execute(do, given)
                for table in ("entry", "payload", "leaf", "tile", "checkpoint"):
                    superuser.execute(f"ALTER TABLE audit.{table} ENABLE ALWAYS TRIGGER append_only")
            try:
                result = cli("audit", "verify", "--key", key, "--json")
                return {"code": result.code, **result.json}
            finally:
                with superuser.transaction():
                    superuser.execute("SET LOCAL session_replication_role = replica")
                    for table in ("entry", "payload", "leaf", "tile", "checkpoint"):
                        superuser.execute(f"ALTER TABLE audit.{table} DISABLE TRIGGER append_only")
                    superuser.execute(undo, given)
                    for table in ("entry", "payload", "leaf", "tile", "checkpoint"):
                        superuser.execute(f"ALTER TABLE audit.{table} ENABLE ALWAYS TRIGGER append_only")
                assert cli("audit", "verify", "--key", key).code == 0, "it is as it was"

        return change

    @pytest.fixture
    def record(self, cli: Cli, key: str) -> str:
        return str(cli("ask", QUESTION, "--as", "ana", "--json").json["record"])

    def test_an_envelope_that_was_edited(self, changed: Callable[..., dict[str, Any]], record: str) -> None:
        edit = """UPDATE audit.entry SET envelope = convert_to(
                    replace(convert_from(envelope, 'UTF8'), %(a)s, %(b)s), 'UTF8') WHERE entry_id = %(record)s"""
        undo = edit.replace("%(a)s, %(b)s", "%(b)s, %(a)s")
        report = changed(edit, undo, record=record, a='"answered"', b='"abstained"')
        assert (report["code"], _kinds(report)) == (1, {"envelope"})

    def test_a_ciphertext_that_was_edited(self, changed: Callable[..., dict[str, Any]], record: str) -> None:
        flip = """UPDATE audit.payload SET ciphertext = set_bit(ciphertext, 100, 1 - get_bit(ciphertext, 100))
                  WHERE entry_id = %(record)s"""
        report = changed(flip, flip, record=record)
        assert (report["code"], _kinds(report)) == (1, {"content"})

    def test_a_payload_that_was_taken_out(
        self, changed: Callable[..., dict[str, Any]], record: str, superuser: psycopg.Connection[Any]
    ) -> None:
        row = superuser.execute(
            "SELECT tenant, wrapped_key, ciphertext FROM audit.payload WHERE entry_id = %s", [record]
        ).fetchone()
        assert row is not None
        put = "INSERT INTO audit.payload VALUES (%(record)s, %(tenant)s, %(wrapped)s, %(sealed)s)"
        report = changed(
            "DELETE FROM audit.payload WHERE entry_id = %(record)s",
            put,
            record=record,
            tenant=row[0],
            wrapped=row[1],
            sealed=row[2],
        )
        assert (report["code"], _kinds(report)) == (1, {"content_missing"})

    def test_a_record_that_stands_at_another_place(self, changed: Callable[..., dict[str, Any]], record: str) -> None:
        edit = "UPDATE audit.leaf SET leaf_index = leaf_index + %(by)s WHERE entry_id = %(record)s"
        undo = "UPDATE audit.leaf SET leaf_index = leaf_index - %(by)s WHERE entry_id = %(record)s"
        report = changed(edit, undo, record=record, by=100_000)
        assert (report["code"], report["verdict"]) == (1, "tampered")

    def test_a_record_that_was_inserted_and_one_that_waits_without_a_seal(
        self, changed: Callable[..., dict[str, Any]]
    ) -> None:
        envelope = b'{"forged":true}'
        given = {"id": str(uuid.uuid4()), "envelope": envelope, "leaf": leaf_hash(envelope), "seal": bytes(32)}
        insert = """INSERT INTO audit.entry (entry_id, tenant, leaf_hash, envelope)
                    SELECT %(id)s, tenant, %(leaf)s, %(envelope)s FROM audit.entry LIMIT 1"""
        report = changed(insert, "DELETE FROM audit.entry WHERE entry_id = %(id)s", **given)
        assert (report["code"], _kinds(report)) == (1, {"identity", "unplaced"})
        waits = f"""WITH made AS ({insert} RETURNING entry_id, tenant)
                    INSERT INTO audit.pending (entry_id, tenant, seal) SELECT entry_id, tenant, %(seal)s FROM made"""
        undo = """WITH gone AS (DELETE FROM audit.pending WHERE entry_id = %(id)s)
                  DELETE FROM audit.entry WHERE entry_id = %(id)s"""
        report = changed(waits, undo, **given)
        assert (report["code"], _kinds(report)) == (1, {"identity", "unsealed"})

    def test_an_erasure_that_nobody_ordered(self, changed: Callable[..., dict[str, Any]]) -> None:
        given = {"id": str(uuid.uuid4())}
        insert = """INSERT INTO compliance_bot.vault_erasure (tenant, record, at)
                    SELECT tenant, %(id)s, now() FROM audit.entry LIMIT 1"""
        report = changed(insert, "DELETE FROM compliance_bot.vault_erasure WHERE record = %(id)s", **given)
        assert (report["code"], _kinds(report)) == (1, {"unrecorded"})

    def test_a_checkpoint_that_somebody_else_signed(
        self, changed: Callable[..., dict[str, Any]], key: str, superuser: psycopg.Connection[Any]
    ) -> None:
        origin = key.split("+")[0]
        stranger = SigningKey(name=origin, private_key=Ed25519PrivateKey.generate())
        forged = sign_note(format_checkpoint(Checkpoint(origin=origin, size=10**6, root=bytes(32))), stranger)
        insert = """INSERT INTO audit.checkpoint (tenant, size, note)
                    SELECT tenant, 1000000, %(note)s FROM audit.entry LIMIT 1"""
        report = changed(insert, "DELETE FROM audit.checkpoint WHERE size = 1000000", note=forged)
        assert (report["code"], report["verdict"]) == (1, "tampered")
        assert "signature" in _kinds(report)

    def test_a_trigger_that_is_off_lets_no_home_open_and_is_found_by_one_that_is(
        self, home: Path, cli: Cli, key: str, superuser: psycopg.Connection[Any]
    ) -> None:
        with ComplianceBot.open(home) as bot:
            superuser.execute("ALTER TABLE audit.leaf DISABLE TRIGGER append_only")
            try:
                asked = Asked(keys=(parse_verifier_key(key),))
                report = bot.log_evidence(principal="admin").verify(asked)
                refused = cli("audit", "verify", "--key", key)
            finally:
                superuser.execute("ALTER TABLE audit.leaf ENABLE ALWAYS TRIGGER append_only")
        assert [fault.kind for fault in report.faults] == [Kind.LOCK]
        assert (refused.code, refused.out) == (3, "")
        assert "append_only on audit.leaf" in refused.err


def _kinds(report: dict[str, Any]) -> set[str]:
    return {one["kind"] for one in report["faults"]}


class TestExport:
    def test_it_is_checked_elsewhere_with_one_key_and_nothing_else(self, cli: Cli, key: str, tmp_path: Path) -> None:
        told = fits("audit-export", cli("audit", "export", tmp_path / "x.zip", "--content", "--json"))
        assert told["selected"] == told["disclosed"] == told["size"]
        with zipfile.ZipFile(tmp_path / "x.zip") as archive:
            archive.extract("verify.pyz", tmp_path)
        run = [sys.executable, "-I", str(tmp_path / "verify.pyz"), str(tmp_path / "x.zip"), "--key", key, "--json"]
        done = subprocess.run(run, capture_output=True, text=True, cwd=tmp_path, env={}, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        report = json.loads(done.stdout)
        assert (report["verdict"], report["opened"]) == ("intact", told["selected"])

    def test_the_command_checks_one_without_a_home(
        self, cli: Cli, key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert cli("audit", "export", tmp_path / "x").code == 0
        monkeypatch.setenv("COMPLIANCE_BOT_HOME", str(tmp_path / "nowhere"))
        assert cli("audit", "verify", tmp_path / "x", "--key", key).code == 0
        records = sorted((tmp_path / "x" / "records").iterdir())
        records[0].write_text(records[0].read_text(encoding="utf-8").replace("answered", "abstained"), encoding="utf-8")
        assert cli("audit", "verify", tmp_path / "x", "--key", key).code == 1
        shutil.rmtree(tmp_path / "x" / "tile")
        assert cli("audit", "verify", tmp_path / "x", "--key", key).code in (1, 2)

    def test_a_selection_has_envelopes_of_what_was_selected_and_hashes_of_the_rest(
        self, cli: Cli, key: str, tmp_path: Path
    ) -> None:
        answer = cli("ask", QUESTION, "--as", "ana", "--json").json
        given = ("--type", "answer", "--person", "ana", "--content", "--json")
        told = fits("audit-export", cli("audit", "export", tmp_path / "x", *given))
        assert 0 < told["selected"] < told["size"]
        lines = [
            json.loads(line)
            for file in sorted((tmp_path / "x" / "records").iterdir())
            for line in file.read_text(encoding="utf-8").splitlines()
        ]
        envelopes = [json.loads(line["envelope"]) for line in lines if "envelope" in line]
        assert {one["type"] for one in envelopes} == {"answer"}
        assert answer["record"] in {one["id"] for one in envelopes}
        assert len({one["actor"] for one in envelopes}) == 1
        assert cli("audit", "verify", tmp_path / "x", "--key", key).code == 0

    def test_somebody_who_did_nothing_has_no_records(self, cli: Cli, key: str, tmp_path: Path) -> None:
        told = cli("audit", "export", tmp_path / "x", "--person", "nobody-of-this-name", "--json").json
        assert told["selected"] == 0

    def test_what_its_reviewer_may_not_read_is_withheld(self, cli: Cli, key: str, home: Path, tmp_path: Path) -> None:
        assert cli("ask", QUESTION, "--as", "ana").code == 0
        with ComplianceBot.open(home) as bot:
            auditor = Principal(id="rita", groups={"auditors-of-the-test"})
            policy = home / "policies" / "auditor.cedar"
            policy.write_text(
                '@id("looks") permit (principal in Group::"auditors-of-the-test",'
                ' action in [Action::"review", Action::"export"], resource);\n',
                encoding="utf-8",
            )
            os.utime(policy, (time.time() - 100,) * 2)
            try:
                manifest = bot.log_evidence(principal=auditor).export(tmp_path / "x", with_content=True)
            finally:
                policy.unlink()
        assert manifest.counts.withheld > 0
        assert manifest.counts.disclosed > 0
        text = "".join(file.read_text(encoding="utf-8") for file in (tmp_path / "x" / "records").iterdir())
        assert "eight in the morning" not in text
        assert cli("audit", "verify", tmp_path / "x", "--key", key).code == 0

    def test_it_needs_the_right_to_export(self, cli: Cli, key: str, tmp_path: Path) -> None:
        result = cli("audit", "export", tmp_path / "x", "--as", "ana")
        assert (result.code, (tmp_path / "x").exists()) == (1, False)

    def test_it_is_on_record_before_and_after(self, cli: Cli, key: str, tmp_path: Path) -> None:
        assert cli("audit", "export", tmp_path / "x").code == 0
        kinds = [one["type"] for one in cli("audit", "list", "--json").json["records"][:2]]
        assert kinds == ["audit.export", "audit.export.started"]

    @pytest.mark.parametrize("given", [("--first", "5", "--end", "2"), ("--end", "100000")])
    def test_a_range_that_is_none_is_told(self, cli: Cli, key: str, tmp_path: Path, given: tuple[str, ...]) -> None:
        result = cli("audit", "export", tmp_path / "x", *given)
        assert (result.code, (tmp_path / "x").exists()) == (2, False)

    def test_nothing_is_replaced(self, cli: Cli, key: str, tmp_path: Path) -> None:
        (tmp_path / "x").mkdir()
        assert cli("audit", "export", tmp_path / "x").code == 2
        assert list((tmp_path / "x").iterdir()) == []
