from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance_bot.redaction.patterns.ages import AGES, ages

from .tables import found, is_linear, lines, values

AGED = """
    a man aged ⟦47⟧ and his daughter, ⟦5 y/o⟧
    a ⟦47-year-old⟧ woman, ⟦47 years old⟧ then; ⟦18 yrs old⟧
    Age: ⟦47⟧ Sex: F
    Age (years): ⟦45⟧
    AGE ⟦72⟧, a ⟦72 yo⟧ male, ⟦72yoF⟧, ⟦47 y.o.⟧
    at the age of ⟦forty-seven⟧; ⟦forty-seven years old⟧
    her children, ages ⟦3⟧, ⟦5⟧ and ⟦7⟧
    a ⟦6-month-old⟧ girl, ⟦3 weeks old⟧
    she turned ⟦40⟧ in May
    in his late ⟦40s⟧; her ⟦fifties⟧; his ⟦21st birthday⟧
    he was ⟦47 years of age⟧
    Alter: ⟦47⟧; der ⟦47-jährige⟧ Kläger, ⟦47 Jahre alt⟧
    im Alter von ⟦47 Jahren⟧
    Mme Dupont, ⟦47 ans⟧, habite à Lyon
    elle est âgée de ⟦47 ans⟧; il a ⟦12 ans⟧
    un patient de ⟦62 ans⟧
    un hombre de ⟦45 años⟧; tiene ⟦45 años⟧; edad: ⟦45⟧
    ⟦45 años de edad⟧
    una donna di ⟦45 anni⟧; ha ⟦45 anni⟧; età: ⟦45⟧
"""
OLDEST = """
    age: ⟦93⟧ and aged ⟦ninety-two⟧
    a ⟦92-year-old⟧ man; a ⟦ninety-two-year-old⟧ woman
    in her late ⟦90s⟧; in her ⟦nineties⟧
    his ⟦95th birthday⟧, ⟦101 years old⟧
    ⟦90 y/o⟧ female
    Mme Dupont, ⟦92 ans⟧, habite
    eine ⟦94-jährige⟧ Frau
    una mujer de ⟦91 años⟧, una signora di ⟦97 anni⟧
"""
LEFT_ALONE = """
    persons under the age of 18 and adults over the age of 65
    aged 65 or over, aged 18 and older
    18 years of age or older; at least 18 years of age; 21 years or older
    a minimum age of 21; the retirement age of 67; attaining the age of 70½
    children under 13 years old; ages 18 to 65; patients aged 18-24
    the average age was 47
    a term of 5 years, 10 years later, 3 months
    a 10-year-old policy, a 5 year old house and 90-year-old bonds
    invoices aged 90 days; an aging report
    Page 47, stage 4, message 12, wages 500, averages 47, damaged 47, village 9
    une peine de 5 ans; pendant 30 ans; un contrat de 20 ans
    10 años de prisión; durante 5 años; un plazo de 30 años
    per 5 anni; un mutuo di 30 anni; dopo 10 anni
    seit 10 Jahren; nach 5 Jahren; ab 18 Jahren
    the 1990s, in the 90s, its 50s style
    Your turn 5; it returned 40 items
    thousand-year-old eggs
    age 150, aged 999
"""


@pytest.mark.parametrize("line", lines(AGED))
def test_an_age_is_found_with_its_unit(line: str) -> None:
    assert found(AGES, line) == [("AGE", value) for value in values(line)]


@pytest.mark.parametrize("line", lines(OLDEST))
def test_an_age_over_89_is_a_type_of_its_own(line: str) -> None:
    assert found(AGES, line) == [("AGE_OVER_89", value) for value in values(line)]


@pytest.mark.parametrize("line", lines(LEFT_ALONE))
def test_what_is_nobodys_age_is_left_alone(line: str) -> None:
    assert found(AGES, line) == []


def test_a_rule_s_age_scores_below_every_threshold_and_is_still_reported() -> None:
    assert {each.score for each in ages("persons under the age of 18")} == {0.3}


@given(st.integers(1, 125))
def test_the_border_between_the_types_is_at_90(years: int) -> None:
    kind = "AGE_OVER_89" if years >= 90 else "AGE"
    assert found(AGES, f"a {years}-year-old man") == [(kind, f"{years}-year-old")]
    assert found(AGES, f"He is {years} years old.") == [(kind, f"{years} years old")]
    assert found(AGES, f"Age: {years}") == [(kind, str(years))]


@pytest.mark.parametrize(
    "bomb",
    [
        "1",
        "old",
        " old",
        "47 years ",
        "ages 3, 5, ",
        "age ",
        "one-",
        "ninety ",
        "her 90",
        "0s",
        "3, ",
        "of age",
        "47 ans ",
    ],
)
def test_a_hostile_text_is_read_in_linear_time(bomb: str) -> None:
    assert is_linear(AGES, bomb)
