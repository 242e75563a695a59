"""A medicine with its dose; a dose or a medicine alone says nothing."""

from __future__ import annotations

import pytest

from compliance_bot.redaction.patterns.medication import medication
from tests.unit.redaction.patterns.marked import check, found, lines, seconds

FOUND = """
    ⟦metformin 500 mg⟧ twice daily; ⟦Lisinopril 10mg⟧
    she takes ⟦20 mg of Prozac⟧
    ⟦adalimumab 40 mg⟧ and ⟦insulin 10 units⟧
    ⟦amoxicilline 1 g⟧ trois fois par jour
    ⟦Ibuprofen 400 mg⟧ bei Bedarf
"""

LEFT_ALONE = """
    Take 500 mg 2-3 times daily
    sugar 500 g, control 5 mg, 30 ml of water
    Potassium 3.5-5.1 mmol/L, 1.5 g/l
    metformin is cheap; insulin prices rose by 10 %
    table 4 g
"""


@pytest.mark.parametrize("line", lines(FOUND))
def test_a_medicine_with_its_dose_is_found(line: str) -> None:
    check(medication, "HEALTH_CONDITION", line)


@pytest.mark.parametrize("line", lines(LEFT_ALONE))
def test_other_doses_are_left_alone(line: str) -> None:
    assert found(medication, line) == []


@pytest.mark.parametrize("bomb", ["1 mg ", "1", "aaaa 1 mg", "insulin 1 units "])
def test_a_hostile_text_is_read_in_linear_time(bomb: str) -> None:
    short, long = (seconds(medication, bomb * (size // len(bomb))) for size in (20_000, 80_000))
    assert long < 6 * short + 0.2
