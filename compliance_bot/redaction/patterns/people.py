"""Names of people known by what stands before them: an honorific, a title, a field's label, a greeting, initials.

Rules for five languages. They find few names and seldom err; the entity model finds the others, and `names` the same
names elsewhere in the text.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from compliance_bot.redaction.patterns.outline import Outline, Words, capitalised, outline, places
from compliance_bot.redaction.patterns.scan import Found, Scan

if TYPE_CHECKING:
    from collections.abc import Iterator

UPPER = "A-ZÀ-ÖØ-ÞĀĂĄĆĈČĎĐĒĖĘĚĞĢĪİĶĹĻĽŁŃŅŇŌŐŒŔŘŚŞŠȘŢŤȚŪŮŰŲŹŻŽ"
# One word of a name: Lopez, O'Neil, McDonald, Jean-Luc, LOPEZ; or an initial.
WORD = rf"[{UPPER}][^\W\d_]*(?:['’-][^\W\d_]+){{0,3}}"
INITIAL = rf"[{UPPER}]\.(?:[ -]?[{UPPER}]\.){{0,3}}"
_PARTICLE = r"(?:(?:van|von|de|del|della|di|da|dos|du|den|der|la|le|el|al|bin|ibn|ben|zu|zur|ter|ten|y|e|af)[ ]){1,3}"
_PART = rf"(?:{INITIAL}|{_PARTICLE}{WORD}|{WORD})"
NAME = rf"{_PART}(?:[ ]\n?{_PART}){{0,3}}"

# These go with the name and are masked with it.
HONORIFICS = frozenset(
    """Mr Mrs Ms Mx Miss Dr Drs Prof Professor Sir Dame Rev Herr Herrn Frau Fr Hr Mme Mlle Monsieur Madame Mademoiselle
    Maître Sr Sra Srta Doña Don Señor Señora señor señora Sig Signor Signora signor signora Dott Dottor Dottoressa
    dottoressa Avv Ing Mag MR MRS MS DR""".split()
)
HONORIFIC = rf"\b(?:{'|'.join(sorted(HONORIFICS, key=len, reverse=True))})\b\.?(?:(?<=\.)(?:ra|ssa)\b\.?)?"
# These say what somebody is, and stay.
_TITLES = frozenset(
    """Judge Justice Senator Governor Mayor President Chancellor Minister Ambassador Secretary Chairman Chairwoman
    Captain Capt Colonel Col Lieutenant Lt Major Sergeant Sgt General Gen Officer Detective Det Inspector Constable
    Nurse Doctor Father Sister Brother Bishop Rabbi Imam Uncle Aunt Auntie Grandma Grandpa Attorney Counsel Advocate
    King Queen Prince Princess Lord Lady Richter Richterin Doktor Juez Jueza Juge Giudice Avvocato""".split()
)
_GREETINGS = frozenset(
    """Dear Hi Hello Hey Liebe Lieber Hallo Cher Chère Bonjour Querido Querida Hola Estimado Estimada Caro Cara Ciao
    Gentile""".split()
)
_LABELS = re.compile(
    r"(?i)(?:\bnames?|surname|forename|\bpatient|cardholder|account holder|beneficiary|insured|policyholder"
    r"|applicant|signed(?: by)?|\battn\.?|attention|contact person|nachname|vorname|\bnom"
    r"|prénom|nombre|apellidos?|cognome|\bnome)"
    r"[\"']?[ \t]{0,3}\Z"
)
_TRIGGERS = HONORIFICS | _TITLES | _GREETINGS
_SMALL = re.compile(r"(?:señor|signor|dottoressa)a?(?![^\W\d_])")
_SOUGHT = Words(word for word in _TRIGGERS if word[0].isupper())
_INITIAL = re.compile(rb"A\.")

_AFTER_HONORIFIC = re.compile(rf"\.?(?:ra\b\.?|ssa\b\.?)?[ ]{{0,2}}\n?(?:{HONORIFIC}[ ]){{0,2}}({NAME})")
_AFTER_TITLE = re.compile(rf"\.?[ ]({NAME})")
_AFTER_GREETING = re.compile(rf"[ ]({WORD}(?:[ ]{WORD})?)(?=[ ]?[,!:\n])")
_AFTER_LABEL = re.compile(rf"[ \t]{{0,3}}[\"']?({NAME}(?:,[ ]{NAME})?)")
_AFTER_INITIAL = re.compile(rf"\.(?:[ -]?[{UPPER}]\.){{0,3}}[ ]?({_PARTICLE}{WORD}|{WORD})")

# Capitalised, and no part of a name: what follows an honorific or a label now and then.
NO_NAME = frozenset(
    """a an the and or of to for in on at by with from is was are has had i he she it we you they his her our your
    their this that not no yes na none unknown sir madam sirs customer colleague colleagues friend friends team all
    everyone everybody member members client patient applicant doctor court judge justice president government
    minister secretary officer general chief chair chairman director manager department office board bank company date
    address phone email number monday tuesday wednesday thursday friday saturday sunday january february march april
    may june july august september october november december name title signature signed date der die das und le la
    les el los il lo gli damen herren""".split()
)


_NO_INITIALS = ("U.S.", "U.K.", "U.N.", "E.U.", "U.A.E", "D.C.", "N.Y.", "P.O.", "a.m.", "I.D.", "L.L.", "Ph.D")


def begins_word(text: str, start: int) -> bool:
    """Say whether no letter or digit stands before `start`."""
    return start == 0 or not text[start - 1].isalnum()


def _people(text: str) -> Iterator[Found]:
    seen = outline(text)
    for start, word in sorted([*capitalised(text, seen, _SOUGHT), *_initials(text, seen)]):
        if word:
            yield from _after(text, start, word)
        else:
            yield from _initial(text, start, start + 1)
    for colon in sorted([*places(seen.octets, b":"), *places(seen.octets, b"=")]):
        name = _AFTER_LABEL.match(text, colon + 1)
        if name and _LABELS.search(text, max(0, colon - 24), colon):
            yield from _named(text, name.start(1), name.span(1), 0.8)
    has_small = "ñ" in text or b"signor" in seen.octets or b"dottoressa" in seen.octets
    for match in _SMALL.finditer(text) if has_small else ():
        if name := _AFTER_HONORIFIC.match(text, match.end()):
            yield from _named(text, match.start(), name.span(1), 0.9)


def _initials(text: str, seen: Outline) -> Iterator[tuple[int, str]]:
    """Yield where a capital by itself stands before a dot."""
    for match in _INITIAL.finditer(seen.shape):
        if begins_word(text, match.start()):
            yield match.start(), ""


def _after(text: str, start: int, word: str) -> Iterator[Found]:
    """Yield the name after an honorific, a title or a greeting."""
    end = start + len(word)
    if word in HONORIFICS:
        if name := _AFTER_HONORIFIC.match(text, end):
            yield from _named(text, start, name.span(1), 0.9)
    elif word in _TITLES:
        if name := _AFTER_TITLE.match(text, end):
            yield from _named(text, name.start(1), name.span(1), 0.7)
    elif not text[max(0, start - 4) : start].strip(" \t>\n") and (name := _AFTER_GREETING.match(text, end)):
        yield from _named(text, name.start(1), name.span(1), 0.75)


def _initial(text: str, start: int, end: int) -> Iterator[Found]:
    """Yield a name with an initial, unless it may be the item of a list, an end of a sentence, or a country."""
    before = text[max(0, start - 2) : start]
    is_inside = before.strip(" ") and before[-1] == " " and before[-2:-1] not in ".:;\n"
    name = _AFTER_INITIAL.match(text, end) if is_inside else None
    if name and name.group(1).lower() not in NO_NAME and not text.startswith(_NO_INITIALS, start):
        yield Found(start, name.end(), "PERSON", 0.55)


def _named(text: str, start: int, name: tuple[int, int], score: float) -> Iterator[Found]:
    """Yield the name without the words at its end or beginning that are none."""
    words = list(re.finditer(r"[^\s,]+", text[name[0] : name[1]]))
    while words and words[-1].group().lower().strip(".,") in NO_NAME:
        words.pop()
    if words and words[0].group().lower().strip(".,") not in NO_NAME:
        yield Found(start, name[0] + words[-1].end(), "PERSON", score)


PEOPLE = Scan(name="PeopleByTitle", types=("PERSON",), found=_people)
