"""What the scans for numbers find among themselves and the older recognisers, type by type, by the tables."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from compliance_bot.redaction.detect import windows
from compliance_bot.redaction.mask import mask
from compliance_bot.redaction.patterns.cards import cards
from compliance_bot.redaction.patterns.checked import checked
from compliance_bot.redaction.patterns.devices import devices
from compliance_bot.redaction.patterns.dockets import dockets
from compliance_bot.redaction.patterns.labelled import labelled
from compliance_bot.redaction.patterns.secrets import secrets
from compliance_bot.redaction.profiles import Profile

from .number_tables import FOUND, LEFT_ALONE, lines

if TYPE_CHECKING:
    from compliance_bot.redaction.detect import Detector

OLDER = ("CREDIT_CARD", "IBAN_CODE", "US_SSN", "IP_ADDRESS", "PHONE_NUMBER", "EMAIL_ADDRESS")
WITH_FIXTURE = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@pytest.fixture(scope="session")
def numbers(detector: Detector) -> Detector:
    return detector.under(Profile(name="numbers", types=frozenset((*FOUND, *OLDER))))


@pytest.mark.parametrize(("kind", "line"), [(kind, line) for kind in FOUND for line in lines(FOUND[kind])])
def test_a_value_of_the_type_is_found_whole(numbers: Detector, kind: str, line: str) -> None:
    values = re.findall("⟦(.*?)⟧", line, re.DOTALL)
    text = line.replace("⟦", "").replace("⟧", "")
    assert [text[span.start : span.end] for span in numbers.detect(text) if span.type == kind] == values


@pytest.mark.parametrize(("kind", "line"), [(kind, line) for kind in LEFT_ALONE for line in lines(LEFT_ALONE[kind])])
def test_a_look_alike_is_not_of_the_type(numbers: Detector, kind: str, line: str) -> None:
    assert [line[span.start : span.end] for span in numbers.detect(line) if span.type == kind] == []


def test_each_type_has_enough_lines_to_mean_something() -> None:
    assert set(FOUND) == set(LEFT_ALONE)
    assert min(len(lines(block)) for block in (*FOUND.values(), *LEFT_ALONE.values())) >= 6


SEPARATORS = (
    ": ",
    " # ",
    " - ",
    " no. ",
    " number is ",
    " = ",
    " | ",
    "\n",
    ":\n",
    "\t",
    "=",
    " Nr. ",
    '": "',
    "</td><td>",
)
LABELS = ("Account", "Patient ID", "MRN", "Docket", "Loan number", "Kontonummer", "Member ID", "Employee no.")


@pytest.mark.parametrize("label", LABELS)
@pytest.mark.parametrize("separator", SEPARATORS)
def test_a_label_speaks_over_any_separator(numbers: Detector, label: str, separator: str) -> None:
    text = f"See {label}{separator}48213377 for details."
    assert [text[span.start : span.end] for span in numbers.detect(text)] == ["48213377"]


@pytest.mark.parametrize("label", [*LABELS, "CVV", "PIN", "IMEI", "VIN", "Passport No.", "NPI"])
@pytest.mark.parametrize(
    "other", ["Section 12.3.4567", "page 1234567", "$12345678", "2024-01-31", "31/01/2024", "2019", "4.5 %", "v1.2.3"]
)
def test_a_label_does_not_speak_for_what_is_something_else(numbers: Detector, label: str, other: str) -> None:
    text = f"{label} {other}"
    found = [text[span.start : span.end] for span in numbers.detect(text) if span.type in FOUND]
    assert found == (["2019"] if label in ("PIN", "CVV") and other == "2019" else [])  # four digits are all there is


def test_a_label_speaks_for_one_number_or_a_list(numbers: Detector) -> None:
    text = "MRN 12345678 and 23456789, 34567890; weight 45678901. MRN 11112222 300 99990000"
    assert [text[span.start : span.end] for span in numbers.detect(text)] == [
        "12345678",
        "23456789",
        "34567890",
        "11112222",
    ]


def test_a_masked_value_keeps_its_label_for_itself(numbers: Detector) -> None:
    masked = mask("Account no. 12345678; 5 of 99887766 shares, MRN: 445566 99887766", numbers)
    assert masked.text == "Account no. <US_BANK_NUMBER>; 5 of 99887766 shares, MRN: <MEDICAL_RECORD_NUMBER> 99887766"


@pytest.mark.parametrize(
    ("text", "mistyped"),
    [
        ("Call NPI 1234567893", "Call NPI 1234567890"),
        ("routing number 021000021", "routing number 021000022"),
        ("DEA AB1234563", "DEA AB1234564"),
        ("VIN 1M8GDM9AXKP042788", "VIN 1M8GDM9AXKP042789"),
        ("LEI 5493001KJTIIGC8Y1R12", "LEI 5493001KJTIIGC8Y1R13"),
        ("IMEI 490154203237518", "IMEI 490154203237519"),
    ],
)
def test_check_digits_make_a_labelled_number_sure(numbers: Detector, text: str, mistyped: str) -> None:
    assert [span.score for span in numbers.detect(text)] == [1.0]
    (span,) = numbers.detect(mistyped)
    assert 0.5 < span.score < 1.0


@WITH_FIXTURE
@given(
    account=st.integers(10**7, 10**12).map(str),
    label=st.sampled_from(LABELS),
    separator=st.sampled_from(SEPARATORS),
    before=st.text("ab Z.,;\n", max_size=40),
    after=st.text("ab Z;\n", max_size=20),
)
@example(account="20240101", label="Account", separator=" ", before="", after="")
def test_no_labelled_number_survives_masking(
    numbers: Detector, account: str, label: str, separator: str, before: str, after: str
) -> None:
    text = f"{before} {label}{separator}{account} {after}"
    masked = mask(text, numbers)
    assert account not in masked.text
    assert mask(masked.text, numbers).text == masked.text


@WITH_FIXTURE
@given(text=st.text("Account no.MRN:#12345678 -/,and\n|<>ABI", max_size=120))
def test_windows_do_not_change_which_numbers_are_found(numbers: Detector, text: str) -> None:
    whole = numbers.detect(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(windows, "WINDOW", 16)
        assert numbers.detect(text) == whole


def test_a_private_key_cut_by_a_window_is_found_in_both(numbers: Detector, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(windows, "WINDOW", 2048)
    body = "\n".join("q83vEjRWeJCrze8BI0VniavN7w" * 2 for _ in range(60))
    key = f"-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----"
    masked = mask("plain text " * 150 + "\n" + key + "\nplain text", numbers)
    assert "q83v" not in masked.text
    assert masked.text.startswith("plain text ")
    assert masked.text.endswith("\nplain text")


BOMBS = (
    *(
        "account 1 ",
        "account no. 1-",
        "no. 1/2 ",
        "1-cv-",
        "-----BEGIN PRIVATE KEY-----\n",
        "-----END PRIVATE KEY-----",
        "eyJa.",
    ),
    *(
        "eyJaaaaaaaaaaaa.eyJ",
        "password ",
        "password:",
        "secretkey",
        "://a:",
        "(01)",
        "^1111",
        "=1",
        "0x",
        "bc1",
        "A",
        "1A",
        "AB-",
    ),
    *(
        "00:",
        "1111.",
        "9",
        "/1",
        "No. 1/1 and ",
        "MRN ",
        "case no. I ",
        "account_",
        "ghp_",
        "sk-a-",
        "key=",
        "1/",
        "12/26 ",
    ),
)


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_hostile_text_is_read_in_linear_time(bomb: str) -> None:
    """Four times the text takes about four times as long: quadratic, it would take sixteen times."""
    short, long = (bomb * (size // len(bomb)) + "!" for size in (15_000, 60_000))
    _seconds(short)
    assert _seconds(long) < 9 * max(_seconds(short), 0.01)


def _seconds(text: str) -> float:
    """Return the processor time of the quickest of three passes: what else the machine does is no defect."""

    def once() -> float:
        began = time.process_time()
        for scan in (cards, checked, devices, dockets, labelled, secrets):
            for _ in scan(text):
                pass
        return time.process_time() - began

    return min(once() for _ in range(3))
