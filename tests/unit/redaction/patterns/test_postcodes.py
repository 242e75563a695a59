from __future__ import annotations

import pytest

from compliance_bot.redaction.patterns.postcodes import POSTCODES

from .tables import found, is_linear, lines, values

CODES = """
    Springfield, IL ⟦62704⟧ and Austin, TX ⟦78701-1234⟧
    Beverly Hills, California ⟦90210⟧
    Armonk, N.Y. ⟦10504⟧
    ZIP ⟦10001-1234⟧, zip code: ⟦10001⟧
    London ⟦SW1A 2AA⟧, ⟦M1 1AE⟧, ⟦EC1A1BB⟧ and ⟦GU25 4AA⟧
    postcode ⟦LS1 4AB⟧
    Ottawa ⟦K1A 0B1⟧, Vancouver, BC ⟦V6C3P1⟧
    PLZ ⟦10115⟧, Postleitzahl: ⟦8001⟧
    ⟦10115⟧ Berlin
    in ⟦20099⟧ Hamburg, Germany
    D-⟦10115⟧ Berlin, F-⟦75002⟧ Paris
    code postal ⟦75002⟧, CP ⟦28014⟧, CAP ⟦20121⟧
    ⟦1012 AB⟧ Amsterdam
    Salem, OR ⟦97301⟧
"""
LEFT_ALONE = """
    12345 shares, USD 12345, 12,345 and 12345.67
    Rule 10115, page 12345, invoice 12345
    62704-1234
    PAID IN 12345 UNITS OR 12345 ME 12345
    AC-2(1), B2B 2AA, ISO 27001, G20
    2000 US Dollars, 1200 AM Monday, 2525 NW Expressway
    25000 Euro, 10000 Shares
    a cap 20000 of it, SKU-12345
    serial A1B2C3, SW1A, 2AA, SW1A2AAB
    XX1 1XX, QQ12 3AB
    CO 12345-67, ID 123456
    1012 ab amsterdam
"""


@pytest.mark.parametrize("line", lines(CODES))
def test_a_code_is_found(line: str) -> None:
    assert found(POSTCODES, line) == [("ZIP_CODE", value) for value in values(line)]


@pytest.mark.parametrize("line", lines(LEFT_ALONE))
def test_other_numbers_are_left_alone(line: str) -> None:
    assert found(POSTCODES, line) == []


@pytest.mark.parametrize("bomb", ["1", "12345 ", "IL 12345 ", "SW1A 2AA", "A1", "ZIP ", "New York ", "D-12345"])
def test_a_hostile_text_is_read_in_linear_time(bomb: str) -> None:
    assert is_linear(POSTCODES, bomb)
