"""The types of personal data: their names, what each stands for, and what the rules for overlaps need to know of them.

Names are Presidio's where it has one. Standard library only. What finds each type is in `detect` and `patterns`.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, get_args

from compliance_bot.redaction.states import STATE_NUMBERS

if TYPE_CHECKING:
    from collections.abc import Mapping

# What a redaction profile can name as a whole, so that a new format of one is masked where its like are.
Group = Literal[
    "name",
    "contact",
    "network",
    "account",
    "card",
    "secret",
    "national_id",
    "health",
    "case",
    "device",
    "biometric",
    "date",
    "place",
    "organisation",
    "special",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A type of personal data.

    `threshold` is the least score that counts where a profile names no other. At a score of 1.0 `has_checksum` says
    that check digits passed; what `gives_way` is dropped where it overlaps such a value: it is that number, misread.
    `group` is what profiles can name it by with its like.
    """

    name: str
    what: str
    group: Group | Literal[""] = ""
    threshold: float = 0.5
    has_checksum: bool = False
    gives_way: bool = False


# In order of precedence: of two readings of one stretch, equally long, the earlier names it.
_KINDS = (
    # Numbers that states give; first, for check digits or a word of their own name them
    *(Kind(name=n.name, what=n.what, group="national_id", has_checksum=n.has_checksum) for n in STATE_NUMBERS),
    Kind(name="LICENSE_PLATE", what="licence plate of a vehicle", group="device"),
    # Ways to reach somebody, and their accounts
    Kind(name="EMAIL_ADDRESS", what="e-mail address", group="contact"),
    Kind(name="IBAN_CODE", what="international bank account number", group="account", has_checksum=True),
    Kind(name="CREDIT_CARD", what="payment card number", group="card", has_checksum=True),
    # Numbers known by their check digits or by the word beside them, and secrets
    Kind(name="SECRET", what="password, key or token", group="secret"),
    Kind(name="TRACK_DATA", what="magnetic stripe of a payment card", group="card"),
    Kind(name="CARD_EXPIRY", what="expiry of a payment card", group="card"),
    Kind(name="CVV", what="security code of a payment card", group="card"),
    Kind(name="PIN", what="personal identification number or one-time code", group="card"),
    Kind(name="CRYPTO", what="cryptocurrency address", group="account", has_checksum=True),
    Kind(name="LEI", what="legal entity identifier", group="organisation", has_checksum=True),
    Kind(name="SWIFT_CODE", what="business identifier code of a bank", group="account"),
    Kind(
        name="ABA_ROUTING_NUMBER", what="bank routing number of the United States", group="account", has_checksum=True
    ),
    Kind(name="BANK_CODE", what="sort code, BLZ or BSB", group="account"),
    Kind(name="VIN", what="vehicle identification number", group="device", has_checksum=True),
    Kind(name="IMEI", what="identity of a mobile device", group="device", has_checksum=True),
    Kind(name="UDI", what="unique identifier of a medical device", group="device", has_checksum=True),
    Kind(name="MAC_ADDRESS", what="hardware address", group="network"),
    Kind(name="US_NPI", what="national provider identifier of the United States", group="health", has_checksum=True),
    Kind(name="US_MBI", what="Medicare beneficiary identifier of the United States", group="health"),
    Kind(
        name="MEDICAL_LICENSE",
        what="licence of a doctor or nurse, DEA number included",
        group="health",
        has_checksum=True,
    ),
    Kind(name="US_ITIN", what="taxpayer number of the United States", group="national_id"),
    Kind(
        name="US_DRIVER_LICENSE",
        what="driving licence number of a state of the United States",
        group="national_id",
        gives_way=True,
    ),
    Kind(name="US_PASSPORT", what="passport number of the United States", group="national_id", gives_way=True),
    Kind(name="LICENSE_NUMBER", what="number of a licence, permit or certificate", group="national_id", gives_way=True),
    Kind(
        name="MEDICAL_RECORD_NUMBER",
        what="number of a patient, record, visit or specimen",
        group="health",
        gives_way=True,
    ),
    Kind(
        name="HEALTH_PLAN_ID",
        what="number of a health plan's member, or of an insurance policy",
        group="health",
        gives_way=True,
    ),
    Kind(name="LOAN_NUMBER", what="loan or mortgage number", group="account", gives_way=True),
    Kind(name="US_BANK_NUMBER", what="bank account number", group="account", gives_way=True),
    Kind(name="CASE_NUMBER", what="number of a court case, file, claim or report", group="case", gives_way=True),
    Kind(name="CUSTOMER_NUMBER", what="number of a customer, employee or student", group="account", gives_way=True),
    Kind(name="BIOMETRIC_ID", what="number of a fingerprint, voice print or face template", group="biometric"),
    Kind(name="PHOTO_REFERENCE", what="file name of a photograph of somebody", group="biometric"),
    Kind(name="DEVICE_SERIAL", what="serial number of a device", group="device", gives_way=True),
    # Other ways to reach somebody
    Kind(name="US_SSN", what="social security number of the United States", group="national_id", gives_way=True),
    Kind(name="IP_ADDRESS", what="network address", group="network", gives_way=True),
    Kind(name="FAX_NUMBER", what="fax number", group="contact", threshold=0.4, gives_way=True),
    Kind(name="PHONE_NUMBER", what="telephone number", group="contact", threshold=0.4, gives_way=True),
    # Special categories (GDPR Articles 9 and 10), as said of somebody
    Kind(name="CRIMINAL_RECORD", what="conviction or accusation of somebody", group="special"),
    Kind(name="GENETIC_DATA", what="gene variant of somebody", group="special"),
    Kind(name="HEALTH_CONDITION", what="illness, diagnosis, blood group or medicine of somebody", group="special"),
    Kind(name="SEXUAL_ORIENTATION", what="sexual orientation of somebody", group="special"),
    Kind(name="TRADE_UNION", what="trade union membership of somebody", group="special"),
    Kind(name="POLITICAL_OPINION", what="party or political opinion of somebody", group="special"),
    Kind(name="RELIGION", what="religion of somebody", group="special"),
    Kind(name="ETHNIC_ORIGIN", what="ethnic origin of somebody", group="special"),
    Kind(name="NRP", what="nationality, religious or political group", group="special"),
    # Where somebody lives or is, and when: dates, ages, places, names on the web
    Kind(name="URL", what="web address", group="network"),
    Kind(name="USERNAME", what="user name or handle", group="contact"),
    Kind(name="STREET_ADDRESS", what="street address or post box", group="place"),
    Kind(name="GPS_COORDINATES", what="geographic coordinates", group="place"),
    Kind(name="ZIP_CODE", what="postal code", group="place", gives_way=True),
    Kind(name="DATE_TIME", what="date, with its clock time; years", group="date", threshold=0.45, gives_way=True),
    Kind(name="AGE_OVER_89", what="age of 90 years or more", group="date"),
    Kind(name="AGE", what="age under 90 years", group="date"),
    # Names: found by the entity model and by rules
    Kind(name="PERSON", what="name of a person", group="name"),
    Kind(name="ORGANIZATION", what="name of an organisation", group="organisation"),
    Kind(name="LOCATION", what="name of a place", group="place"),
)

KINDS: Mapping[str, Kind] = MappingProxyType({kind.name: kind for kind in _KINDS})
PRECEDENCE: Mapping[str, int] = MappingProxyType({kind.name: rank for rank, kind in enumerate(_KINDS)})
GROUPS: Mapping[str, frozenset[str]] = MappingProxyType(
    {group: frozenset(kind.name for kind in _KINDS if kind.group == group) for group in get_args(Group)}
)
DEFAULT_THRESHOLD = 0.5  # of a type that is not among them: somebody's own recogniser


def threshold_of(name: str) -> float:
    """Return the least score that counts for a type."""
    return KINDS[name].threshold if name in KINDS else DEFAULT_THRESHOLD
