"""Wait for changes under paths: what changed, once it holds still, or a wish for a whole pass.

Only names come from here; a pass over them decides what a change means, so that a missed or doubled event costs a look
and nothing else. A path that is not there is looked for again, and whole passes come from time to time.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from watchfiles import watch

Outcome = TypeVar("Outcome")

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator, Sequence

_WHOLE_PASS_S = 3600.0  # a drive can lose events
_ABSENT_S = 2.0  # before an absent path is looked for again
_FIRST_PAUSE_S = 1.0
_LONGEST_PAUSE_S = 60.0

Changed = frozenset[Path] | None  # resolved paths; None for everything


def changes(
    paths: Sequence[Path], stop: threading.Event, *, still_s: float, poll: bool, whole_pass_s: float = _WHOLE_PASS_S
) -> Iterator[Changed]:
    """Yield what to look into: first everything, then what changed and kept its size and time for `still_s` seconds.

    Ends when `stop` is set. `poll` is for drives that tell of no changes, such as network shares.
    """
    yield None
    whole_at = time.monotonic() + whole_pass_s
    waiting: set[Path] = set()
    while not stop.is_set():
        present = [path for path in paths if path.exists()]
        if len(present) < len(paths):
            stop.wait(_ABSENT_S)
            yield None
            continue
        for found in watch(
            *present,
            watch_filter=None,
            debounce=max(50, int(still_s * 1000)),
            step=50,
            stop_event=stop,
            rust_timeout=max(200, int(still_s * 1000)),
            yield_on_timeout=True,
            force_polling=poll,
            poll_delay_ms=max(100, int(still_s * 500)),
            raise_interrupt=False,
        ):
            waiting |= {Path(path) for _, path in found}
            ready = _still(waiting, still_s)
            waiting -= ready
            if ready:
                yield frozenset(path.resolve() for path in ready)
            if time.monotonic() >= whole_at or any(not path.exists() for path in paths):
                whole_at = time.monotonic() + whole_pass_s
                yield None
                break


def _still(paths: set[Path], still_s: float) -> set[Path]:
    """Return the paths that nobody is writing any more, gone ones among them."""
    if not paths:
        return set()
    before = {path: _stamp(path) for path in paths}
    time.sleep(still_s)
    return {path for path in paths if _stamp(path) == before[path]}


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns


def with_patience(
    act: Callable[[], Outcome],
    stop: threading.Event,
    *,
    is_passing: Callable[[Exception], bool],
    on_failure: Callable[[Exception], None],
) -> Outcome | None:
    """Return what `act` returns, repeated with growing pauses while its failure is a passing one; None once stopped."""
    pause = _FIRST_PAUSE_S
    while not stop.is_set():
        try:
            return act()
        except Exception as error:
            if not is_passing(error):
                raise
            on_failure(error)
            stop.wait(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_S)
    return None
