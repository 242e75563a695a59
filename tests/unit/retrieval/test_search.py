"""The parts of a search that need no database."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance_bot.retrieval.search import inverse_document_frequency


@pytest.mark.parametrize(
    ("chunks", "frequency", "idf"),
    [
        (10, 0, math.log(1 + 10.5 / 0.5)),
        (10, 1, math.log(1 + 9.5 / 1.5)),
        (10, 10, math.log(1 + 0.5 / 10.5)),
        (0, 0, math.log(2)),
    ],
)
def test_idf_is_the_one_of_lucene(chunks: int, frequency: int, idf: float) -> None:
    assert inverse_document_frequency(chunks, frequency) == pytest.approx(idf)


@given(st.integers(1, 10**7), st.data())
def test_a_rarer_term_weighs_more_and_none_weighs_less_than_nothing(chunks: int, data: st.DataObject) -> None:
    frequency = data.draw(st.integers(0, chunks - 1))
    rarer, commoner = (inverse_document_frequency(chunks, frequency + n) for n in (0, 1))
    assert rarer > commoner > 0
