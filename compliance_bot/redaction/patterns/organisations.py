"""Names of organisations known by a word in them: a legal form, or what kind of institution it is.

"Acme Capital Ltd", "Ministry of the Interior", "Istanbul Security Court"; not "the Court", not "the Audit
Committee".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from compliance_bot.redaction.patterns.outline import Words, capitalised, outline
from compliance_bot.redaction.patterns.people import WORD, begins_word
from compliance_bot.redaction.patterns.scan import Found, Scan

if TYPE_CHECKING:
    from collections.abc import Iterator

_FORMS = frozenset(
    """Inc Corp Corporation Ltd Limited LLC LLP PLC GmbH AG KGaA OHG SA SAS SARL SpA Srl BV NV AB ASA ApS Oy
    Oyj Kft Zrt EOOD OOO OAO ZAO PJSC Pty Pvt Co Company""".split()
)
_DOTTED = re.compile(
    r"(?:L\.L\.C|L\.P|S\.A|S\.A\.R\.L|S\.p\.A|S\.r\.l|S\.L|B\.V|N\.V"
    r"|A/S|A\.Ş|e\.V|a\.s|s\.r\.o|d\.o\.o)(?![^\W_])\.?"
)
_TAIL = re.compile(r"\.?(?:[ ](?:Ltd|KG|Inc)\b\.?)?")
# The words before a legal form, read backwards from it.
_BEFORE = re.compile(
    rf"(?:{WORD}|[A-Z0-9&][A-Z0-9&.]*)"
    rf"(?:(?:,?[ ](?:and|of|the|de|for)[ ]|[ ]&[ ]|[ -])(?:{WORD}|[0-9A-Z&]+)){{0,6}},?[ ]\Z"
)

_KINDS = frozenset(
    """Court Tribunal Ministry Department University Université Universität College Institute Academy School Hospital
    Clinic Bank Police Gendarmerie Party Union Association Federation Foundation Society Council Commission Agency
    Authority Directorate Office Bureau Board Chamber Assembly Parliament Senate Church Municipality Administration
    Prison Centre Center Group Holdings Partners Insurance Airlines Airways Motors Pharmaceuticals Technologies
    Industries Newspaper Amtsgericht Landgericht Oberlandesgericht Bundesgerichtshof Ministerium Sparkasse
    Krankenhaus Klinikum""".split()
)
_OF = re.compile(
    rf"[ ](?:of|for)[ ](?:the[ ])?{WORD}"
    rf"(?:(?:[ ]and[ ]|[ ,]{{1,2}}|[ ]of[ ](?:the[ ])?){WORD}){{0,3}}"
)
_MODIFIERS = re.compile(rf"(?:{WORD}[ ]){{1,4}}\Z")

# Before the kind, these name a part of any institution and no institution: the Audit Committee, the Executive Board.
_GENERIC = frozenset(
    """the a an this that each any such its their our your no every other audit risk executive senior management
    supervisory compliance legal internal external human resources finance financial accounting sales marketing it
    information security operations customer client credit investment lending branch head main central back front
    registered principal post competent relevant responsible public private local regional national member first
    second third new special general advisory remuneration nomination data protection quality trading parent working
    peer user home host joint related contracting defaulting affected interested financial""".split()
)
_COMMON = frozenset(
    "group holding parent insurance limited listed single cell protected incorporated fund trust investment".split()
)
_ITS_PEOPLE = re.compile(r"[ ](?:of|for)[ ](?:the[ ])?(?:Directors|Governors|Trustees|Managers|Management|Members)\b")
_LEADING = frozenset("the a an this that in at by on and for from to of or".split())
_COURTS = frozenset(
    "supreme constitutional high federal crown district regional administrative appeal county circuit".split()
)


_SOUGHT = Words(_FORMS | _KINDS)
_SINGLE = re.compile(rb"A[./]")


def _organisations(text: str) -> Iterator[Found]:
    seen = outline(text)
    letters = ((match.start(), "") for match in _SINGLE.finditer(seen.shape))
    for start, word in sorted([*capitalised(text, seen, _SOUGHT), *letters]):
        if word in _KINDS:
            yield from _by_kind(text, start, start + len(word))
        elif word or (begins_word(text, start) and _DOTTED.match(text, start)):
            yield from _by_form(text, start, start + max(1, len(word)))


def _by_form(text: str, start: int, end: int) -> Iterator[Found]:
    """Yield the capitalised words before a legal form, with it."""
    if text[start - 1 : start] != " " or _is_small(text, start):
        return
    dotted = _DOTTED.match(text, start)
    tail = dotted or _TAIL.match(text, end)
    before = _BEFORE.search(text, max(0, start - 80), start)
    if before and tail and not {word.lower() for word in before.group().split()} <= _GENERIC | _COMMON:
        yield Found(before.start(), tail.end(), "ORGANIZATION", 0.8)


def _by_kind(text: str, start: int, end: int) -> Iterator[Found]:
    """Yield an institution: its kind with a name before it or after "of"."""
    before = None if _is_small(text, start) else _MODIFIERS.search(text, max(0, start - 80), start)
    words = before.group().split() if before else []
    first = before.start() if before else start
    while words and words[0].lower() in _LEADING:
        first = text.index(words[1] if len(words) > 1 else text[start:end], first + len(words[0]))
        words.pop(0)
    of = None if _ITS_PEOPLE.match(text, end) else _OF.match(text, end)
    kinds = {word.lower() for word in words}
    if of or (kinds and not kinds <= _GENERIC) or kinds & _COURTS:
        yield Found(first, of.end() if of else end, "ORGANIZATION", 0.6)


def _is_small(text: str, start: int) -> bool:
    """Say whether the word before `start` has neither capitals nor digits: then it is part of no name."""
    word = text[max(0, start - 24) : max(0, start - 1)].rpartition(" ")[2]
    return word.islower() and word.isalpha()


ORGANISATIONS = Scan(name="OrganisationsByForm", types=("ORGANIZATION",), found=_organisations)
