"""Special categories: what is said of one person in five languages, and the words of the law about them."""

from __future__ import annotations

import pytest

from compliance_bot.redaction.kinds import KINDS
from compliance_bot.redaction.patterns.special import special_categories
from compliance_bot.redaction.patterns.special_rules import RULES, TYPES
from tests.unit.redaction.patterns.marked import check, found, lines, rows, seconds

FOUND = {
    "HEALTH_CONDITION": """
        She was diagnosed with ⟦multiple sclerosis⟧ in 2019.
        Mr Smith suffers from ⟦chronic back pain⟧ and ⟦depression⟧.
        Anna was treated for ⟦breast cancer⟧
        The patient has ⟦type 2 diabetes⟧ and ⟦hypertension⟧.
        he is ⟦HIV-positive⟧; she is ⟦pregnant⟧
        The patient has a history of ⟦asthma⟧
        Maria is allergic to ⟦penicillin⟧.
        He underwent ⟦heart surgery⟧ last year
        Blood type: ⟦AB+⟧
        Diagnosis: ⟦Major depressive disorder, recurrent⟧
        ICD-10: ⟦F32.1, E11.9⟧
        Herr Müller leidet an ⟦Multipler Sklerose⟧.
        Bei ihr wurde ⟦Brustkrebs⟧ diagnostiziert.
        Diagnose: ⟦Diabetes mellitus Typ 2⟧
        Elle souffre de ⟦diabète⟧ depuis 2010
        Mme Durand est atteinte d'⟦épilepsie⟧
        La paciente padece de ⟦esquizofrenia⟧.
        Ana Gómez fue diagnosticada de ⟦cáncer de mama⟧.
        La paziente soffre di ⟦depressione⟧
        Maria Rossi è affetta da ⟦sclerosi multipla⟧
    """,
    "RELIGION": """
        Religion: ⟦Catholic⟧
        Konfession: ⟦römisch-katholisch⟧
        "religion": "⟦Hindu⟧",
        She converted to ⟦Islam⟧ in 2010
    """,
    "POLITICAL_OPINION": """
        He is a ⟦member of the Conservative Party⟧
        Er ist ⟦Mitglied der SPD⟧.
        She voted for the ⟦Labour Party⟧
        Political affiliation: ⟦Green⟧
        Elle est ⟦membre du Parti socialiste⟧
        ella es ⟦militante del PSOE⟧
    """,
    "TRADE_UNION": """
        He is a ⟦member of the trade union ver.di⟧
        Sie ist ⟦Mitglied der Gewerkschaft ver.di⟧
        Trade union: ⟦UNISON⟧
        Mr Jones is a ⟦union representative⟧
        Elle est ⟦membre du syndicat CGT⟧
        La señora López está ⟦afiliada al sindicato CCOO⟧
        Il signor Bianchi è ⟦iscritto al sindacato CGIL⟧
    """,
    "SEXUAL_ORIENTATION": """
        He came out as ⟦gay⟧; she is ⟦bisexual⟧.
        Sexual orientation: ⟦heterosexual⟧
        Er ist ⟦homosexuell⟧
    """,
    "ETHNIC_ORIGIN": """
        Ethnicity: ⟦Hispanic⟧
        a man of ⟦Turkish⟧ descent
        Il est d'origine ⟦algérienne⟧
    """,
    "GENETIC_DATA": """
        She carries a ⟦BRCA1 mutation⟧
        Genotype: ⟦CYP2D6 poor metaboliser⟧
    """,
    "CRIMINAL_RECORD": """
        John Doe was convicted of ⟦fraud⟧ in 2012 and sentenced to ⟦three years⟧ in prison.
        He pleaded guilty to ⟦driving under the influence⟧.
        He was charged with ⟦burglary⟧
        Er ist ⟦vorbestraft wegen Diebstahls⟧
        Sie wurde wegen ⟦Betrugs zu zwei Jahren⟧ verurteilt
        Le patient a été condamné à ⟦deux ans de prison⟧
        Vorstrafen: ⟦Diebstahl 2011⟧
    """,
    "NRP": """
        Nationality: ⟦Kenyan⟧
        Staatsangehörigkeit: ⟦deutsch⟧
        de nacionalidad ⟦española⟧
        di nazionalità ⟦italiana⟧
        ein ⟦deutscher Staatsangehöriger⟧
    """,
}

LEFT_ALONE = """
    The processing of data revealing trade union membership is prohibited
    personal data revealing racial or ethnic origin, political opinions, religious or philosophical beliefs
    data concerning health or a natural person's sex life or sexual orientation shall be prohibited
    patients diagnosed with diabetes should be offered a test
    persons who suffer from a disability; anyone who suffers from asthma
    any person convicted of an offence; no director has been convicted of fraud
    if he has been convicted of a criminal offence
    He may be charged with the responsibility of oversight
    the Client suffered from a delay; the Company was found guilty of fraud
    the member states of the European Union and members of the committee
    goods of Chinese origin; origin: Italy; country of origin
    Conditions: the parties agree; Party: the First Party; Race to zero
    Religion: any religion or none; Diagnosis: see page 4
    depression of the market; cancer research; American Diabetes Association
    the union of the two sets; credit union members; a gay bar
    The Fourth Directive has been converted to national law
    Der Vorstand wurde zu nichts verurteilt, wenn niemand klagt
    sentenced to death is a film
"""


@pytest.mark.parametrize(("kind", "line"), rows(FOUND))
def test_what_is_said_of_somebody_is_found(kind: str, line: str) -> None:
    check(special_categories, kind, line)


@pytest.mark.parametrize("line", lines(LEFT_ALONE))
def test_what_is_said_of_nobody_is_left_alone(line: str) -> None:
    assert found(special_categories, line) == []


def test_every_type_has_a_text_and_is_in_the_catalogue() -> None:
    assert set(FOUND) == set(TYPES)
    assert set(TYPES) <= KINDS.keys()


def test_triggers_are_lower_case_words_that_the_text_is_looked_up_by() -> None:
    assert all(trigger == trigger.lower() and " " not in trigger for trigger in RULES)


@pytest.mark.parametrize(
    "bomb",
    [
        "he was diagnosed with ",
        "diagnosed ",
        "Religion: ",
        "Diagnosis: a",
        "a a ",
        "member of the A A party ",
        "von Sorge wegen verurteilt ",
        "type 2 type 2 diabetes ",
        "'a",
        "icd A00, ",
    ],
)
def test_a_hostile_text_is_read_in_linear_time(bomb: str) -> None:
    short, long = (seconds(special_categories, bomb * (size // len(bomb))) for size in (20_000, 80_000))
    assert long < 6 * short + 0.2
