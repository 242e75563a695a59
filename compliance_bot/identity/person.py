"""One person is one person: which names can be one at all, which are the same, and which only look the same.

Pure functions over names (UTS #39 "Unicode Security Mechanisms", UAX #31 "Identifiers"). Nothing here knows who exists.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

import regex

from compliance_bot.identity.lookalikes import skeleton

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MAX_ID_CHARS = 256  # an e-mail address has at most 254 (RFC 5321)

# Scripts in everyday use (UAX #31, table 5). The others have look-alikes that nobody needs in a name.
_SCRIPTS = (
    "Arabic Armenian Bengali Cyrillic Devanagari Ethiopic Georgian Greek Gujarati Gurmukhi Hebrew Kannada Khmer Lao "
    "Latin Malayalam Myanmar Oriya Sinhala Tamil Telugu Thaana Thai Tibetan"
).split()
_TOGETHER = ("Han Hiragana Katakana", "Han Hangul", "Han Bopomofo")  # Japanese, Korean, Chinese (UTS #39, 5.1)
_NEUTRAL = r"\p{scx=Common}\p{scx=Inherited}"
_ONE_SCRIPT = tuple(
    regex.compile("[" + _NEUTRAL + "".join(rf"\p{{scx={name}}}" for name in scripts.split()) + "]+")
    for scripts in (*_SCRIPTS, *_TOGETHER)
)
_TEXT = regex.compile(r"[\p{L}\p{M}\p{Nd} !-~]+")
_UNSEEN = regex.compile(r"\p{Default_Ignorable_Code_Point}")


class UnfitId(ValueError):
    """A text that is no name of anybody. Says what is wrong with it, and does not repeat it."""


def canonical(name: str) -> str:
    """Return the form in which two spellings of one name are equal: NFKC, case-folded. Raises UnfitId."""
    require_fit(name)
    folded = unicodedata.normalize("NFKC", name).casefold()
    return unicodedata.normalize("NFKC", folded)


def require_fit(name: str) -> None:
    """Raise UnfitId unless a name is visible text of one script, without blanks around it."""
    if not name or len(name) > MAX_ID_CHARS:
        raise UnfitId(f"expected 1 to {MAX_ID_CHARS} characters")
    # As it came and as it will be compared: normalising makes some things of others.
    for text in {name, unicodedata.normalize("NFKC", name)}:
        if text != text.strip():
            raise UnfitId("expected no blanks around it")
        if _UNSEEN.search(text) or not _TEXT.fullmatch(text):
            raise UnfitId("expected letters, digits, blanks and ASCII punctuation only")
        if unicodedata.combining(text[0]) or not any(one.isalnum() for one in text):
            raise UnfitId("expected a letter or a digit")
        if not text.isascii() and not any(script.fullmatch(text) for script in _ONE_SCRIPT):
            raise UnfitId("expected letters of one script")


def same_person(one: str, other: str) -> bool:
    """Return whether two names are one. A text that is no name is nobody's."""
    try:
        return canonical(one) == canonical(other)
    except UnfitId:
        return False


def looks(name: str) -> frozenset[str]:
    """Return what a name may be read as, before and after its case is folded: I is an l here and an i there."""
    return frozenset({skeleton(unicodedata.normalize("NFKC", name)), skeleton(canonical(name))})


def alike(names: Iterable[str]) -> dict[str, str]:
    """Return for each look the first of the names that has it."""
    found: dict[str, str] = {}
    for name in names:
        for look in looks(name):
            found.setdefault(look, name)
    return found


def look_alike(name: str, known: Mapping[str, str]) -> str | None:
    """Return one of the names behind `known`, as `alike` made it, that this one could be taken for; itself too."""
    return next((known[look] for look in sorted(looks(name)) if look in known), None)
