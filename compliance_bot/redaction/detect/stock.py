"""Presidio's own recognisers of seven types, made fast and mended.

Each recogniser here is Presidio's own with two things replaced: the scan (`candidates`: linear, on normalised text) and
what was measured to be wrong (no network, no swallowed timeouts, the missing card ranges, telephone scores, section
numbers taken for addresses). Checksums, account formats and number plans are Presidio's and libphonenumber's.
Importing this module costs about a second (Presidio imports spaCy), so import it where it is used.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from presidio_analyzer import RecognizerResult
from presidio_analyzer.predefined_recognizers import (
    CreditCardRecognizer,
    EmailRecognizer,
    IbanRecognizer,
    IpRecognizer,
    PhoneRecognizer,
    UsSsnRecognizer,
)
from presidio_analyzer.predefined_recognizers.generic.iban_patterns import regex_per_country

from compliance_bot.redaction import candidates, cues, shapes
from compliance_bot.redaction.kinds import threshold_of
from compliance_bot.redaction.patterns.scan import Found

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# A score says how a value looks by itself; a word for it nearby adds BOOST (LemmaContextAwareEnhancer's default).
BOOST = 0.35
_THREE_LEVELS = re.compile(r"(?<![0-9.])[0-9]{1,3}(?:\.[0-9]{1,3}){2}(?!\.?[0-9])")
MOST_CARD_GROUPS = 6  # 4-4-4-4-3 with one of them cut by the end of a line
SAFE_PHONE = 0.5  # a score by itself at which an end of a line inside does not matter
_LINE_END = re.compile(r"(?<=[-./])[ ]?\r?\n[ \t]*|([ ]?)\r?\n[ \t]*")
_EXTENSION = re.compile(r"(?i)[ ,]{0,2}(?:x|ext\.?|extension)[ ]?[0-9]{1,6}(?![0-9])")


class StockScan(ABC):
    """The part of a recogniser that these share: `found` yields (start, end, score)."""

    @abstractmethod
    def found(self, text: str) -> Iterator[tuple[int, int, float]]: ...

    def analyze(
        self,
        text: str,
        entities: list[str],  # noqa: ARG002  # Presidio's interface
        nlp_artifacts: Any = None,  # noqa: ARG002
        regex_flags: int | None = None,  # noqa: ARG002
    ) -> list[RecognizerResult]:
        """Return what Presidio's interface asks for; the entities and the language model's output are not used."""
        recognizer: Any = self
        origin = {
            RecognizerResult.RECOGNIZER_NAME_KEY: recognizer.name,
            RecognizerResult.RECOGNIZER_IDENTIFIER_KEY: recognizer.id,
        }
        return [
            RecognizerResult(self.kind(text, found[0]), *found, recognition_metadata=origin)
            for found in self.found(text)
        ]

    def values(self, text: str) -> Iterator[Found]:
        """Yield what is found, without Presidio's objects around it."""
        for start, end, score in self.found(text):
            yield Found(start, end, self.kind(text, start), score)

    def kind(self, text: str, start: int) -> str:  # noqa: ARG002  # for those that tell two types apart
        """Return the type of what was found at `start`."""
        recognizer: Any = self
        return str(recognizer.supported_entities[0])


class EmailAddresses(StockScan, EmailRecognizer):
    """Addresses by shape. The public-suffix test is left out: it fetches a list, and drops `jane@bank.internal`."""

    def found(self, text: str) -> Iterator[tuple[int, int, float]]:
        for candidate in candidates.emails(text):
            yield candidate.start, candidate.end, 1.0


class Ibans(StockScan, IbanRecognizer):
    """Account numbers by country format and check digits (ISO 13616), whatever follows them on the line."""

    def found(self, text: str) -> Iterator[tuple[int, int, float]]:
        for candidate in candidates.ibans(text, regex_per_country):
            compact = candidate.compact.upper()
            shape = regex_per_country.get(compact[:2])
            match = re.match(shape, compact) if shape else None
            if match and self.validate_result(match.group()):
                end = _nth_alphanumeric(text, candidate.start, len(match.group())) + 1
                if not text[end : end + 1].isdigit():
                    yield candidate.start, end, 1.0


class CreditCards(StockScan, CreditCardRecognizer):
    """Card numbers of 12 to 19 digits by issuer range and Luhn."""

    def found(self, text: str) -> Iterator[tuple[int, int, float]]:
        for groups in candidates.digit_runs(text):
            found = [card for first in range(len(groups)) if (card := self._longest(text, groups, first))]
            sure = [(start, end) for start, end, score in found if score == 1.0]
            for start, end, score in found:
                # Groups of two numbers side by side pass Luhn now and then: what is sure comes first.
                if score == 1.0 or not any(start < b and a < end for a, b in sure):
                    yield start, end, score

    def _longest(self, text: str, groups: Sequence[re.Match[str]], first: int) -> tuple[int, int, float] | None:
        """Return the longest card number that begins with group `first`, on one line if it can be."""
        start = groups[first].start()
        if text[start - 1 : start] == "." and first and len(groups[first - 1].group()) < 3:
            return None  # the fraction of a number
        boost = BOOST if cues.near(text, start, cues.CARD_WORDS) else 0.0
        found: list[tuple[bool, int, float]] = []
        digits = ""
        for last in range(first, min(len(groups), first + (19 if boost else MOST_CARD_GROUPS))):
            digits += groups[last].group()
            if len(digits) > 19:
                break
            if len(digits) < 12 or not (boost or shapes.ISSUERS.fullmatch(digits)):
                continue
            score = min(1.0, shapes.card_score(text, groups, first, last) + boost)
            if score >= threshold_of("CREDIT_CARD") and self.validate_result(digits):
                end = groups[last].end()
                found.append(("\n" not in text[start:end], end, score))
        return (start, *max(found)[1:]) if found else None


class SocialSecurityNumbers(StockScan, UsSsnRecognizer):
    """Numbers set as 3-2-4: with dashes and an area that was ever issued, else only beside a word for them."""

    def found(self, text: str) -> Iterator[tuple[int, int, float]]:
        for candidate in candidates.social_security_numbers(text):
            is_issued = candidate.compact[0] != "9" and not self.invalidate_result(candidate.compact)
            score = 0.55 if is_issued and candidate.compact.count("-") == 2 else 0.2
            yield candidate.start, candidate.end, _boosted(score, text, candidate.start, cues.SSN_WORDS)


class IpAddresses(StockScan, IpRecognizer):
    """Addresses of both versions; a dotted quad may be a section number or a version, which its surroundings decide."""

    def found(self, text: str) -> Iterator[tuple[int, int, float]]:
        sections: set[str] | None = None
        for candidate in candidates.dotted_quads(text):
            if sections is None:
                sections = {match.group() for match in _THREE_LEVELS.finditer(text)}
            yield candidate.start, candidate.end, self._quad_score(text, candidate, sections)
        for candidate in candidates.colon_groups(text):
            value = candidate.compact.rstrip(":.") if not candidate.compact.endswith("::") else candidate.compact
            if any(character.isdigit() for character in value) and not self.invalidate_result(value):
                yield candidate.start, candidate.start + len(value), 0.9

    def _quad_score(self, text: str, candidate: candidates.Candidate, sections: set[str]) -> float:
        address, _, prefix = candidate.compact.partition("/")
        octets = [int(octet) for octet in address.split(".")]
        if max(octets) > 255 or cues.near(text, candidate.start, cues.SECTION_WORDS, 80):
            return 0.0
        if prefix or cues.near(text, candidate.start, cues.IP_WORDS):
            return 0.95
        if ".".join(address.split(".")[:3]) in sections or octets[0] == 0:
            return 0.1
        # Legal numbering counts from 1 and seldom passes 99 on any level.
        return 0.6 if max(octets) > 99 or 0 in octets else 0.2


class PhoneNumbers(StockScan, PhoneRecognizer):
    """Telephone numbers: international ones, national ones set as such, and any beside a word for them.

    A number whose word is "fax" is a `FAX_NUMBER`.
    """

    def __init__(self) -> None:
        super().__init__()
        self.supported_entities = ["PHONE_NUMBER", "FAX_NUMBER"]

    def kind(self, text: str, start: int) -> str:
        return "FAX_NUMBER" if cues.near(text, start, cues.FAX_WORDS) else "PHONE_NUMBER"

    def found(self, text: str) -> Iterator[tuple[int, int, float]]:
        position = 0
        while run := candidates.phone_run(text, position):
            groups = [run.start + match.end() for match in re.finditer(r"\d+", run.compact)]
            end, score = self._longest(text, run.start, groups) or (groups[0], 0.0)
            if score:
                extension = _EXTENSION.match(text, end)
                end = extension.end() if extension else end
                yield run.start, end, score
            position = end

    def _longest(self, text: str, start: int, ends: Sequence[int]) -> tuple[int, float] | None:
        """Return the last of `ends` at which a telephone number from `start` can end, with its score.

        One over an end of a line only where what stands on the first line is none by itself, and the whole is.
        """
        boost = BOOST if cues.near(text, start, cues.PHONE_WORDS) else 0.0
        if not boost and not shapes.SET_AS_PHONE.match(text, start) and not _is_broken_phone(text[start : ends[-1]]):
            return None
        broken: tuple[int, float] | None = None
        for end in reversed(ends):
            score = shapes.phone_score(_unbroken(text[start:end]))
            if "\n" in text[start:end]:
                broken = broken or ((end, min(1.0, score + boost)) if score >= SAFE_PHONE else None)
            elif score and score + boost >= threshold_of("PHONE_NUMBER"):
                return broken if broken and score < SAFE_PHONE else (end, min(1.0, score + boost))
        return broken


def _unbroken(value: str) -> str:
    """Return `value` on one line."""
    return _LINE_END.sub(lambda end: "" if end[1] is None else " ", value) if "\n" in value else value


def _is_broken_phone(run: str) -> bool:
    return "\n" in run and shapes.SET_AS_PHONE.match(_unbroken(run)) is not None


def _boosted(score: float, text: str, start: int, words: re.Pattern[str]) -> float:
    return min(1.0, score + BOOST) if cues.near(text, start, words) else score


def _nth_alphanumeric(text: str, start: int, count: int) -> int:
    """Return the position of the `count`-th letter or digit from `start`; there must be as many."""
    places = (place for place in range(start, len(text)) if text[place].isalnum())
    return next(place for n, place in enumerate(places, start=1) if n == count)


def stock() -> tuple[StockScan, ...]:
    """Return one recogniser of each type. Reads no file beyond the libraries, opens no socket."""
    accounts = (Ibans(exact_match=True), CreditCards(), SocialSecurityNumbers())
    return (EmailAddresses(), *accounts, IpAddresses(), PhoneNumbers())
