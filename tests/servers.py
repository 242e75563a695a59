"""The embedded server of a home as its processes, for tests that look at them or kill them."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

from tests.benchmarks.measure import children


def place(home: Path) -> dict[str, str]:
    """Return where the server of a home keeps its things, as its `server.json` says."""
    found: dict[str, str] = json.loads((home / "server.json").read_text(encoding="utf-8"))
    return found


def server_pid(home: Path) -> int | None:
    """Return the process id of the home's server while it lives."""
    try:
        file = Path(place(home)["folder"]) / "data" / "postmaster.pid"
        pid = int(file.read_text(encoding="utf-8").split()[0])
    except (FileNotFoundError, IndexError):  # none, or one that is being written
        return None
    return pid if lives(pid) else None


def lives(pid: int) -> bool:
    """Return whether a process runs. One that is dead and waits for its parent has an empty command line."""
    try:
        return bool(Path(f"/proc/{pid}/cmdline").read_bytes())
    except (FileNotFoundError, ProcessLookupError):
        return False


def kill_server(home: Path) -> None:
    """Kill the server, and wait for its children: they notice a moment later, and answer until then."""
    pid = server_pid(home)
    assert pid is not None, "it runs"
    processes = children(pid)
    os.kill(pid, signal.SIGKILL)
    while any(lives(process) for process in processes):
        time.sleep(0.01)
