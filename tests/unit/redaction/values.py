"""Invented values and published test numbers, one strategy per type, and texts that have them planted."""

from __future__ import annotations

from hypothesis import strategies as st

EXAMPLES = {
    "EMAIL_ADDRESS": "maria.lopez@bank.example",
    "PHONE_NUMBER": "+44 20 7946 0958",
    "CREDIT_CARD": "4111 1111 1111 1111",
    "IBAN_CODE": "DE89 3704 0044 0532 0130 00",
    "US_SSN": "219-09-9999",
    "IP_ADDRESS": "192.168.1.44",
    "DATE_TIME": "12 March 2024",
    "AGE": "47-year-old",
    "AGE_OVER_89": "93-year-old",
    "GPS_COORDINATES": "40.7128, -74.0060",
    "URL": "https://bank.example/maria",
    "USERNAME": "@maria_lopez",
}

# Too short for a code to be told from a word, or nothing without the blanks between words: found in clear only.
IN_CLEAR = {
    "STREET_ADDRESS": "221B Baker Street",
    "ZIP_CODE": "SW1A 2AA",
}


def _luhn(digits: str) -> str:
    doubled = (int(d) * (2 if n % 2 == 0 else 1) for n, d in enumerate(reversed(digits)))
    return digits + str(-sum(d - 9 if d > 9 else d for d in doubled) % 10)


def _german_iban(account: str) -> str:
    return f"DE{98 - int(account + '131400') % 97:02}{account}"


def _in_fours(digits: str, gaps: list[str]) -> str:
    groups = [digits[i : i + 4] for i in range(0, len(digits), 4)]
    return "".join(group + gap for group, gap in zip(groups, gaps, strict=False)) + "".join(groups[len(gaps) :])


_digits = st.text("0123456789", min_size=18, max_size=18)
_gap = st.sampled_from(["", " ", "-"])
_word = st.text("abcdefghijklmnopqrstuvwxyz", min_size=2, max_size=9)

emails = st.builds("{}.{}@{}.example".format, _word, _word, _word)
cards = st.builds(lambda d, gap: _in_fours(_luhn("4" + d[:14]), [gap] * 3), _digits, _gap)
ibans = st.builds(lambda d, gap: _in_fours(_german_iban(d), [gap] * 5), _digits, _gap)
ssns = st.builds("{}-{:02}-{:04}".format, st.integers(700, 772), st.integers(1, 99), st.integers(1, 9999))
ips = st.builds("192.168.{}.{}".format, st.integers(0, 255), st.integers(1, 254))
phones = st.builds("+44 20 7946 {:04}".format, st.integers(0, 9999))

dates = st.dates().map(lambda day: f"{day.day}/{day.month}/2{day.year % 100:03}")
addresses = st.builds("{} Oak Street, Salem, OR {}".format, st.integers(1, 9999), st.integers(10000, 99999))

planted = st.one_of(emails, cards, ibans, ssns, ips, phones, dates, addresses)
prose = st.text("abc XYZ,.;:()<>[]'\"\n\té€üß“”–", max_size=30).map(lambda text: f" {text} ")
# Anything at all, made of what the recognisers look at.
noise = st.text("0123456789+-.()/@:<>_ \n\u200b\u00a0abcdefABDEx４１", max_size=80)


@st.composite
def texts_with_values(draw: st.DrawFn) -> tuple[str, list[str]]:
    """Return a text and the values in it, in order."""
    values = draw(st.lists(planted, max_size=5))
    parts = [draw(prose)]
    for value in values:
        parts += [value, draw(prose)]
    return "".join(parts), values
