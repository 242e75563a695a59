"""Why somebody did something, in their own words: what stands sealed in the record of an act that needs a reason."""

from __future__ import annotations

from compliance_bot.errors import UsageError

_LONGEST = 500


class NoReason(UsageError):
    """This needs a reason: expected printable words, at most 500 characters."""


def reason_of(text: str) -> str:
    """Return a reason with single spaces. Raises NoReason."""
    said = " ".join(text.split())
    if not said or not said.isprintable() or len(said) > _LONGEST:
        raise NoReason
    return said
