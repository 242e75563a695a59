"""YAML of which nothing is lost without a word."""

from __future__ import annotations

import pytest

from compliance_bot.strict_yaml import NotStrictYaml, load_strict


def test_plain_yaml_is_read() -> None:
    assert load_strict("a: [1, x]\nb: {c: null}") == {"a": [1, "x"], "b": {"c": None}}


@pytest.mark.parametrize(
    "text",
    ["a: [", "a: 1\na: 2", "b: {a: 1, 'a': 2}", "? {a: 1}\n: 2", "!!python/object/apply:os.getcwd []", "a: 9999-99-99"],
)
def test_what_is_not_plain_or_has_a_key_twice_is_refused(text: str) -> None:
    with pytest.raises(NotStrictYaml, match="cannot be read as YAML with each key once"):
        load_strict(text)


def test_nesting_without_end_is_refused() -> None:
    with pytest.raises(NotStrictYaml):
        load_strict("[" * 5000)
