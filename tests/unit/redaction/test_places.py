from __future__ import annotations

import pytest

from compliance_bot.redaction.places import with_numbers
from compliance_bot.redaction.spans import Span


def _extended(text: str) -> list[str]:
    """Return the places marked in the text as they come out."""
    spans: list[Span] = []
    plain = ""
    for n, piece in enumerate(text.replace("⟧", "⟦").split("⟦")):
        if n % 2:
            spans.append(Span(start=len(plain), end=len(plain) + len(piece), type="LOCATION", score=0.9))
        plain += piece
    return [plain[span.start : span.end] for span in with_numbers(plain, spans)]


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("at 12 ⟦Hauptgasse⟧, ⟦Bern⟧", ["12 Hauptgasse", "Bern"]),
        ("at ⟦Koskikatu⟧ 25 Apt. 864\n⟦Lahti⟧ 64677", ["Koskikatu", "Lahti 64677"]),
        ("at 6750 ⟦Koskikatu 25⟧ Apt. 864, then", ["6750 Koskikatu 25 Apt. 864"]),
        ("⟦Gossau⟧, SG 90062 called", ["Gossau, SG 90062"]),
        ("34 ⟦Langgata⟧ 7 is", ["34 Langgata 7"]),
    ],
)
def test_the_numbers_of_an_address_go_with_its_places(text: str, places: list[str]) -> None:
    assert _extended(text) == places


@pytest.mark.parametrize(
    "text",
    [
        "In 2012 ⟦London⟧ was",
        "the ⟦London⟧ 2012 games",
        "25 ⟦Berlin⟧ employees",
        "⟦Berlin⟧ 12345.50 euros",
        "⟦Paris⟧ 75 % of",
        "rule 3.1 ⟦Bonn⟧ 2",
    ],
)
def test_other_numbers_beside_a_place_stay(text: str) -> None:
    (place,) = _extended(text)
    assert not any(map(str.isdigit, place))
