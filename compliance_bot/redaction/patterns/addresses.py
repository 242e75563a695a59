"""Street addresses and post boxes, with the unit, town, code and country that follow (`places`).

Three ways to set them: a number, names and a kind of street ("12 Oak Street"); a kind of street, names and a number
("Calle Mayor 3"); a name that ends as streets do and a number ("Hauptstraße 12a"). What only might be a street counts
where a unit, a code with its town, or a word for an address bears it out.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from compliance_bot.redaction.cues import SECTION_WORDS, near
from compliance_bot.redaction.patterns.months import MONTHS, WEEKDAYS
from compliance_bot.redaction.patterns.outline import matches, outline, piece
from compliance_bot.redaction.patterns.places import extend
from compliance_bot.redaction.patterns.scan import Found, Scan
from compliance_bot.redaction.patterns.streets import (
    ENDINGS,
    FRENCH,
    GERMAN_PLACES,
    LEADING,
    NO_STREETS,
    PREPOSITIONS,
    STREETS,
    WEAK_ENDINGS,
    WEAK_STREETS,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

_FIRST = r"[0-9](?<![0-9A-Za-z][0-9])(?<![0-9][.,/:-][0-9])"
_OF = (
    r"(?:de(?:i|gli|lle|llo)[ ]|d[eiou]s?[ ]l[aeo]s?[ ]|de[ ]l['’]|d[eao]s?[ ]|del[l]?[aeo]?[ ]|del?l?['’]|d['’]"
    r"|du[ ]|d[ei][ ]|l[aeo]s?[ ]|l['’]|en[ ]|sous[ ]|sur[ ]|à[ ]|aux?[ ]|van[ ]|den[ ])"
)
_CAPITAL = r"[A-ZÀ-ÖØ-ÞŁŚŻČŠŽİŞ][\w.'’-]{0,24}"
_WORD = (
    r"(?:[A-Z][\w.'’-]{0,24}|[0-9]{1,3}(?:st|nd|rd|th)\b|(?:of|the|de|la|del|on|y|st|ave|rd|dr|ln|blvd|street"
    r"|road|avenue|drive|lane)\b\.?)"
)
_DAY = r"[0-9]{1,2}(?:er)?[ ](?:mai|juin|août|mars|avril|juillet|septembre|octobre|novembre)(?:[ ]1[89][0-9]{2})?"
_NUMBERED = re.compile(
    rf"{_FIRST}[0-9]{{0,5}}(?:[A-Za-z](?![A-Za-z])|[ ]?[-/&][ ]?[0-9]{{1,5}}[A-Za-z]?(?![0-9A-Za-z])|[ ]?½|[ ]1/2"
    r"|[ ](?:bis|ter|quater))?,?[ ]{1,2}(?:"
    rf"(?P<french>{FRENCH}[ ](?:{_OF}){{0,3}}(?:{_CAPITAL}|{_DAY})(?:[ ](?:{_OF}){{0,2}}{_CAPITAL}){{0,5}})"
    rf"|(?P<words>(?:[A-Z][\w.'’-]{{0,24}}|[0-9]{{1,3}}(?:st|nd|rd|th)\b)(?:[ ]{_WORD}){{0,6}})"
    r"|(?P<lower>(?:(?!on|the|of|in|to|for|per|years|and)[a-z]{2,14}[ ]){1,3}"
    r"(?:street|st|avenue|ave|road|rd|lane|ln|drive|dr|blvd|boulevard|terrace|crescent)\b\.?))"
)
_SPELLED = re.compile(
    r"(?:One|Two|Three|Four|Five|Six|Seven|Eight|Nine|Ten)(?<![A-Za-z-][A-Z][a-z]{2})[ ]"
    rf"(?P<words>[A-Z][\w.'’-]{{0,24}}(?:[ ]{_WORD}){{0,5}})"
)
_SPELLED_SIGNS = ("One ", "Two ", "Three ", "Four ", "Five ", "Ten ")
_SPELLED_WORDS = frozenset(map(piece, _SPELLED_SIGNS))
_NUMBER = (
    r"(?:[0-9]{1,4}(?:[A-Za-z]|[ ](?:[A-HJ-NP-Z]|[a-h](?=[,;\n)]))(?![\w.])|[ ]?(?:bis"
    r"|ter))?(?:[ ]?[-/][ ]?(?:[0-9]{1,4}[A-Za-z]?|[A-Za-z]))?|s/n)(?![0-9A-Za-z%]|[.,][0-9])"
)
_NAMED = (
    rf"[ ]?(?:{_OF}){{0,3}}(?P<name>{_CAPITAL}(?:[ ](?:{_OF}){{0,2}}{_CAPITAL}){{0,4}})"
    rf",?[ ](?:(?i:n\.?[ºo°]?\.?|nr\.?|no\.?:?|num\.?|número|numero|núm\.?)[ ]?)?(?P<number>{_NUMBER})"
)
_LED = re.compile(rf"(?<![^\W\d_])(?P<kind>{LEADING}){_NAMED}")
_ABBREVIATED = ("no:", "no.", "no", "nr.", "nr", "nº", "n.", "num.", "número", "numero")
_LAST = re.compile(r"[0-9](?<=[^\d\s()][ ][0-9])(?![0-9]{4})")
_NUMBER_AT = re.compile(_NUMBER)
_NAME_BEFORE = re.compile(
    r"((?:[A-ZÀ-ÖØ-ÞŁŚŻČŠŽİŞ][\w.'’-]{0,24}[ ]){0,4}?)([^\W\d_][\w.'’-]{1,40}),?(?:[ ](?:[Nn][ro]?[.:]?|nº"
    r"|num\.))?[ ]\Z"
)
_BOX_SIGNS = "Box |BOX |box |ostfach|ostb|Apartado|Apdo|Casella|Caixa|Bag |BP |B.P|C.P.|CP |CS ".split("|")
_BOX_WORDS = b"Box BOX box ostfach ostb Bag BP B.P CP C.P CS Apartado Apdo Casella Caixa".split()
_BOX_REACH = 32  # characters before a number in which one of them stands
_BOX = re.compile(
    r"(?P<kind>[PpABCLRH](?<![^\W\d_].)(?:(?<=P)(?:\.?[ ]?O\.?[ ]?(?:Box|BOX)|ost (?:Office Box|office box)"
    r"|OST OFFICE BOX"
    r"|ostfach|ostbus|ostboks|rivate Bag)|(?<=p)(?:\.?[ ]?o\.?[ ]?box|ost office box)"
    r"|(?<=A)(?:partado(?: de [Cc]orreos)?|pdo\.?)"
    r"|(?<=C)(?:asella [Pp]ostale|aixa [Pp]ostal|\.?P\.?|S)|(?<=L)ocked Bag|(?<=B)\.?P\.?"
    r"|(?:(?<=R)\.?R\.?|(?<=H)C)[ ]?#?[0-9]{1,3},? (?:Box|BOX)))"
    r"[ ]{0,2}(?:(?:No|Nr|nº|no)\.?[ ]?|#[ ]?)?(?P<number>[A-Z]?[0-9]{1,6}(?:[ -][0-9]{2,4}){0,3})(?![0-9A-Za-z]"
    r"|[.,/][0-9])"
)

_HEAD = re.compile(
    r"(?i)(?<![0-9A-Za-z])(?:flat|apt\.?|apartment|unit|suite|ste\.?|room|floor|house|shop|office|plot|villa|block"
    r"|appt\.?|bât\.?)"
    r"(?:[ ]?#?(?:[0-9]{1,5}[A-Z]?|(?-i:[A-Z])[0-9]{0,4})(?:,[ ]?|[ ]-[ ]|,?\n[ ]{0,8}|[ ])|[ ])\Z"
)
_AT = re.compile(
    r"(?i)(?:\b(?:address(?:ed)?(?: is| of)?|addr|add|residing|resid(?:es|ed|ent|ence)|lives?|lived|living"
    r"|located|situated|home|house|domiciled|street"
    r"|at|mail(?:ed)?(?: to)?|ship(?:ped)?(?: to)?|deliver(?:ed)?(?: to)?|moved to|wohnhaft|wohnt|adresse"
    r"|anschrift|in der|in|demeurant|habite|domicilié|domicilio"
    r"|residente|dirección|reside|vive|indirizzo|abita|adres|adress|osoite|sito"
    r"|sita)\b)[ ,]{0,2}[:=]?[ ]{0,2}(?:at|in|in der|in the|au|en|à|to)?[ ]{0,2}\n?[ ]{0,8}\Z"
)
_YEAR_IN = re.compile(r"(?i)\b(?:in|since|of|by|until|during|from|the)[ ]\Z")
_ALSO_WORDS = ("R.", "Place", "Route", "Plaza", "Largo", "Ronda", "Avenue", "Boulevard", "Al.", "al.", "pl.", "os.")
_ALSO_ENGLISH = re.compile(rf"(?:Place|Square|Passage|Route|Avenue|Boulevard|Villa) (?!{_OF})")
_KIND_FIRST = ("avenue", "highway", "hwy", "route", "calle", "via", "rue")  # "1211 Avenue of the Americas"
_CONNECTING = ("of", "the", "on", "and")
_NUMBERED_KINDS = frozenset("road rd highway hwy route loop avenue ave".split())  # "County Road 12", "Avenue 5"
_NUMBER_AFTER = re.compile(r"[ ][0-9]{1,4}(?![0-9A-Za-z%-]|[.,][0-9]|[ ][a-z])")
_QUARTER_AFTER = re.compile(r"[ ](?:[NS]\.?[EW]?|[EW]|North|South|East|West)(?![A-Za-z'’-])\.?")
_NO_NAMES = frozenset(
    """section sections rule rules article articles chapter part parts annex appendix schedule table phase tier level
    class clause item step figure principle guidance form type version number page para paragraph regulation
    directive january jahr kapitel abschnitt artikel absatz teil anhang punkt seite ziffer thema anlage kreis rang
    platz""".split()
)


def addresses(text: str) -> Iterator[Found]:
    """Yield addresses from their first unit or number to their last line."""
    seen = outline(text)
    for match in matches(_NUMBERED, text, seen.digits):
        if found := _numbered(text, match):
            yield found
    for place in seen.digits:
        if _LAST.match(text, place) and (found := _number_last(text, place)):
            yield found
    if not _SPELLED_WORDS.isdisjoint(seen.words) and any(word in text for word in _SPELLED_SIGNS):
        for match in _SPELLED.finditer(text):
            if kind := _street(match):
                yield _whole(text, match.start(), kind[0], 0.4)
    before = b" ".join([seen.octets[max(0, place - _BOX_REACH) : place] for place in seen.digits])
    if any(sign in before for sign in _BOX_WORDS) and any(sign in text for sign in _BOX_SIGNS):
        for match in _BOX.finditer(text):
            is_sure = len(match["kind"]) > 4
            yield _whole(text, match.start(), match.end(), 0.8 if is_sure else 0.1, most=0.95 if is_sure else 0.75)


def _numbered(text: str, match: re.Match[str]) -> Found | None:
    start = match.start()
    if match["lower"]:
        return _whole(text, start, match.end(), 0.3)
    if match["french"]:
        return _whole(text, start, match.end(), 0.3 if _ALSO_ENGLISH.match(match["french"]) else 0.75)
    kind = _street(match)
    if kind is None or text[max(0, start - 1) : start] in ("$", "€", "£", "#"):
        return None
    end, score = kind
    is_year = len(match.group().split()[0]) == 4 and match.group()[:2] in ("19", "20")
    if near(text, start, SECTION_WORDS, 40) or (is_year and _YEAR_IN.search(text[max(0, start - 8) : start])):
        score = 0.1
    return _whole(text, start, end, score)


def _street(match: re.Match[str]) -> tuple[int, float] | None:
    """Return where the street ends among the words, and what it is worth; a name must come before its kind."""
    words = [word.rstrip(".,'’_").lower() for word in match["words"].split(" ")]
    if words[0] in _KIND_FIRST:
        after = _after(match.string, match.end(), "road")
        return (after, 0.6) if after > match.end() or len(words) > 1 else None
    end, weak = match.start("words"), None
    for n, (word, length) in enumerate(zip(words, map(len, match["words"].split(" ")), strict=True)):
        end += length + (n > 0)
        if word != "broadway" and (n == 0 or words[n - 1] in _CONNECTING):
            continue
        is_saint = word in ("st", "dr") and not STREETS.isdisjoint(words[n + 1 : n + 2])  # "1 St John Street"
        if word in STREETS and not is_saint:
            return _after(match.string, end, word), 0.7
        if word in WEAK_STREETS and words[n - 1] not in NO_STREETS:
            weak = (end, 0.4)
    return weak


def _after(text: str, end: int, kind: str) -> int:
    """Return the end with a road's number and the quarter of the town: "County Road 12", "Pennsylvania Ave NW"."""
    if kind in _NUMBERED_KINDS and (number := _NUMBER_AFTER.match(text, end)):
        end = number.end()
    quarter = _QUARTER_AFTER.match(text, end)
    return quarter.end() if quarter else end


def _number_last(text: str, start: int) -> Found | None:
    """Return the address whose number stands at `start`, by the word before it or a word for streets further back."""
    before = text[max(0, start - 70) : start]
    rest, _, last = before.rstrip(", ").rpartition(" ")
    if last.lower() in _ABBREVIATED:
        last = rest.rstrip(", ").rpartition(" ")[2]
    last = last.rpartition("\n")[2]
    if last.lower().endswith(ENDINGS):
        return _ended(text, start, before, last.lower())
    if not last[:1].isupper() or last.lower() in _NO_NAMES:
        return None
    for led in _LED.finditer(text, start - len(before), start + 12):
        if led.start("number") == start and (score := _led_score(led)):
            return _whole(text, led.start(), led.end(), score)
    return None


def _led_score(match: re.Match[str]) -> float:
    """Return what a street of this kind and name is worth by itself."""
    words = [word.rstrip(".,").lower() for word in match["name"].split(" ")]
    if words[0] in _NO_NAMES or words[0] in MONTHS or words[0] in WEEKDAYS:
        return 0.0
    if not match["kind"].startswith(PREPOSITIONS):
        return 0.3 if match["kind"] in _ALSO_WORDS else 0.65
    if match["number"][:4].isdigit() and len(match["number"]) > 3:
        return 0.0  # a year
    return 0.55 if words[-1].endswith(GERMAN_PLACES) else 0.2


def _ended(text: str, start: int, before: str, last: str) -> Found | None:
    """Return the address whose number stands at `start`, after a word that ends as streets do."""
    match = _NAME_BEFORE.search(before)
    number = _NUMBER_AT.match(text, start)
    if match is None or number is None or not (match[1] or match[2])[0].isupper():
        return None
    is_bare = last in ENDINGS  # "Berliner Straße": the name is a word before
    if is_bare and not match[1]:
        return None
    start += match.start(1 if is_bare else 2) - len(before)
    return _whole(text, start, number.end(), 0.3 if last.endswith(WEAK_ENDINGS) else 0.75)


def _whole(text: str, start: int, end: int, score: float, *, most: float = 0.95) -> Found:
    """Return the address with the unit before it and the town after it; what bears it out adds to the score."""
    end, is_borne_out = extend(text, end)
    if near(text, start, _AT, 24):
        score += 0.25
    if head := _HEAD.search(text[max(0, start - 28) : start]):
        start -= len(head.group())
        is_borne_out = True
    return Found(start, end, "STREET_ADDRESS", min(most, score + (0.4 if is_borne_out else 0.0)))


ADDRESSES = Scan(name="addresses", types=("STREET_ADDRESS",), found=addresses)
