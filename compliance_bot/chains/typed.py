"""What an officer typed: a name, or another value such as an e-mail address."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compliance_bot.errors import UsageError
from compliance_bot.redaction.mask import mask
from compliance_bot.redaction.values import NAMES

if TYPE_CHECKING:
    from compliance_bot.redaction.spans import Detects


def typed_value(name: str, detector: Detects) -> tuple[str, str]:
    """Return the type of what was typed, a name where nothing says otherwise, and it without blanks around it.

    Raises UsageError where nothing was typed.
    """
    typed = name.strip()
    if not typed:
        raise UsageError("whom? expected a name, or another value such as an e-mail address")
    whole = [one for one in mask(typed, detector).spans if (one.start, one.end) == (0, len(typed))]
    return (whole[0].type if whole else NAMES[0]), typed
