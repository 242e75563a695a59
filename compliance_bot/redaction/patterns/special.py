"""Special categories of personal data (GDPR Articles 9 and 10): what a text says of one person, not what a law says.

A rule is tried only where its trigger word stands. A statement counts where its sentence names one person before it and
nothing that makes it general ("any person", "if", "may"). Cautious by design: a word list is no understanding.
Linear: a rule looks at most 80 characters back and a value is at most 80 long.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from compliance_bot.redaction.patterns.outline import Words, outline
from compliance_bot.redaction.patterns.scan import Found
from compliance_bot.redaction.patterns.special_rules import RULES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compliance_bot.redaction.patterns.special_rules import Rule

REACH = 80

_EDGES = ".,;:!?()[]\"'*-|<>=/"
_SENTENCE_END = re.compile(r"(?<=[^\W\d_][^\W\d_)][^\W\d_)])[.!?;]\s|\n\s*\n")
_PERSON = re.compile(
    r"""(?i:\b(?:he|she|i|his|her|my|him|me|patient|client|customer|employee|claimant|applicant|defendant|borrower|plaintiff
    |complainant|witness|mother|father|son|daughter|wife|husband|brother|sister|child|man|woman|student|worker|tenant|accused
    |mr|mrs|ms|miss|dr|colleague|nurse|resident|prisoner|driver|baby|boy|girl
    |herr|frau|patientin|er|sie|ihr|ihm|ihre[mnrs]?|seine?[mnrs]?|ich|meine?[mnrs]?|mandantin|kundin|mitarbeiterin
    |kläger(?:in)?
    |mme|monsieur|madame|patiente|il|elle|je|mon|ma|sr|sra|señora?|don|doña|paciente|él|ella|su|mi|cliente
    |paziente|signora?|sig|lui|lei|egli|io|mio|mia|suo|sua)\b)
    |\b(?!(?:The|An?|This|That|Our|All|In|On|Der|Die|Das|Eine?|Les?|La|Une?|El|Los|Las|Il|Lo|Gli)\b)
        [A-ZÀ-Þ][a-zà-ÿ]{1,20}[ ](?:[A-Z]\.[ ])?[A-ZÀ-Þ][a-zà-ÿ]{1,20}\b
    |(?:^|[.\n][ ]?)[A-Z][a-z]{2,15}
        (?=[ ](?:is|was|has|had|who|suffers?|ist|hat|wurde|leidet|est|a|souffre|padece|sufre|soffre)\b)""",
    re.VERBOSE,
)
_GENERAL = re.compile(
    r"(?i)\b(?:any|no|not|never|if|whether|whom|anyone|somebody|someone|persons?|people|individuals?|those|patients|employees"
    r"|members|customers|children|may|might|shall|must|should|can|could|would|unless|such|every|each|directors|officers"
    r"|kein\w*|wenn|falls|jede\w*|personen|toute|quiconque|cualquier|personas|qualsiasi|chiunque|persone|nessun\w*)\b"
)


_SOUGHT = Words(trigger for trigger in RULES if trigger == trigger.strip(_EDGES))


def special_categories(text: str) -> Iterator[Found]:
    """Yield health, belief, opinion, union, orientation, origin, genes and crimes that are said of somebody."""
    candidates = _SOUGHT.among(outline(text).lowered)
    if not candidates:
        return
    lowered = _lower(text).replace("'", " ")
    for trigger in candidates:
        starts = [*_places(lowered, trigger)]
        if not any(_is_alone(lowered, start, start + len(trigger)) for start in starts):
            continue  # only within words with a hyphen or a dot
        for start in starts:
            for rule in RULES[trigger]:
                span = _apply(rule, text, start)
                if span:
                    yield Found(*span, rule.type, rule.score)


def _lower(text: str) -> str:
    lowered = text.lower()
    return lowered if len(lowered) == len(text) else "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


def _places(lowered: str, word: str) -> Iterator[int]:
    """Yield where `word` stands as a whole word."""
    place = lowered.find(word)
    while place >= 0:
        end = place + len(word)
        if not lowered[place - 1 : place].isalnum() and not lowered[end : end + 1].isalnum():
            yield place
        place = lowered.find(word, end)


def _is_alone(lowered: str, start: int, end: int) -> bool:
    """Say whether nothing but punctuation stands between blanks and lowered[start:end]."""
    while start and lowered[start - 1] in _EDGES:
        start -= 1
    while lowered[end : end + 1] and lowered[end] in _EDGES:
        end += 1
    return (not start or lowered[start - 1].isspace()) and (end == len(lowered) or lowered[end].isspace())


def _apply(rule: Rule, text: str, start: int) -> tuple[int, int] | None:
    """Return what the rule finds at its trigger, which begins at `start`, if anything."""
    after = rule.after.match(text, start)
    if after is None:
        return None
    found = after.span("value") if _has(after, "value") else after.span()
    before_text = text[max(0, start - REACH) : start]
    if rule.before:
        before = rule.before.search(before_text)
        if before is None:
            return None
        offset = start - len(before_text)
        if _has(before, "value"):
            found = (before.start("value") + offset, before.end("value") + offset)
        elif _has(before, "head"):
            found = (before.start("head") + offset, found[1])
    if rule.needs_person and not _is_about_somebody(before_text):
        return None
    return found


def _has(match: re.Match[str], group: str) -> bool:
    return group in match.re.groupindex and bool(match[group])


def _is_about_somebody(before: str) -> bool:
    """Say whether the sentence so far is about one person."""
    ends = [match.end() for match in _SENTENCE_END.finditer(before)]
    sentence = before[ends[-1] :] if ends else before
    return _PERSON.search(sentence) is not None and _GENERAL.search(sentence) is None
