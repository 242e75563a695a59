"""Dates: numeric, in words, and with a clock time or a day of the week beside them. Years alone score low.

Not durations ("two years"), not bare clock times, not numbering: `3.3.32`, "Rule 12.10.24" and "Regulation 12/2024"
count levels or documents. A score says how much the shape is a date's: a threshold of 0.5 takes whole dates, day and
month, and month and year; 0.45 takes quarters and years after a word for time as well.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from compliance_bot.redaction.cues import SECTION_WORDS, near
from compliance_bot.redaction.patterns.months import DOTTED_DAY_MONTHS, ENGLISH_MONTHS, MONTHS, PLAIN_MONTHS, WEEKDAYS
from compliance_bot.redaction.patterns.outline import matches, outline, piece
from compliance_bot.redaction.patterns.scan import Found, Scan

if TYPE_CHECKING:
    from collections.abc import Iterator

_FIRST, _END = r"[0-9](?<![0-9A-Za-z][0-9])", r"(?![0-9A-Za-z])"
_YEAR = r"(?:1[6-9]|2[01])[0-9]{2}"
_BLANK = r"(?:[ ]{1,2}|[ ]?\r?\n[ \t]{0,8})"
_OF = r"(?:day[ ])?(?:of[ ]|de[ ]|del?[ ]|di[ ]|van[ ]|d'|the[ ])?"

# Digits first: a numeric date, one or two digits and a word that may be a month, or a year.
_DIGITS_FIRST = re.compile(
    rf"{_FIRST}(?:(?P<numbers>(?<![0-9][.,/-][0-9])(?:"
    rf"(?P<iso>[0-9]{{3}}(?:[-/.][0-9]{{1,2}}){{2}}|[0-9]{{7}}(?=T[0-9]{{4}}))"
    rf"|(?P<numeric>[0-9]?[ ]?[-/.][ ]?[0-9]{{1,2}}[ ]?[-/.][ ]?(?:[0-9]{{4}}|'?[0-9]{{2}}))"
    rf"|(?P<month_year>[0-9]?/{_YEAR})|(?P<spaced>[0-9]?[ ][0-9]{{1,2}}[ ]{_YEAR})"
    r")(?![0-9A-SU-Za-su-z]|[-/.,][0-9]|[%]))"
    rf"|(?<![0-9][.,/][0-9])[0-9]?(?P<after>(?i:(?:st|nd|rd|th|er|ro|o|º|°|e|\.)?(?:{_BLANK}{_OF}|-|\.|/|)))"
    r"(?P<word>[ADEFGJLMNOSadefgjlmnosé][A-Za-zéûäç]{2,9})(?![^\W\d_])"
    rf"|(?P<year>(?<=[ \n(][0-9])[0-9]{{3}}{_END}(?![.,/-][0-9]|%)))"
)
_YEAR_AFTER = re.compile(
    rf"\.?(?:,?{_BLANK}(?:del?[ ]|of[ ])?|[-/.,][ ]?|)(?P<digits>{_YEAR}|'?[0-9]{{2}}){_END}(?![.,][0-9]|[/%])"
)
# A capital first: "March 12, 2024", "May 2024", "Dec/14".
_MONTH_FIRST = re.compile(
    rf"[ADEFGJLMNOS](?<![0-9A-Za-z].)(?P<rest>[A-Za-zéûäç]{{2,9}})\.?(?:,?{_BLANK}(?:the[ ]|of[ ]|del?[ ])?"
    rf"|[-/'.]{{1,2}})"
    rf"(?:(?P<day>[0-3]?[0-9](?:st|nd|rd|th)?(?:[ ]?(?:-|to|and|&|or)[ ]?[0-3]?[0-9](?:st|nd|rd|th)?(?![0-9A-Za-z]))?)"
    rf"(?![0-9A-Za-z]|[.,][0-9]|[/%:])(?:[-/]|,?{_BLANK}(?:of[ ]|in[ ])?|,)?)?"
    rf"(?P<year>(?:{_YEAR}|'[0-9]{{2}}){_END}(?![.,][0-9]|[/%]))?"
)
_MONTH_PIECES = frozenset(piece(form) for name in MONTHS for form in (name.capitalize(), name.upper()))

# Around what was found.
_TIME = re.compile(
    r"(?i)(?:T|,?[ ]{0,2}(?:\(?(?:at|um|à|alle(?: ore)?|ore|a las|@)[ ])?|[ ]?\n?)"
    r"(?:[01]?[0-9]|2[0-3])(?:[:.h][0-5][0-9](?![0-9])(?:[:.][0-5][0-9](?![0-9])(?:[.,][0-9]{1,9})?)?"
    r"(?:[ ]?[ap](?:m\b|\.m\.))?"
    r"|[ ]?[ap](?:m\b|\.m\.)|[ ]?Uhr\b|[0-9]{2}(?:[0-9]{2})?(?=Z\b|[+-]))"
    r"(?:[ ]?(?:Z|UTC|GMT|BST|C?E[SD]?T|[ECMP][SD]T|Uhr|h|hours|hrs)\b)?(?:[+-][0-9]{2}:?[0-9]{2}(?![0-9]))?"
)
_BEFORE = re.compile(
    r"(?i)(?:\b(?:[01]?[0-9]|2[0-3])(?:[:.h][0-5][0-9](?::[0-5][0-9])?(?:[ ]?[ap](?:m\b|\.m\.))?|[ ]?[ap](?:m\b"
    r"|\.m\.)|[ ]?Uhr)"
    r"(?:[ ](?:GMT|UTC|[ECMP][SD]T|Uhr))?[ ](?:on[ ]|am[ ]|le[ ]|the[ ])?)\Z"
)
_WEEKDAY = re.compile(r"([A-Za-zéáì]{2,10})\.?,?[ ](?:(?:the|den|dem|le|el|il|de|on)[ ])?\Z")
_RANGE = re.compile(
    r"(?<![0-9A-Za-z.,/-])[0-3]?[0-9](?:st|nd|rd|th|er|\.)?"
    r"(?:[ ]?[-,&][ ]?|[ ](?:and|to|or|und|bis|et|au|y|al?|e|until|through)[ ](?:the[ ])?)\Z"
)

# Words right before a date that make one of a shape that need not be.
_BIRTH = re.compile(
    r"(?i)\b(?:d\.?o\.?b|birth ?(?:date|day)|(?:date|day|jour|data|fecha) (?:of|de|di) ?(?:birth|naissance"
    r"|nascita|nacimiento"
    r"|nascimento)|born|geb(?:oren|\.|urtstag|urtsdatum)|née?|nat[oa]|nacid[oa]|nascid[oa])\b"
)
# Dots part the levels of an outline as well: "from 3.3.32 to 3.3.34".
_DATING_DOTS = re.compile(
    r"(?i)(?:\b(?:date[sd]?|d\.?o\.?[bds]|born|died|on|datum|vom|am|bis|ab|seit|den|dem|zum|geboren|geb\.|du|le|au|depuis"
    r"|née?|fecha|el|desde|hasta|nacid[oa]|data|il|del|dal|al|nat[oa])\.?[ ]{0,2}[:(]?\s{0,2})\Z"
)
_DATING = re.compile(
    r"(?i)(?:\b(?:date[sd]?|dating|d\.?o\.?[bds]|born|birth|died|deceased|admitted|discharged|seen|on|since|until|till"
    r"|from|before|after|by|effective|expir(?:y|es|ed)|valid|issued|signed|visit|datum|vom|am|bis|ab|seit|den|dem|zum"
    r"|geboren|geb\.|du|le|au|depuis|née?|fecha|el|desde|hasta|nacid[oa]|data|il|del|dal|al|nat[oa]|scad\w*)\.?"
    r"[ ]{0,2}[:(]?\s{0,2}(?:the )?)\Z"
)
_YEAR_WORDS = re.compile(
    r"(?i)\b(?:in|since|during|years?|until|till|before|after|by|around|circa|early|late|mid|end of|beginning of|summer"
    r"|jahr(?:e|en)?|seit|en|depuis|année|año|desde|nel|dal|anno)[ -]\(?'?\Z"
)
_PART_OF_YEAR = re.compile(
    r"(?i)\b(?:spring|summer|autumn|fall|winter|q[1-4]|quarter|frühjahr|frühling|sommer|herbst|printemps|été|automne|hiver"
    r"|primavera|verano|otoño|invierno|estate|autunno)(?: of| de| del|,)? \Z"
)
_MONTH_BEFORE = re.compile(r"([^\W\d_]{3,10})\.?(?:[ ][0-3]?[0-9](?:st|nd|rd|th)?)?(?: de| del|,)?[ ]\Z")


def dates(text: str) -> Iterator[Found]:
    """Yield dates; a date in several readings comes several times, for the spans to be merged."""
    seen = outline(text)
    for match in matches(_DIGITS_FIRST, text, seen.digits):
        if match["numbers"]:
            if score := _numeric_score(text, match):
                yield _whole(text, match.start(), match.end(), score)
        elif match["year"]:
            yield from _year(text, match.start(), match.end())
        elif found := _day_first(text, match):
            yield _whole(text, *found)
    for match in _MONTH_FIRST.finditer(text) if not _MONTH_PIECES.isdisjoint(seen.words) else ():
        if found := _month_first(match):
            yield _whole(text, *found)


def _numeric_score(text: str, match: re.Match[str]) -> float:
    """Return what a date in digits is worth: by its marks, how whole its year is, and the words before it."""
    parts = re.findall("[0-9]+", match.group())
    marks = set(re.findall("[-/.]", match.group()))
    start = match.start()
    if match["spaced"]:
        return 0.95 if _is_day(*parts) and near(text, start, _BIRTH, 30) else 0.0
    if match["month_year"]:
        return 0.6 if _is_day("1", *parts) and near(text, start, _DATING, 24) else 0.0
    if len(marks) > 1:
        return 0.0
    is_dotted = marks == {"."}
    if match["iso"]:
        year, month, day = parts if len(parts) == 3 else (parts[0][:4], parts[0][4:6], parts[0][6:])
        score = 0.85 if not is_dotted else 0.7 if len(month + day) == 4 else 0.4
        return _weighed(text, start, score) if _is_day(day, month, year) else 0.0
    day, month, year = parts
    if not (_is_day(day, month, year) or (not is_dotted and _is_day(month, day, year))):
        return 0.0
    if len(year) == 4:
        return _weighed(text, start, 0.6 if " " in match.group() else 0.85)
    if " " in match.group() and marks != {"/"}:
        return 0.0  # parts of an outline, or of a sum
    score = (0.6 if marks == {"/"} else 0.4) - (0.0 if len(day) == len(month) == 2 else 0.1)
    return _weighed(text, start, score, _DATING_DOTS if is_dotted else _DATING)


def _weighed(text: str, start: int, score: float, words: re.Pattern[str] = _DATING) -> float:
    """Return the score with what stands before: a section's word takes all of it, a date's word adds to it."""
    if near(text, start, _BIRTH, 30):
        return 0.95
    if near(text, start, words, 24):
        return max(score, min(0.9, score + 0.3))
    return 0.0 if near(text, start, SECTION_WORDS, 60) else score


def _is_day(day: str, month: str, year: str) -> bool:
    is_year = len(year) == 2 or 1600 <= int(year) < 2200
    return 1 <= int(day) <= 31 and 1 <= int(month) <= 12 and is_year


def _day_first(text: str, match: re.Match[str]) -> tuple[int, int, float] | None:
    word, after = match["word"], match["after"]
    name = word.lower()
    if name not in MONTHS or not 1 <= int(text[match.start() : match.start("after")]) <= 31:
        return None
    if after.startswith(".") and name not in DOTTED_DAY_MONTHS:
        return None
    year = _YEAR_AFTER.match(text, match.end())
    is_joined = after in ("", "-", ".", "/")
    if year and (len(year["digits"]) == 4 or "'" in year["digits"] or is_joined):
        return match.start(), year.end(), 0.95 if near(text, match.start(), _BIRTH, 30) else 0.9
    is_section = near(text, match.start(), SECTION_WORDS, 60) and not near(text, match.start(), _DATING, 24)
    if is_joined or is_section or not _is_named(word, name):
        return None
    is_short = text[match.end() : match.end() + 1] == "." and name not in PLAIN_MONTHS
    return match.start(), match.end() + is_short, 0.7


def _is_named(word: str, name: str) -> bool:
    """Say whether the word is a month by itself, not a verb: `May` and `MAY`, `mayo`, but not `may`."""
    return name in PLAIN_MONTHS or word[0].isupper()


def _month_first(match: re.Match[str]) -> tuple[int, int, float] | None:
    word = match.group()[0] + match["rest"]
    if word.lower() not in MONTHS or not (word[1:].islower() or word.isupper()):
        return None
    if not (match["day"] or match["year"]):
        return None
    # "GEN 3" is a rule book, "MAY 3" and "Gen 3" are days.
    if not match["year"] and word.isupper() and word.lower() not in ENGLISH_MONTHS:
        return None
    days = [int(day) for day in re.findall("[0-9]+", match["day"] or "")]
    if not all(1 <= day <= 31 for day in days):
        return None
    if match["year"]:
        return match.start(), match.end("year"), 0.9 if days else 0.7
    return match.start(), match.end("day"), 0.65


def _year(text: str, start: int, end: int) -> Iterator[Found]:
    """Yield what a year of four digits belongs to: a month in lower case, a part of the year, or a word for time."""
    if not "1600" <= text[start:end] < "2200":
        return
    before = text[max(0, start - 24) : start]
    month = _MONTH_BEFORE.search(before)
    name = month[1].lower() if month else ""
    has_day = month is not None and any(map(str.isdigit, month[0]))
    if month and (name in PLAIN_MONTHS or (has_day and name in MONTHS)):
        yield _whole(text, start - len(before) + month.start(), end, 0.7)
    elif part := _PART_OF_YEAR.search(before):
        yield Found(start - len(before) + part.start(), end, "DATE_TIME", 0.45 if part[0][-2:-1].isdigit() else 0.5)
    elif _YEAR_WORDS.search(before):
        yield Found(start, end, "DATE_TIME", 0.6 if near(text, start, _BIRTH, 24) else 0.45)
    elif near(text, start, _BIRTH, 16):
        yield Found(start, end, "DATE_TIME", 0.6)


def _whole(text: str, start: int, end: int, score: float) -> Found:
    """Return the date with the days it is a range with, its day of the week, and the clock times beside it."""
    if time := _TIME.match(text, end):
        end = time.end()
    if text[start].isdigit() and (days := _RANGE.search(text[max(0, start - 14) : start])):
        start -= len(days.group())
    if weekday := _WEEKDAY.search(text[max(0, start - 18) : start]):
        is_named = weekday[1].lower() in WEEKDAYS and (len(weekday[1]) > 3 or weekday[1][0].isupper())
        start -= len(weekday.group()) if is_named else 0
    if time := _BEFORE.search(text[max(0, start - 28) : start]):
        start -= len(time.group())
    return Found(start, end, "DATE_TIME", score)


DATES = Scan(name="dates", types=("DATE_TIME",), found=dates)
