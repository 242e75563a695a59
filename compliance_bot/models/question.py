"""Read a question: its words, its neighbouring word pairs, and the kind of answer it asks for.

Patterns for English, from the wording of the question alone; "what must a firm do" asks for nothing in particular.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from compliance_bot.terms import query_terms, tokens


class Kind(StrEnum):
    """The kind of answer that a question asks for."""

    DURATION = "duration"
    NUMBER = "number"
    DATE = "date"
    PERSON = "person"
    PLACE = "place"
    REASON = "reason"
    DEFINITION = "definition"
    OPEN = "open"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question's distinct content stems, which of them stand side by side, and the kind of answer it asks for."""

    stems: tuple[str, ...]
    pairs: tuple[tuple[int, int], ...]  # places in `stems`
    kind: Kind
    words: frozenset[str]  # as written, lower case


_COUNT = (
    r"(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|forty|fifty|sixty|ninety)"
)
_NUMBER = rf"(?:\d[\d.,]*|\b{_COUNT}\b|\b(?:hundred|thousand|million|billion|half|twice|once|none|zero|dozen)\b)"
_MONTH = "january|february|march|april|may|june|july|august|september|october|november|december"
_WHAT = r"\b(?:what|which)\b(?: (?:is|are|was|were))?(?: the| a)?(?: \w+){0,3}"

_UNIT = "second|minute|hour|day|week|month|quarter|year|decade|centur"
_QUANTITY = (
    r"percent\w*|number|amount|rate|proportion|threshold|limit|share|ratio|fraction|price|cost|fee|size|population|length"
    "|height|minimum|maximum"
)
_ROLE = """officer|board|committee|manager|director|head|team|department|regulator|auditor|counsel|employee|owner|person
    |staff|bank|firm"""

# The first that matches decides: "by when" asks for a time limit, not for a date.
_ASKS = (
    (Kind.DURATION, r"\bhow (?:long|soon|quickly|often|frequently|regularly)\b|\b(?:within|by) wh(?:at|en)\b"),
    (Kind.DURATION, rf"{_WHAT} (?:period|frequency|deadline|time ?frame|time ?limit|duration)\b"),
    (Kind.NUMBER, r"\bhow (?:many|much|old|far|large|big|high|tall|deep|wide|fast|few)\b"),
    (Kind.NUMBER, rf"{_WHAT} (?:{_QUANTITY})\b"),
    (Kind.DATE, r"\bwhen\b|\b(?:what|which) (?:\w+ )?(?:year|date|day|month|century|decade|season)\b"),
    (Kind.PERSON, r"\bwho(?:m|se)?\b"),
    (Kind.PLACE, r"\bwhere\b|\b(?:what|which) (?:city|country|place|state|region|location|continent|river)\b"),
    (Kind.REASON, r"\bwhy\b|\bwhat (?:\w+ )?(?:reason|purpose|cause)"),
    (Kind.DEFINITION, r"\bwhat does\b.*\bmean\b|\bdefin(?:e|ition)\b|\bmeaning of\b|\bmeant by\b"),
)
_OFFERS = {
    Kind.DURATION: rf"""{_NUMBER}(?:\s*\([^)]*\))?[\s-]+(?:\w+\s+)?(?:{_UNIT})
        |\b(?:(?:annual|month|quarter|week|dai|hour|immediate|prompt|indefinite|permanent)ly|without\ delay|until|every
        |once)\b""",
    Kind.NUMBER: _NUMBER,
    Kind.DATE: rf"""\b\d{{3,4}}s?\b|\b(?:{_MONTH})\b|\b(?:{_UNIT})\w*\b
        |\b(?:before|after|upon|within|during|annually)\b""",
    Kind.PERSON: rf"(?-i:(?<=[a-z,;:]\ )[A-Z][\w’'-]+)|\b(?:{_ROLE})s?\b",
    Kind.PLACE: r"\b(?:in|at|near|from|to|of|on|between|into|across)\ (?:the\ )?(?:[a-z]+\ )?(?-i:[A-Z])\w+",
    Kind.REASON: r"""\b(?:because|due\ to|in\ order\ to|so\ that|since|therefore|result\w*|caus\w+|reason|purpose
        |led\ to|to\ (?:ensure|prevent|avoid|protect|reduce))\b""",
    Kind.DEFINITION: r"\b(?:means?|defined\ as|refers?\ to|definition)\b",
}
# Values that were taken out are answers of a kind as well.
_STAND_FOR = {
    Kind.PERSON: {"PERSON"},
    Kind.PLACE: {"LOCATION", "STREET_ADDRESS"},
    Kind.DATE: {"DATE_TIME"},
}
_PLACEHOLDER = re.compile(r"<([A-Z][A-Z0-9_]*)_[0-9]+>")
# Say what kind of answer is asked for and are rarely in it: "how long" asks for "six years", "allowed" for "must not".
_ASKING = "long soon often quickly frequently regularly many much allowed permitted possible okay happen happens need"
_ASKING_STEMS = frozenset(token.stem for token in tokens(_ASKING))
_ASKED = tuple((kind, re.compile(pattern, re.IGNORECASE)) for kind, pattern in _ASKS)
_OFFERED = {kind: re.compile(pattern, re.IGNORECASE | re.VERBOSE) for kind, pattern in _OFFERS.items()}
_WORD = re.compile(r"\w+")


def read(question: str) -> Question:
    """Return what the question says, for the comparison with units."""
    terms = query_terms(question)
    stems = tuple(term for term in terms if " " not in term)
    stems = tuple(stem for stem in stems if stem not in _ASKING_STEMS) or stems
    place = {stem: n for n, stem in enumerate(stems)}
    pairs = (term.split(" ") for term in terms if " " in term)
    return Question(
        stems=stems,
        pairs=tuple((place[first], place[second]) for first, second in pairs if first in place and second in place),
        kind=next((kind for kind, pattern in _ASKED if pattern.search(question)), Kind.OPEN),
        words=frozenset(_WORD.findall(question.lower())),
    )


def offers(text: str, question: Question) -> float:
    """Return 1.0 where `text` has an answer of the asked kind that the question lacks, -1.0 where not, 0.0 for OPEN."""
    pattern = _OFFERED.get(question.kind)
    if pattern is None:
        return 0.0
    if "<" in text:
        if any(found.group(1) in _STAND_FOR.get(question.kind, ()) for found in _PLACEHOLDER.finditer(text)):
            return 1.0
        text = _PLACEHOLDER.sub(" ", text)  # its number is no number
    new = (
        found for found in pattern.finditer(text) if not question.words.issuperset(_WORD.findall(found.group().lower()))
    )
    return 1.0 if next(new, None) else -1.0
