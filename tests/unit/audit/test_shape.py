"""Shapes: what is told by a shape is what canonical JSON says of the text itself, of right texts and of wrong ones."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from compliance_bot.audit.canonical import Json, canonical, parse_canonical_text
from compliance_bot.audit.shape import _SHAPES, _is_canonical, _keys, require_canonical_text

words = st.text(st.sampled_from('ab19é"\\ :,{-\n\x07\u2028'), max_size=4)
keys = st.text(st.sampled_from('ab19":,-'), max_size=3)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.integers(0, 20) | words,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=12,
)
pieces = st.sampled_from(
    ['"', "\\", "{", "}", "[", "]", ":", ",", "0", "-", "7", ".", "e", " ", "\n", "\x07", "a", "é", ""]
)


def is_taken(text: str) -> bool:
    try:
        require_canonical_text(text)
    except ValueError:
        return False
    return True


def is_canonical(text: str) -> bool:
    try:
        parse_canonical_text(text)
    except ValueError:
        return False
    return True


@given(values)
def test_a_canonical_text_is_taken(value: Json) -> None:
    assert is_taken(canonical(value).decode())


@given(values, st.lists(st.tuples(st.integers(0, 200), st.integers(0, 2), pieces), min_size=1, max_size=3))
def test_a_changed_text_is_taken_if_it_is_canonical(value: Json, changes: list[tuple[int, int, str]]) -> None:
    text = canonical(value).decode()
    require_canonical_text(text)  # its shape is known now
    for place, left_out, put_in in changes:
        at = place % (len(text) + 1)
        text = text[:at] + put_in + text[at + left_out :]
    assert is_taken(text) == is_canonical(text)


@given(values)
@example({"b": 1, "a": 2})
def test_unsorted_keys_are_refused(value: Json) -> None:
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    assert is_taken(text) == is_canonical(text)


@pytest.mark.parametrize(
    "wrong",
    [
        '{"a":"b"}"',  # behind what is whole, a string without an end
        '{"a":"b"}"c',
        '{"a":"\\u0062"}',  # the shape of a text that is canonical, with an escape that nobody needs
        '{"a":"\\/"}',
        '{"a":"\n"}',
        '{"a":"\x1f"}',
        '{"b":"","a":""}',
        '{"a":"","a":""}',
        '{"a9":"","a10":""}',
        '{"é":""}',
        '{"a":01}',
        '{"a":-0}',
        '{"a":1.5}',
        '{"a":1e5}',
        '{"a":1 }',
        '{"a":' + "7" * 5000 + "}",  # more digits than a number is read from
        "[" * 100_000,
        "",
    ],
)
def test_what_is_not_canonical_is_refused_whatever_shapes_are_known(wrong: str) -> None:
    for known in ('{"a":"b"}', '{"a":0}', '{"a":"","b":""}', '{"a10":"","a9":""}'):
        require_canonical_text(known)
    with pytest.raises(ValueError, match=r"."):
        require_canonical_text(wrong)


def test_texts_of_one_shape_are_looked_into_once() -> None:
    _is_canonical.cache_clear()
    for number in range(20):
        require_canonical_text(canonical({"n": 7**number, "name": f"é {number}", "of": [str(number)]}).decode())
    assert _is_canonical.cache_info().misses == 1


def test_only_so_many_shapes_are_remembered() -> None:
    for number in range(2 * _SHAPES):
        require_canonical_text(f'{{"k{number}":{"[" * number + "]" * number or "0"}}}')
    assert _is_canonical.cache_info().currsize <= _SHAPES
    assert _keys.cache_info().currsize <= _SHAPES
