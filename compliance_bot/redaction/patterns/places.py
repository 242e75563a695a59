"""What follows a street and its number: unit, town, state, postal code, country, over a few lines.

Not the street itself (`addresses`), and no gazetteer: a town is a capitalised word where one is due.
"""

from __future__ import annotations

import re

from compliance_bot.redaction.patterns.months import MONTHS, WEEKDAYS
from compliance_bot.redaction.patterns.postcodes import BRITISH, CANADIAN, CONTINENTAL, STATE_NAMES, STATES

MOST_PARTS = 8

CAPITALISED = r"(?:[A-ZÀ-ÖØ-ÞŁŚŻČŠŽİŞ](?:[^\W\d_]|['’]){1,24}(?![0-9])|(?:St|Mt|Ft|Pt)\.)"
_TOWN = (
    rf"{CAPITALISED}(?:[ -](?:(?:de|del|della|la|le|les|lès|upon|on|am|an der|in|of|the|sur|sous|den|der|di|do|da"
    rf"|im|bei|aan)[ -]){{0,2}}"
    rf"{CAPITALISED}){{0,3}}"
)
_COUNTRIES = (
    r"USA|U\.S\.A\.|United States(?: of America)?|UK|U\.K\.|United Kingdom|Great Britain|England|Scotland|Wales"
    r"|Northern Ireland"
    r"|Ireland|Éire|Deutschland|Germany|Österreich|Austria|Schweiz|Switzerland|Suisse|Svizzera|France|España|Spain|Italia|Italy"
    r"|Nederland|(?:The )?Netherlands|België|Belgique|Belgium|Luxembourg|Portugal|Brasil|Brazil|Sverige|Sweden"
    r"|Norge|Norway"
    r"|Danmark|Denmark|Suomi|Finland|Polska|Poland|Türkiye|Turkey|Canada|Australia|New Zealand|México|Mexico"
    r"|Argentina|India|Japan"
    r"|China|Hong Kong|Singapore|South Africa|Israel|United Arab Emirates|UAE"
)
_UNIT = (
    r"(?:(?i:apt|apartment|appt|suite|ste|unit|flat|floor|fl|room|rm|bldg|building|box|pmb|lot|wing|level|dept|no|nr|top|stiege"
    r"|tür|whg|wohnung|etage|esc(?:alera)?|piso|planta|puerta|pta|bajo|int(?:erno)?|scala|sc|piano|bât(?:iment)?|bat|porte|hus|lgh"
    r"|m(?:ieszkanie)?|kat|daire|bus|andar|apto|bloco)\.?[ ]?(?:#|n[ºo°]?\.?[ ])?[ ]?(?-i:[0-9]{1,5}[A-Za-z]?"
    r"|[A-Z](?:-?[0-9]{1,4})?)"
    r"|#[ ]?[A-Za-z0-9-]{1,9}|[0-9]{1,2}(?:st|nd|rd|th|\.|e|er|ème|[ºo°ªa])?[ ]?(?:[Ff]loor|Fl\.?|OG|EG|Stock"
    r"|Etage|étage|piano|piso)\.?"
    r"|(?:[Gg]round|[Ff]irst|[Ss]econd|[Tt]hird|[Ff]ourth|[Ff]ifth|[Tt]op)[ ][Ff]loor"
    r"|[0-9]{1,2}[ºo°ªa]?[ -]?(?:[A-F]|[Ii]zq(?:da|uierda)?\.?|[Dd]cha\.?|[Dd]erecha|[0-9]{1,2}[ªa])|EG"
    r"|[0-9]{1,2}\.[ ]?OG)(?![0-9A-Za-z])"
)
_PART = re.compile(
    rf"(?P<unit>{_UNIT})"
    rf"|(?P<code>{CONTINENTAL}(?![0-9A-Za-z])[ ]{{1,2}}(?:an?[ ])?{_TOWN}(?:(?:(?<=[Cc]edex)"
    rf"|(?<=CEDEX))[ ][0-9]{{1,2}})?(?:[ ]\(?[A-Z]{{1,2}}\)?(?![A-Za-z]))?)"
    rf"|(?P<zip>(?:(?:[A-Z]{{2}}"
    rf"|{STATE_NAMES})\.?,?[ ]{{1,3}}(?:\n[ ]{{0,8}})?)?[0-9]{{5}}(?:-[0-9]{{4}})?(?![0-9A-Za-z]|[.,][0-9]))"
    rf"|(?P<post>(?:{BRITISH}|{CANADIAN})(?![0-9A-Za-z]))"
    rf"|(?P<country>(?:{_COUNTRIES})(?![A-Za-z]))"
    rf"|(?P<state>[A-Z]{{2}}(?=[ ]?(?:[,.;:)\n]|\Z))|(?:{STATE_NAMES})(?![A-Za-z]))"
    rf"|(?P<town>{_TOWN})"
)
_SEPARATOR = re.compile(r"[ ]?,?[ ]{0,2}\r?\n[ \t]{0,12}|[ ]?,[ ]{1,2}|[ ][-|·][ ]|[ ]{1,3}|[ ]?\([ ]?|,(?=[A-Z0-9])")
_ENDS = re.compile(r"[ ]?(?:[,.;:)\n\]\"']|\Z)")
_NO_TOWN = re.compile(
    r"(?:Mr|Mrs|Ms|Dr|Prof|Sir|Madam|Dear|The|This|Tel|Phone|Fax|Email|E-mail|Mobile(?=[:. ]*[-+(0-9])|Attn"
    r"|Attention|Re|Date|Dated|From|To|And|But|He|She"
    r"|They|It|We|Where|Which|When|Section|Article|Rule|Telefon|Téléphone|Tél|Herr|Frau|Monsieur|Madame|Señor|Señora|Signor)(?![A-Za-z])"
)


def extend(text: str, end: int) -> tuple[int, bool]:
    """Return where the address ends whose street ends at `end`, and whether a unit or a postal code bears it out."""
    position, is_borne_out, towns = end, False, 0
    for _ in range(MOST_PARTS):
        gap = _SEPARATOR.match(text, position)
        part = _PART.match(text, gap.end()) if gap else None
        if gap is None or part is None:
            break
        kind = part.lastgroup
        if kind == "zip" and not _is_zip(part.group()):
            break
        if kind == "state" and part.group()[:2].isupper() and len(part.group()) == 2 and part.group() not in STATES:
            kind = "town"
        if kind == "town":
            towns += 1
            if towns > 3 or not _is_town(part.group()):
                break
            # Without a code after it, a town must be set off: "12 Oak Street, Springfield."
            is_set_off = "," in gap.group() and "\n" not in gap.group()
            is_word = len(part.group()) > 3  # not "Str."
            if towns == 1 and is_set_off and is_word and _ENDS.match(text, part.end()):
                end = part.end()
        else:
            end = part.end()
            is_borne_out = is_borne_out or kind in ("unit", "code", "zip", "post")
        position = part.end()
    return _without_dot(text, end), is_borne_out


def _is_zip(value: str) -> bool:
    code = re.match("[A-Z]{2}(?![A-Za-z])", value)
    return code is None or code.group() in STATES


def _is_town(value: str) -> bool:
    first = re.split("[ .-]", value.lower(), maxsplit=1)[0]
    return first not in MONTHS and first not in WEEKDAYS and not _NO_TOWN.match(value)


def _without_dot(text: str, end: int) -> int:
    """Leave a sentence's full stop out, and keep that of an abbreviation such as `U.S.A.`."""
    return end - 1 if text[end - 1] == "." and text[end - 3 : end - 2] != "." else end
