"""Ways out of a process that reads hostile files: open to a free process, and to be closed to a confined one."""

from __future__ import annotations

import socket
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_OUTSIDE = """
import ctypes, os, socket, sys
libc = ctypes.CDLL(None, use_errno=True)
def ask(result):
    if result < 0:
        raise OSError(ctypes.get_errno(), "refused")
def copied(address):
    here = ctypes.create_string_buffer(8)
    piece = (ctypes.c_void_p * 2)(ctypes.addressof(here), 8)
    there = (ctypes.c_void_p * 2)(address, 8)
    return libc.process_vm_readv(os.getppid(), piece, 1, there, 1, 0)
"""
_WAYS = {
    "connect to a port": "socket.create_connection(('127.0.0.1', {port}), 2)",
    "connect to a socket in a folder": "socket.socket(socket.AF_UNIX).connect({folder!r} + '/listener')",
    "read a key": "open({folder!r} + '/key').read()",
    "list a folder": "os.listdir({folder!r})",
    "write a file": "open({folder!r} + '/new', 'w').write('x')",
    "delete a key": "os.unlink({folder!r} + '/key')",
    "empty a key": "os.truncate({folder!r} + '/key', 0)",
    "open a key to others": "os.chmod({folder!r} + '/key', 0o777)",
    "give a key away": "os.chown({folder!r} + '/key', os.getuid(), os.getgid())",
    "read the parent's environment": "open(f'/proc/{{os.getppid()}}/environ').read()",
    "trace the parent": "ask(libc.ptrace(0x4206, os.getppid(), 0, 0))",  # PTRACE_SEIZE, which does not stop it
    "copy the parent's memory": "ask(copied({address}))",
    "signal the parent": "os.kill(os.getppid(), 0)",
    "run a program": "os.execv(sys.executable, [sys.executable, '-c', 'print(1)'])",
}
WAYS = tuple(_WAYS)


class Surroundings:
    """A folder with a key and a socket, and a port: what a parser could find on a server."""

    def __init__(self, folder: Path, port: int) -> None:
        self._folder, self._port = folder, port

    def program(self, way: str) -> str:
        """Return the Python program that tries a way out; it raises where the way is closed."""
        attempt = _WAYS[way].format(folder=str(self._folder), port=self._port, address=id(self))
        return f"{_OUTSIDE}{attempt}\n"


@contextmanager
def surroundings(folder: Path) -> Iterator[Surroundings]:
    """Yield what is around a process while the block runs. The folder's path must be short: a socket's is."""
    (folder / "key").write_text("secret", encoding="utf-8")
    with socket.create_server(("127.0.0.1", 0)) as port, socket.socket(socket.AF_UNIX) as local:
        local.bind(str(folder / "listener"))
        local.listen()
        yield Surroundings(folder, port.getsockname()[1])


def landlock_works() -> bool:
    """Return whether this kernel can take the file system away from a process."""
    program = "import ctypes; print(ctypes.CDLL(None).syscall(444, None, 0, 1))"
    return int(subprocess.run([sys.executable, "-c", program], capture_output=True, check=True).stdout) >= 1
