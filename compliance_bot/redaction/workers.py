"""Several processes that each do one piece of work at a time; what they make of the pieces comes back in order.

Each process makes its own means of work once, with `load`. They are started afresh, not forked, so that no thread and
no lock of this process is copied into them, and are spoken to through one-way pipes: a two-way pipe is a socket. A
process is handed a piece only while it waits for one, so neither side can wait for the other to read, and memory stays
bounded however many pieces there are.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
import sys
import threading
from multiprocessing.connection import Connection, wait
from types import ModuleType
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from compliance_bot.errors import ComplianceError, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from multiprocessing.context import SpawnProcess

Work = TypeVar("Work")
Made = TypeVar("Made")
_WAITING = 4  # finished pieces per process that wait for an earlier one, at most
_END_S = 5.0


class WorkerDied(Unavailable):
    """A process that looked for personal data ended before its work was done."""

    hint = "What was written before these lines is whole. Memory may have run out: try --workers 1."


class Workers(Generic[Work, Made]):
    """Processes for one kind of work. A context manager: leaving it ends them, whatever they are at."""

    def __init__(
        self,
        count: int,
        *,
        load: Callable[[], Any],
        do: Callable[[Any, Work], Made],
        place: Callable[[Work], str],
    ) -> None:
        """`load` makes the means, `do(means, work)` does it; both must be picklable. `place` names a piece of work."""
        self._place = place
        with _no_interrupts(), _no_main():
            self._workers = [_Worker(load, do) for _ in range(count)]

    def __enter__(self) -> Workers[Work, Made]:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            worker.stop()

    def each(self, pieces: Iterable[Work]) -> Iterator[Made]:
        """Yield what is made of each piece, in order. Raises WorkerDied, naming the piece that was not done."""
        numbered = iter(enumerate(pieces))
        at: dict[_Worker, tuple[int, Work]] = {}
        finished: dict[int, Made] = {}
        due = 0
        while True:
            for worker in self._workers:
                if worker not in at and len(finished) < _WAITING * len(self._workers):
                    piece = next(numbered, None)
                    if piece is None:
                        break
                    at[worker] = piece
                    with contextlib.suppress(OSError):  # it is dead, or refuses to work: taking says which
                        worker.to.send(piece[1])
            if not at:
                return
            for worker in _ready(list(at)):
                finished[at[worker][0]] = self._take(worker, at[worker][1])
                del at[worker]
            while due in finished:
                yield finished.pop(due)
                due += 1

    def _take(self, worker: _Worker, piece: Work) -> Made:
        try:
            made, failure = worker.back.recv()
        except (EOFError, OSError):
            made, failure = None, "it ended"
        if failure:
            raise WorkerDied(f"a process did not finish {self._place(piece)}: {failure}")
        return made  # type: ignore[no-any-return]  # what `do` returned, through a pipe


class _Worker:
    """One process and the pipes to it and back."""

    def __init__(self, load: Callable[[], Any], do: Callable[[Any, Any], Any]) -> None:
        context = multiprocessing.get_context("spawn")
        work, self.to = context.Pipe(duplex=False)
        self.back, answers = context.Pipe(duplex=False)
        self._process: SpawnProcess = context.Process(target=_run, args=(load, do, work, answers), daemon=True)
        self._process.start()
        work.close()
        answers.close()

    def stop(self) -> None:
        self.to.close()
        self._process.terminate()
        self._process.join(_END_S)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self.back.close()


def _ready(workers: list[_Worker]) -> list[_Worker]:
    ready = wait([worker.back for worker in workers])
    return [worker for worker in workers if worker.back in ready]


def _run(load: Callable[[], Any], do: Callable[[Any, Any], Any], work: Connection, answers: Connection) -> None:
    """Do the pieces that come, until there is nobody to do them for. A failure ends it: none is told with its text."""
    with contextlib.suppress(EOFError, BrokenPipeError):
        try:
            means = load()
            while True:
                answers.send((do(means, work.recv()), ""))
        except ComplianceError as error:
            answers.send((None, str(error)))
        except (EOFError, BrokenPipeError):
            raise
        except Exception as error:  # noqa: BLE001  # its message may quote a text
            answers.send((None, type(error).__name__))


@contextlib.contextmanager
def _no_main() -> Iterator[None]:
    """Start what is started here without the program that this process runs: it is a user's, perhaps a page's script,
    and would run once more in each worker.
    """
    before = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = before


@contextlib.contextmanager
def _no_interrupts() -> Iterator[None]:
    """Start what is started here deaf to Ctrl-C, which the terminal sends to all: ending them is for their parent."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
