from __future__ import annotations

import pytest

from compliance_bot.redaction.layout import broken, spaced_out
from compliance_bot.redaction.rewritten import rewrite


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("see 4 1 1 1  1 1 1 1 now", ["see 4111 1111 now"] * 2),
        ("c a r d 4 1 1 1", ["card4111", "card 4111"]),
        ("(m a r i a @ b . d e),", ["(maria@b.de),"] * 2),
        ("m a r i a @ bank.example", ["maria@bank.example"] * 2),
        ("D E 8 9 x 1 a", ["DE89x1a", "DE 89 x 1 a"]),
        ("I a m a b", []),
        ("Contents . . . . . . . . 12", []),
        ("A plain text of words, 1 2 3 4 and a b c.", []),
        ("1\t2\t3\t4\t5\t6\t7", []),
    ],
)
def test_what_is_spaced_out_is_put_together(text: str, read: list[str]) -> None:
    ways = [rewrite(text, swaps).text for swaps in spaced_out(text)]
    assert [way for way in ways if way != text] == read


@pytest.mark.parametrize(
    ("text", "kept", "dropped"),
    [
        ("219-\n  09", "219-09", "21909"),
        ("card 41\r\n  11 and", "card 4111 and", None),
        ("192.168.\n1.44", "192.168.1.44", None),
        ("a 192.168\n.1.44", "a 192.168.1.44", None),
        ("maria.\nlopez@x.de", "maria.lopez@x.de", None),
        ("maria@ba\nnk.example", "maria@bank.example", None),
        ("12\n34\n56", None, None),
        ("the end.\nnext and\n4 more", None, None),
        ("- one\n- two-\nthree", None, None),
        ("2019.\nThe year", None, None),
    ],
)
def test_the_end_of_a_line_goes_where_it_breaks_a_value(text: str, kept: str | None, dropped: str | None) -> None:
    ways = [rewrite(text, swaps).text for swaps in broken(text)]
    assert ways == [kept or text, dropped or text]
