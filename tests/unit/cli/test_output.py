"""What reaches a terminal."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from compliance_bot.cli.output import line, printable


@given(st.text())
def test_nothing_that_steers_a_terminal_is_printed(text: str) -> None:
    shown = printable(text)
    assert len(shown) == len(text)
    assert {unicodedata.category(character) for character in shown if character not in "\n\t"} <= {
        "Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "No", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po",
        "Sm", "Sc", "Sk", "So", "Zs",
    }  # fmt: skip


def test_a_line_is_one_line() -> None:
    assert line("a\nb\r\n  c\x1b[2J") == "a b\N{REPLACEMENT CHARACTER} c\N{REPLACEMENT CHARACTER}[2J"
