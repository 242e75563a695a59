"""What other people's labels stand for."""

from __future__ import annotations

import pytest

from compliance_bot.evaluation import labels
from compliance_bot.redaction.kinds import KINDS


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("PER", "PERSON"),
        ("person", "PERSON"),
        ("FIRSTNAME", "PERSON"),
        ("first_name", "PERSON"),
        ("LASTNAME2", "PERSON"),
        ("GPE", "LOCATION"),
        ("corporation", "ORGANIZATION"),
        ("STREET_ADDRESS", "STREET_ADDRESS"),
        ("EMAIL", "EMAIL_ADDRESS"),
        ("Phone-Number", "PHONE_NUMBER"),
        ("IPV4", "IP_ADDRESS"),
        ("DATETIME", "DATE_TIME"),
        ("DEM", "NRP"),
        ("CODE", "CODE"),
        ("SSN", "US_SSN"),
    ],
)
def test_a_label_has_a_meaning(label: str, name: str) -> None:
    meaning = labels.meaning(label)
    assert meaning is not None
    assert meaning.name == name


def test_every_type_of_ours_stands_for_itself() -> None:
    for name in KINDS:
        meaning = labels.meaning(name)
        assert meaning is not None
        assert name in meaning.types


def test_a_wide_label_is_right_with_each_type_that_it_stands_for() -> None:
    code = labels.meaning("CODE")
    assert code is not None
    assert {"IBAN_CODE", "CREDIT_CARD", "US_SSN"} <= code.types
    assert not {"PERSON", "LOCATION", "ORGANIZATION", "DATE_TIME"} & code.types


def test_what_is_no_type_is_told_apart() -> None:
    assert labels.may_be("MISC")
    assert labels.may_be("JOBTITLE")
    assert labels.is_not("creative-work")
    for label in ("MISC", "product", "ZODIAC"):
        assert labels.meaning(label) is None
    assert not labels.may_be("ZODIAC")
    assert not labels.is_not("ZODIAC")


def test_no_label_stands_for_two_things() -> None:
    both = labels._words(labels.MAY_BE) & labels._words(labels.IS_NOT)
    assert not both
    assert not {label for label in labels._words(f"{labels.MAY_BE} {labels.IS_NOT}") if label in labels._meanings()}
