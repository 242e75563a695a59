from __future__ import annotations

import time

import pytest

from compliance_bot.redaction.patterns.mail import mail


def _found(text: str) -> list[str]:
    return [text[found.start : found.end] for found in mail(text)]


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("send to PSC 4115, Box 7815\nAPO AA 34039 today", "PSC 4115, Box 7815\nAPO AA 34039"),
        ("Unit 2050 Box 4190, APO AP 96278-2050", "Unit 2050 Box 4190, APO AP 96278-2050"),
        ("CMR 77\nDPO AE 09498", "CMR 77\nDPO AE 09498"),
        ("USS Harding\nFPO AP 96667", "USS Harding\nFPO AP 96667"),
        ("to FPO AE only", "FPO AE"),
        ("lives in Apt. 4B, call", "Apt. 4B"),
        ("Suite 455 of the", "Suite 455"),
    ],
)
def test_an_address_without_a_street_is_found(text: str, address: str) -> None:
    assert _found(text) == [address]


@pytest.mark.parametrize(
    "text", ["the IPO APPROVAL", "a PO box", "Unit 12 of the course", "apt to fail", "a suite of 3", "XAPO AAA 3"]
)
def test_what_is_no_address_is_left(text: str) -> None:
    assert _found(text) == []


@pytest.mark.parametrize("bomb", ["APO AA ", "PSC 1, Box 1 APO AA", "Apt ", "USS A"])
def test_a_hostile_text_is_read_in_linear_time(bomb: str) -> None:
    started = time.process_time()
    list(mail(bomb * (60_000 // len(bomb))))
    assert time.process_time() - started < 5
