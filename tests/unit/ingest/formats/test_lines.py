"""Joining lines: what goes on, what begins anew, and which hyphens only break a word."""

from __future__ import annotations

import pytest

from compliance_bot.ingest.formats.lines import Line, join


def joined(*texts: str) -> list[str]:
    return [part.text for part in join([Line(text=text) for text in texts])]


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["the regu-", "lation of regulation"], "the regulation of regulation"),
        (["for compli-", "ance with it"], "for compliance with it"),
        (["a well-", "known well-known rule"], "a well-known well-known rule"),
        (["an anti-", "money rule"], "an anti-money rule"),
        (["a self-", "employment rule"], "a self-employment rule"),
        (["the risk-", "rating of a risk and its rating"], "the risk-rating of a risk and its rating"),
        (["of Franco-", "German origin"], "of Franco-German origin"),
        (["(and/or compli-", "ance with it)"], "(and/or compliance with it)"),
        (["from 5-", "7 days"], "from 5- 7 days"),
        (["it ends -", "here"], "it ends - here"),
    ],
)
def test_a_hyphen_at_a_lines_end_goes_only_where_it_breaks_a_word(texts: list[str], expected: str) -> None:
    assert joined(*texts) == [expected]


def test_a_paragraph_goes_on_over_a_page_end_only_in_mid_sentence() -> None:
    def over(first: str, second: str) -> list[str]:
        return [part.text for part in join([Line(text=first, page=1), Line(text=second, page=2)])]

    assert over("a firm must", "keep it") == ["a firm must \fkeep it"]
    assert over("a firm regu-", "lates by regulates") == ["a firm regu\flates by regulates".replace("regu\f", "regu\f")]
    assert len(over("a firm must.", "keep it")) == 2
    assert len(over("a firm must", "Keep it")) == 2


def test_a_line_that_ends_early_ends_its_paragraph() -> None:
    assert len(join([Line(text="It ends.", full=False), Line(text="It begins.")])) == 2
    assert len(join([Line(text="it goes", full=False), Line(text="on.")])) == 1


def test_a_number_at_the_start_of_a_wrapped_line_is_no_item() -> None:
    assert joined("as required by section", "4. The firm must.") == ["as required by section 4. The firm must."]
    assert len(joined("as follows:", "4. The firm must.")) == 2
