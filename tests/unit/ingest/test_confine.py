"""What a confined process cannot do; each check runs in a process of its own, since confinement is for good."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

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


def landlock_works() -> bool:
    program = "import ctypes; print(ctypes.CDLL(None).syscall(444, None, 0, 1))"
    return int(subprocess.run([sys.executable, "-c", program], capture_output=True, check=True).stdout) >= 1


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
    body = "print(os.readlink('/proc/self/ns/net') if False else socket.if_nameindex())"
    unshared = subprocess.run(["unshare", "-rn", "true"], capture_output=True, check=False).returncode == 0
    if not unshared:
        pytest.skip("this system allows no network namespaces")
    assert confined(body) in ("[(1, 'lo')]", "[]")
