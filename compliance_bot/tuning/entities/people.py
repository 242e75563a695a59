"""Given names and surnames of many countries, from Faker's locales, foreign scripts transliterated."""

from __future__ import annotations

import random
import re
import unicodedata
from typing import Any

from faker import Faker

from compliance_bot.tuning.entities.values import values

_LATIN = """en_US en_US en_US en_GB en_GB en_IE en_IN en_NZ en_NG de_DE de_AT de_CH fr_FR fr_CH es_ES es_MX es_CO it_IT
    nl_NL nl_BE da_DK sv_SE no_NO fi_FI pl_PL cs_CZ sk_SK hu_HU ro_RO hr_HR sl_SI lt_LT lv_LV et_EE tr_TR tr_TR
    pt_PT pt_BR vi_VN id_ID fil_PH az_AZ sq_AL zu_ZA yo_NG ha_NG""".split()
_CYRILLIC = ["ru_RU", "ru_RU", "uk_UA", "bg_BG"]
_GREEK = ["el_GR"]
_ROMANISED = ["ja_JP", "zh_CN"]

_TO_LATIN = dict(
    zip(
        "абвгдеёжзийклмнопрстуфхцчшщъыьэюяіїєґ",
        "a b v g d e yo zh z i y k l m n o p r s t u f kh ts ch sh shch  y  e yu ya i yi ye g".split(" "),
        strict=True,
    )
) | dict(zip("αβγδεζηθικλμνξοπρσςτυφχψω", "a v g d e z i th i k l m n x o p r s s t y f ch ps o".split(), strict=True))


def people(seed: int) -> list[tuple[str, str]]:
    """Return (given name, surname) pairs of many countries in Latin letters."""
    pairs: list[tuple[str, str]] = []
    for locale in dict.fromkeys((*_LATIN, *_CYRILLIC, *_GREEK)):
        fake: Any = Faker(locale)
        fake.seed_instance(seed)
        repeats = 260 * (*_LATIN, *_CYRILLIC, *_GREEK).count(locale)
        pairs += ((_latin(fake.first_name()), _latin(fake.last_name())) for _ in range(repeats))
    for locale in _ROMANISED:
        fake = Faker(locale)
        fake.seed_instance(seed)
        if hasattr(fake, "romanized_name"):
            pairs += ((words[0], words[-1]) for _ in range(260) if len(words := fake.romanized_name().split()) > 1)
    draw = random.Random(seed)  # noqa: S311
    given, surnames = values("arabic_given_names"), values("arabic_surnames")
    pairs += ((draw.choice(given), draw.choice(surnames)) for _ in range(500))
    return [(first, last) for first, last in pairs if _is_name(first) and _is_name(last)]


def _latin(name: str) -> str:
    """Return a name in Latin letters, a Cyrillic or Greek one transliterated letter by letter."""
    if not re.search("[\u0370-\u04ff]", name):
        return name
    plain = "".join(c for c in unicodedata.normalize("NFD", name) if not unicodedata.combining(c) or c == "\u0306")
    letters = "".join(_TO_LATIN.get(c.lower(), c) for c in unicodedata.normalize("NFC", plain))
    return " ".join(part.capitalize() for part in letters.split())


def _is_name(name: str) -> bool:
    return (
        bool(name)
        and name[0].isalpha()
        and all(ord(c) < 0x250 or c in "’'-. " or 0x1E00 <= ord(c) < 0x1F00 for c in name)
    )
