"""The scans there are, in no particular order: what they claim is made disjoint by `spans.merge`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compliance_bot.redaction.patterns.cards import CARDS
from compliance_bot.redaction.patterns.checked import CHECKED
from compliance_bot.redaction.patterns.devices import DEVICES
from compliance_bot.redaction.patterns.dockets import DOCKETS
from compliance_bot.redaction.patterns.labelled import LABELLED
from compliance_bot.redaction.patterns.organisations import ORGANISATIONS
from compliance_bot.redaction.patterns.people import PEOPLE
from compliance_bot.redaction.patterns.secrets import SECRETS

if TYPE_CHECKING:
    from compliance_bot.redaction.patterns.scan import Scan

SCANS: tuple[Scan, ...] = (PEOPLE, ORGANISATIONS, LABELLED, CHECKED, DOCKETS, DEVICES, CARDS, SECRETS)
