"""Postal codes where their shape or what stands beside them tells them from other numbers.

Five digits alone are none. Codes that belong to a street are part of its address (`addresses`).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from compliance_bot.redaction.cues import near
from compliance_bot.redaction.patterns.outline import matches, outline
from compliance_bot.redaction.patterns.scan import Found, Scan

if TYPE_CHECKING:
    from collections.abc import Iterator

STATES = frozenset(
    """AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR
    PA RI SC SD TN TX UT VT VA WA WV WI WY DC PR VI GU AS MP AE AP AA""".split()
)
STATE_NAMES = (
    r"Alabama|Alaska|Arizona|Arkansas|California|Calif\.|Colorado|Connecticut|Delaware|Florida|Fla\.|Georgia|Hawaii|Idaho"
    r"|Illinois|Ill\.|Indiana|Iowa|Kansas|Kentucky|Louisiana|Maine|Maryland|Massachusetts|Mass\.|Michigan|Mich\.|Minnesota"
    r"|Minn\.|Mississippi|Missouri|Montana|Nebraska|Nevada|New[ ](?:Hampshire|Jersey|Mexico|York)"
    r"|North[ ](?:Carolina|Dakota)"
    r"|N\.Y\.|N\.J\.|D\.C\.|N\.C\.|Ohio|Oklahoma|Oregon|Pennsylvania|Penn\.|Rhode[ ]Island|South[ ](?:Carolina"
    r"|Dakota)|Tennessee"
    r"|Tenn\.|Texas|Tex\.|Utah|Vermont|Virginia|Washington|West[ ]Virginia|Wisconsin|Wyoming"
)
_END = r"(?![0-9A-Za-z])"
# A code that names its country by its shape alone (Royal Mail's and Canada Post's letters), and the shapes that do not.
BRITISH = (
    r"(?:GIR ?0AA|(?:[A-PR-UWYZ](?:[0-9]{1,2}|[A-HK-Y][0-9]{1,2}|[A-HK-Y][0-9][ABEHMNPRV-Y])"
    r"|[ENW][0-9][A-HJKPSTUW])[ ]{0,2}[0-9][ABD-HJLNP-UW-Z]{2})"
)
CANADIAN = r"[ABCEGHJ-NPRSTVXY][0-9][ABCEGHJ-NPRSTV-Z][ -]?[0-9][ABCEGHJ-NPRSTV-Z][0-9]"
CONTINENTAL = (
    r"(?:(?:D|A|CH|F|I|E|B|L|NL|DK|S|N|FI|FIN|SE|NO|PL|CZ|SK|P|PT|FL|AT|DE|FR|ES|IT|BE|LU|RO|HU|SI|HR)[- ]{1,2})?"
    r"(?:[0-9]{5}(?:-[0-9]{3})?|[0-9]{4}[ ]?[A-Z]{2}(?![A-Za-z])|[0-9]{4}-[0-9]{3}|[0-9]{2}-[0-9]{3}"
    r"|[0-9]{3}[ ][0-9]{2}|[0-9]{4})"
)

_FIRST = r"[0-9](?<![0-9A-Za-z.,/][0-9])(?<![0-9]-[0-9])"
_NUMBERS = re.compile(
    rf"{_FIRST}(?:(?P<five>[0-9]{{4}}(?:-[0-9]{{4}})?)|(?P<dutch>[0-9]{{3}}[ ]?[A-Z]{{2}}(?=[ ][A-Z][^\W\d_]{{2,20}}))"
    rf"|(?P<named>[0-9]{{3}}(?:[ ]?[A-Z]{{2}}|-[0-9]{{3}})?|[0-9](?:[- ]?[0-9]{{3}})|[0-9]{{2}}[ ][0-9]{{2}}))"
    rf"{_END}(?![.,/-][0-9]|%)"
)
# "2000 US Dollars", "1200 AM Monday", "2525 NW Expressway"
_NO_DUTCH = frozenset("AM PM AD BC CE NE NW SE SW US EU UK UN HK NZ IT HR TV CD II IV VI".split())
_LETTERED = re.compile(
    rf"[0-9](?<=[0-9A-Z \n][0-9])(?:[ABD-HJLNP-UW-Z]{{2}}{_END}|(?<=[A-Z][0-9])[A-Z][ -]?[0-9][A-Z][0-9]{_END})"
)
_HALF = re.compile(rb"0A(?=A|[ -]?0A0)")
_BRITISH_AT_END = re.compile(rf"(?<![0-9A-Za-z]){BRITISH}\Z")
_CANADIAN = re.compile(CANADIAN)
AREAS = frozenset(
    """AB AL B BA BB BD BH BL BN BR BS BT CA CB CF CH CM CO CR CT CV CW DA DD DE DG DH DL DN DT DY E EC EH EN EX FK FY
    G GIR GL GU GY HA HD HG HP HR HS HU HX IG IM IP IV JE KA KT KW KY L LA LD LE LL LN LS LU M ME MK ML N NE NG NN
    NP NR NW OL OX PA PE PH PL PO PR RG RH RM S SA SE SG SK SL SM SN SO SP SR SS ST SW SY TA TD TF TN TQ TR TS TW UB
    W WA WC WD WF WN WR WS WV YO ZE""".split()
)
_CANADIAN_WORDS = re.compile(
    r"(?:\b(?i:post(?:al)?[ -]?codes?|canada)|\b(?:AB|BC|MB|NB|NL|NS|NT|NU|ON|PE|QC|SK|YT|Ontario|Qu[eé]bec"
    r"|Columbia|Alberta))"
    r"[ :,]{0,3}\Z"
)
_STATE_BEFORE = re.compile(rf"(?:(?<![A-Za-z])([A-Z]{{2}})|\b(?:{STATE_NAMES}))(?:,?[ ]{{1,3}}|,?[ ]?\n[ \t]{{0,8}})\Z")
_TOWN_BEFORE = re.compile(r"(?:[a-zà-ÿ.]|[A-Z]{2},|[a-z],)[ ]{0,2}\n?[ ]{0,8}\Z")
_TOWN_AFTER = re.compile(r"[ ](?:[A-ZÀ-ÖØ-ÞŁŚŻ][^\W\d_]{2,20}|L[ae][ ]|Le[s]?[ ]|Saint|St\.|Bad[ ])")
_TOWN_ALONE = re.compile(
    r"[ ](?!Euro|Dollar|Shares|Units|Common|Class|Series|Stück|Aktien|Mitarb|Franken|Pesetas|Francs|Lire)"
    r"[A-ZÀ-Þ][a-zß-ÿ]{2,20}(?:[- ][A-ZÀ-Þ][a-zß-ÿ]{2,20}){0,2}(?=[ ]?(?:[,;.)\n]|\Z))"
)
_COUNTRY_BEFORE = re.compile(r"(?<![A-Za-z0-9])(?:D|F|I|E|DE|FR|IT|ES|FIN|FI)-\Z")
_WORDS = re.compile(
    r"\b(?:(?i:zip(?:[ -]?codes?)?|post(?:al)?[ -]?codes?|postleitzahl|plz|code postal|código postal|codice postale"
    r"|postnummer)|CP|C\.P\.|CAP|CEP|Cap|Cedex)[ ]{0,2}(?:is|was|ist|:|=|#)?[ ]{0,2}\Z"
)
# One of these is in any text that has one of `_WORDS`.
_SIGNS = ("ip", "IP", "ost", "OST", "PLZ", "Plz", "plz", "C", "Cap")


def postcodes(text: str) -> Iterator[Found]:
    """Yield postal codes that stand without a street, or beside one."""
    has_words = any(sign in text for sign in _SIGNS)
    seen = outline(text)
    for match in matches(_NUMBERS, text, seen.digits):
        if has_words and near(text, match.start(), _WORDS, 28):
            yield Found(*match.span(), "ZIP_CODE", 0.9)
        elif match["five"] and (score := _five_digits_score(text, match.start(), match.end())):
            yield Found(*match.span(), "ZIP_CODE", score)
        elif match["dutch"] and match["dutch"][-2:] not in _NO_DUTCH:
            yield Found(*match.span(), "ZIP_CODE", 0.5)
    for match in matches(_LETTERED, text, (half.start() for half in _HALF.finditer(seen.shape))):
        yield from _lettered(text, match)


def _is_state(text: str, code: str, start: int) -> bool:
    """Say whether the two letters before `start` are a state's: "OR" and "IN" are words unless a town precedes."""
    return code in STATES and _TOWN_BEFORE.search(text[max(0, start - 24) : start]) is not None


def _five_digits_score(text: str, start: int, end: int) -> float:
    before = text[max(0, start - 20) : start]
    state = _STATE_BEFORE.search(before)
    if state and state[1] is None:
        return 0.75
    if state and _is_state(text, state[1], start - len(before) + state.start()):
        return 0.85
    if end - start > 5:
        return 0.4  # nine digits with a dash: a part's number as well
    if _COUNTRY_BEFORE.search(before):
        return 0.6 if _TOWN_AFTER.match(text, end) else 0.0
    is_set_off = start == 0 or before.endswith(("\n", ", ", "; ", "in "))
    return 0.5 if is_set_off and text[end - 3 : end] != "000" and _TOWN_ALONE.match(text, end) else 0.0


def _lettered(text: str, match: re.Match[str]) -> Iterator[Found]:
    """Yield the British or Canadian code of which `match` is the second half."""
    start = match.start()
    if match.group()[-1].isalpha():
        british = _BRITISH_AT_END.search(text[max(0, start - 6) : match.end()])
        if british and re.match("[A-Z]+", british.group()).group() in AREAS:  # type: ignore[union-attr]
            yield Found(match.end() - len(british.group()), match.end(), "ZIP_CODE", 0.75)
    elif start and (canadian := _CANADIAN.match(text, start - 1)) and not text[max(0, start - 2) : start - 1].isalnum():
        is_set = len(canadian.group()) == 7 or near(text, start - 1, _CANADIAN_WORDS, 24)  # not a part's number
        yield Found(*canadian.span(), "ZIP_CODE", 0.7 if is_set else 0.3)


POSTCODES = Scan(name="postcodes", types=("ZIP_CODE",), found=postcodes)
