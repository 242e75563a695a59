"""What the labels of other people's files stand for here.

Case, punctuation and a trailing number do not matter: `FIRST_NAME`, `firstName1` and `FIRSTNAME` are one. A label of
our own stands for itself. A meaning has a name for tables and all the types that are right for it: who writes DATE
means any date, who writes CODE any number that stands for somebody. Labels of `MAY_BE` count neither as missed nor as
wrongly masked; those of `IS_NOT` are as if nothing were labelled; any other label is unknown, and told.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from compliance_bot.redaction.kinds import GROUPS, KINDS

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """What a label stands for: `name` in tables, and the types that are right for it."""

    name: str
    types: frozenset[str]


# Name in tables; what is right besides it, groups in small letters and types in capitals; labels.
_MEANINGS: tuple[tuple[str, str, str], ...] = (
    ("PERSON", "", """per name names full_name person_name first_name middle_name last_name given_name surname patient
        doctor staff hcw individual name_student name_patient name_doctor nom nombre persona personne"""),
    ("ORGANIZATION", "", """org organisation company company_name corporation group vendor hosp hospital patorg employer
        bank_name institution organizacion organisme"""),
    ("LOCATION", "place", """loc gpe city state city_state county country place fac facility region town lieu lugar
        ort"""),
    ("STREET_ADDRESS", "place", """address addr street full_address building building_number building_num
        secondary_address sec_address"""),
    ("ZIP_CODE", "place", "zip postcode postal_code plz"),
    ("GPS_COORDINATES", "place", "coordinates coordinate gps nearby_gps_coordinate lat_long geo_coord"),
    ("DATE_TIME", "date", "date time date_of_birth dob birthday birth_date fecha datum"),
    ("AGE", "date AGE_OVER_89", "edad alter"),
    ("NRP", "special RELIGION ETHNIC_ORIGIN POLITICAL_OPINION SEXUAL_ORIENTATION", """norp nationality religion
        religious_belief ethnicity race race_ethnicity political_view dem demographic sexual_orientation
        sexuality special_category"""),
    ("HEALTH_CONDITION", "special", "medical_condition condition diagnosis disease illness"),
    ("EMAIL_ADDRESS", "", "email mail correo"),
    ("PHONE_NUMBER", "FAX_NUMBER", """phone telephone tel telephone_num telephone_number phone_num mobile mobile_number
        fax telefon"""),
    ("USERNAME", "contact network", "user user_name handle login social_media_handle screen_name url_personal"),
    ("URL", "network", "domain domain_name website web_address link"),
    ("IP_ADDRESS", "network", "ip ipv"),
    ("MAC_ADDRESS", "network device", "mac"),
    ("CREDIT_CARD", "card", "credit_card_number card_number credit_debit_card payment_card cc"),
    ("CVV", "card secret PIN CARD_EXPIRY", "cvc credit_card_cvv credit_card_security_code card_security_code"),
    ("IBAN_CODE", "account", "iban"),
    ("US_BANK_NUMBER", "account IBAN_CODE ABA_ROUTING_NUMBER SWIFT_CODE BANK_CODE LOAN_NUMBER", """account
        account_number bank_account bank_account_number account_num bban bank_routing_number routing_number aba bic
        swift swift_bic swift_bic_code"""),
    ("CRYPTO", "account secret", "bitcoin_address ethereum_address litecoin_address wallet crypto_wallet"),
    ("SECRET", "secret PIN", "password api_key credential access_key private_key"),
    ("US_SSN", "national_id US_ITIN", "ssn social_num social_security_number"),
    ("PASSPORT", "national_id US_PASSPORT", "passport_number passport_num"),
    ("DRIVER_LICENSE", "national_id US_DRIVER_LICENSE", """drivers_license driver_license_num driver_license_number
        driving_licence driving_license"""),
    ("TAX_ID", "national_id US_ITIN", "tax_num tax_number tin itin vat_id"),
    ("NATIONAL_ID", "national_id", "id_card id_card_num national_id_number identity_card dni nif identity_number"),
    ("MEDICAL_RECORD_NUMBER", "health HEALTH_PLAN_ID", """mrn medical_record health_id health_plan_number
        health_insurance_number health_plan_beneficiary_number"""),
    ("VEHICLE", "device VIN LICENSE_PLATE", "vehicle_vin vehicle_vrm vrm licence_plate vehicle_identifier"),
    ("DEVICE", "device IMEI UDI DEVICE_SERIAL", "phone_imei device_id device_identifier serial_number"),
    ("CODE", """account card national_id health case device secret CASE_NUMBER CUSTOMER_NUMBER LOAN_NUMBER
        US_BANK_NUMBER MEDICAL_RECORD_NUMBER HEALTH_PLAN_ID""", """id id_num id_number ids reference unique_id
        unique_identifier customer_id employee_id certificate_license_number identifier docid"""),
)  # fmt: skip
MAY_BE = (
    "misc quantity other title prefix suffix honorific job_title job_type job_area job profession occupation gender sex"
    " height weight eye_color blood_type ordinal_direction user_agent currency currency_name currency_code"
    " currency_symbol amount credit_card_issuer masked_number account_name marital_status education_level"
)
IS_NOT = "product creative_work event work_of_art law language money percent cardinal ordinal animal plant substance"


def known(label: str) -> str:
    """Return a label as it is compared: capitals alone, without a number at its end."""
    bare = re.sub(r"[\W_]", "", label).upper()
    return bare.rstrip("0123456789") or bare


def meaning(label: str) -> Meaning | None:
    """Return what a label stands for; None where it is not among ours."""
    wide = _meanings().get(known(label))
    if label not in KINDS:
        return wide
    return Meaning(name=label, types=frozenset({label}) | (wide.types if wide else frozenset()))


def may_be(label: str) -> bool:
    """Say whether what has this label may be masked, and need not be."""
    return known(label) in _words(MAY_BE)


def is_not(label: str) -> bool:
    """Say whether this label is not of personal data."""
    return known(label) in _words(IS_NOT)


@functools.cache
def _words(words: str) -> frozenset[str]:
    return frozenset(map(known, words.split()))


@functools.cache
def _meanings() -> Mapping[str, Meaning]:
    found: dict[str, Meaning] = {}
    for name, besides, labels in _MEANINGS:
        types = frozenset({name}).union(*(GROUPS[word] if word.islower() else {word} for word in besides.split()))
        for label in (name, *labels.split()):
            if found.setdefault(known(label), Meaning(name=name, types=types)).name != name:
                raise RuntimeError(f"the label {label} stands for two things")
    return MappingProxyType(found)
