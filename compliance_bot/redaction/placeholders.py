"""What stands for personal data in a stored text: `<PERSON_1>`, the first person that a document version names.

A placeholder says the type of a value and, within one version of one document, which of its values it is: the same
value has the same number there, and numbers of different documents have nothing to do with each other. Its length is
that of its type and number, whatever the value. In a question the numbers have a Q, `<PERSON_Q1>`, so that a question's
person is never taken for a document's. What looks like a placeholder in a source is written with other brackets, and so
is none: only this product writes placeholders, and what one stands for is known only where the vault binds it.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from compliance_bot.records import Edit
from compliance_bot.redaction.kinds import KINDS
from compliance_bot.redaction.values import normal_form

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from compliance_bot.redaction.spans import Span

PLACEHOLDER = re.compile(r"<([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*?)_([1-9][0-9]*)>")
_ANY = re.compile(r"<([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*?)_Q?[1-9][0-9]*>")
_NO_WORDS: Mapping[str, str] = MappingProxyType({})
_LIKE_ONE = re.compile(r"<([A-Z][A-Z0-9_]*_Q?[0-9]+)>")  # also those of questions, and numbers that are never given


class Field(StrEnum):
    """Where in a document version something stands."""

    TITLE = "title"
    TEXT = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A value that was taken out of a text, and the stretch of the pseudonymised text that stands for it.

    `number` is 0 for what is no personal data: a stretch of the source that looked like a placeholder.
    """

    field: Field
    start: int
    end: int
    type: str
    number: int
    surface: str  # as the source had it

    @property
    def placeholder(self) -> str:
        """What stands in the text."""
        return placeholder(self.type, self.number)


@dataclass(frozen=True, slots=True, kw_only=True)
class Replacement:
    """source[start:end] is a value of `type`, its `number`th; 0 for what only looks like a placeholder."""

    start: int
    end: int
    type: str
    number: int
    text: str  # what stands there instead

    @property
    def edit(self) -> Edit:
        """The same as a change of the text."""
        return Edit(start=self.start, end=self.end, replacement=self.text)


def placeholder(type_: str, number: int) -> str:
    """Return the placeholder of a value in a document."""
    return f"<{type_}_{number}>"


def asked_placeholder(type_: str, number: int) -> str:
    """Return the placeholder of a value in a question."""
    return f"<{type_}_Q{number}>"


class Numbering:
    """Numbers the values of one document version, or of one question: the same value, however written, alike."""

    def __init__(self, *, asked: bool = False) -> None:
        self._shape = asked_placeholder if asked else placeholder
        self._numbers: dict[tuple[str, str], int] = {}
        self._counts: Counter[str] = Counter()

    def replacements(self, source: str, spans: Sequence[Span]) -> tuple[Replacement, ...]:
        """Return what is to be replaced in a source, given what was found there: new values are numbered in order."""
        made = []
        for span in spans:
            number = self._number(span.type, source[span.start : span.end])
            text = self._shape(span.type, number)
            made.append(Replacement(start=span.start, end=span.end, type=span.type, number=number, text=text))
        return tuple(sorted((*made, *_neutralised(source, spans)), key=lambda one: one.start))

    def _number(self, type_: str, surface: str) -> int:
        key = (type_, normal_form(type_, surface))
        if key not in self._numbers:
            self._counts[type_] += 1
            self._numbers[key] = self._counts[type_]
        return self._numbers[key]


def held(source: str, replaced: Sequence[Replacement], field: Field) -> tuple[Held, ...]:
    """Return the values that these replacements take out of a source, with their places in the text that remains."""
    kept = []
    shift = 0
    for one in replaced:
        start = one.start + shift
        kept.append(
            Held(
                field=field,
                start=start,
                end=start + len(one.text),
                type=one.type,
                number=one.number,
                surface=source[one.start : one.end],
            )
        )
        shift += len(one.text) - (one.end - one.start)
    return tuple(kept)


def restore(text: str, values: Sequence[Held]) -> str:
    """Return the source of a pseudonymised text, given everything that was taken out of it, in order."""
    parts: list[str] = []
    done = 0
    for one in values:
        parts += (text[done : one.start], one.surface)
        done = one.end
    return "".join((*parts, text[done:]))


def in_words(text: str, own: Mapping[str, str] = _NO_WORDS) -> str:
    """Return a text with words in place of each placeholder: `<EMAIL_ADDRESS_2>` is an email address.

    `own` are the words of some placeholders; the others get those of their type.
    """
    return _ANY.sub(lambda match: own.get(match.group()) or match.group(1).replace("_", " ").lower(), text)


def is_cut(text: str, offset: int) -> bool:
    """Return whether a place is inside a placeholder."""
    return any(found.start() < offset < found.end() for found in PLACEHOLDER.finditer(text))


def placeholders_in(text: str) -> Iterator[tuple[str, int]]:
    """Yield type and number of each placeholder in a text, in order."""
    for match in PLACEHOLDER.finditer(text):
        yield match.group(1), int(match.group(2))


def count_placeholders(text: str) -> Mapping[str, int]:
    """Return how many placeholders of each type stand in a text."""
    return Counter(type_ for type_, _ in placeholders_in(text) if type_ in KINDS)


def _neutralised(source: str, spans: Sequence[Span]) -> Iterator[Replacement]:
    """Yield what takes from a source's own words the look of a placeholder, as far as no value is masked there."""
    taken = iter((*spans, None))
    span = next(taken)
    for match in _LIKE_ONE.finditer(source):
        while span is not None and span.end <= match.start():
            span = next(taken)
        if span is None or span.start >= match.end():
            yield Replacement(start=match.start(), end=match.end(), type="", number=0, text=f"‹{match.group(1)}›")
