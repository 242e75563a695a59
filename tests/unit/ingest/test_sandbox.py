"""The parser's process: what it may not do, and what happens when it dies, hangs or lies."""

from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from fpdf import FPDF

from compliance_bot.ingest.sandbox import ParserProcess
from compliance_bot.ingest.unreadable import Limits, Reason, UnreadableDocument

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def parser() -> Iterator[ParserProcess]:
    with ParserProcess(timeout_s=20) as shared:
        yield shared


def child_of(parser: ParserProcess) -> subprocess.Popen[bytes]:
    assert parser._child is not None
    return parser._child


def refusal(parser: ParserProcess, source: Path | bytes, name: str = "a.txt") -> Reason:
    with pytest.raises(UnreadableDocument) as caught:
        parser.parse(source, name)
    return caught.value.reason


def test_a_file_is_parsed_elsewhere_and_comes_back_whole(parser: ParserProcess, tmp_path: Path) -> None:
    made = FPDF()
    made.add_page()
    made.set_font("Helvetica", "B", 20)
    made.cell(0, 10, "Policy", new_x="LMARGIN", new_y="NEXT")
    made.set_font("Helvetica", "", 11)
    made.cell(0, 6, "Keep records.")
    path = tmp_path / "evil\n\x1b[31m.pdf"
    path.write_bytes(bytes(made.output()))
    found = parser.parse(path)
    assert (found.title, found.text, found.pages) == ("Policy", "Policy\n\nKeep records.", (0,))
    assert child_of(parser).pid != os.getpid()


def test_one_child_serves_many_files_and_threads(parser: ParserProcess) -> None:
    parser.parse(b"first", "a.txt")
    child, found = child_of(parser), dict[int, str]()

    def ask(number: int) -> None:
        found[number] = parser.parse(f"text {number} ".encode() * 10_000, "a.txt").text[:7].strip()

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {number: f"text {number}" for number in range(6)}
    assert child_of(parser) is child


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", Reason.EMPTY),
        (b"\0\0\0", Reason.BINARY),
        (b"%PDF-1.4", Reason.CORRUPT),
        (b"<div>" * 100_000, Reason.TOO_DEEP),
    ],
)
def test_a_refusal_keeps_its_reason(parser: ParserProcess, data: bytes, reason: Reason) -> None:
    assert refusal(parser, data) is reason


def test_the_child_has_no_secrets_and_no_way_out(parser: ParserProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPLIANCE_BOT_DATABASE_URL", "postgresql://secret")
    parser.close()
    parser.parse(b"text", "a.txt")
    process = Path(f"/proc/{child_of(parser).pid}")
    assert process.joinpath("environ").read_bytes() in (
        b"",
        f"LD_LIBRARY_PATH={os.environ.get('LD_LIBRARY_PATH')}\0".encode(),
    )
    assert b"secret" not in process.joinpath("cmdline").read_bytes()
    assert (process / "cwd").readlink() == Path("/")
    limits = {line[:26].strip(): line[26:].split()[:2] for line in process.joinpath("limits").read_text().splitlines()}
    assert limits["Max core file size"] == ["0", "0"]
    assert limits["Max file size"] == ["0", "0"]
    assert limits["Max open files"] == ["32", "32"]
    assert limits["Max address space"] == ["1500000000", "1500000000"]
    assert limits["Max cpu time"][0].isdigit()


def test_the_files_that_are_refused_before_they_are_read(parser: ParserProcess, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "absent", tmp_path, tmp_path / "pipe", Path("/dev/zero"), Path("a\0b")):
        assert refusal(parser, path) is Reason.UNOPENED
    small = ParserProcess(limits=Limits(size_bytes=10))
    (tmp_path / "large").write_bytes(b"x" * 11)
    assert refusal(small, tmp_path / "large") is Reason.TOO_LARGE
    assert refusal(small, b"x" * 11) is Reason.TOO_LARGE
    assert small._child is None


def test_a_child_that_died_between_files_is_replaced(parser: ParserProcess) -> None:
    parser.parse(b"one", "a.txt")
    os.kill(child_of(parser).pid, signal.SIGKILL)
    assert parser.parse(b"two", "a.txt").text == "two"


def bomb() -> bytes:
    """Return a PDF of some hundred bytes whose page unpacks to 60 MB: compressed twice."""
    once = zlib.compressobj()
    piece = b" " * 1_000_000
    content = zlib.compress(b"".join([*(once.compress(piece) for _ in range(60)), once.flush()]))
    objects = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R>>",
        b"<</Length %d/Filter[/FlateDecode/FlateDecode]>>stream\n%b\nendstream" % (len(content), content),
    )
    body = b"".join(b"%d 0 obj%b endobj\n" % (number, text) for number, text in enumerate(objects, start=1))
    return b"%PDF-1.4\n" + body + b"trailer<</Root 1 0 R>>"


def test_a_file_that_kills_the_parser_is_refused_and_the_next_is_read() -> None:
    with ParserProcess(memory_bytes=80_000_000) as parser:
        assert refusal(parser, bomb()) is Reason.STOPPED
        assert parser.parse(b"next", "a.txt").text == "next"


def test_a_file_that_hangs_the_parser_is_refused_and_the_next_is_read(parser: ParserProcess) -> None:
    parser.parse(b"one", "a.txt")
    stuck = child_of(parser)
    os.kill(stuck.pid, signal.SIGSTOP)
    impatient, parser._timeout_s = parser._timeout_s, 0.3
    try:
        assert refusal(parser, b"x" * 1_000_000) is Reason.TIMED_OUT
    finally:
        parser._timeout_s = impatient
    assert stuck.returncode == -signal.SIGKILL
    assert parser.parse(b"next", "a.txt").text == "next"


def test_a_child_is_replaced_after_its_share_of_files() -> None:
    with ParserProcess(files_per_child=2) as parser:
        pids = [(parser.parse(b"text", "a.txt"), child_of(parser).pid)[1] for _ in range(5)]
    assert pids[0] == pids[1] != pids[2] == pids[3] != pids[4]


def lying(reply: str) -> ParserProcess:
    """Return a parser whose child says this to anything."""

    class Liar(ParserProcess):
        def _start(self) -> subprocess.Popen[bytes]:
            program = f"import os, sys; os.read(0, 9); os.write(1, {reply}); os.read(0, 1 << 20); os.read(0, 1)"
            child = subprocess.Popen(
                [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
            )
            for pipe in (child.stdin, child.stdout):
                assert pipe is not None
                os.set_blocking(pipe.fileno(), False)
            return child

    return Liar(timeout_s=5)


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        ("(2).to_bytes(8) + b'{}'", Reason.DISTRUSTED),
        ("b'\\xff' * 8", Reason.DISTRUSTED),
        ("(9).to_bytes(8) + b'not JSON!'", Reason.DISTRUSTED),
        ("b''", Reason.TIMED_OUT),
        ("sys.exit(3) or b''", Reason.STOPPED),
        ("os.kill(os.getpid(), 14) or b''", Reason.TIMED_OUT),  # SIGALRM: the child's own clock
    ],
)
def test_a_child_that_lies_is_not_believed_and_not_kept(reply: str, reason: Reason) -> None:
    parser = lying(reply)
    if reply == "b''":
        parser._timeout_s, parser._done = -29.5, 0
    assert refusal(parser, b"text") is reason
    assert parser._child is None


def test_closing_is_quick_repeatable_and_leaves_nothing() -> None:
    parser = ParserProcess()
    parser.close()
    parser.parse(b"text", "a.txt")
    child = child_of(parser)
    os.kill(child.pid, signal.SIGSTOP)  # it cannot end by itself
    began = time.monotonic()
    parser.close()
    parser.close()
    assert time.monotonic() - began < 10  # waiting for it to end would never end
    assert child.returncode == -signal.SIGKILL
    assert not Path(f"/proc/{child.pid}").exists()


SCRIPT = """
import os, sys, time
{before}
from compliance_bot.ingest.sandbox import ParserProcess
parser = ParserProcess()
print(parser.parse(b"some text", "a.txt").text, parser._child.pid, flush=True)
{after}
"""


def run(before: str, after: str, *, cwd: Path | None = None) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", textwrap.dedent(SCRIPT).format(before=before, after=after)]
    environment = {"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]}
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment, cwd=cwd)


def test_the_child_ends_when_its_parent_is_killed() -> None:
    with run("", "time.sleep(60)") as parent:
        assert parent.stdout is not None
        *words, pid = parent.stdout.readline().split()
        assert words == ["some", "text"]
        parent.kill()
    deadline = time.monotonic() + 30
    while Path(f"/proc/{pid}").exists() and "Z" not in Path(f"/proc/{pid}/stat").read_text():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_it_works_from_any_folder_and_with_stderr_closed(tmp_path: Path) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('the working folder was imported from')")
    with run("sys.path.remove('')\nos.close(2)\nos.close(0)", "parser.close()", cwd=tmp_path) as parent:
        assert parent.stdout is not None
        assert parent.stdout.read().startswith("some text ")


def test_limits_reach_the_child() -> None:
    with ParserProcess(limits=dataclasses.replace(Limits(), characters=5)) as parser:
        assert refusal(parser, b"longer than that") is Reason.TOO_MUCH_TEXT
