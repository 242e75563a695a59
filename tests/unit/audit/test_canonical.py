"""Canonical JSON: each value has one encoding, and what is another one is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance_bot.audit.canonical import Json, canonical, parse_canonical, parse_json

keys = st.text(st.characters(codec="ascii"), max_size=8)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.text(st.characters(codec="utf-8"), max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=12,
)


@given(values)
def test_what_is_encoded_is_read_back(value: Json) -> None:
    assert parse_canonical(canonical(value)) == value


@given(values)
def test_what_is_read_encodes_to_the_same(value: Json) -> None:
    encoded = canonical(value)
    assert canonical(parse_canonical(encoded)) == encoded


@pytest.mark.parametrize(
    "encoded",
    [
        b'{"b":1,"a":2}',  # not sorted
        b'{"a":1,"a":2}',
        b'{"a": 1}',
        b'{"a":1}\n',
        b'"\\u0041"',
        b'"\\/"',
        b'"\\u00e9"',
        b"1.0",
        b"1e3",
        b"-0",
        b"01",
        b"NaN",
        b'{"\xc3\xa9":1}',  # a key that is not ASCII
        b'"\xff"',
        b"\xef\xbb\xbf1",
        b"",
        b"[1,]",
        b'"\\ud800"',
        b"[" * 100_000,
    ],
)
def test_any_other_text_is_refused(encoded: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_canonical(encoded)


def test_json_is_read_however_it_is_written_but_for_fractions() -> None:
    assert parse_json(b'{"b": 1, "a": [true, null]}') == {"a": [True, None], "b": 1}
    with pytest.raises(ValueError, match="no integer"):
        parse_json(b"[1.5]")
