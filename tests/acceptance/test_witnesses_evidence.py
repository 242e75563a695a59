"""What witnesses have of a log, in the hands of an auditor: files of checkpoints, and time stamps."""

from __future__ import annotations

import builtins
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import psycopg
import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from compliance_bot.audit.kept import format_kept, parse_kept
from compliance_bot.audit.verify.__main__ import main
from compliance_bot.store.embedded import SUPERUSER, EmbeddedServer
from tests.acceptance.conftest import Cli
from tests.timestamp_authority import Authority

QUESTION = "When does the ferry leave?"
RULES = """quorum: 1
witnesses:
  - {{name: archive, kind: file, path: {path}}}
  - {{name: authority, kind: timestamp, url: '{url}', roots: tsa.pem}}
"""
# The newest checkpoint gets the stamp of another one.
_EXCHANGED = """INSERT INTO audit.cosignature (tenant, size, witness, kind, evidence)
                SELECT tenant, (SELECT max(size) FROM audit.checkpoint), 'exchanged', kind, evidence
                FROM audit.cosignature WHERE kind = 'timestamp' ORDER BY size LIMIT 1"""


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority(at=datetime.now(tz=UTC))


@pytest.fixture(scope="module")
def url(authority: Authority) -> Iterator[str]:
    """Return where the authority answers."""

    class Requests(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            answer = authority.answer(body, at=datetime.now(tz=UTC))
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Requests) as http:
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield f"http://127.0.0.1:{http.server_port}/tsr"
        http.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("archive") / "checkpoints.jsonl"


@pytest.fixture
def roots(home: Path, authority: Authority) -> Path:
    path = home / "tsa.pem"
    path.write_bytes(authority.root.public_bytes(Encoding.PEM))
    return path


@pytest.fixture
def key(cli: Cli, home: Path, url: str, file: Path, roots: Path, write: Callable[[str, str], Path]) -> str:
    """Return the public key of a log with an answer, which a file and an authority have seen."""
    (home / "policies" / "witnesses.yaml").write_text(RULES.format(path=file, url=url), encoding="utf-8")
    document = write("ferry.md", "# Ferry\n\nThe ferry leaves at eight in the morning.\n")
    assert cli("ingest", document, "--collection", "policies").code == 0
    assert cli("ask", QUESTION).code == 0
    assert cli("audit", "checkpoint", "--witnessed").code == 0
    return str(cli("audit", "keys", "--json").json["signing"])


def edited(line: bytes) -> bytes:
    """Return the line of a checkpoint with another size: its signature is no more."""
    kept = parse_kept(line)
    size = b"\n%d\n" % kept.checkpoint.size
    return format_kept(kept.at, kept.note.replace(size, b"\n%d\n" % (kept.checkpoint.size + 1), 1))


def exported(cli: Cli, tmp_path: Path, *words: str) -> Path:
    path = tmp_path / "export"
    assert cli("audit", "export", path, *words).code == 0
    return path


class TestFiles:
    def test_a_file_is_compared_with_the_log_where_it_stands(self, cli: Cli, key: str, file: Path) -> None:
        result = cli("audit", "verify", "--key", key, "--witness-file", file, "--json")
        (compared,) = result.json["witness_files"]
        assert (result.code, compared["file"]) == (0, "checkpoints.jsonl")
        assert compared["checkpoints"] == len(file.read_bytes().splitlines())
        assert "witness" not in {one["what"] for one in result.json["unchecked"]}

    def test_a_checkpoint_that_the_log_never_signed_is_named(
        self, cli: Cli, key: str, file: Path, tmp_path: Path
    ) -> None:
        lines = file.read_bytes().splitlines(keepends=True)
        changed = tmp_path / "changed.jsonl"
        changed.write_bytes(b"".join([*lines[:-1], edited(lines[-1])]))
        result = cli("audit", "verify", "--key", key, "--witness-file", changed)
        assert result.code == 1
        assert f"checkpoint {len(lines)} in changed.jsonl and the log differ" in result.out

    def test_a_part_of_the_log_is_compared_by_the_verifier_alone(
        self, cli: Cli, key: str, file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        export = exported(cli, tmp_path, "--type", "answer.completed")
        words = [str(export), "--key", key, "--jobs", "1"]
        assert main([*words, "--witness-file", str(file)]) == 0
        assert "that agree with this log" in capsys.readouterr().out
        other = tmp_path / "other.jsonl"
        other.write_bytes(
            file.read_bytes() + format_kept(1, b"other log\n1\n" + b"A" * 43 + b"=\n\n\xe2\x80\x94 n AAAAAAA=\n")
        )
        assert main([*words, "--witness-file", str(other)]) == 1
        assert "it is of another log" in capsys.readouterr().out

    @pytest.mark.parametrize("content", [None, b"", b"no checkpoint\n"])
    def test_a_file_that_has_no_checkpoint_is_no_word_on_the_log(
        self, content: bytes | None, cli: Cli, key: str, tmp_path: Path
    ) -> None:
        path = tmp_path / "given"
        if content is not None:
            path.write_bytes(content)
        result = cli("audit", "verify", "--key", key, "--witness-file", path)
        assert (result.code, result.out) == (2, "")
        assert str(path) in result.err


class TestTimestamps:
    def test_they_are_in_an_export_and_told_where_they_are_not_checked(
        self, cli: Cli, key: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        export = exported(cli, tmp_path)
        assert [path.name for path in (export / "timestamps").iterdir()] == ["authority.tsr"]
        assert main([str(export), "--key", key, "--jobs", "1"]) == 0
        assert "--timestamp-ca" in capsys.readouterr().out
        result = cli("audit", "verify", export, "--key", key, "--json")
        assert (result.code, result.json["timestamps"]) == (0, [])
        assert "timestamp" in {one["what"] for one in result.json["unchecked"]}

    def test_the_command_checks_them(self, cli: Cli, key: str, roots: Path, tmp_path: Path) -> None:
        export = exported(cli, tmp_path)
        result = cli("audit", "verify", export, "--key", key, "--timestamp-ca", roots, "--json")
        (stamp,) = result.json["timestamps"]
        assert (result.code, stamp["witness"]) == (0, "authority")
        assert "timestamp" not in {one["what"] for one in result.json["unchecked"]}

    def test_of_an_authority_that_did_not_stamp_it_there_is_none(
        self, cli: Cli, key: str, tmp_path: Path, authority: Authority
    ) -> None:
        (tmp_path / "other.pem").write_bytes(Authority(name="Other").root.public_bytes(Encoding.PEM))
        result = cli("audit", "verify", exported(cli, tmp_path), "--key", key, "--timestamp-ca", tmp_path / "other.pem")
        assert result.code == 2
        assert "no_timestamp" in result.out

    def test_one_that_was_exchanged_in_the_database_is_found_where_the_log_stands(
        self, cli: Cli, key: str, roots: Path, home: Path
    ) -> None:
        server = EmbeddedServer.open(home)
        with psycopg.connect(server.conninfo(SUPERUSER), autocommit=True) as connection:
            connection.execute(_EXCHANGED)
        server.close()
        result = cli("audit", "verify", "--key", key, "--timestamp-ca", roots, "--json")
        assert (result.code, [fault["kind"] for fault in result.json["faults"]]) == (1, ["timestamp"])
        assert [one["witness"] for one in result.json["timestamps"]] == ["authority"], "asked for this check"

    def test_certificates_that_are_none_and_a_package_that_is_missing_are_told_before_anything_is_checked(
        self, cli: Cli, key: str, roots: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        export = exported(cli, tmp_path)
        (tmp_path / "none.pem").write_bytes(b"no certificate")
        for given in (tmp_path / "none.pem", tmp_path / "absent.pem"):
            result = cli("audit", "verify", export, "--key", key, "--timestamp-ca", given)
            assert (result.code, result.out) == (2, "")
        real = builtins.__import__

        def without(name: str, *rest: Any, **named: Any) -> Any:
            if name.partition(".")[0] == "rfc3161_client":
                raise ImportError(name)
            return real(name, *rest, **named)

        monkeypatch.setattr(builtins, "__import__", without)
        result = cli("audit", "verify", export, "--key", key, "--timestamp-ca", roots)
        assert (result.code, result.out) == (2, "")
        assert "compliance-bot[timestamps]" in result.err
