from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance_bot.redaction.patterns.web import URLS

from .tables import found, is_linear, lines, values

ADDRESSES = """
    ⟦https://example.com/a?b=c#d⟧. Next
    (⟦https://en.wikipedia.org/wiki/X_(y)⟧), [text](⟦https://a.example/b⟧)
    <a href="⟦https://a.example/b⟧">x</a>; '⟦http://q.org/⟧'
    ⟦http://1.2.3.4/login⟧ and ⟦http://localhost:8080/x⟧ and ⟦ftp://host/file.txt⟧
    ⟦HTTPS://EXAMPLE.COM/PATH⟧
    ⟦www.bank.example⟧, ⟦WWW.EXAMPLE.COM⟧
    ⟦example.com⟧, ⟦shop.firma.de⟧, ⟦bücher.de⟧ or ⟦x.com⟧
    ⟦example.co.uk/path?q=1⟧ and ⟦example.com:8080⟧
    ⟦Amazon.com⟧ and ⟦EXAMPLE.COM⟧
    visit ⟦repubblica.it⟧; website: ⟦allegro.pl⟧
    ⟦repubblica.it/notizie⟧ and ⟦t.co/abc⟧
    ⟦github.com/maria⟧ | ⟦linkedin.com/in/maria-lopez⟧
    ⟦https://user@host.example/x?mail=a@b.example⟧
    ⟦https://example.com/über/⟧…
"""
LEFT_ALONE = """
    any such activity.Management must, v.St, the Company.The next, activity.Ma
    report.pdf, main.py, README.md, script.sh, index.html, data.csv, a.zip
    e.g.the, i.e.a, a.m.in, U.S.of, No.5
    the end.in, to be.at, do it.so
    user.name, logger.info("x"), os.path, np.array, self.id, a.b.c
    maria.lopez@bank.example, joe.de@x.com, x@example.com
    3.3.2.de, 1.2.3.4, 10.5.com
    std::vector, ://, a://b, ://x.example
    src/main.rs, C:\\dir\\file.com, $x.com
    @example.com
    com, .com, ..com, a..com
    Inc.Com, example.Com, example.corp
    Dr.med.dent, z.B.in, usw.de_x
"""


@pytest.mark.parametrize("line", lines(ADDRESSES))
def test_a_web_address_is_found_without_the_sentence_s_punctuation(line: str) -> None:
    assert found(URLS, line) == [("URL", value) for value in values(line)]


@pytest.mark.parametrize("line", lines(LEFT_ALONE))
def test_what_only_has_dots_is_left_alone(line: str) -> None:
    assert found(URLS, line) == []


@given(st.from_regex(r"https?://[a-z]{2,9}\.[a-z]{2,9}(/[a-zA-Z0-9_~=&%+]{0,8}[a-zA-Z0-9]){0,4}", fullmatch=True))
def test_every_address_with_a_scheme_is_found(address: str) -> None:
    assert found(URLS, f"see ({address}).") == [("URL", address)]


@pytest.mark.parametrize(
    "bomb",
    ["a.", "a.b", "://", "a://", "www.", "com.", "x.com/", "a.com)", "http://a((", "a.com ", ".de", "http://a)))"],
)
def test_a_hostile_text_is_read_in_linear_time(bomb: str) -> None:
    assert is_linear(URLS, bomb)
