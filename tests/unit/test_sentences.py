"""Sentence spans: a table of regulatory prose, and properties over any text."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance_bot.sentences import sentences


def split(text: str) -> list[str]:
    return [text[start:end] for start, end in sentences(text)]


# One sentence per entry of the list; they are joined by a blank.
TABLE = {
    "plain": ["A firm must keep records.", "It must do so for six years."],
    "titles": ["Mr. Ellis and Dr. Okoro signed.", "Ms. Lopez did not."],
    "latin": ["Keep e.g. invoices, i.e. originals, etc. and cf. the annex.", "Nothing else counts."],
    "numbered references": ["See Art. 6 and No. 12, sec. 4, Reg. 3.", "Then stop."],
    "no as an answer": ["The answer is no.", "The firm may appeal."],
    "company names": ["Acme Inc. shall pay Northfield Ltd. in full.", "The U.S. Treasury agreed."],
    "company at the end": [
        "The loan was made by Acme Inc.",
        "The bank objected.",
        "They live in the U.S.",
        "It is large.",
    ],
    "initials": ["J. A. Smith and K. Okafor met.", "P. Marsh was away."],
    "decimals": ["The rate is 3.5 percent on EUR 1.000,50.", "Fees are 0.2."],
    "section number within": ["This follows from Rule 3.3.32.", "The firm must act."],
    "section number first": ["Rule 3.3.32. The firm must act.", "It must report."],
    "number first": ["12. The firm must act.", "13. It must report."],
    "letter first": ["A. The firm must act."],
    "inline list": ["A firm must: (a) keep records; (b) report them.", "That is all."],
    "ellipsis": ["He wrote ... and then stopped.", "Wait…", "More came."],
    "quotes": ["He said “no.”", "She said 'yes!'", "“Why?” he asked."],
    "brackets": ["It is exempt (see Rule 4. That rule is old.) from tax.", "All others pay."],
    "footnotes": ["It was made in May.[12]", "The rest followed."],
    "exclamation": ["Stop!", "Go on?", "Yes."],
    "lower case goes on": ["approx. five firms, and appr. of the board."],
    "chinese": ["公司必须保存记录。", "期限为六年。"],
    "months": ["It ended on Dec. 31 and began in Jan. 2020.", "Then nothing."],
    "times": ["Open until 5 p.m. on Fridays.", "The desk closes then."],
}
JOINED_WITHOUT_BLANK = {"chinese"}


@pytest.mark.parametrize("name", TABLE)
def test_sentences_of_regulatory_prose(name: str) -> None:
    expected = TABLE[name]
    assert split(("" if name in JOINED_WITHOUT_BLANK else " ").join(expected)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Keep records\n\nfor six years", ["Keep records", "for six years"]),
        ("The firm must comply with the\nFinancial Services Act in full.", None),
        (
            "The firm must:\n(a)\tkeep records; and\n(b)\treport.",
            ["The firm must:", "(a)\tkeep records; and", "(b)\treport."],
        ),
        (
            "Record keeping\nA firm must keep its records for six years.",
            ["Record keeping", "A firm must keep its records for six years."],
        ),
        ("Fee | Amount\nEntry | 5 EUR", ["Fee | Amount", "Entry | 5 EUR"]),
        ("objectives—\n- fairness\n• clarity", ["objectives—", "- fairness", "• clarity"]),
        ("1. Keep.\n2. Report.", ["1. Keep.", "2. Report."]),
        ("", []),
        (" \n\t ", []),
    ],
)
def test_line_breaks_end_sentences_only_where_lines_are_not_wrapped(text: str, expected: list[str] | None) -> None:
    assert split(text) == ([text] if expected is None else expected)


PIECES = st.sampled_from(
    ["The firm", "shall", "Art.", "6", "e.g.", "J.", "(", ")", "(a)", "3.3.32.", ".", "...", "!", "?", "\n", "\n\n",
     "“", ".”", "U.S.", "No.", "。", "|", " | ", "Inc.", "x", "[1]", "\u00a0", ";", ":", "\t", "-"]
)  # fmt: skip


@given(
    st.one_of(
        st.text(max_size=60), st.lists(PIECES, max_size=15).map(" ".join), st.lists(PIECES, max_size=15).map("".join)
    )
)
def test_spans_are_ordered_trimmed_and_cover_all_that_is_not_blank(text: str) -> None:
    spans = sentences(text)
    assert all(a[1] <= b[0] for a, b in itertools.pairwise(spans))
    assert all(text[start:end] and text[start:end] == text[start:end].strip() for start, end in spans)
    covered = {i for start, end in spans for i in range(start, end)}
    assert all(i in covered or character.isspace() for i, character in enumerate(text))


@given(st.lists(st.sampled_from(TABLE["plain"] + TABLE["titles"] + TABLE["brackets"]), min_size=1, max_size=6))
def test_each_sentence_stands_alone_as_well(parts: list[str]) -> None:
    for piece in split(" ".join(parts)):
        assert split(piece) == [piece]


@pytest.mark.parametrize(
    "text",
    [
        "(. A " * 15_000,
        "J. " * 20_000,
        "a.b" * 20_000,
        ". " * 30_000,
        "(" * 40_000 + ". A" * 9_000,
        "." * 200_000 + "x",
    ],
)
def test_hostile_text_takes_linear_time(text: str) -> None:
    """Quadratic work on these would take minutes, which the whole suite's limit would show."""
    assert sentences(text)[0][0] == 0
