"""Check digits that python-stdnum does not have. Each takes an upper-case value without separators."""

from __future__ import annotations

from stdnum import luhn
from stdnum.iso7064 import mod_11_2

_ICAO_WEIGHTS = (7, 3, 1)


def icao_digit(value: str) -> int:
    """Return the check digit of ICAO Doc 9303 (part 3, 4.9); `<` counts as 0."""
    values = (0 if c == "<" else int(c, 36) for c in value)
    return sum(v * _ICAO_WEIGHTS[n % 3] for n, v in enumerate(values)) % 10


def is_icao(value: str) -> bool:
    """Say whether the last character is the check digit of those before it."""
    return value[-1].isdigit() and icao_digit(value[:-1]) == int(value[-1])


def is_date(day: int, month: int) -> bool:
    """Say whether there is such a day in some year."""
    return 1 <= month <= 12 and 1 <= day <= (29 if month == 2 else 30 if month in (4, 6, 9, 11) else 31)


def is_pension_number(value: str) -> bool:
    """German Versicherungsnummer: area, date of birth, initial, serial, check digit (VKVV § 2)."""
    day, month = int(value[2:4]), int(value[4:6])
    is_born = (1 <= day <= 31 or 51 <= day <= 81) and 1 <= month <= 12
    digits = f"{value[:8]}{ord(value[8]) - 64:02}{value[9:11]}"
    products = (int(d) * w for d, w in zip(digits, (2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1), strict=True))
    return is_born and sum(p // 10 + p % 10 for p in products) % 10 == int(value[11])


def is_insured_number(value: str) -> bool:
    """German Krankenversichertennummer (SGB V § 290, annex 1)."""
    digits = f"{ord(value[0]) - 64:02}{value[1:9]}"
    products = (int(d) * (1 + n % 2) for n, d in enumerate(digits))
    return sum(p // 10 + p % 10 for p in products) % 10 == int(value[9])


def is_physician_number(value: str) -> bool:
    """German Arztnummer: six digits, check digit by weights 4 and 9, two digits of speciality (KBV)."""
    total = sum(int(d) * (4, 9)[n % 2] for n, d in enumerate(value[:6]))
    return -total % 10 == int(value[6])


def is_spanish_social_security(value: str) -> bool:
    """Número de afiliación: province, number, and both modulo 97."""
    province, number = value[:2], value[2:10]
    digits = province + (number[1:] if number[0] == "0" else number)
    return (1 <= int(province) <= 53 or province == "66") and int(digits) % 97 == int(value[10:])


def is_singapore_identity(value: str) -> bool:
    """NRIC and FIN: seven digits by weights, and a letter from the table of the first letter's series."""
    total = sum(int(d) * w for d, w in zip(value[1:8], (2, 7, 6, 5, 4, 3, 2), strict=True))
    total += {"T": 4, "G": 4, "M": 3}.get(value[0], 0)
    table = {"S": "JZIHGFEDCBA", "T": "JZIHGFEDCBA", "F": "XWUTRQPNMLK", "G": "XWUTRQPNMLK", "M": "KLJNPQRTUWX"}
    letters = table.get(value[0])
    if letters is None:
        return False
    return value[8] == letters[10 - total % 11 if value[0] == "M" else total % 11]


def is_australian_medicare(value: str) -> bool:
    """Medicare card: eight digits by weights give the ninth; the first is 2 to 6."""
    total = sum(int(d) * w for d, w in zip(value[:8], (1, 3, 7, 9, 1, 3, 7, 9), strict=True))
    return value[0] in "23456" and total % 10 == int(value[8])


def is_south_african(value: str) -> bool:
    """Identity number: date of birth, citizenship 0 to 2, and Luhn."""
    is_person = is_date(int(value[4:6]), int(value[2:4])) and value[10] in "012" and value[11] in "89"
    return is_person and luhn.is_valid(value)


def is_danish(value: str) -> bool:
    """CPR number: a date; the check digit was given up in 2007."""
    return is_date(int(value[:2]), int(value[2:4]))


def is_austrian_date(value: str) -> bool:
    """Versicherungsnummer: its last six digits are a date of birth; months 13 to 15 stand for an unknown one."""
    return is_date(int(value[4:6]), (int(value[6:8]) - 1) % 12 + 1) and 1 <= int(value[6:8]) <= 15


def is_chinese(value: str) -> bool:
    """Resident identity number (GB 11643): place, date of birth, serial, check digit of ISO 7064."""
    return value[6:8] in {"19", "20"} and is_date(int(value[12:14]), int(value[10:12])) and mod_11_2.is_valid(value)


def is_korean_resident(value: str) -> bool:
    """Resident registration number: a date and a digit for sex and century; the check digit was given up in 2020."""
    return is_date(int(value[4:6]), int(value[2:4])) and value[6] in "12345678"
