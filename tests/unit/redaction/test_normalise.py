from __future__ import annotations

import unicodedata

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
        ("10² ½ ① ﬁ é", "10² ½ ① ﬁ é"),
    ],
)
def test_the_normal_form_is_ascii_where_there_is_one(source: str, normal: str) -> None:
    assert normalise(source).text == normal


def test_a_stretch_maps_back_with_what_was_left_out_inside_it() -> None:
    normal = normalise("x \u200b4\u200b1\u200b y")
    start = normal.text.index("41")
    assert normal.source(start, start + 2) == (3, 6)


@given(st.text(st.characters() | st.sampled_from("\u200b\u00ad４\u00a0 –a1"), max_size=40))
def test_every_character_maps_back_to_its_source(text: str) -> None:
    normal = normalise(text)
    starts = [normal.source(i, i + 1)[0] for i in range(len(normal.text))]
    assert starts == sorted(set(starts))
    left_out = set(range(len(text))) - set(starts)
    assert all(unicodedata.category(text[i]) in {"Cf", "Mn", "Cn"} for i in left_out)
    assert all(normal.text[n] == text[i] or normal.text[n].isascii() for n, i in enumerate(starts))
