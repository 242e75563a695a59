"""Nationality, religion and party: of people, not of states, laws and languages."""

from __future__ import annotations

import pytest

from compliance_bot.redaction.patterns.groups import groups
from tests.unit.redaction.patterns.marked import check, found, lines, rows, seconds

FOUND = {
    "NRP": """
        The applicant is an ⟦Italian⟧ national living in Rome.
        ⟦Kenyans⟧ and ⟦Italians⟧ were asked; ⟦Muslims⟧ too
        two ⟦Turkish⟧ students and an ⟦African American⟧ woman
        he was born ⟦French⟧, a ⟦South African⟧ citizen
        Equality is not only for ⟦Egyptian⟧ women
    """,
    "RELIGION": """
        He is a devout ⟦Muslim⟧.
        She was raised ⟦Catholic⟧
        Er ist ⟦Katholik⟧
    """,
    "POLITICAL_OPINION": "He is a registered ⟦Republican⟧",
}

LEFT_ALONE = """
    under Italian law and by the German Federal Bank
    the French Republic, the Swiss franc, Canadian dollars and the Dutch courts
    translated into English; in French. The English and the German text
    the Catholic Church, the Jewish Museum, the Republican Party
    American Express, British Airways, Indian Ocean
    Christian Müller; xItalian, Italian_law
    an american in paris
    the European Union and European Economic Area
"""


@pytest.mark.parametrize(("kind", "line"), rows(FOUND))
def test_an_attribute_of_people_is_found(kind: str, line: str) -> None:
    check(groups, kind, line)


@pytest.mark.parametrize("line", lines(LEFT_ALONE))
def test_states_languages_and_institutions_score_too_little(line: str) -> None:
    assert found(groups, line) == []


def test_a_state_is_still_reported_for_a_profile_with_a_lower_threshold() -> None:
    assert [one.score for one in groups("Italian law")] == [0.3]


@pytest.mark.parametrize("bomb", ["Italian ", "Italian", "is a Muslim ", "A", "Aa", "born born Italian "])
def test_a_hostile_text_is_read_in_linear_time(bomb: str) -> None:
    short, long = (seconds(groups, bomb * (size // len(bomb))) for size in (20_000, 80_000))
    assert long < 6 * short + 0.2
