"""What a number looks like once a word has said what it is: patterns that begin at its first character.

Loose, since the word decides; each ends where the number must end, and none repeats without a bound.
"""

from __future__ import annotations

import re

_END = r"(?![0-9A-Za-z@]|[.,/][0-9]|[ ]?%)"
_GROUPS = r"[0-9]{2,5}(?:[ -][0-9]{2,5}){1,6}"
_SOLID = r"[0-9A-Za-z]{1,34}(?:[-/][0-9A-Za-z]{1,16}|\.[0-9]{1,8}){0,6}"
_LETTERS = r"(?:[A-Z]{1,5}[ ]){0,2}"
_FILED = (
    r"(?:[0-9IVXL]{1,5}[ -]){0,2}(?:[A-Z][A-Za-z]{0,4}[ -]){0,2}[0-9]{1,6}/[0-9]{2,7}(?:[ ][A-Z]{1,3}(?![0-9A-Za-z]))?"
)

DIGITS = re.compile(rf"(?:{_GROUPS}|[0-9]{{1,24}}(?:-[0-9]{{1,12}}){{0,4}}){_END}")
CODE = re.compile(rf"(?:{_LETTERS}[A-Z]{{0,3}}{_GROUPS}|{_LETTERS}{_SOLID}){_END}")
# "2 BvR 1234/99", "IV-2 K 123/98"; for a docket also "1:21-cr-00345-ABC", "19-12.345", and then any code
FILED = re.compile(_FILED + _END)
DOCKET = re.compile(rf"(?:{_FILED}|[0-9]{{1,2}}:{_SOLID}|{_LETTERS}{_SOLID}){_END}")
SORT_CODE = re.compile(rf"(?:[0-9]{{2}}([- ]?)[0-9]{{2}}\1[0-9]{{2}}|[0-9]{{3}}[ -]?[0-9]{{3}}[ ]?[0-9]{{2}}){_END}")
ROUTING = re.compile(rf"[0-9]{{4}}[ -]?[0-9]{{4}}[ -]?[0-9]{_END}")
PASSPORT = re.compile(r"(?:[0-9]{9}|[A-Z][0-9]{8})(?![0-9A-Za-z@]|-[0-9])")
PROVIDER = re.compile(rf"[12][0-9]{{3}}[ -]?[0-9]{{3}}[ -]?[0-9]{{3}}{_END}")
LEGAL_ENTITY = re.compile(r"[0-9A-Za-z]{18}[0-9]{2}(?![0-9A-Za-z])")
VEHICLE = re.compile(r"(?:[0-9A-HJ-NPR-Za-hj-npr-z]{17}|[0-9A-Z]{9,14})(?![0-9A-Za-z])")
DEVICE = re.compile(rf"(?:[0-9A-Fa-f]{{8}}(?:-[0-9A-Fa-f]{{4}}){{3}}-[0-9A-Fa-f]{{12}}|{_LETTERS}{_SOLID}){_END}")
TAX_NUMBER = re.compile(r"9[0-9]{2}[- ]?(?:5[0-9]|6[0-5]|7[0-9]|8[0-8]|9[0-24-9])[- ]?[0-9]{4}(?![0-9A-Za-z]|-[0-9])")
IMAGE = re.compile(r"(?i)[\w-]{1,60}\.(?:jpe?g|png|heic|tiff?|bmp|gif|webp|dcm)(?![\w.])")
SHORT = re.compile(r"[0-9]{4,8}(?![0-9A-Za-z]|[.,/-][0-9]|[ ]?%)")
CODE_OF_CARD = re.compile(r"[0-9]{3,4}(?![0-9A-Za-z]|[.,/-][0-9]|[ ]?%)")
MONTH = re.compile(r"(?:0?[1-9]|1[0-2])[ ]?[-/.][ ]?(?:20)?[2-4][0-9](?![0-9A-Za-z]|[-/.][0-9])")
CARD = re.compile(  # what speaks for a payment card near by; the marker of one that was masked too
    r"(?i)\b(?:cards?|visa|master ?card|amex|maestro|karten?|carte|tarjeta|carta|cv[vc]2?|pan)\b|CREDIT_CARD"
    r"|[0-9]{4}[ -]?[0-9]{4}[ -]?[0-9]{4}"
)
