"""Published examples of each check digit, and what one wrong character does to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from compliance_bot.redaction.patterns import check_digits as checks

if TYPE_CHECKING:
    from collections.abc import Callable

GOOD = {
    checks.is_luhn: ("79927398713", "4111111111111111"),
    checks.is_routing_number: ("021000021", "011401533", "091000019"),
    checks.is_npi: ("1234567893", "1245319599"),  # the first: CMS, "Requirements for NPI and NPI Check Digit"
    checks.is_dea: ("AB1234563", "BJ6125341", "F91234563"),
    checks.is_vin: ("1M8GDM9AXKP042788", "11111111111111111", "1HGCM82633A004352"),  # the first: 49 CFR 565
    checks.is_lei: ("5493001KJTIIGC8Y1R12", "529900T8BM49AURSDO55", "HWUPKR0MPOU8FGXBT394"),
    checks.is_imei: ("490154203237518", "352099001761481"),
    checks.is_gtin: ("00884838000513", "10614141000415"),
    checks.is_base58_address: ("1BoatSLRHtKNngkdXEeobR76b53LETtpyT", "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy"),
    checks.is_segwit_address: (  # BIP 173 and BIP 350
        "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4",
        "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0",
    ),
}


@pytest.mark.parametrize(
    ("check", "number"), [(check, number) for check, numbers in GOOD.items() for number in numbers]
)
def test_a_published_number_passes_and_a_changed_character_does_not(check: Callable[[str], bool], number: str) -> None:
    assert check(number)
    alphabet = "023456789" if number.isdecimal() else "02345678ACDEFGHJ"
    changed = [number[:-1] + last for last in alphabet if last != number[-1]]
    assert sum(map(check, changed)) <= len(changed) // 10


@pytest.mark.parametrize("check", GOOD)
@pytest.mark.parametrize("junk", ["", "0", "A", "é", "1" * 50, "\u0661" * 9, "bc1", "bc1b"])
def test_any_text_may_come(check: Callable[[str], bool], junk: str) -> None:
    assert not check(junk) or (check is checks.is_luhn and junk == "0")
