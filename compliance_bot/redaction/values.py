"""When two values are the same, and what of a name is indexed by itself. Pure functions.

The same card, with blanks or without, is one value; so is a name in capitals. A name is known by its parts too, so that
"Ms Lopez" meets "Maria Lopez". What is made here is compared and hashed with a key, never stored or shown.
"""

from __future__ import annotations

import re
import unicodedata

# Types whose values are words: known by their parts as well. One text's person is another's organisation to a detector.
NAMES = ("PERSON", "ORGANIZATION", "LOCATION")
# Types in which a dot or a dash tells values apart; in all others only letters and digits count.
_WRITTEN_OUT = frozenset({"EMAIL_ADDRESS", "URL", "USERNAME", "IP_ADDRESS", "SECRET", "DATE_TIME", "GPS_COORDINATES"})

_BLANKS = re.compile(r"\s+")
_WORD = re.compile(r"[^\W\d_]+(?:[’'‑-][^\W\d_]+)*|\d+")
_POSSESSIVE = re.compile(r"[’']s?$")
_MARKS = "Mn"
# Without accents, as all that is compared.
_TITLES = frozenset(
    """mr mrs ms miss mx dr prof professor sir dame lord lady madam herr frau monsieur madame mme mlle senor senora
    senorita sr sra don dona signor signora dott""".split()
)
_NO_PART = _TITLES | frozenset(
    """the a an of and und et y e von van de der den del della di da dos du la le zu zum zur ter ten al el bin ibn jr
    senior junior ii iii iv ltd limited llc llp inc plc gmbh ag kg se sa sas srl spa bv nv co corp corporation
    company""".split()
)
_LONGEST = 64  # parts of one value


def normal_form(type_: str, surface: str) -> str:
    """Return what is the same for every way to write a value."""
    text = _folded(surface)
    if type_ in NAMES:
        words = [_POSSESSIVE.sub("", word) for word in _WORD.findall(text)]
        while len(words) > 1 and words[0] in _TITLES:
            del words[0]
        return " ".join(words) or text
    if type_ in _WRITTEN_OUT:
        return text
    return "".join(character for character in text if character.isalnum()) or text


def parts(type_: str, surface: str) -> tuple[str, ...]:
    """Return what a name is also known by: each of its words but titles, particles and single letters.

    A name with nothing but such words is known by them.
    """
    if type_ not in NAMES:
        return ()
    words = dict.fromkeys(_pieces(normal_form(type_, surface)))
    telling = tuple(word for word in words if len(word) > 1 and word not in _NO_PART)
    return (telling or tuple(words))[:_LONGEST]


def _pieces(form: str) -> list[str]:
    """Return the words of a name; of a double one both halves as well."""
    return [piece for word in form.split() for piece in (word, *_halves(word))]


def _halves(word: str) -> list[str]:
    halves = [half for half in re.split(r"[’'‑-]", word) if len(half) > 1]
    return halves if len(halves) > 1 else []


def _folded(surface: str) -> str:
    """Return a value without case, accents of its letters, and width: as people who type it leave them out."""
    plain = unicodedata.normalize("NFKD", surface).casefold()
    bare = "".join(character for character in plain if unicodedata.category(character) != _MARKS)
    return _BLANKS.sub(" ", unicodedata.normalize("NFC", bare)).strip()
