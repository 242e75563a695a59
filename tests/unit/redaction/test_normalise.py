from __future__ import annotations

import re
import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance_bot.redaction.normalise import normalise


@pytest.mark.parametrize(
    ("source", "normal"),
    [
        ("plain 4111", "plain 4111"),
        ("４１１１", "4111"),
        ("٤١١١ ४१", "4111 41"),
        ("a\u00a0b\u202fc\u3000d", "a b c d"),
        ("2010–2020 — x−1", "2010-2020 - x-1"),
        ("jane＠x．com", "jane@x.com"),
        ("ja\u200bne\u00ad\u2060", "jane"),
        ("a\u2028b", "a\nb"),
        ("10² ½ ① é …™", "10² ½ ① é …™"),
        ("ﬁnance oﬃce ĳssel", "finance office ijssel"),
        ("Jose\u0301 Nguye\u0302\u0303n", "José Nguyễn"),
        ("4\ufe0f\u20e31\ufe0f\u20e3 4\u03361\u0336", "41 41"),
        ("“O’Brien”", '"O\'Brien"'),
        ("℡5550143 №5", "Tel 5550143 No 5"),
        ("1111ª Nº 4 note¹²³", "1111ª Nº 4 note¹²³"),  # what touches a number may not become a letter
        ("⁴¹¹¹ ¹¹¹¹ ᵐᵃʳⁱᵃ ⓜⓐⓡⓘⓐ 🅼🅰", "4111 1111 maria maria MA"),
        ("01·42·68 Vil·la", "01.42.68 Vil·la"),
        ("a\x00b\x0cc\x1bd", "ab\ncd"),
        ("lo-\npez lo\u00ad\r\n  pez Smith-\nJones 12-\n34 -\n", "lopez lopez Smith-Jones 12-\n34 -\n"),
        ("\ud800", "\ufffd"),
        ("\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f", "\U0001f3f4"),  # England's flag
        ("".join(chr(0xE0000 + ord(character)) for character in "a@b.example"), "a@b.example"),
        # Look-alikes: in a word that mixes scripts, or of them alone and joined to ASCII
        ("mаria@bаnk.example", "maria@bank.example"),
        ("сор@x.example АВ123 5а", "cop@x.example AB123 5a"),
        ("οffice ԁata", "office data"),
        ("Роза Осокина, Сара; Анна-Maria. Хор", "Роза Осокина, Сара; Анна-Maria. Хор"),
        ("иван@bank.example m\u043er\u0435", "иван@bank.example more"),
        ("Οδυσσέας α β", "Οδυσσέας α β"),
        ("Yılmaz", "Yılmaz"),
    ],
)
def test_the_normal_form_is_ascii_where_there_is_one(source: str, normal: str) -> None:
    assert normalise(source).text == normal


def test_a_stretch_maps_back_with_what_was_left_out_inside_it() -> None:
    normal = normalise("x \u200b4\u200b1\u200b y")
    start = normal.text.index("41")
    assert normal.source(start, start + 2) == (3, 6)


def test_a_character_that_becomes_several_maps_back_whole() -> None:
    normal = normalise("aﬁb")
    assert normal.text == "afib"
    assert [normal.source(i, i + 1) for i in range(4)] == [(0, 1), (1, 2), (1, 2), (2, 3)]
    assert normal.source(0, 2) == (0, 2)


@given(st.text(st.characters() | st.sampled_from("\u200b\u00ad４\u00a0 –a1ﬁ\u0301-\nа²"), max_size=40))
def test_every_character_maps_back_to_its_source(text: str) -> None:
    normal = normalise(text)
    places = [normal.source(i, i + 1) for i in range(len(normal.text))]
    assert all(0 <= start < end <= len(text) for start, end in places)
    assert places == sorted(places)
    assert all(left == right or left[1] <= right[0] for left, right in pairwise(places))
    shown = {index for start, end in places for index in range(start, end)}
    left_out = "".join(character for index, character in enumerate(text) if index not in shown)
    assert not re.search(r"[A-Za-z0-9@.]", left_out)
    assert all(
        normal.text[n] in {text[start], *unicodedata.normalize("NFKC", text[start:end])} or normal.text[n].isascii()
        for n, (start, end) in enumerate(places)
        if normal.text[n] != "\ufffd"
    )


@given(st.text("abc 123@.-\n", max_size=40))
def test_ascii_without_hyphens_at_line_ends_stays_as_it_is(text: str) -> None:
    if "-\n" not in text:
        assert normalise(text).text == text


@given(st.text(st.characters() | st.sampled_from("\u200b４–а"), max_size=30))
def test_the_normal_form_of_a_normal_form_hides_no_value(text: str) -> None:
    value = "maria@bank.example"
    normal = normalise(f"{text} {value} {text}")
    start = normal.text.rindex(value) if not text.count(value) else normal.text.index(value)
    assert normal.source(start, start + len(value)) == (len(text) + 1, len(text) + 1 + len(value))
