from __future__ import annotations

import time

import pytest

from compliance_bot.redaction.patterns.organisations import ORGANISATIONS
from compliance_bot.redaction.spans import Span, merge


def _found(text: str) -> list[str]:
    spans = (
        Span(start=found.start, end=found.end, type=found.type, score=found.score)
        for found in ORGANISATIONS.found(text)
        if found.score >= 0.5
    )
    return [text[span.start : span.end] for span in merge(spans)]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("signed by Acme Capital Partners Ltd yesterday", "Acme Capital Partners Ltd"),
        ("Blue Harbor, Inc. agreed", "Blue Harbor, Inc."),
        ("die Müller & Söhne GmbH haftet", "Müller & Söhne GmbH"),
        ("Rossi Trasporti S.p.A. di Milano", "Rossi Trasporti S.p.A."),
        ("the Ministry of the Interior refused", "Ministry of the Interior"),
        ("before the Istanbul State Security Court", "Istanbul State Security Court"),
        ("the Supreme Court held", "Supreme Court"),
        ("studied at the University of Aberystwyth", "University of Aberystwyth"),
        ("treated at Riverside Memorial Hospital", "Riverside Memorial Hospital"),
        ("the Council of Europe", "Council of Europe"),
        ("the Acme Board of Directors", "Acme Board"),
        ("an account with Meadow Savings Bank", "Meadow Savings Bank"),
    ],
)
def test_an_organisation_is_known_by_a_word_in_it(text: str, name: str) -> None:
    assert _found(text) == [name]


@pytest.mark.parametrize(
    "text",
    [
        "The Court considers that",
        "the Audit Committee and the Executive Board",
        "Our Compliance Department decides",
        "The Bank may terminate",
        "A Group Company",
        "in the head office",
        "Board members",
        "limited company",
        "Senior Management Office",
        "a Related Party of the borrower",
        "the Board of Directors and its Chair",
        "a Protected Cell Company",
        "the Financial Group must report",
    ],
)
def test_a_part_of_any_institution_is_none(text: str) -> None:
    assert _found(text) == []


@pytest.mark.parametrize("bomb", ["Court ", "A Court of A ", "Inc. ", "A & ", "S.A.", "Bank of the ", "A, "])
def test_a_hostile_text_is_read_in_linear_time(bomb: str) -> None:
    started = time.monotonic()
    list(ORGANISATIONS.found(bomb * (66_000 // len(bomb))))
    assert time.monotonic() - started < 10
