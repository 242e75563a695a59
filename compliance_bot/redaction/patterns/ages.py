"""Ages of people, those of 90 and over apart: the HIPAA list names only these.

Not durations ("a term of 5 years") and not the ages that rules are made of ("under the age of 18", "65 or older"),
which come with a score under every threshold. English, German, French, Spanish and Italian.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from compliance_bot.redaction.cues import near
from compliance_bot.redaction.patterns.outline import outline
from compliance_bot.redaction.patterns.scan import Found, Scan

if TYPE_CHECKING:
    from collections.abc import Iterator

_ONES = r"one|two|three|four|five|six|seven|eight|nine"
_TEENS = r"ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen"
_TENS = {word: ten for ten, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), start=2)}
_WORDS = rf"(?:(?:{'|'.join(_TENS)})(?:[- ](?:{_ONES}))?|{_TEENS}|{_ONES}|(?:a|one)[ ]hundred)"

# After a number: each is looked for by its letters, and the number before it. A search for a digit would stop far more
# often than one for "old".
_DIGITS = r"(?<![0-9A-Za-z])(?<![0-9][.,/-])[0-9]{1,3}(?:[.,][05]|½|[ ]1/2)?"
_UNIT = r"(?:[Yy]ears?|YEARS?|[Yy]rs?\.?|[Mm]onths?|[Ww]eeks?|[Dd]ays?)"
_OLD = (r"old(?<=[ -]old)s?(?![A-Za-z])", r"of age(?![A-Za-z])", r"OLD(?<=[ -]OLD)(?![A-Za-z])")
_COUNTED = re.compile(rf"(?:{_DIGITS}|(?<![A-Za-z-])(?i:{_WORDS}))[- ]?{_UNIT}[- ]{{1,2}}\Z")
_SHORT = (r"yo(?<=[0-9 -]yo)[mfMF]?", r"y/o", r"y\.o\.?", r"Y/O", r"jährig\w{0,2}")
_BARE_DIGITS = re.compile(rf"{_DIGITS}[ -]?\Z")
_COUNTS = (
    *((re.compile(unit), _COUNTED) for unit in _OLD),
    *((re.compile(rf"{unit}(?:[ ][mfMF])?(?![A-Za-z])"), _BARE_DIGITS) for unit in _SHORT),
)
# The words that each of them is or ends with, without which it is not looked for; none for "jährig".
_COUNT_WORDS = tuple(
    frozenset(each.encode().split())
    for each in (
        "old olds", "age", "OLD OLDs", "yo yom yof yoM yoF", "o", "o", "O", "",
    )
)  # fmt: skip
# What a duration has too.
_YEARS = tuple(
    re.compile(rf"{word}(?<=[0-9][ -]{word})n?(?![\w-])(?P<sure>[ ](?:d'âge|de edad|d'età|compiuti|alt)(?![a-z]))?")
    for word in ("ans", "anni", "Jahre", "años")
)
_YEAR_WORDS = frozenset(b"ans ansn anni annin Jahre Jahren os osn".split())

# Before a number: "aged 47", "Age: 93", "at the age of forty-seven", "Alter 47". Each begins with rare letters.
_AFTER_LABEL = (
    r"(?:[ ](?:of|von|de|is|was|at[ ]\w{2,12})\b|[ ]?\(years\))?[ ]?[:=(]?[ ]{0,2}\n?[ ]{0,8}"
    rf"(?P<age>[0-9]{{1,3}}(?:[.,][05]|½)?(?:[ ]?(?:years?|yrs?|y|months?|mos?))?(?![0-9A-Za-z%]|[.,/-][0-9])"
    rf"|(?i:{_WORDS})\b)"
    r"(?![ ](?:days|hours|per))"
)
_LABELS = tuple(
    re.compile(begin + _AFTER_LABEL)
    for begin in (
        r"ge(?<=[Aaâ]ge)(?<![A-Za-z]...)[ds]?",
        r"A(?<![A-Za-z]A)(?:GED?|lter|LTER)",
        r"dad(?<=[Ee]dad)(?<![A-Za-zñ]....)",
        r"turn(?<![A-Za-z]turn)(?:ed|s|ing)",
        r"tà(?<=[Ee]tà)(?<![A-Za-z]...)",
    )
)
_MORE = re.compile(r"(?:,[ ]|,?[ ](?:and|or|&)[ ])(?P<age>[0-9]{1,3})(?![0-9A-Za-z%]|[.,/-][0-9])")
_DECADES = tuple(
    re.compile(rf"{pattern}(?![A-Za-z])")
    for pattern in ("0'?s", "ties(?:(?<=[nfxhe]ties)|(?<=hirties)|(?<=forties))", "birthday")
)
_DECADE_WORDS = frozenset(b"twenties thirties forties fifties sixties seventies eighties nineties".split())
_OWN = re.compile(
    r"(?:[Hh]er|[Hh]is|[Tt]heir|[Mm]y)[ ](?:(?:early|mid|late)[- ]{1,2})?"
    r"(?P<age>(?:[2-9]|10)0?|(?:twen|thir|for|fif|six|seven|eigh|nine)|[0-9]{1,3}(?:st|nd|rd|th)[ ])\Z"
)
# A year's word is an age where it is told of somebody: "âgé de 47 ans", "Dupont, 47 ans,", "tiene 45 años".
_TOLD = re.compile(
    r"(?:[âÂ]g(?:é|ée|és|ées) de|[âÂ]ge de|\ba|avai[ts]|ayant|aura|tiene|tenía|cumpl(?:e|ió|ía|ir)|con|edad de"
    r"|età di|ha|aveva"
    r"|compi(?:e|uto|uti)|Alter von|mit|[^\W\d_],(?: d[ei])?|\("
    r"|(?:homme|femme|enfant|patiente?|fille|garçon|hombre|mujer|niñ[oa]|paciente|varón|señora?|joven|uomo|donna|ragazz[oa]"
    r"|bambin[oa]|paziente|signor[ae]?) d[ei])[ ]{0,2}\Z"
)
# "de 45 años", unless it is a term's: "plazo de 30 años".
_OF = re.compile(
    r"(?i)(?:^|(?<!peine)(?<!période)(?<!durée)(?<!terme)(?<!délai)(?<!contrat)(?<!prêt)(?<!bail)(?<!prison)(?<!garantie)"
    r"(?<!plazo)(?<!período)(?<!pena)(?<!contrato)(?<!duración)(?<!préstamo)(?<!garantía)(?<!experiencia)(?<!prisión)"
    r"(?<!durata)(?<!periodo)(?<!termine)(?<!contratto)(?<!mutuo)(?<!garanzia)(?<!esperienza)(?<!más)(?<!plus)(?<!moins))"
    r"(?:^|[ ])d[ei][ ]\Z"
)
_TERM = re.compile(r"(?i)\A[ ](?:de|di|d'|après|après|después|dopo|nach|fa\b|später|à compter|a partir|prison|lang)")
# Words that make a rule of an age, or a thing of what has it.
_RULE_BEFORE = re.compile(
    r"(?i)\b(?:under|over|below|above|at least|minimum|maximum|least|than|less|least|before|until|between|from|to"
    r"|reach(?:es|ed|ing)?"
    r"|attain\w*|retirement|exceed\w*|legal|statutory|average|mean|median|any|persons?|individuals?|children|minors?|adults?|employees?|anyone"
    r"|those|people|participants?|members?|patients|clients|customers|if|unless|moins de|plus de|au moins"
    r"|menos de|mayor(?:es)? de|menor(?:es)? de"
    r"|más de|almeno|più di|meno di|mindestens|unter|über|ab|bis)"
    r"(?: (?:the|an?|of|is|are|be|who|was|has|have|normal|age|aged|full|legal|sind|de|di|dem|des|im|alter|von"
    r"|l'âge|d'età))*[ (:]*\Z"
)
_RULE_AFTER = re.compile(
    r"(?i)[ ,)]*(?:(?:years?|yrs?)(?: of age|[- ]old)?[ ,]*)?(?:\(|to|and|or|and/or|und|oder|et|ou|y|o|e)[ ]"
    r"(?:over|older|above|more|under|younger|below|up|greater|less|älter|jünger|plus|moins|más|menos|oltre|più)"
    r"|\+|[ ]?(?:-|to|bis|à)[ ]?[0-9]"
)
_THING_AFTER = re.compile(
    r"(?i)[ -](?:\w{1,12}[ -])?(?:building|house|property|propert\w+|car|vehicle|compan\w+|firm|bank|agreement"
    r"|contract|policy|loan|debt|data"
    r"|record\w*|tree|wine|system|law|rule|bond\w*|note|polic\w+|information|file\w*|account\w*|documents?|statements?|business|vessel|ship"
    r"|balance|invoice\w*|receivables?|startup|tradition|equipment|machine\w*|technology)\b"
)


def ages(text: str) -> Iterator[Found]:
    """Yield ages with their unit, without the words before them."""
    seen = outline(text)
    for (unit, counted), words in zip(_COUNTS, _COUNT_WORDS, strict=True):
        if words.isdisjoint(seen.words) if words else "jährig" not in text:
            continue
        for match in unit.finditer(text):
            before = text[max(0, match.start() - 44) : match.start()]
            if count := counted.search(before):
                yield _age(text, match.start() - len(count.group()), match.end(), 0.85)
    for unit in _YEARS if not _YEAR_WORDS.isdisjoint(seen.words) else ():
        for match in unit.finditer(text):
            yield from _of_years(text, match)
    for label in _LABELS:
        yield from _labelled(text, label)
    if b"0s" in seen.octets or b"0's" in seen.octets:
        yield from _decades(text, _DECADES[0])
    if not _DECADE_WORDS.isdisjoint(seen.words):
        yield from _decades(text, _DECADES[1])
    if "birthday" in text:
        yield from _decades(text, _DECADES[2])


def _of_years(text: str, unit: re.Match[str]) -> Iterator[Found]:
    """Yield the age that ends with a year's word, if it is one and no duration."""
    digits = _BARE_DIGITS.search(text[max(0, unit.start() - 9) : unit.start()])
    if digits is None:
        return
    start = unit.start() - len(digits.group())
    before = text[max(0, start - 28) : start]
    if unit["sure"]:
        yield _age(text, start, unit.end(), 0.85)
    elif near(text, start, _TOLD, 24) and not _TERM.match(text, unit.end()):
        yield _age(text, start, unit.end(), 0.7)
    elif _years(digits.group()) >= (18 if _OF.search(before) else 90):
        yield _age(text, start, unit.end(), 0.5)


def _labelled(text: str, label: re.Pattern[str]) -> Iterator[Found]:
    for match in label.finditer(text):
        yield _age(text, *match.span("age"), 0.75)
        more = _MORE.match(text, match.end()) if text.startswith("s", match.start() + 2) else None
        while more:  # "ages 3, 5 and 7"
            yield _age(text, *more.span("age"), 0.75)
            more = _MORE.match(text, more.end())


def _decades(text: str, decade: re.Pattern[str]) -> Iterator[Found]:
    for match in decade.finditer(text):
        before = text[max(0, match.start() - 24) : match.start()]
        if own := _OWN.search(before):
            yield _age(text, match.start() - len(before) + own.start("age"), match.end(), 0.75)


def _age(text: str, start: int, end: int, score: float) -> Found:
    """Return the finding, with the score of a rule's age where the words around make it one."""
    value = text[start:end]
    years = _years(value)
    if years > 125:
        score = 0.0
    elif _RULE_BEFORE.search(text[max(0, start - 48) : start]) or _RULE_AFTER.match(text, end) or value.endswith("½"):
        score = 0.3
    elif _THING_AFTER.match(text, end):
        score = 0.2
    return Found(start, end, "AGE_OVER_89" if years >= 90 else "AGE", score)


def _years(value: str) -> int:
    """Return the years of an age in digits or English words; months, weeks and days are none."""
    if re.search(r"(?i)month|week|day(?!.*birthday)|\bmos?\b", value) and "birthday" not in value:
        return 0
    if digits := re.match("[0-9]+", value):
        return int(digits.group())
    lowered = value.lower()
    if "hundred" in lowered or lowered.startswith("nineties"):
        return 100 if "hundred" in lowered else 90
    return 10 * next((ten for word, ten in _TENS.items() if lowered.startswith(word)), 0)


AGES = Scan(name="ages", types=("AGE", "AGE_OVER_89"), found=ages)
