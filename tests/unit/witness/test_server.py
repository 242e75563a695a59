"""The reference witness as a program of its own, asked over loopback: raced, killed, and sent what is no request."""

from __future__ import annotations

import http.client
import re
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from compliance_bot.audit.note_key import VerifierKey, format_verifier_key, parse_verifier_key
from compliance_bot.witness.client import HttpWitness
from compliance_bot.witness.cosigner import Cosigner
from compliance_bot.witness.faults import WitnessDisputes, WitnessUnavailable
from compliance_bot.witness.file import CheckpointFile
from compliance_bot.witness.request import MAX_REQUEST_BYTES, format_request
from compliance_bot.witness.server import MAX_CONNECTIONS, WitnessServer
from tests.witnessed_log import LOG_KEY, WITNESS, MemoryLog

ROOT = Path(__file__).resolve().parents[3]
# What the program may load: the standard library and `cryptography`. Anything else is as if it were not installed.
_ALONE = """
import runpy, sys
allowed = {"compliance_bot", "cryptography", "_cffi_backend", "cffi"} | sys.stdlib_module_names
class Nothing:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] not in allowed:
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Nothing())
sys.path.insert(0, sys.argv.pop(1))
runpy.run_module("compliance_bot.witness", run_name="__main__", alter_sys=True)
"""


class Program:
    """The witness in a process of its own, with nothing installed but what it says it needs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        made = self._run("--new-key", "witness.example/w1")
        self.key: VerifierKey = parse_verifier_key(made.stdout.strip())

    def _command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-c", _ALONE, str(ROOT), "--key", str(self.folder / "key"), *arguments]

    def _run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(self._command(*arguments), capture_output=True, text=True, check=False, timeout=60)

    def refused(self, *arguments: str) -> tuple[int, str]:
        ended = self._run(*arguments)
        return ended.returncode, ended.stderr

    def start(self) -> None:
        log = format_verifier_key(LOG_KEY)
        command = self._command("--state", str(self.folder / "state"), "--log", log, "--listen", "127.0.0.1:0")
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        assert self.process.stderr is not None
        said = self.process.stderr.readline() + self.process.stderr.readline()
        assert format_verifier_key(self.key) in said
        self.url = re.findall(r"http://\S+", said)[0]
        self._reader = threading.Thread(target=self.process.stderr.read, daemon=True)  # let it never wait for a reader
        self._reader.start()

    def end(self, how: int = signal.SIGKILL) -> int:
        self.process.send_signal(how)
        code = self.process.wait(30)
        self._reader.join(30)
        assert self.process.stderr is not None
        self.process.stderr.close()
        return code

    def witness(self) -> HttpWitness:
        return HttpWitness("w1", self.url, self.key, timeout_s=20)


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    program = Program(tmp_path)
    program.start()
    yield program
    if program.process.poll() is None:
        program.end()


def test_it_runs_by_itself_and_cosigns_what_grows(program: Program) -> None:
    log, witness = MemoryLog(3), program.witness()
    for _ in range(3):
        cosigned = witness.witness(log.note(), log.prove)
        assert (cosigned.key, cosigned.signature.name) == (program.key, "witness.example/w1")
        log.grow(4)
    assert program.witness().witness(log.note(), log.prove).at > 0  # a new client learns the size from it
    assert program.end(signal.SIGTERM) == 0


def test_two_at_once_with_two_histories_get_one_cosigned(program: Program) -> None:
    base = MemoryLog(5)
    program.witness().witness(base.note(), base.prove)
    together = threading.Barrier(2)

    def race(log: MemoryLog) -> bool:
        together.wait(30)
        try:
            program.witness().witness(log.note(), log.prove)
        except WitnessDisputes:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(race, [MemoryLog(9), MemoryLog(9, rewritten_from=6)])) == [False, True]


def test_killed_in_between_it_never_goes_back_and_never_cosigns_another_root(program: Program) -> None:
    log, cosigned = MemoryLog(1), []
    for pause_s in (0.2, 0.5):
        killer = threading.Timer(pause_s, program.process.kill)
        killer.start()
        witness = program.witness()
        while True:
            try:
                witness.witness(log.note(), log.prove)
            except WitnessUnavailable:
                break
            cosigned.append(len(log.leaves))
            log.grow(1)
        killer.join()
        program.end()
        program.start()
        other = MemoryLog(cosigned[-1], rewritten_from=cosigned[-1] - 1)
        with pytest.raises(WitnessDisputes):
            program.witness().witness(other.note(), other.prove)
        older = MemoryLog(cosigned[-1] - 1)
        with pytest.raises(WitnessDisputes):
            program.witness().witness(older.note(), older.prove)
    program.witness().witness(log.note(), log.prove)
    (state,) = (program.folder / "state").glob("*.jsonl")
    remembered = [one.checkpoint.size for one in CheckpointFile(state).checkpoints()]
    assert remembered == sorted(set(remembered))
    assert set(cosigned) <= set(remembered)


def test_what_it_is_not_given_it_says(program: Program, tmp_path: Path) -> None:
    log = format_verifier_key(LOG_KEY)
    assert program.refused("--new-key", "again")[0] == 2
    assert "expected --new-key, or --state" in program.refused()[1]
    assert "Another witness works with this folder" in program.refused("--state", f"{tmp_path}/state", "--log", log)[1]
    free = ("--state", f"{tmp_path}/free")
    code, said = program.refused(*free, "--log", "x+y+z")
    assert (code, "--log: " in said) == (2, True)
    code, said = program.refused(*free, "--log", log, "--listen", "here")
    assert (code, "expected HOST:PORT" in said) == (2, True)
    port = program.url.rpartition(":")[2]
    code, said = program.refused(*free, "--log", log, "--listen", f"127.0.0.1:{port}")
    assert (code, "cannot listen" in said) == (2, True)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[WitnessServer]:
    with (
        closing(Cosigner(WITNESS, tmp_path / "state", [LOG_KEY])) as cosigner,
        WitnessServer(("127.0.0.1", 0), cosigner) as server,
    ):
        serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        serving.start()
        yield server
        server.shutdown()
        serving.join(30)


def connect(server: WitnessServer) -> socket.socket:
    return socket.create_connection(server.server_address[:2], timeout=20)  # type: ignore[arg-type]


def raw(server: WitnessServer, text: bytes) -> bytes:
    """Return the first line of the answer."""
    with connect(server) as connection, connection.makefile("rb") as answer:
        connection.sendall(text)
        return answer.readline()


def test_its_health_is_told_and_nothing_else_is_there(server: WitnessServer) -> None:
    connection = http.client.HTTPConnection(*server.server_address[:2])  # type: ignore[arg-type]
    for path, status in (("/health", 200), ("/", 404), ("/add-checkpoint", 404)):  # on one connection
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == status
    connection.request("POST", "/add-checkpoint", format_request(0, (), MemoryLog(2).note()))
    answer = connection.getresponse()
    assert (answer.status, answer.read().startswith("— witness.example/w1 ".encode())) == (200, True)
    connection.close()


@pytest.mark.parametrize(
    ("text", "status"),
    [
        (b"POST /add-checkpoint HTTP/1.1\r\n\r\n", b"411"),
        (b"POST /add-checkpoint HTTP/1.1\r\nContent-Length: -1\r\n\r\n", b"411"),
        (b"POST /add-checkpoint HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n", b"411"),
        (b"POST /add-checkpoint HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % (MAX_REQUEST_BYTES + 1), b"413"),
        (b"POST /add-checkpoint HTTP/1.1\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n", b"413"),
        (b"POST /other HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc", b"404"),
        (b"POST /add-checkpoint HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc", b"400"),
        (b"PUT /add-checkpoint HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc", b"501"),
    ],
    ids=lambda value: "" if len(value) > 3 else value.decode(),
)
def test_what_is_no_request_is_refused(server: WitnessServer, text: bytes, status: bytes) -> None:
    assert raw(server, text).split()[1] == status


def test_a_client_that_stalls_keeps_nobody_else_from_being_answered(server: WitnessServer) -> None:
    with ExitStack() as stalled:
        for _ in range(10):
            connection = stalled.enter_context(connect(server))
            connection.sendall(b"POST /add-checkpoint HTTP/1.1\r\nContent-Length: 500\r\n\r\nold")
        assert b"200" in raw(server, b"GET /health HTTP/1.1\r\n\r\n")


def test_a_client_that_says_nothing_more_is_let_go(server: WitnessServer, monkeypatch: pytest.MonkeyPatch) -> None:
    assert server.RequestHandlerClass.timeout == 10
    monkeypatch.setattr(server.RequestHandlerClass, "timeout", 0.1)
    with connect(server) as connection:
        connection.sendall(b"POST /add-checkpoint HTTP/1.1\r\nContent-Length: 500\r\n\r\nold")
        assert connection.recv(1) == b""


def test_a_client_that_breaks_off_is_no_news(server: WitnessServer, capfd: pytest.CaptureFixture[str]) -> None:
    with connect(server) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # closes with a reset
        connection.sendall(b"POST /add-checkpoint HTTP/1.1\r\nContent-Length: 500\r\n\r\nold")
        assert b"200" in raw(server, b"GET /health HTTP/1.1\r\n\r\n")
    patience = time.monotonic() + 20
    while any("process_request_thread" in thread.name for thread in threading.enumerate()):
        assert time.monotonic() < patience
        time.sleep(0.01)
    assert "Traceback" not in capfd.readouterr().err


def test_more_connections_than_it_allows_are_closed_at_once(server: WitnessServer) -> None:
    with ExitStack() as kept:
        for _ in range(MAX_CONNECTIONS):
            connection = kept.enter_context(connect(server))
            connection.sendall(b"GET /health HTTP/1.1\r\n\r\n")
            assert b"200" in connection.recv(4096)  # it is in its thread now, and kept alive
        with connect(server) as beyond:
            assert beyond.recv(1) == b""
