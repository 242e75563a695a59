"""Names of months and days of the week in English, German, French, Spanish, Italian, Portuguese and Dutch.

Words only: what makes a date of them is in `dates`.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_FULL = """
    january januar jänner janvier enero gennaio janeiro januari
    february februar feber février fevrier febrero febbraio fevereiro februari
    march märz maerz mars marzo março maart
    april avril abril aprile
    may mai mayo maggio maio mei
    june juni juin junio giugno junho
    july juli juillet julio luglio julho
    august août aout agosto augustus
    september septembre septiembre setiembre settembre setembro
    october oktober octobre octubre ottobre outubro
    november novembre noviembre novembro
    december dezember décembre decembre diciembre dicembre dezembro
"""
_SHORT = """
    jan janv jän ene gen
    feb febr fév févr fev
    mar mär mrz mrt
    apr avr abr
    mag
    jun giu
    jul juil lug
    aug ago
    sep sept set
    oct okt ott out
    nov
    dec dez déc dic
"""
_DAYS = """
    monday montag lundi lunes lunedì maandag  tuesday dienstag mardi martes martedì dinsdag
    wednesday mittwoch mercredi miércoles mercoledì woensdag  thursday donnerstag jeudi jueves giovedì donderdag
    friday freitag vendredi viernes venerdì vrijdag  saturday samstag sonnabend samedi sábado sabato zaterdag
    sunday sonntag dimanche domingo domenica zondag
    mon tue tues wed thu thur thurs fri sat sun mo di mi do fr sa so lun mar mer jeu ven sam dim
"""
# In lower case these are other words, or too short to trust: they need a capital, or a day and a year.
_OTHER_WORDS = frozenset({"may", "march", "august"})
# What a dot after the day belongs to, as in "12. März"; in other languages the dot ends a sentence.
_DOTTED = """
    januar jänner februar feber märz maerz april mai juni juli august september oktober november dezember
    jan jän feb mär mrz apr jun jul aug sep sept okt nov dez
"""


def _by_word(rows: str) -> dict[str, int]:
    return {word: number for number, row in enumerate(rows.strip().splitlines(), start=1) for word in row.split()}


MONTHS: Mapping[str, int] = MappingProxyType(_by_word(_FULL) | _by_word(_SHORT))
PLAIN_MONTHS = frozenset(_by_word(_FULL)) - _OTHER_WORDS
DOTTED_DAY_MONTHS = frozenset(_DOTTED.split())
ENGLISH_MONTHS = frozenset(
    """january february march april may june july august september october november december
    jan feb mar apr jun jul aug sep sept oct nov dec""".split()
)
WEEKDAYS = frozenset(_DAYS.split())
