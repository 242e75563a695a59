"""Give up what a parser does not need: memory and time without end, files, network, and keys in the environment.

For the parser's own process, called once after its imports. Each step that the platform lacks is left out: rlimits are
POSIX, the network namespace needs Linux and a right that containers often withhold, Landlock needs Linux 5.13, the
filter of system calls an x86-64 or ARM64 machine.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import struct
import sysconfig
from pathlib import Path

from compliance_bot.ingest.system_calls import forbid_system_calls

_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000  # linux/sched.h
_PR_SET_NO_NEW_PRIVS = 38  # linux/prctl.h
_LANDLOCK_CREATE, _LANDLOCK_ADD, _LANDLOCK_RESTRICT = 444, 445, 446  # the same numbers on every Linux architecture
_LANDLOCK_ALL = 0x1FFF  # every file right of the first version (linux/landlock.h)
_LANDLOCK_READ = 0x000C  # read a file, list a folder
_LANDLOCK_BENEATH = 1
_OPEN_FILES = 32


def confine(*, memory_bytes: int, cpu_s: int, readable: tuple[Path, ...] = ()) -> None:
    """Limit this process for good; of the file system it keeps the standard library and `readable`."""
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_NOFILE, _OPEN_FILES)
    _limit(resource.RLIMIT_CPU, cpu_s)
    _limit(resource.RLIMIT_AS, memory_bytes)
    with contextlib.suppress(OSError, AttributeError):
        libc = ctypes.CDLL(None, use_errno=True)
        _leave_network(libc)
        libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        _leave_files(libc, (Path(sysconfig.get_path("stdlib")), *readable))
        forbid_system_calls(libc)


def _limit(what: int, most: int) -> None:
    """Lower a limit; where it is lower already it stays."""
    _, hard = resource.getrlimit(what)
    if hard != resource.RLIM_INFINITY:
        most = min(most, hard)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(what, (most, most))


def _leave_network(libc: ctypes.CDLL) -> None:
    """Move to an empty network namespace: as root directly, else inside a user namespace of its own."""
    if libc.unshare(_CLONE_NEWNET):
        libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET)


def _leave_files(libc: ctypes.CDLL, readable: tuple[Path, ...]) -> None:
    """Forbid every opening of a file but reading beneath `readable` (Landlock)."""
    handled = struct.pack("Q", _LANDLOCK_ALL)
    ruleset = libc.syscall(_LANDLOCK_CREATE, handled, ctypes.c_size_t(len(handled)), 0)
    if ruleset < 0:
        return
    for folder in readable:
        descriptor = os.open(folder, os.O_PATH | os.O_CLOEXEC)
        rule = struct.pack("=Qi", _LANDLOCK_READ, descriptor)
        libc.syscall(_LANDLOCK_ADD, ruleset, _LANDLOCK_BENEATH, rule, 0)
        os.close(descriptor)
    libc.syscall(_LANDLOCK_RESTRICT, ruleset, 0)
    os.close(ruleset)
