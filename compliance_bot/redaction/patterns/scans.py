"""The scans there are, in no particular order: what they claim is made disjoint by `spans.merge`."""

from __future__ import annotations

from compliance_bot.redaction.patterns import groups, medication, mrz, passports, plates, special, special_rules
from compliance_bot.redaction.patterns.addresses import ADDRESSES
from compliance_bot.redaction.patterns.ages import AGES
from compliance_bot.redaction.patterns.cards import CARDS
from compliance_bot.redaction.patterns.checked import CHECKED
from compliance_bot.redaction.patterns.coordinates import COORDINATES
from compliance_bot.redaction.patterns.dates import DATES
from compliance_bot.redaction.patterns.devices import DEVICES
from compliance_bot.redaction.patterns.dockets import DOCKETS
from compliance_bot.redaction.patterns.handles import HANDLES
from compliance_bot.redaction.patterns.labelled import LABELLED
from compliance_bot.redaction.patterns.mail import MAIL
from compliance_bot.redaction.patterns.national import numbers
from compliance_bot.redaction.patterns.organisations import ORGANISATIONS
from compliance_bot.redaction.patterns.people import PEOPLE
from compliance_bot.redaction.patterns.postcodes import POSTCODES
from compliance_bot.redaction.patterns.scan import Scan
from compliance_bot.redaction.patterns.secrets import SECRETS
from compliance_bot.redaction.patterns.web import URLS

SCANS: tuple[Scan, ...] = (
    PEOPLE,
    ORGANISATIONS,
    # Accounts, records, cases, devices, secrets
    LABELLED,
    CHECKED,
    DOCKETS,
    DEVICES,
    CARDS,
    SECRETS,
    # Numbers that states give, and what the GDPR protects above all
    Scan(name="national", types=numbers.TYPES, found=numbers.national_numbers),
    Scan(name="passports", types=passports.TYPES, found=passports.passports),
    Scan(name="mrz", types=mrz.TYPES, found=mrz.machine_readable_zones),
    Scan(name="plates", types=plates.TYPES, found=plates.plates),
    Scan(name="groups", types=groups.TYPES, found=groups.groups),
    Scan(name="special", types=special_rules.TYPES, found=special.special_categories),
    Scan(name="medication", types=medication.TYPES, found=medication.medication),
    # Where somebody lives or is, and when
    DATES,
    AGES,
    ADDRESSES,
    MAIL,
    POSTCODES,
    COORDINATES,
    URLS,
    HANDLES,
)
