"""Figures of the ledger out of counts, added up by hand."""

from __future__ import annotations

from compliance_bot.redaction.quality import Figures, changes, figures
from compliance_bot.redaction.scoring import Counts

GOOD, BAD = Counts(gold=20, strict=20, covered=20, found=20, right=20), Counts(gold=20, covered=4, found=4)
ONE = Counts(gold=1, strict=1, covered=1, found=1, right=1)


def test_in_one_language_there_is_one_row_for_each_type_below_that_of_all() -> None:
    assert figures([("en", {"PERSON": GOOD}), ("en", {"PERSON": ONE, "EMAIL_ADDRESS": ONE})]) == (
        Figures(type="", language="", counts=GOOD + ONE + ONE),
        Figures(type="EMAIL_ADDRESS", language="", counts=ONE),
        Figures(type="PERSON", language="", counts=GOOD + ONE),
    )


def test_several_languages_have_rows_of_their_own() -> None:
    shown = figures([("en", {"PERSON": GOOD}), ("de", {"PERSON": BAD}), ("fr", {})])
    assert [(one.type, one.language, one.counts) for one in shown] == [
        ("", "", GOOD + BAD),
        ("", "de", BAD),
        ("", "en", GOOD),
        ("PERSON", "", GOOD + BAD),
        ("PERSON", "de", BAD),
        ("PERSON", "en", GOOD),
    ]


def test_of_nothing_there_is_no_figure() -> None:
    assert figures([]) == figures([("en", {})]) == ()


def test_what_fell_is_worse_and_what_rose_or_stayed_is_not() -> None:
    fell = changes([{"PERSON": GOOD, "URL": GOOD}], [{"PERSON": BAD, "URL": GOOD}])
    assert {(one.type, one.figure) for one in fell if one.is_worse} == {
        ("PERSON", "covering_recall"), ("PERSON", "strict_recall"), ("PERSON", "precision"),
        ("", "covering_recall"), ("", "strict_recall"), ("", "precision"),
    }  # fmt: skip
    assert not any(one.is_worse for one in changes([{"PERSON": BAD}], [{"PERSON": GOOD}]))
    assert not any(one.is_worse for one in changes([{"PERSON": ONE}], [{"PERSON": Counts(gold=1)}]))


def test_a_figure_that_one_run_does_not_have_has_not_changed() -> None:
    assert [one.figure for one in changes([{"PERSON": ONE}], [{"PERSON": Counts(gold=1)}]) if one.type] == [
        "covering_recall", "strict_recall",
    ]  # fmt: skip
    assert changes([{"PERSON": ONE}], [{}]) == ()
