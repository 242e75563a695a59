"""What was got wrong is told without a value."""

from __future__ import annotations

import pytest

from compliance_bot.evaluation.mistakes import MISSED, SPURIOUS, Miss, confusion, shape, worst_misses

from ..redaction.test_scoring import found, gold, judged


def test_each_label_goes_to_what_shares_most_with_it() -> None:
    one = judged(
        [gold(0, 9), gold(17, 19)],
        [found(0, 2, "LOCATION"), found(3, 9, "ORGANIZATION"), found(23, 29, "DATE_TIME")],
    )
    assert confusion([one, one]) == {
        ("PERSON", "ORGANIZATION"): 2,
        ("PERSON", MISSED): 2,
        (SPURIOUS, "DATE_TIME"): 2,
    }


def test_what_need_not_be_masked_is_in_no_list() -> None:
    one = judged([gold(0, 9, is_required=False)], [found(0, 9)])
    assert confusion([one]) == {}
    assert worst_misses([judged([gold(0, 9, is_required=False)], [])]) == ()


def test_the_most_frequent_outline_comes_first_with_its_first_place() -> None:
    one = judged([gold(17, 19), gold(0, 9)], [])
    other = judged([gold(17, 19)], [found(17, 18)])
    assert worst_misses([one, other]) == (
        Miss(type="PERSON", shape="Xx", count=2, where="here", start=17, end=19),
        Miss(type="PERSON", shape="Xxxx Xxxx", count=1, where="here", start=0, end=9),
    )
    assert len(worst_misses([one, other], most=1)) == 1


@pytest.mark.parametrize(
    ("value", "outline"),
    [
        ("Maria O'Neill-Østby", "Xxxxx X'Xxxxx-Xxxxx"),
        ("a.b+9@x.test", "x.x+9@x.xxxx"),
        ("12\n34", "99 99"),
        ("山田太郎", "xxxx"),
        ("Ana\u202e\x1b[31m", "Xxx??[99x"),
        ("٣٤", "99"),
        ("x" * 99, "x" * 40),
    ],
)
def test_an_outline_has_no_letter_or_digit_of_the_value(value: str, outline: str) -> None:
    assert shape(value) == outline
