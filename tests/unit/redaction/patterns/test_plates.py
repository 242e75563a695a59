"""Licence plates by form and by word; amounts, dates and codes of the same form are none."""

from __future__ import annotations

import pytest

from compliance_bot.redaction.patterns.plates import plates
from tests.unit.redaction.patterns.marked import check, found, lines, seconds

FOUND = """
    Der Wagen ⟦B-AB 1234⟧ stand vor dem Haus
    ⟦M-XY 999⟧, ⟦HH-AB 1234E⟧; Kennzeichen ⟦B AB 1234⟧
    la voiture ⟦AB-123-CD⟧ ; plaque ⟦AB 123 CD⟧
    matrícula ⟦1234 BCD⟧
    auto targata ⟦AB 123 CD⟧ e targa ⟦AB123CD⟧
    VW Golf with registration ⟦AB12 CDE⟧
    number plate ⟦A123 BCD⟧
    license plate ⟦7ABC123⟧ (CA)
    license plate: ⟦ABC-1234⟧
    the insured vehicle ⟦KA51 ABC⟧
    kenteken ⟦12-ABC-3⟧
    vehicle registration no. ⟦MH 12 AB 1234⟧
"""

LEFT_ALONE = """
    paid 2000 GBP, 1999 HKD and 5000 PLN for the vehicle lease
    FY21 EPS, Q3 21 and SW1A 1AA
    Form S-3 registration statement, Regulation S-K 229, S-X 210
    COVID-19, ISO 27001, MS-DR 3, US-EU 2023, UN-EU 2004, A-B 12
    AB 123 CD without a word, 1234 BCD too
    SS-123-AB and AB-000-CD are not given out
    a Keyence VH X-S550E microscope
    x-AB-123-CD-9 is a code
    NIST SP 800-53, AC-2, PCI DSS 4.0, EN 15838
"""


@pytest.mark.parametrize("line", lines(FOUND))
def test_a_plate_is_found_whole(line: str) -> None:
    check(plates, "LICENSE_PLATE", line)


@pytest.mark.parametrize("line", lines(LEFT_ALONE))
def test_what_only_looks_like_one_is_left_alone(line: str) -> None:
    assert found(plates, line) == []


@pytest.mark.parametrize("bomb", ["A1", "AB 1", "A-A-1 ", "1234 ", "AB-123-", "A ", "plate AB12 CDE "])
def test_a_hostile_text_is_read_in_linear_time(bomb: str) -> None:
    short, long = (seconds(plates, bomb * (size // len(bomb))) for size in (20_000, 80_000))
    assert long < 6 * short + 0.2
