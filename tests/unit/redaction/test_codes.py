from __future__ import annotations

import pytest

from compliance_bot.redaction.codes import codes, markup
from compliance_bot.redaction.rewritten import rewrite


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("a&#64;b &#x40; &#64 &commat; &nbsp;", "a@b @ @ @ \xa0"),
        ("AT&T R&D; &unheardof; &# &#x;", "AT&T R&D; &unheardof; &# &#x;"),
        ("a%40b %C3%A9 %e9 %E2%82%AC %F0%9F%98%80", "a@b é é € 😀"),
        ("100% of 50 %ag", "100% of 50 %ag"),
        ("a=40b=2Ec =C3=A9 so=\nft", "a@b.c é soft"),
        ("a=34 x==y id=12&n=4111", "a=34 x==y id=12&n=4111"),
        (r"\x40 \u0040 \U00000040 \u{40} \ud83d\ude00 \ud83d", "@ @ @ @ 😀 \ufffd"),
        (r"a\_b\@c\.d \\u0040 x\ny\tz", "a_b@c.d \\u0040 x\ny\tz"),
        (r"\u{ffffff} \U99999999", "\ufffd \ufffd"),
        ("a\\\n    b", "ab"),
        ("a [at] b (DOT) c{dot}d", "a@b.c.d"),
        ("what (at all) [attachment] (a)", "what (at all) [attachment] (a)"),
    ],
)
def test_codes_become_what_they_stand_for(text: str, plain: str) -> None:
    assert rewrite(text, codes(text)).text == plain


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("41**11 4_1 5__6 a~~b c`d", "4111 4_1 56 ab cd"),
        ("4111 **1111** 1111", "4111 1111 1111"),
        ("ma<b>ri</b>a<br/>@<!-- x -->b", "maria@b"),
        ("Mar<i>ia</i> Lopez", "Maria Lopez"),
        ("4111</b> <b class='x'>1111", "4111 1111"),
        ("a **word** and <b>another</b> one, __init__", "a **word** and <b>another</b> one, __init__"),
        ("4111 **** **** 1111, ***-**-6789, a ** b", "4111 **** **** 1111, ***-**-6789, a ** b"),
        ("4111<PERSON>1111 a<table>b <EMAIL_ADDRESS>x", "4111<PERSON>1111 a<table>b <EMAIL_ADDRESS>x"),
        ("1 < 2, a<b", "1 < 2, a<b"),
    ],
)
def test_markup_goes_where_it_is_inside_a_word_or_number(text: str, plain: str) -> None:
    assert rewrite(text, markup(text)).text == plain
