"""The scans there are, in no particular order: what they claim is made disjoint by `spans.merge`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from compliance_bot.redaction.patterns.scan import Scan

SCANS: tuple[Scan, ...] = ()
