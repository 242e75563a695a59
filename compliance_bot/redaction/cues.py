"""Words before a number that say what it is: a card, a telephone, an address, or a section that is none of them.

English with the commonest German and French labels; a profile may bring its own later.
"""

from __future__ import annotations

import re

REACH = 40  # characters before a value in which a word can speak for it
MARKER = re.compile(r"<[A-Z][A-Z0-9_]+>")

CARD_WORDS = re.compile(r"(?i)\b(?:cards?|pan|visa|master ?card|maestro|amex|diners|discover|jcb)\b")
SSN_WORDS = re.compile(r"(?i)\b(?:ssns?|social[ -]+security|soc\.? sec|taxpayer id|itin)\b|\bSS#")
IP_WORDS = re.compile(
    r"(?i)\b(?:ip|ipv[46]|ips|hosts?|hostname|servers?|gateway|dns|subnet|firewall|router|vpn|proxy|ping"
    r"|(?:logged|log|signed|sign)[ -]?(?:in|on) from)\b|://$"
)
SECTION_WORDS = re.compile(
    r"(?i)(?:\b(?:sections?|sec|s|rules?|articles?|art|clauses?|para(?:graph)?s?|chapters?|annex|appendix|parts?|schedule"
    r"|controls?|principles?|guidance|standards?|items?|steps?|tables?|figures?|version|ver|v|release|build|firmware)"
    r"|§)\.?\s*(?:(?:no\.?|nos\.?)\s*)?(?:[0-9.]+(?:\([a-z0-9]+\))?\s*(?:,|;|and|or|to|through|-|&)+\s*){0,6}\Z"
)
_OTHER_NUMBERS = (
    r"account|acct|invoice|ref(?:erence)?|case|order|policy|section|rule|page|isin|mrn|chart|file|claim|ssn"
)
PHONE_WORDS = re.compile(
    r"(?is)\b(?:(?:tele|cell)?phones?|telefon|t[ée]l(?:[ée]phone)?|(?:tele)?fax|facsimile|t[ée]l[ée]copie|mobile|mob|cell"
    r"|handy|whatsapp|sms|rufnummer|mobil(?:funk|telefon|nummer)?|portable|tel[ée]fon[oi]|m[óo]vil|celular|cellulare|fisso"
    rf"|hotline|pager|dial|(?:call|text|ring)(?:ed|ing)?)\b(?!.*\b(?:{_OTHER_NUMBERS})\b)"
)

# The last of the words that could speak for the number is "fax".
FAX_WORDS = re.compile(
    r"(?is)(?:\b(?:tele)?fax|\bt[ée]l[ée]copie|\bfacsimile)\b"
    r"(?!.*\b(?:tele|cell)?(?:phones?|telefon|t[ée]l(?:[ée]phone)?|mobile|cell|voice|direct|call)\b)(?!.*[0-9]{4})"
)

_SPEAKING = re.compile(r"[^\W\d_]|[§#/]")


def near(text: str, start: int, words: re.Pattern[str], reach: int = REACH) -> bool:
    """Say whether one of `words` stands in the `reach` characters before `start`.

    Markers do not count: `<PHONE_NUMBER> 1234567` says nothing about the number, and a second pass would differ.
    """
    before = text[max(0, start - reach) : start]
    if "<" in before:
        before = MARKER.sub(" ", before)
    # Most numbers stand among numbers, in tables; a look for a letter is far cheaper than one for the words.
    return _SPEAKING.search(before) is not None and words.search(before) is not None
