"""The one refusal of whatever somebody showed to prove who they are."""

from __future__ import annotations

from compliance_bot.errors import Refused


class SignInRefused(Refused):
    """The sign-in was not accepted."""

    hint = "Sign in again. If that does not help, the log of this home tells its administrator why, by a code."

    def __init__(self, code: str) -> None:
        super().__init__()
        self.code = code  # for the log alone: which check failed would help whoever tries
