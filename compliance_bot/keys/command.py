"""A command of the operator's, to which the program gives what only their system can do: wrap a key, or sign."""

from __future__ import annotations

import base64
import binascii
import os
import shlex
import signal
import subprocess
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from compliance_bot.errors import ComplianceError

_TIMEOUT_S = 30
_MOST_BYTES = 65_536  # of an answer


class OperatorCommand:
    """A command line as a setting has it. It is called without a shell, and writes base64."""

    def __init__(self, command: str, *, setting: str, refuse: Callable[[str], ComplianceError]) -> None:
        """Whatever goes wrong, now and later, is raised as what `refuse` makes of a reason."""
        self._setting, self._refuse = setting, refuse
        try:
            self._command = shlex.split(command)
        except ValueError as error:
            raise refuse(f"{setting} is not a command line: {error}") from None
        if not self._command:
            raise refuse(f"{setting} is blank: expected a command")

    def call(self, *words: str, given: bytes, timeout_s: float = _TIMEOUT_S) -> bytes:
        """Return what the command answers, called with these words at its end.

        What it writes is quoted nowhere: it may be anything.
        """
        called = f"{self._setting} {words[0]}"
        try:
            answer = base64.b64decode(_run([*self._command, *words], given, timeout_s).strip(), validate=True)
        except subprocess.CalledProcessError as error:
            raise self._refuse(f"{called}: it ended with {error.returncode}") from None
        except subprocess.TimeoutExpired:
            raise self._refuse(f"{called}: it did not end within {timeout_s:g} seconds") from None
        except binascii.Error:
            raise self._refuse(f"{called}: it wrote something else than base64") from None
        except OSError as error:
            raise self._refuse(f"{called}: {type(error).__name__}") from None
        if not 0 < len(answer) <= _MOST_BYTES:
            raise self._refuse(f"{called}: it answered nothing, or far too much")
        return answer


def _run(command: Sequence[str], given: bytes, timeout_s: float) -> bytes:
    """Return what a command writes; where it is not waited for any longer, what it has started ends with it."""
    pipe, nowhere = subprocess.PIPE, subprocess.DEVNULL
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=nowhere, process_group=0) as running:
        try:
            written, _ = running.communicate(given, timeout_s)
        except BaseException:
            with suppress(ProcessLookupError):
                os.killpg(running.pid, signal.SIGKILL)
            raise
    if running.returncode:
        raise subprocess.CalledProcessError(running.returncode, command[0])
    return written
