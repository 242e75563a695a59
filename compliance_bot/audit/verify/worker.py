"""Processes that examine batches for another one. They import the verifier and nothing else.

The standard library's pools run the program that asks once more in each process: a page, or a script without a guard,
would begin anew there. Here a process gets the paths to import from, then batches, by its standard input, and it tells
what they show by its standard output. Where one cannot be started, or fails, whoever waits examines the batch itself.
"""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from compliance_bot.audit.verify.records import Examined, Rules, examine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import IO

    from compliance_bot.audit.source import Batch

_START = f"""\
import pickle, sys
sys.path[:] = pickle.load(sys.stdin.buffer)
from {__name__} import serve
serve()
"""


class Workers:
    """Up to so many processes; each is started when there is work and the others have some."""

    def __init__(self, most: int) -> None:
        self._threads = ThreadPoolExecutor(most)  # one waits for each process
        self._idle = deque[_Worker]()

    def examined(self, batch: Batch, rules: Rules) -> Future[Examined]:
        """Return what a batch will have shown."""
        return self._threads.submit(self._examined, batch, rules)

    def close(self) -> None:
        """End the processes, once each has done what it does now; what waits is given up."""
        self._threads.shutdown(cancel_futures=True)
        for worker in self._idle:
            worker.end()

    def _examined(self, batch: Batch, rules: Rules) -> Examined:
        worker = None
        try:
            worker = self._taken()
            shown = worker.ask(batch, rules)
        except (OSError, EOFError, pickle.UnpicklingError):
            shown = None
            if worker is not None:
                worker.end()
        else:
            self._idle.append(worker)
        return examine(batch, rules) if shown is None else shown

    def _taken(self) -> _Worker:
        try:
            return self._idle.pop()
        except IndexError:
            return _Worker()


@contextmanager
def workers(most: int) -> Iterator[Workers]:
    """Yield processes that are gone afterwards."""
    started = Workers(most)
    try:
        yield started
    finally:
        started.close()


class _Worker:
    def __init__(self) -> None:
        """Raises OSError where no process can be started."""
        if not sys.executable or getattr(sys, "frozen", False):
            raise OSError("this program is not run by a Python that can be started once more")
        command = [sys.executable, "-I", "-c", _START]  # -I: what lies in the working directory is not imported
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        try:
            self._send([path or str(Path.cwd()) for path in sys.path])
        except BaseException:
            self.end()
            raise

    def ask(self, batch: Batch, rules: Rules) -> Examined | None:
        """Return what a batch shows; None where examining it failed. OSError, EOFError: the process is gone."""
        self._send((batch, rules))
        assert self._process.stdout is not None
        shown: Examined | None = pickle.load(self._process.stdout)  # noqa: S301  # of a process of our own
        return shown

    def end(self) -> None:
        """Let the process end, and wait until it has."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdout.close()
        with suppress(OSError):  # it was gone before all was sent
            self._process.stdin.close()
        self._process.wait()

    def _send(self, told: object) -> None:
        assert self._process.stdin is not None
        pickle.dump(told, self._process.stdin)
        self._process.stdin.flush()


def serve() -> None:
    """Examine what comes, until nothing comes any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever asks is interrupted too, and closes the pipe
    asked, shown = sys.stdin.buffer, _kept(sys.stdout.fileno())
    while True:
        try:
            batch, rules = pickle.load(asked)  # noqa: S301  # of whoever started this process
        except (EOFError, pickle.UnpicklingError):  # it ended, maybe while it wrote
            return
        try:
            pickle.dump(_shown(batch, rules), shown)
            shown.flush()
        except BrokenPipeError:
            return


def _shown(batch: Batch, rules: Rules) -> Examined | None:
    try:
        return examine(batch, rules)
    except Exception:  # noqa: BLE001  # whoever asked runs into it too, and tells it
        return None


def _kept(standard_output: int) -> IO[bytes]:
    """Return where the answers go, and let what others print go to the standard error."""
    shown = os.fdopen(os.dup(standard_output), "wb")
    os.dup2(sys.stderr.fileno(), standard_output)
    return shown
