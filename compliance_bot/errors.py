"""The base of every refusal, and the few errors that more than one package raises.

A `ComplianceError` is something a user can act on: its message says what was expected, what came and what to do, and
never quotes document text, a question or a secret. A bug is an assertion or a RuntimeError, never one of these.
Each class carries the exit code that the command line ends with (0 done, 1 refused, 2 usage, 3 unavailable).
"""

from __future__ import annotations

from typing import ClassVar


class ComplianceError(Exception):
    """The request could not be served."""

    exit_code: ClassVar[int] = 1
    hint: ClassVar[str] = ""

    def __init__(self, message: str = "", *, hint: str = "") -> None:
        super().__init__(message or (type(self).__doc__ or "").strip())
        if hint:
            self.hint = hint  # type: ignore[misc]  # an instance may know better than its class


class Refused(ComplianceError):
    """Not permitted, or there is no such thing."""

    # One message for "forbidden" and for "absent": the difference would tell what exists.
    hint = "Ask the administrator of this home whether you should have access."


class UsageError(ComplianceError):
    """The request was not understood."""

    exit_code = 2


class Unavailable(ComplianceError):
    """Something this needs is not reachable at the moment."""

    exit_code = 3
    hint = "Nothing was shown and nothing was lost. Try again; `compliance-bot doctor` says what is wrong."
