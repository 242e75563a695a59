"""Whose account runs this program: in production, that is one principal.

The system's own answer by the number of the process's user; an environment variable would be whatever somebody set.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from compliance_bot.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping


class UnmappedAccount(Refused):
    """This account is nobody here."""

    hint = "In production, `accounts` in the home's policies/identity.yaml says which principal an account is."


def account_name() -> str | None:
    """Return the name of the operating-system account of this process; None where the system has none for it."""
    if sys.platform == "win32":
        return None
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return None


def principal_of_account(accounts: Mapping[str, str], account: str | None) -> str:
    """Return the id of the principal that an account is. Raises UnmappedAccount."""
    if account is None or account not in accounts:
        raise UnmappedAccount
    return accounts[account]
