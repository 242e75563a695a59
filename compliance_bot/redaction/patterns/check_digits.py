"""Check digits: whether a number is one of its kind, or a typing error, or something else.

Each takes the number without separators, in upper case, and says whether it passes. Length and alphabet are checked
here too, so that any text may come.
"""

from __future__ import annotations

import hashlib
import re
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_BECH32_POLYNOMIAL = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)  # BIP 173
_BECH32_GOOD = (1, 0x2BC830A3)  # BIP 173 and BIP 350
_VIN_LETTERS = zip("ABCDEFGHJKLMNPRSTUVWXYZ", (*range(1, 9), *range(1, 6), 7, 9, *range(2, 10)), strict=True)
_VIN_VALUES = {str(digit): digit for digit in range(10)} | dict(_VIN_LETTERS)
_VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)  # 49 CFR 565.15


def is_luhn(number: str) -> bool:
    """ISO/IEC 7812-1, annex B: cards, IMEI."""
    digits = [int(d) for d in reversed(number)] if number.isdecimal() else [1]
    return sum(d if n % 2 == 0 else d * 2 - 9 * (d > 4) for n, d in enumerate(digits)) % 10 == 0


def is_routing_number(number: str) -> bool:
    """American Bankers Association: a Federal Reserve prefix, weights 3-7-1."""
    is_district = re.fullmatch(r"(?:0[0-9]|1[0-2]|2[1-9]|3[0-2]|6[1-9]|7[0-2]|80)[0-9]{7}", number) is not None
    return is_district and sum(int(d) * w for d, w in zip(number, (3, 7, 1) * 3, strict=True)) % 10 == 0


def is_npi(number: str) -> bool:
    """National provider identifier (CMS): ten digits from 1 or 2, Luhn after the prefix 80840."""
    return re.fullmatch("[12][0-9]{9}", number) is not None and is_luhn("80840" + number)


def is_dea(number: str) -> bool:
    """Drug Enforcement Administration: two letters (or a letter and 9), six digits and their check digit."""
    if not re.fullmatch("[ABCDEFGHJKLMPRSTUX][A-Z9][0-9]{7}", number):
        return False
    a, b, c, d, e, f, check = map(int, number[2:])
    return (a + c + e + 2 * (b + d + f)) % 10 == check


def is_vin(number: str) -> bool:
    """Vehicle identification number with the check digit of North America (49 CFR 565.15)."""
    if not re.fullmatch("[0-9A-HJ-NPR-Z]{8}[0-9X][0-9A-HJ-NPR-Z]{8}", number):
        return False
    total = sum(_VIN_VALUES[c] * w for c, w in zip(number, _VIN_WEIGHTS, strict=True)) % 11
    return "0123456789X"[total] == number[8]


def is_lei(number: str) -> bool:
    """Legal entity identifier (ISO 17442): mod 97-10 of ISO/IEC 7064."""
    shaped = re.fullmatch("[0-9A-Z]{18}[0-9]{2}", number) is not None
    return shaped and int("".join(str(int(c, 36)) for c in number)) % 97 == 1


def is_imei(number: str) -> bool:
    """Fifteen digits, Luhn (3GPP TS 23.003)."""
    return len(number) == 15 and number.strip("0") != "" and is_luhn(number)


def is_gtin(number: str) -> bool:
    """GTIN-14 of GS1: weights 3-1 from the left."""
    return (
        re.fullmatch("[0-9]{14}", number) is not None
        and sum(int(d) * (3, 1)[n % 2] for n, d in enumerate(number)) % 10 == 0
    )


def is_base58_address(address: str) -> bool:
    """Bitcoin and its relatives: the last four bytes are the double SHA-256 of those before."""
    number = 0
    for character in address:
        place = _BASE58.find(character)
        if place < 0:
            return False
        number = number * 58 + place
    if number.bit_length() > 200:
        return False
    raw = number.to_bytes(25, "big")
    return hashlib.sha256(hashlib.sha256(raw[:-4]).digest()).digest()[:4] == raw[-4:]


def is_segwit_address(address: str) -> bool:
    """Bech32 and bech32m (BIP 173, BIP 350), in one case, with the prefix `bc` or `tb`."""
    prefix, _, data = address.lower().rpartition("1")
    if address not in (address.lower(), address.upper()) or prefix not in ("bc", "tb") or set(data) - set(_BECH32):
        return False
    sum_ = 1
    for value in (*(ord(c) >> 5 for c in prefix), 0, *(ord(c) & 31 for c in prefix), *map(_BECH32.find, data)):
        top = sum_ >> 25
        sum_ = (sum_ & 0x1FFFFFF) << 5 ^ value
        for bit, term in enumerate(_BECH32_POLYNOMIAL):
            sum_ ^= term if top >> bit & 1 else 0
    return sum_ in _BECH32_GOOD


CHECKS: Mapping[str, Callable[[str], bool]] = MappingProxyType(
    {
        "ABA_ROUTING_NUMBER": is_routing_number,
        "US_NPI": is_npi,
        "MEDICAL_LICENSE": is_dea,
        "VIN": is_vin,
        "LEI": is_lei,
        "IMEI": is_imei,
    }
)
