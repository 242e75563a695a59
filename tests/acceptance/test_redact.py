"""`redact` and `evaluate redaction` as a user types them: in processes of their own, without a home or a network."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

ROOT = Path(__file__).resolve().parents[2]
SCHEMAS = ROOT / "docs" / "reference" / "schemas"
LETTER = "To the archive:\n\nwrite to ida.marsh@example.net or call +1 212 555 0143.\n\nSSN 219-09-9999.\n"
VALUES = ("ida.marsh", "555 0143", "219-09-9999")
NO_NETWORK = """
import socket
def refuse(*_, **__): raise AssertionError("network")
socket.socket.connect = socket.getaddrinfo = socket.create_connection = socket.socketpair = refuse
"""

Run = Callable[..., "subprocess.CompletedProcess[bytes]"]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """An environment without a home, whose processes cannot reach anything, nor any that they start."""
    (tmp_path / "deaf").mkdir()
    (tmp_path / "deaf" / "sitecustomize.py").write_text(NO_NETWORK, encoding="utf-8")
    kept = {key: value for key, value in os.environ.items() if not key.startswith("COMPLIANCE_BOT_")}
    return {
        **kept,
        "HOME": str(tmp_path / "nobody"),
        "PYTHONPATH": os.pathsep.join((str(tmp_path / "deaf"), str(ROOT))),
        "PYTHONWARNINGS": "error",
    }


@pytest.fixture
def run(environment: dict[str, str], tmp_path: Path) -> Run:
    def call(*arguments: str | Path, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        command = [sys.executable, "-m", "compliance_bot.cli", *map(str, arguments)]
        return subprocess.run(
            command, input=given, env=environment, cwd=tmp_path, capture_output=True, check=False, timeout=120
        )

    return call


def test_a_text_is_masked_and_the_rest_is_as_it_was(run: Run, tmp_path: Path) -> None:
    done = run("redact", given=LETTER.replace("\n", "\r\n").encode())
    assert (done.returncode, done.stderr) == (0, b"")
    text = done.stdout.decode()
    assert not [value for value in VALUES if value in text]
    assert text.startswith("To the archive:\r\n\r\nwrite to <EMAIL_ADDRESS> or call ")
    (tmp_path / "a.txt").write_text("a.b@example.net\n", encoding="utf-8")
    assert run("redact", "a.txt", "-", "a.txt", given=b"and\n").stdout == b"<EMAIL_ADDRESS>\nand\n<EMAIL_ADDRESS>\n"
    assert not (tmp_path / "nobody").exists()


def test_a_profile_says_what_is_masked(run: Run, tmp_path: Path) -> None:
    given = b"write to a.b@example.net, SSN 219-09-9999\n"
    profile = tmp_path / "mail.yaml"
    profile.write_text("name: mail\ndescription: Addresses.\ntypes: [EMAIL_ADDRESS]\n", encoding="utf-8")
    assert run("redact", "--profile", profile, given=given).stdout == b"write to <EMAIL_ADDRESS>, SSN 219-09-9999\n"
    assert b"219-09-9999" not in run("redact", "--profile", "hipaa", given=given).stdout
    unknown = run("redact", "--profile", "nonesuch", given=given)
    assert (unknown.returncode, unknown.stdout) == (2, b"")
    assert b"hipaa" in unknown.stderr


def test_json_tells_what_was_found_where_in_the_input(run: Run) -> None:
    text = "\N{GRINNING FACE} write to a.b@example.net\n"
    done = run("redact", "--json", given=text.encode())
    shape = json.loads(done.stdout)
    validator("redact").validate(shape)
    (span,) = shape["spans"]
    assert text[span["start"] : span["end"]] == "a.b@example.net"
    assert (span["type"], shape["counts"]) == ("EMAIL_ADDRESS", {"EMAIL_ADDRESS": 1})
    assert shape["text"] == "\N{GRINNING FACE} write to <EMAIL_ADDRESS>\n"


def test_lines_are_answered_in_order_by_several_processes(run: Run) -> None:
    rows = [json.dumps({"id": n, "text": f"row {n} of a{n}@example.net " + "and so on " * (n % 7)}) for n in range(900)]
    rows[700] = '{"id": 700, "text": 3, "secret": "ida.marsh@example.net"}'
    done = run("redact", "--lines", "--masked", "--workers", "2", given="\n".join(rows).encode())
    assert done.returncode == 1
    assert done.stderr == b"1 lines were not looked through: each has an error in its place\n"
    shapes = [json.loads(line) for line in done.stdout.splitlines()]
    assert [shape["id"] for shape in shapes] == list(range(900))
    assert shapes[700] == {"id": 700, "error": 'line 701: expected "text", a string'}
    for n, shape in enumerate(shapes[:700]):
        assert shape["text"].startswith(f"row {n} of <EMAIL_ADDRESS> ")
        assert [span["type"] for span in shape["spans"]] == ["EMAIL_ADDRESS"]
    alone = run("redact", "--lines", "--masked", "--workers", "1", given="\n".join(rows).encode())
    assert alone.stdout == done.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ((), 1, b"the input: expected UTF-8, and byte 22 is not"),
        (("--json",), 1, b"the input: expected UTF-8, and byte 22 is not"),
        (("nofile",), 2, b"nofile: No such file"),
        (("--json", "--lines"), 2, b"choose one of them"),
        (("--masked",), 2, b"go with --lines"),
        (("--json", "-", "-"), 2, b"--json takes one text"),
    ],
)
def test_what_cannot_be_done_is_refused_without_the_input(
    run: Run, arguments: tuple[str, ...], code: int, message: bytes
) -> None:
    done = run("redact", *arguments, given=b"a.marsh@example.net, \xff\xfe")
    assert done.returncode == code
    assert message in done.stdout + done.stderr
    assert b"a.marsh" not in done.stdout + done.stderr


def test_a_text_without_end_is_masked_as_it_comes_in_little_memory(environment: dict[str, str], tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "compliance_bot.cli", "redact"],
        env=environment, cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        piece = b"Nothing is said here of anybody at all, and it goes on.\n" * 600 + b"a.b@example.net\n"
        peaks = []
        for round_ in range(60):
            process.stdin.write(piece)
            process.stdin.flush()
            if round_ % 20 == 10:
                assert b"<EMAIL_ADDRESS>" in os.read(process.stdout.fileno(), 1 << 20) + drained(process)
                peaks.append(resident_kb(process.pid))
            else:
                drained(process)
        process.stdin.close()
        rest = process.stdout.read()
        assert b"@" not in rest
    assert process.returncode == 0
    assert peaks[-1] < peaks[0] * 1.2


def drained(process: subprocess.Popen[bytes]) -> bytes:
    """Return what is there to be read now, so that the process does not wait for its reader."""
    assert process.stdout is not None
    out = process.stdout.fileno()
    os.set_blocking(out, False)
    read = b""
    try:
        while piece := os.read(out, 1 << 20):
            read += piece
    except BlockingIOError:
        pass
    finally:
        os.set_blocking(out, True)
    return read


def resident_kb(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:"))


def test_ctrl_c_ends_the_command_and_its_processes_without_a_word_of_the_input(
    environment: dict[str, str], tmp_path: Path
) -> None:
    row = b'{"id": 1, "text": "%s a.marsh@example.net"}\n' % (b"and so on " * 300)
    (tmp_path / "many.jsonl").write_bytes(row * 2_000)
    with subprocess.Popen(
        [sys.executable, "-m", "compliance_bot.cli", "redact", "--lines", "--workers", "2", "many.jsonl"],
        env=environment, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stderr is not None
        assert b"spans" in process.stdout.readline()
        os.killpg(process.pid, signal.SIGINT)
        for _ in process.stdout:
            pass
        said = process.stderr.read()
    assert process.returncode == 130
    assert said == b"interrupted; what was finished before is kept\n"
    deadline = time.monotonic() + 20
    while members(process.pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not members(process.pid)


def members(group: int) -> list[int]:
    """Return the processes of a group that still run."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == group and fields[0] != "Z":
            found.append(int(stat.parent.name))
    return found


def test_an_evaluation_says_what_is_found_missed_and_how_fast(run: Run, tmp_path: Path) -> None:
    rows = [
        {"text": "Write to a.b@example.net.", "spans": [[9, 24, "EMAIL"]], "domain": "mail", "language": "en"},
        {"text": "SSN 219-09-9999, zodiac Leo", "spans": [[4, 15, "SSN"], [24, 27, "ZODIAC"]], "domain": "hr"},
        {"text": "Zodiac number qwxyz7-q", "spans": [[14, 22, "SSN"]], "domain": "hr"},
    ]
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    done = run("evaluate", "redaction", path, "--json", "--against", "stock")
    assert (done.returncode, done.stderr) == (0, b"")
    shape = json.loads(done.stdout)
    validator("evaluate-redaction").validate(shape)
    assert shape["labels"] == {"known": {"EMAIL": 1, "SSN": 2}, "may_be": {}, "is_not": {}, "unknown": {"ZODIAC": 1}}
    ours, stock = shape["detectors"]
    assert (ours["detector"], stock["detector"]) == ("compliance-bot", "stock Presidio")
    assert ours["labelled"]["measures"]["covering_recall"]["value"] == pytest.approx(2 / 3, abs=1e-4)
    assert ours["types"]["US_SSN"]["measures"]["strict_recall"]["value"] == 0.5
    assert [(miss["type"], miss["shape"]) for miss in ours["misses"]] == [("US_SSN", "xxxxx9-x")]
    assert set(ours["domains"]) == {"hr", "mail"}
    read = run("evaluate", "redaction", path).stdout.decode()
    assert "UNKNOWN here and were left out: ZODIAC 1" in read
    assert "xxxxx9-x" in read
    for text in (read, done.stdout.decode()):
        assert not [value for value in ("a.b@example", "219-09", "qwxyz7") if value in text]


def test_a_file_that_is_not_labelled_is_refused_with_its_line(run: Run, tmp_path: Path) -> None:
    (tmp_path / "bad.jsonl").write_text('{"text": "a", "spans": []}\n{"text": "ida.marsh"}\n', encoding="utf-8")
    done = run("evaluate", "redaction", "bad.jsonl")
    assert done.returncode == 2
    assert b"bad.jsonl line 2" in done.stderr
    assert b"ida.marsh" not in done.stderr
    assert run("evaluate", "redaction").returncode == 2


def validator(name: str) -> Any:
    return Draft202012Validator(json.loads((SCHEMAS / f"{name}.json").read_text(encoding="utf-8")))
