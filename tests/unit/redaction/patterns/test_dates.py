from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance_bot.redaction.patterns.dates import DATES, dates

from .tables import found, is_linear, lines, values

NUMERIC = """
    Signed on ⟦12/03/2024⟧, valid to ⟦31-12-2026⟧ or ⟦31.12.2026⟧.
    ⟦3/4/2024⟧ and ⟦12/03/24⟧; ⟦2024/01/15⟧
    opened ⟦2024-01-15⟧, closed ⟦2024-01-15T10:30:00Z⟧, seen ⟦2024-01-15 10:30:45.123+01:00⟧
    log ⟦20240115T103000Z⟧ done
    report_⟦2024-01-15⟧.pdf
    am ⟦3.4.2024⟧, vom ⟦03.04.24⟧, bis zum ⟦3. 4. 2024⟧
    ⟦15.01.2024 um 14:30 Uhr⟧
    le ⟦03/04/2024 à 14h30⟧; ⟦Mon 12/03/2024⟧
    DOB: ⟦15 01 1984⟧, D.O.B. ⟦3.4.84⟧, Geburtsdatum: ⟦03.04.84⟧
    née le ⟦3/4/84⟧, nato il ⟦03-04-84⟧, fecha de nacimiento: ⟦3-4-84⟧
    card expires ⟦12/2026⟧
    ⟦12/31/1999 11:59 p.m.⟧, ⟦１２/０３/２０２４⟧
"""
ENGLISH = """
    on ⟦12 March 2024⟧, ⟦March 12th, 2024⟧, ⟦12th of March, 2024⟧ and ⟦March 12 2024⟧
    ⟦Tuesday, May 5⟧ and ⟦Tues. 5 May⟧ or the ⟦5th of May⟧
    in ⟦May 2024⟧, ⟦Sept. 2001⟧, ⟦September, 2001⟧ and ⟦Dec/14⟧
    between ⟦3 and 7 June 2001⟧; ⟦June 3-7, 2001⟧; ⟦3-7 June⟧
    ⟦14-Dec-2024⟧, ⟦14-DEC-24⟧ and ⟦14DEC2024⟧
    This ⟦5TH DAY OF MAY 2020⟧, ⟦MAY 5, 2020⟧
    ⟦12 march 2020⟧ and ⟦may 5, 2020⟧ in lower case
    at ⟦10:30 on 12 March 2001⟧ and on ⟦12 March 2024 at 10:30 am⟧.
    ⟦Friday the 13th of January 2012⟧
    born ⟦1987⟧, born in ⟦1987⟧
    in ⟦spring 2003⟧
    ⟦12
    March 2024⟧ over a line's end
"""
GERMAN = """
    am ⟦12. März 2024⟧ und ⟦1. Mai⟧
    ⟦3. April 2001⟧ bis ⟦4. Jänner 2002⟧
    ⟦Montag, den 3. Februar 2020⟧
    im ⟦Mai 2024⟧, ⟦Dezember 2019⟧
    vom ⟦3. bis 7. Juni 2001⟧
    geb. ⟦3.4.1984⟧ in Bonn
    ⟦12. Okt. 2020⟧; ⟦12.Okt.2020⟧
    am ⟦24. DEZEMBER 2020 um 18 Uhr⟧
"""
FRENCH = """
    le ⟦1er mars 2024⟧ et le ⟦2 août⟧
    ⟦lundi 3 février 2020⟧
    en ⟦décembre 2019⟧
    du ⟦3 au 7 juin 2001⟧
    né le ⟦14 juillet 1984⟧
    ⟦12 janv. 2020⟧ et ⟦3 févr. 2021⟧
    le ⟦25 décembre 2020 à 14h30⟧
    ⟦mars 2024⟧, ⟦avril 2024⟧
"""
SPANISH = """
    el ⟦3 de enero de 2024⟧ y el ⟦4 de febrero⟧
    ⟦lunes, 3 de marzo de 2020⟧
    en ⟦diciembre de 2019⟧
    ⟦1 de mayo del 2001⟧
    nacida el ⟦14 de julio de 1984⟧
    ⟦12-ene-2020⟧ y ⟦12 ago 2020⟧
    el ⟦25 de diciembre de 2020 a las 14:30⟧
    ⟦octubre 2024⟧
"""
ITALIAN = """
    il ⟦1° marzo 2024⟧ e il ⟦2 agosto⟧
    ⟦lunedì 3 febbraio 2020⟧
    nel ⟦dicembre 2019⟧
    ⟦1 maggio 2001⟧
    nata il ⟦14 luglio 1984⟧
    ⟦12 gen 2020⟧ e ⟦12 ott 2020⟧
    il ⟦25 dicembre 2020 alle ore 14:30⟧
    ⟦ottobre 2024⟧
"""
LEFT_ALONE = """
    Rule 3.3.32 applies to records kept under 3.3.31 and 3.3.33.
    Rule 12.10.24 and Rules 1.2.24, 1.3.24; see 10.11.12 Reporting
    Section 4.10.2001 sets the limit; § 3.4.2001
    version 1.2.2020, v2024.1.2, release 2023.1.15
    Regulation (EU) 2016/679, Directive 2013/36/EU and Regulation (EU) No 12/2024
    12 CFR 1020.320(a)(2), ISO/IEC 27001:2022, SR 11-7
    The period 2010-2020, 1999/2000 or 2019 - 2021
    You may 2 times march 5 miles, august 3 guests
    Sat 5 people in the Sun 12 hours
    They sat; Mon is a language; an April fool
    24/7, 1/2/3, 50/50, 99/99/2020, 32/13/2020
    USD 1,250,000.00; 1.250.000,00; 12.345.678
    SSN 219-09-9999, sort code 12-03-24, call 030-12-34-56
    IP 12.10.20.5 and OID 2.16.840.1.113883
    two years, 30 days, three months from now, 12 months
    GEN 3 and AGO 4 are rule books
    Section 5 May apply
    case 2019/123456, docket 19-1234, page 2024 of 3000
    Room 12-345, 3.5.1, 12/03/24/5
    at 10:30 or 5 pm, 12:00:00
    5 ago, 3 set, 2 out, 4 lug nuts
"""


@pytest.mark.parametrize("line", lines(NUMERIC + ENGLISH + GERMAN + FRENCH + SPANISH + ITALIAN))
def test_a_date_is_found_whole(line: str) -> None:
    assert found(DATES, line) == [("DATE_TIME", value) for value in values(line)]


@pytest.mark.parametrize("line", lines(LEFT_ALONE))
def test_what_only_looks_like_a_date_is_left_alone(line: str) -> None:
    assert found(DATES, line) == []


def _score(text: str) -> float:
    return max((each.score for each in dates(text)), default=0.0)


def test_a_year_or_a_quarter_is_there_for_a_profile_that_asks() -> None:
    assert _score("in 1987") == _score("since 2003") == _score("seit 2003") == _score("Q3 2021") == 0.45
    assert _score("1987 people") == _score("the Act 1987") == 0.0


def test_a_date_of_birth_scores_above_other_dates() -> None:
    assert _score("DOB 03/04/1984") > _score("paid 03/04/1984")
    assert _score("born 3 April 1984") > _score("paid 3 April 1984")


@given(st.dates(dt.date(1900, 1, 1), dt.date(2199, 12, 31)))
def test_every_day_is_found_in_every_way_to_write_it(day: dt.date) -> None:
    shapes = ("%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%Y-%m-%d", "%d %B %Y", "%B %d, %Y", "%d-%b-%Y", "%Y-%m-%dT%H:%M:%S")
    for shape in shapes:
        written = day.strftime(shape)
        assert found(DATES, f"paid {written}.") == [("DATE_TIME", written)], shape


@pytest.mark.parametrize(
    "bomb",
    [
        "1",
        "1 ",
        "1/",
        "1/1/11",
        "12.",
        "May ",
        "5 May ",
        "May 5, ",
        "2024-01-",
        "2024 ",
        "3 and ",
        "M",
        "1st ",
        "12:30 ",
    ],
)
def test_a_hostile_text_is_read_in_linear_time(bomb: str) -> None:
    assert is_linear(DATES, bomb)
