"""Parse in a process of its own: an 811-byte file can abort a parser, and the serving process must not die with it.

`ParserProcess` keeps one child and replaces it when it dies, hangs or has done its share. The child starts isolated and
with an empty environment, gives up network, files and memory (`confine`), reads requests from stdin and answers on its
stdout; at the end of stdin, or when its parent is gone, it ends. We open the files ourselves and send bytes.

Wire: a request is the header's length (4 bytes, big-endian), the header (JSON: task, name, size, limits, timeout_s) and
the file's bytes; a reply is its length (8 bytes) and what `wire` makes of it.
"""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import stat
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Self, TypeVar

from compliance_bot.ingest.pipes import Deadline, PipeClosed, read_exactly, write_all
from compliance_bot.ingest.unreadable import Limits, Reason, UnreadableDocument
from compliance_bot.ingest.wire import Distrusted, parse_members, parse_reply

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from compliance_bot.ingest.container import Member
    from compliance_bot.ingest.structure import ParsedDocument

Answer = TypeVar("Answer")

# -I keeps the environment, the user's site and the working folder out; the child imports from where we do.
# numpy is held back, since openpyxl loads it where it is found, only to know its types: time and memory of each start.
_START = (
    "import sys; sys.modules['numpy'] = None; sys.path[:] = sys.argv[3:]; "
    "from compliance_bot.ingest.parser_main import main; main()"
)
_KEPT_ENVIRONMENT = ("LD_LIBRARY_PATH",)  # a Python built with a shared library may need it to start
_REPLY_BYTES_PER_CHARACTER = 16  # JSON escapes take up to 12
_REPLY_BYTES_PER_MEMBER = 4_000  # a name in JSON
_REPLY_MARGIN = 1_000_000
_START_S = 30.0  # seconds for the first request's child to import its libraries
_GRACE_S = 1.0  # seconds between asking a child to end and killing it


class ParserProcess:
    """Parses files outside this process. Safe to share between threads: one file at a time."""

    def __init__(
        self,
        *,
        limits: Limits | None = None,
        timeout_s: float = 60.0,
        memory_bytes: int = 1_500_000_000,
        files_per_child: int = 200,
    ) -> None:
        self._limits = limits or Limits()
        self._timeout_s = timeout_s
        self._memory_bytes = memory_bytes
        self._files_per_child = files_per_child
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._owner = 0  # the process that started the child; a fork has its own
        self._done = 0
        self._had_served = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the child. Never waits longer than about a second; may be called again."""
        with self._lock:
            self._end()

    def parse(self, source: Path | bytes, name: str = "") -> ParsedDocument:
        """Return the document in a file or in bytes. Raises UnreadableDocument, also when the parser dies or hangs."""
        data = source if isinstance(source, bytes) else _read(source, self._limits.size_bytes)
        if not name and isinstance(source, Path):
            name = source.name
        answer = self._answer("parse", data, name, self._limits, parse_reply)
        if isinstance(answer, UnreadableDocument):
            raise answer
        return answer

    def unpack(self, data: bytes, name: str, *, most_bytes: int | None = None) -> tuple[Member, ...] | None:
        """Return the members of a container; None for what is none. Raises UnreadableDocument as `parse` does.

        All members together have at most `most_bytes` bytes, by default what a file may unpack to.
        """
        limits = self._limits if most_bytes is None else dataclasses.replace(self._limits, unpacked_bytes=most_bytes)
        answer = self._answer("unpack", data, name, limits, parse_members)
        if isinstance(answer, UnreadableDocument):
            raise answer
        return answer

    def _answer(
        self, task: str, data: bytes, name: str, limits: Limits, understand: Callable[[bytes, Limits], Answer]
    ) -> Answer:
        """Return what the child says about some bytes. Raises UnreadableDocument."""
        if not data:
            raise UnreadableDocument(Reason.EMPTY)
        if len(data) > limits.size_bytes:
            raise UnreadableDocument(Reason.TOO_LARGE, limits.size_bytes)
        with self._lock:
            try:
                reply = self._ask(task, data, name, limits)
            except UnreadableDocument as error:
                if error.reason is not Reason.STOPPED or not self._had_served:
                    raise
                # An earlier file may have left the child weak: a fresh one decides.
                reply = self._ask(task, data, name, limits)
            try:
                return understand(reply, limits)
            except Distrusted as error:
                self._end()
                raise UnreadableDocument(Reason.DISTRUSTED) from error

    def _ask(self, task: str, data: bytes, name: str, limits: Limits) -> bytes:
        child = self._ready()
        self._had_served = self._done > 0
        assert child.stdin is not None
        assert child.stdout is not None
        told = {"task": task, "name": name, "size": len(data), "limits": dataclasses.asdict(limits)}
        header = json.dumps({**told, "timeout_s": self._timeout_s}).encode()
        deadline = Deadline(self._timeout_s + (_START_S if not self._done else 0.0))
        try:
            write_all(child.stdin.fileno(), (len(header).to_bytes(4, "big"), header, data), deadline)
            reply = self._reply(child.stdout.fileno(), deadline, limits)
        except TimeoutError as error:
            self._end(at_once=True)
            raise UnreadableDocument(Reason.TIMED_OUT, int(self._timeout_s)) from error
        except PipeClosed as error:
            self._end(at_once=True)
            if child.returncode == -signal.SIGALRM:  # its own clock was first
                raise UnreadableDocument(Reason.TIMED_OUT, int(self._timeout_s)) from error
            raise UnreadableDocument(Reason.STOPPED) from error
        except BaseException:
            self._end(at_once=True)  # what is left in the pipes belongs to this request, not to the next
            raise
        self._done += 1
        return reply

    def _reply(self, descriptor: int, deadline: Deadline, limits: Limits) -> bytes:
        length = int.from_bytes(read_exactly(descriptor, 8, deadline), "big")
        longest = max(limits.characters * _REPLY_BYTES_PER_CHARACTER, limits.unpacked_bytes)
        if length > longest + limits.members * _REPLY_BYTES_PER_MEMBER + _REPLY_MARGIN:
            raise UnreadableDocument(Reason.DISTRUSTED)
        return read_exactly(descriptor, length, deadline)

    def _ready(self) -> subprocess.Popen[bytes]:
        """Return a child that waits for a request."""
        if self._owner != os.getpid():
            self._child = None
        if self._child is not None and (self._done >= self._files_per_child or self._child.poll() is not None):
            self._end()
        if self._child is None:
            self._child = self._start()
            self._owner, self._done = os.getpid(), 0
        return self._child

    def _start(self) -> subprocess.Popen[bytes]:
        root = str(Path(__file__).resolve().parents[2])
        paths = dict.fromkeys((*(str(Path(path).absolute()) for path in sys.path if path), root))
        cpu_s = int(self._timeout_s * self._files_per_child + _START_S)
        child = subprocess.Popen(
            [sys.executable, "-I", "-X", "utf8", "-c", _START, str(self._memory_bytes), str(cpu_s), *paths],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # a library's complaints may quote the document
            env={key: os.environ[key] for key in _KEPT_ENVIRONMENT if key in os.environ},
            cwd="/",
            start_new_session=True,
            bufsize=0,
        )
        for pipe in (child.stdin, child.stdout):
            assert pipe is not None
            os.set_blocking(pipe.fileno(), False)
        return child

    def _end(self, *, at_once: bool = False) -> None:
        child, self._child = self._child, None
        if child is None or self._owner != os.getpid():
            return
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                pipe.close()
        try:
            child.wait(0 if at_once else _GRACE_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _read(path: Path, most: int) -> bytes:
    """Return the bytes of a regular file, at most one more than `most`. Raises UnreadableDocument."""
    try:
        # Without O_NONBLOCK the opening of a pipe would wait for a writer.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise UnreadableDocument(Reason.UNOPENED)
            return file.read(most + 1)
    except (OSError, ValueError) as error:
        raise UnreadableDocument(Reason.UNOPENED) from error
