"""The scans there are, in no particular order: what they claim is made disjoint by `spans.merge`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compliance_bot.redaction.patterns.organisations import ORGANISATIONS
from compliance_bot.redaction.patterns.people import PEOPLE

if TYPE_CHECKING:
    from compliance_bot.redaction.patterns.scan import Scan

SCANS: tuple[Scan, ...] = (PEOPLE, ORGANISATIONS)
