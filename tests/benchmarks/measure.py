"""Clocks, memory and the machine, for all benchmarks alike."""

from __future__ import annotations

import os
import platform
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def clock() -> Iterator[Callable[[], float]]:
    """Time a block; what is yielded returns the seconds once it has ended."""
    began = time.perf_counter()
    ended: list[float] = []
    yield lambda: ended[0]
    ended.append(time.perf_counter() - began)


def percentiles(values: Sequence[float]) -> dict[str, float]:
    """Return p50 and p95 of some values, rounded to two digits."""
    cuts = quantiles(values, n=20)
    return {"p50": round(cuts[9], 2), "p95": round(cuts[18], 2)}


def middle(call: Callable[[], object], times: int) -> float:
    """Return the median of the seconds that a call takes."""
    seconds = []
    for _ in range(times):
        with clock() as ended:
            call()
        seconds.append(ended())
    return median(seconds)


def peak_mb() -> float:
    """Return the most memory that this process has held, in MB (resident set)."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return round(int(line.split()[1]) / 1024, 1)


def share_mb(pids: Sequence[int]) -> float:
    """Return what some processes hold now, in MB; pages that they share are counted once (proportional set size)."""
    total = 0
    for pid in pids:
        try:
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
    return round(total / 1024, 1)


def children(parent: int) -> list[int]:
    """Return the process ids of a process and of all that it started."""
    found = [parent]
    for folder in Path(f"/proc/{parent}/task").glob("*/children"):
        for child in folder.read_text(encoding="ascii").split():
            found += children(int(child))
    return found


def machine() -> str:
    """Return what the figures were taken on."""
    cpu = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} cores ({cpu}), {memory:.0f} GiB, Python {platform.python_version()}"


def commit() -> str:
    """Return the commit that is measured; a tree with changes of its own says so."""
    described = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--exclude=*"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return described.stdout.strip() or "unknown"
