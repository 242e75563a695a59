"""What a confined process cannot do; each check runs in a process of its own, since confinement is for good."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.ingest.escapes import WAYS, landlock_works, surroundings

ROOT = Path(__file__).resolve().parents[3]
PROGRAM = """
import ctypes, os, resource, socket, sys
sys.path.insert(0, {root!r})
from pathlib import Path
from compliance_bot.ingest.confine import confine
confine(memory_bytes=1_000_000_000, cpu_s=5, readable=(Path({readable!r}),))
{body}
"""


def confined(body: str, readable: Path = ROOT / "compliance_bot") -> str:
    """Return what a confined process prints, or the name of the error that it ends with."""
    program = PROGRAM.format(root=str(ROOT), readable=str(readable), body=body)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=30)
    return done.stdout.strip() or done.stderr.strip().splitlines()[-1].split(":")[0]


def test_memory_has_an_end() -> None:
    assert confined("x = bytearray(2_000_000_000)") == "MemoryError"


def test_nothing_can_be_written_to_a_file(tmp_path: Path) -> None:
    assert confined(f"open({str(tmp_path / 'x')!r}, 'w').write('x'); print('wrote')") != "wrote"
    assert not list(tmp_path.glob("x")) or not (tmp_path / "x").read_text()


def test_a_limit_that_was_lower_stays() -> None:
    body = "print(resource.getrlimit(resource.RLIMIT_NOFILE)); confine(memory_bytes=2**60, cpu_s=9**9); "
    body += "print(resource.getrlimit(resource.RLIMIT_AS)[1])"
    assert confined(body).split("\n") == ["(32, 32)", "1000000000"]


@pytest.mark.skipif(not landlock_works(), reason="this kernel has no Landlock")
@pytest.mark.parametrize("path", ["/etc/passwd", "/proc/self/environ", str(ROOT / "pyproject.toml")])
def test_files_outside_the_given_folders_cannot_be_opened(path: str) -> None:
    assert confined(f"open({path!r}).read(); print('read')") == "PermissionError"


def test_files_in_the_given_folders_can_be_read() -> None:
    assert confined(f"print(open({str(ROOT / 'compliance_bot/errors.py')!r}).read(3)); import wave") == '"""'


def test_the_network_is_gone_where_the_kernel_allows_it() -> None:
    unshared = subprocess.run(["unshare", "-rn", "true"], capture_output=True, check=False).returncode == 0
    if not unshared:
        pytest.skip("this system allows no network namespaces")
    unfiltered = PROGRAM.replace(
        "\nconfine(", "\nimport compliance_bot.ingest.confine as c; c.forbid_system_calls = id\nconfine("
    )
    program = unfiltered.format(
        root=str(ROOT), readable=str(ROOT / "compliance_bot"), body="print(socket.if_nameindex())"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=30)
    assert done.stdout.strip() in ("[(1, 'lo')]", "[]")


@pytest.mark.skipif(not landlock_works(), reason="this kernel has no Landlock")
@pytest.mark.skipif(platform.machine() not in ("x86_64", "aarch64"), reason="no filter of system calls here")
@pytest.mark.parametrize("way", WAYS)
def test_a_way_out_is_open_to_a_free_process_and_closed_to_a_confined_one(
    tmp_path_factory: pytest.TempPathFactory, way: str
) -> None:
    ends = []
    with surroundings(tmp_path_factory.mktemp("s")) as around:
        program = PROGRAM.format(root=str(ROOT), readable=str(ROOT / "compliance_bot"), body=around.program(way))
        for text in (program, program.replace("\nconfine(", "\ndict(")):
            done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=False, timeout=30)
            ends.append((done.returncode, (done.stderr.strip().splitlines() or [""])[-1].split(":")[0]))
    assert ends[0] in ((1, "PermissionError"), (1, "OSError"))
    if os.geteuid() == 0:  # tracing and copying need rights that an ordinary account may lack
        assert ends[1] == (0, "")
