"""Passports, cards and visas beside their word; nothing in the rules about them."""

from __future__ import annotations

import pytest

from compliance_bot.redaction.patterns.passports import passports
from tests.unit.redaction.patterns.marked import check, found, lines, rows, seconds

FOUND = {
    "PASSPORT": """
        Passport No. ⟦123456789⟧
        passport number: ⟦X1234567⟧, issued in 2019
        his passport (No. ⟦512345678⟧) expired
        Reisepass Nr. ⟦C01X00T47⟧
        passeport n° ⟦12AB34567⟧
        pasaporte ⟦AAA123456⟧
        passaporto n. ⟦YA1234567⟧
        travel document ⟦AB 1234567⟧
    """,
    "NATIONAL_ID": """
        national ID ⟦1234 5678 9012⟧
        identity card no. ⟦AB123456⟧
        cédula de identidad ⟦V-12345678⟧
        carte d'identité ⟦880692310285⟧
        ID number: ⟦8001015009087⟧
    """,
    "RESIDENCE_PERMIT": """
        residence permit no. ⟦AX1234567⟧
        Aufenthaltstitel ⟦YZ12345AB⟧
        titre de séjour n° ⟦7503123456⟧
        permesso di soggiorno ⟦I12345678⟧
    """,
    "VISA_NUMBER": "visa number ⟦20230012345678⟧\nVisum-Nr. ⟦D123456789⟧",
}

LEFT_ALONE = """
    Passports issued between 2004 and 2005
    passport holders under Section 123456 of the Act
    A passport or another document with a photograph, Rule 7.3.2
    Visa 4111 1111 1111 1111 and visa 123456
    the EU passporting regime (Directive 2004/39/EC)
    an identity card, valid until 31.12.2025; page 1234567
    <PASSPORT> 1234567
    1234567 alone, X1234567 too
"""


@pytest.mark.parametrize(("kind", "line"), rows(FOUND))
def test_a_number_beside_its_word_is_found(kind: str, line: str) -> None:
    check(passports, kind, line)


@pytest.mark.parametrize("line", lines(LEFT_ALONE))
def test_rules_about_passports_are_left_alone(line: str) -> None:
    assert found(passports, line) == []


def test_the_nearest_word_names_a_number() -> None:
    text = "Passport: X1234567, residence permit: AX1234567"
    assert found(passports, text) == [("PASSPORT", "X1234567"), ("RESIDENCE_PERMIT", "AX1234567")]


@pytest.mark.parametrize("bomb", ["1", "1A", "A1 ", "passport ", "passport 1234567 ", "123-456-", "A-1-"])
def test_a_hostile_text_is_read_in_linear_time(bomb: str) -> None:
    short, long = (seconds(passports, bomb * (size // len(bomb))) for size in (20_000, 80_000))
    assert long < 6 * short + 0.2
