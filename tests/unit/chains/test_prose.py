from __future__ import annotations

import pytest

from compliance_bot.chains.screen import without_straddling
from compliance_bot.records import Sentence
from compliance_bot.redaction.detect import DetectionFailed, Detector
from compliance_bot.testing import FailingDetector

DETECTOR = Detector.load()


def said(prose: str | None) -> Sentence:
    return Sentence(text="A quote.", citations=(1,), prose=prose)


@pytest.mark.parametrize(
    ("before", "then"),
    [
        ("Her card is 4111 1111.", "1111 1111 it ends."),
        ("Her card is 4111-1111-", "1111-1111"),
        ("Write to maria.lo", "pez@bank.example"),
        ("The account: DE89 3704 0044", "0532 0130 00, as noted."),
    ],
)
def test_words_that_go_on_with_a_value_are_dropped(before: str, then: str) -> None:
    assert without_straddling([said(before)], said(then), DETECTOR) == said(None)
    assert without_straddling([said(before), said(None)], said(then), DETECTOR) == said(None)
    assert without_straddling([], said(then), DETECTOR) == said(then)


def test_words_that_do_not_stay() -> None:
    one = said("The fee is nine crowns.")
    assert without_straddling([said("Rule 3.3.32 applies."), one], one, DETECTOR) == one
    assert without_straddling([one], said(None), DETECTOR) == said(None)


def test_a_failing_detector_refuses() -> None:
    with pytest.raises(DetectionFailed):
        without_straddling([said("a")], said("b"), FailingDetector())
