"""Rights as of a moment: the policies, a person and a document's attributes as they were then.

`RightsThen` is what explaining needs; `past` has what was kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from compliance_bot.errors import ComplianceError, UsageError
from compliance_bot.policy.attributes import moment_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from compliance_bot.policy.folder import Policies
    from compliance_bot.records import AttributeValue, DocumentId, Principal


class PastNotKept(ComplianceError):
    """The rights as of then were not kept."""

    hint = "Leave --as-of out to explain the rights of today."

    def __init__(self, asked: datetime, *, kept_since: datetime | None) -> None:
        since = f"kept since {kept_since:%Y-%m-%d %H:%M} UTC" if kept_since else "kept since: not yet"
        super().__init__(f"the rights as of {asked:%Y-%m-%d %H:%M} UTC are not known ({since})")


class RightsThen(Protocol):
    """Rights as of a moment; None is the present. Raises PastNotKept for a moment before what was kept."""

    def policies_at(self, moment: datetime | None) -> Policies:
        """Return the policy set that was in force."""
        ...

    def principal_at(self, id: str, moment: datetime | None) -> Principal:
        """Return a person of this home with the groups and attributes of then. Raises UnknownPrincipal."""
        ...

    def attributes_at(self, document: DocumentId, moment: datetime | None) -> Mapping[str, AttributeValue] | None:
        """Return a document's access attributes, whoever may read it; None where there was no such document."""
        ...


def parse_as_of(text: str, *, now: datetime) -> datetime:
    """Return the moment that a text names; a day is its beginning in UTC. Raises UsageError, for the future too."""
    moment = moment_of(text)
    if moment is None:
        raise UsageError("--as-of expects a day (2026-03-03) or a time with its zone (2026-03-03T12:00:00Z)")
    if moment > now:
        raise UsageError("--as-of names a moment that is still to come: expected one in the past")
    return moment
