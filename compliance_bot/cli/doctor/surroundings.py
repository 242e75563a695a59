"""Checks of what the environment brings: confinement of the parser, tracing, proxies, optional packages."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from typing import TYPE_CHECKING

from compliance_bot.cli.doctor.finding import Warned

if TYPE_CHECKING:
    from compliance_bot.settings import Settings

_TRACING = (
    "LANGSMITH_TRACING",
    "LANGSMITH_TRACING_V2",
    "LANGCHAIN_TRACING",
    "LANGCHAIN_TRACING_V2",
    "LANGCHAIN_HANDLER",
)
_PROXIES = ("http_proxy", "https_proxy", "all_proxy")
_EXTRAS = {
    "ui": "streamlit",
    "openai": "langchain_openai",
    "loaders": "langchain_community",
    "timestamps": "rfc3161_client",
    "tuning": "torch",
}
_PROBE_TIMEOUT_S = 20

# As the parser confines itself, in a process that may: 1 without a network namespace, 2 without Landlock, 3 neither.
_PROBE = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
network = not libc.unshare(0x40000000) or not libc.unshare(0x50000000)
landlock = libc.syscall(444, None, ctypes.c_size_t(0), 1) >= 1
raise SystemExit((not network) + 2 * (not landlock))
"""


def sandbox(_: Settings) -> str | Warned:
    """Say which confinements the parser of documents has on this system."""
    command = [sys.executable, "-I", "-c", _PROBE]
    code = subprocess.run(command, check=False, capture_output=True, timeout=_PROBE_TIMEOUT_S).returncode
    lacking = {
        0: "",
        1: "a network namespace",
        2: "Landlock",
        3: "a network namespace nor Landlock",
    }.get(code, "anything that could be tested")
    if lacking:
        return Warned(
            detail=f"the parser of documents runs with limits of memory and time, but without {lacking}",
            hint="Allow user namespaces, or use Linux 5.13 or later, before you ingest files of strangers.",
        )
    return "network namespace and Landlock are available"


def tracing(_: Settings) -> str | Warned:
    """Say whether the environment asks LangChain to send traces."""
    found = [name for name in _TRACING if os.environ.get(name, "").lower() not in {"", "false", "0"}]
    if found:
        return Warned(
            detail=f"the environment sets {', '.join(found)}",
            hint="Nothing of ours is traced, but an application's own runnables would send questions: unset it.",
        )
    return "not asked for by the environment"


def proxies(_: Settings) -> str | Warned:
    """Say whether calls to a chat model would go through a proxy. Addresses are not shown: they may hold a password."""
    found = sorted(name for name in os.environ if name.lower() in _PROXIES and os.environ[name])
    if found:
        return Warned(
            detail=f"the environment sets {', '.join(found)}",
            hint="Calls to a chat model go through it: add the server to NO_PROXY if they must not.",
        )
    return "none set"


def extras(_: Settings) -> str:
    """Say which optional parts are installed."""
    there = [extra for extra, package in _EXTRAS.items() if importlib.util.find_spec(package)]
    missing = [extra for extra in _EXTRAS if extra not in there]
    return f"installed: {', '.join(there) or 'none'}; not installed: {', '.join(missing) or 'none'}"
