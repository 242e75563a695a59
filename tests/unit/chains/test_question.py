"""What counts as a question."""

from __future__ import annotations

import pytest

from compliance_bot.chains.question import UnreadableQuestion, readable_question


def test_blanks_and_control_characters_are_joined_to_single_blanks() -> None:
    assert readable_question("  How\tlong\n is\x1b it? ", 100) == "How long is it?"


def test_a_composed_and_a_decomposed_letter_are_one() -> None:
    assert readable_question("cafe\u0301", 100) == "caf\u00e9"


@pytest.mark.parametrize(
    ("question", "message"),
    [
        ("", "empty"),
        (" \n", "empty"),
        ("?! \u0301", "empty"),
        ("x" * 101, "101 characters; at most 100"),
        ("\udcff\udcfe", "UTF-8"),
        ("a\0b", "not text"),
    ],
)
def test_what_is_no_question_is_refused_without_being_quoted(question: str, message: str) -> None:
    with pytest.raises(UnreadableQuestion, match=message) as refused:
        readable_question(question, 100)
    assert refused.value.exit_code == 2
    assert "xxx" not in str(refused.value)
