from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance_bot.redaction.kinds import PRECEDENCE
from compliance_bot.redaction.spans import Span, merge


def _span(start: int, end: int, kind: str = "US_SSN", score: float = 0.6) -> Span:
    return Span(start=start, end=end, type=kind, score=score)


@pytest.mark.parametrize(
    ("found", "merged"),
    [
        ([], []),
        ([_span(5, 9), _span(0, 3)], [_span(0, 3), _span(5, 9)]),
        ([_span(0, 3), _span(3, 5)], [_span(0, 3), _span(3, 5)]),
        ([_span(0, 9, "EMAIL_ADDRESS"), _span(2, 4)], [_span(0, 9, "EMAIL_ADDRESS")]),
        ([_span(0, 4, "PHONE_NUMBER"), _span(0, 4)], [_span(0, 4)]),
        ([_span(0, 4, "PERSON"), _span(3, 9, "EMAIL_ADDRESS")], [_span(0, 9, "EMAIL_ADDRESS")]),
        ([_span(0, 4), _span(3, 6), _span(5, 8, "IP_ADDRESS")], [_span(0, 8)]),
        ([_span(0, 9, "IBAN_CODE", 1.0), _span(8, 12, "PHONE_NUMBER")], [_span(0, 9, "IBAN_CODE", 1.0)]),
        ([_span(0, 9, "CREDIT_CARD", 0.6), _span(8, 12, "PHONE_NUMBER")], [_span(0, 12, "CREDIT_CARD", 0.6)]),
    ],
)
def test_overlapping_spans_become_one(found: list[Span], merged: list[Span]) -> None:
    assert list(merge(found)) == merged


@given(
    st.lists(
        st.builds(
            lambda start, size, kind: _span(start, start + size, kind),
            st.integers(0, 40),
            st.integers(1, 9),
            st.sampled_from(list(PRECEDENCE)),
        )
    )
)
def test_no_found_character_is_lost(found: list[Span]) -> None:
    merged = merge(found)
    assert all(a.end <= b.start for a, b in pairwise(merged))
    covered = {i for span in merged for i in range(span.start, span.end)}
    assert covered == {i for span in found for i in range(span.start, span.end)}
    assert merge(merged) == merged
