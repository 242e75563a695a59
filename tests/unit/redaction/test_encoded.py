from __future__ import annotations

import base64
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance_bot.redaction.encoded import encoded


def _decoded(text: str) -> list[tuple[str, str]]:
    return [(text[swap.start : swap.end], swap.plain.strip()) for swap in encoded(text)]


_PLAIN = "ask Maria Lopez about it; see (note) 4"
_TOKEN = base64.b64encode(_PLAIN.encode()).decode()


@pytest.mark.parametrize("around", ["{}", "see {} now", "a,{},b", "key={}", "({})", "{}\nand more", "x\n{}\n", '"{}".'])
@pytest.mark.parametrize(
    "token", [_TOKEN, _TOKEN.rstrip("="), _PLAIN.encode().hex(), base64.b64encode(_PLAIN.encode("utf-16-le")).decode()]
)
def test_a_token_that_stands_for_text_is_decoded(token: str, around: str) -> None:
    assert _decoded(around.format(token)) == [(token, _PLAIN)]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\n    ", " "])
@pytest.mark.parametrize("width", [20, 60, 76])
def test_wrapped_lines_are_one(width: int, end: str) -> None:
    token = base64.b64encode(_PLAIN.encode() * 9).decode().rstrip("=")
    lines = end.join(token[place : place + width] for place in range(0, len(token), width))
    ((_, plain),) = _decoded(f"see:{end}{lines}")
    assert plain.startswith(_PLAIN * 8)


def test_a_part_of_a_path_is_decoded_by_itself() -> None:
    token = _TOKEN.rstrip("=")
    assert _decoded(f"/reset/{token}/now and x_{token}") == [(token, _PLAIN)] * 2


def test_two_tokens_of_one_length_below_each_other_are_each_decoded() -> None:
    first, second = (base64.b64encode(text).decode().rstrip("=") for text in (b"maria lopez one", b"maria lopez two!"))
    assert _decoded(f"{first}\n{second}\n") == [(first, "maria lopez one"), (second, "maria lopez two!")]


@pytest.mark.parametrize(
    "text",
    [
        "responsibilities of the internationalisation department",
        "CONFIDENTIALITYAGREEMENT",
        "getElementsByClassName",
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "a" * 1000,
        "4111111111111111",
        "=" * 40,
    ],
)
def test_words_and_hashes_stand_for_no_text(text: str) -> None:
    assert _decoded(text) == []


@given(st.binary(min_size=32, max_size=200).filter(lambda octets: sum(octet > 127 for octet in octets) > 10))
def test_octets_that_are_no_text_are_left_alone(octets: bytes) -> None:
    swaps = list(encoded(base64.b64encode(octets).decode()))
    assert all(len(swap.plain.strip("\x00")) <= swap.end - swap.start + 2 for swap in swaps)


def test_random_octets_are_hardly_ever_text() -> None:
    chance = random.Random(64)
    texts = sum(bool(_decoded(base64.b64encode(chance.randbytes(64)).decode())) for _ in range(2000))
    assert texts < 10
