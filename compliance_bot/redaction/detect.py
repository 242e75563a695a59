"""Find personal data in a text with Presidio's recognisers; the one module that imports Presidio.

Each recogniser here is Presidio's own with two things replaced: the scan (`candidates`: linear, on normalised text) and
what was measured to be wrong (no network, no swallowed timeouts, the missing card ranges, telephone scores, section
numbers taken for addresses). Checksums, account formats and number plans are Presidio's and libphonenumber's.
There is no AnalyzerEngine: it would load or download a language model, and these types need none.
Importing this module costs about a second (Presidio imports spaCy), so import it where it is used.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import phonenumbers
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

from compliance_bot.redaction import candidates, cues
from compliance_bot.redaction.normalise import normalise
from compliance_bot.redaction.spans import DetectionFailed, Detects, Span, merge

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from presidio_analyzer import EntityRecognizer

__all__ = ["THRESHOLDS", "DetectionFailed", "Detector", "Detects", "Span"]

# A score says how a value looks by itself; a word for it nearby adds BOOST (LemmaContextAwareEnhancer's default).
BOOST = 0.35
THRESHOLDS = {
    "EMAIL_ADDRESS": 0.5,
    "IBAN_CODE": 0.5,
    "CREDIT_CARD": 0.5,
    "US_SSN": 0.5,
    "IP_ADDRESS": 0.5,
    "PHONE_NUMBER": 0.4,  # Presidio's fixed score for one
}
DEFAULT_THRESHOLD = 0.5

WINDOW = 1 << 16  # characters looked at in one go
MARGIN = 1 << 10  # seen on either side of a window: more than the longest value and the words before it

# ISO/IEC 7812 ranges by network, with the lengths each issues; Luhn alone lets one number in ten pass.
_ISSUERS = re.compile(
    r"""4(?:\d{12}|\d{15}|\d{18})|5[1-5]\d{14}|(?:222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)\d{12}|220[0-4]\d{12,15}
    |3[47]\d{13}|3(?:0[0-59]|[689]\d)\d{11,16}|35\d{14,17}|(?:50|5[6-8]|6\d)\d{10,17}|8[12]\d{14,17}|9792\d{12}
    |(?:2131|1800)\d{11}|1\d{14}""",
    re.VERBOSE,
)
_THREE_LEVELS = re.compile(r"(?<![0-9.])[0-9]{1,3}(?:\.[0-9]{1,3}){2}(?!\.?[0-9])")
MOST_CARD_GROUPS = 6  # 4-4-4-4-3 with one of them cut by the end of a line
_EXTENSION = re.compile(r"(?i)[ ,]{0,2}(?:x|ext\.?|extension)[ ]?[0-9]{1,6}(?![0-9])")
_NORTH_AMERICAN = re.compile(r"(?:1[-. ])?(?:\([2-9]\d{2}\)[ -]?|[2-9]\d{2}[-. /])\d{3}[-. ]\d{4}")
_TRUNK_ZERO = re.compile(r"(?=.*[ ()\-/.])\(?0[1-9]\d{0,4}\)?\d*(?:[ \-/.]{1,3}\d{2,})*")
_SET_AS_PHONE = re.compile(rf"\(?(?:\+|0)|{_NORTH_AMERICAN.pattern}")
_DAY, _MONTH, _YEAR = r"(?:0?[1-9]|[12]\d|3[01])", r"(?:0?[1-9]|1[0-2])", r"(?:19|20)\d{2}"
_DATE_FIRST = re.compile(
    rf"(?:{_DAY}([-./ ]){_MONTH}\1(?:{_YEAR}|\d{{2}})|{_MONTH}([-./ ]){_DAY}\2(?:{_YEAR}|\d{{2}})"
    rf"|{_YEAR}([-./ ]){_MONTH}\3{_DAY}|{_YEAR}[ ]?-[ ]?{_YEAR})(?!\d|[-./]\d)"
)
_TRUNK_REGIONS = ("GB", "DE", "FR", "IL", "IN", "BR", "AT", "CH", "NL", "BE", "IE", "AU", "NZ", "ZA", "JP")


class _Scan:
    """The part of a recogniser that these share: `found` yields (start, end, score)."""

    def found(self, text: str) -> Iterator[tuple[int, int, float]]:
        raise NotImplementedError

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
        kind = recognizer.supported_entities[0]
        return [RecognizerResult(kind, *found, recognition_metadata=origin) for found in self.found(text)]


class EmailAddresses(_Scan, EmailRecognizer):
    """Addresses by shape. The public-suffix test is left out: it fetches a list, and drops `jane@bank.internal`."""

    def found(self, text: str) -> Iterator[tuple[int, int, float]]:
        for candidate in candidates.emails(text):
            yield candidate.start, candidate.end, 1.0


class Ibans(_Scan, IbanRecognizer):
    """Account numbers by country format and check digits (ISO 13616), whatever follows them on the line."""

    def found(self, text: str) -> Iterator[tuple[int, int, float]]:
        for candidate in candidates.ibans(text):
            compact = candidate.compact.upper()
            shape = regex_per_country.get(compact[:2])
            match = re.match(shape, compact) if shape else None
            if match and self.validate_result(match.group()):
                end = _nth_alphanumeric(text, candidate.start, len(match.group())) + 1
                if not text[end : end + 1].isdigit():
                    yield candidate.start, end, 1.0


class CreditCards(_Scan, CreditCardRecognizer):
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
            if len(digits) < 12 or not (boost or _ISSUERS.fullmatch(digits)):
                continue
            score = min(1.0, _card_score(text, groups, first, last) + boost)
            if score >= THRESHOLDS["CREDIT_CARD"] and self.validate_result(digits):
                end = groups[last].end()
                found.append(("\n" not in text[start:end], end, score))
        return (start, *max(found)[1:]) if found else None


def _card_score(text: str, run: Sequence[re.Match[str]], first: int, last: int) -> float:
    """Return how much the groups `first` to `last` of a run of numbers are set like a card number."""
    groups = run[first : last + 1]
    broken = {n for n, (a, b) in enumerate(pairwise(groups)) if "\n" in text[a.end() : b.start()]}
    sizes = [len(group.group()) for group in groups]
    is_set_as_card = all(size >= 3 or n in broken or n - 1 in broken for n, size in enumerate(sizes[:-1]))
    is_issued = _ISSUERS.fullmatch("".join(group.group() for group in groups)) is not None
    # Short ones are grouped in threes and fours, as any row of numbers is: these must be the whole row.
    is_part_of_row = sum(sizes) < 14 and len(groups) not in (1, len(run))
    if not is_set_as_card and not is_issued:
        return 0.0
    if not is_set_as_card or not is_issued or is_part_of_row or len(broken) > 1:
        return 0.3
    return 0.6 if broken or sum(sizes) < 14 else 1.0


class SocialSecurityNumbers(_Scan, UsSsnRecognizer):
    """Numbers set as 3-2-4: with dashes and an area that was ever issued, else only beside a word for them."""

    def found(self, text: str) -> Iterator[tuple[int, int, float]]:
        for candidate in candidates.social_security_numbers(text):
            is_issued = candidate.compact[0] != "9" and not self.invalidate_result(candidate.compact)
            score = 0.55 if is_issued and candidate.compact.count("-") == 2 else 0.2
            yield candidate.start, candidate.end, _boosted(score, text, candidate.start, cues.SSN_WORDS)


class IpAddresses(_Scan, IpRecognizer):
    """Addresses of both versions; a dotted quad may be a section number or a version, which its surroundings decide."""

    def found(self, text: str) -> Iterator[tuple[int, int, float]]:
        sections: set[str] | None = None
        for candidate in candidates.dotted_quads(text):
            sections = sections if sections is not None else {match.group() for match in _THREE_LEVELS.finditer(text)}
            score = self._quad_score(text, candidate, sections)
            yield candidate.start, candidate.end, score
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


class PhoneNumbers(_Scan, PhoneRecognizer):
    """Telephone numbers: international ones, national ones set as such, and any beside a word for them."""

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
        """Return the last of `ends` at which a telephone number from `start` can end, with its score."""
        boost = BOOST if cues.near(text, start, cues.PHONE_WORDS) else 0.0
        if not boost and not _SET_AS_PHONE.match(text, start):
            return None
        for end in reversed(ends):
            score = _phone_score(text[start:end])
            if score and score + boost >= THRESHOLDS["PHONE_NUMBER"]:
                return end, min(1.0, score + boost)
        return None


def _phone_score(value: str) -> float:
    """Return how much `value` looks like a telephone number by itself; 0.0 for what none is set like."""
    digits = "".join(filter(str.isdigit, value))
    if not 7 <= len(digits) <= 15 or value.count("(") != value.count(")") or _DATE_FIRST.match(value):
        return 0.0
    if value.lstrip("(").startswith(("+", "00")):
        number = "".join(filter(str.isdigit, value.replace("(0)", ""))).removeprefix("00")
        return _international_score(number, has_plus="+" in value)
    if _NORTH_AMERICAN.fullmatch(value):
        return 0.6 if "." not in value or _is_valid(value, "US") else 0.1
    if len(digits) >= 9 and _TRUNK_ZERO.fullmatch(value):
        return 0.5 if any(_is_valid(value, region) for region in _TRUNK_REGIONS) else 0.1
    return 0.1


def _international_score(digits: str, *, has_plus: bool) -> float:
    try:
        number = phonenumbers.parse(f"+{digits}")
    except phonenumbers.NumberParseException:
        return 0.0
    if phonenumbers.is_valid_number(number):
        return 0.75
    return 0.45 if has_plus and phonenumbers.is_possible_number(number) else 0.1


def _is_valid(value: str, region: str) -> bool:
    try:
        return bool(phonenumbers.is_valid_number(phonenumbers.parse(value, region)))
    except phonenumbers.NumberParseException:
        return False


def _boosted(score: float, text: str, start: int, words: re.Pattern[str]) -> float:
    return min(1.0, score + BOOST) if cues.near(text, start, words) else score


def _nth_alphanumeric(text: str, start: int, count: int) -> int:
    """Return the position of the `count`-th letter or digit from `start`; there must be as many."""
    places = (place for place in range(start, len(text)) if text[place].isalnum())
    return next(place for n, place in enumerate(places, start=1) if n == count)


class Detector:
    """Finds personal data in texts. Has no state beyond its recognisers, so threads may share one."""

    def __init__(
        self, recognizers: Iterable[EntityRecognizer | _Scan], thresholds: Mapping[str, float] = THRESHOLDS
    ) -> None:
        self.recognizers: tuple[Any, ...] = tuple(recognizers)
        self._thresholds = dict(thresholds)

    @classmethod
    def load(cls) -> Detector:
        """Return a detector of the six types in `THRESHOLDS`. Reads no file beyond the libraries, opens no socket."""
        ibans = Ibans(exact_match=True)
        phones = PhoneNumbers()
        return cls((EmailAddresses(), ibans, CreditCards(), SocialSecurityNumbers(), IpAddresses(), phones), THRESHOLDS)

    def detect(self, text: str) -> tuple[Span, ...]:
        """Return the personal data in `text`: sorted, disjoint, in characters of `text`.

        Raises DetectionFailed when any recogniser fails, whatever the others found. Linear in the length of the text.
        """
        normal = normalise(text)
        found: list[Span] = []
        for start in range(0, len(normal.text), WINDOW):
            origin = max(0, start - MARGIN)
            for span in self._spans(normal.text[origin : start + WINDOW + MARGIN]):
                # A span belongs to the window it starts in; whatever it overlaps is within the margin.
                if start <= span.start + origin < start + WINDOW:
                    a, b = normal.source(span.start + origin, span.end + origin)
                    found.append(Span(start=a, end=b, type=span.type, score=span.score))
        return merge(found)

    def _spans(self, text: str) -> tuple[Span, ...]:
        return merge(span for recognizer in self.recognizers for span in self._results(recognizer, text))

    def _results(self, recognizer: Any, text: str) -> list[Span]:
        try:
            results = recognizer.analyze(text, recognizer.supported_entities, None)
        except Exception as error:  # noqa: BLE001  # fail closed, whatever went wrong
            # `from None`: the cause's message may quote the text.
            raise DetectionFailed(
                f"the detector {type(recognizer).__name__} failed ({type(error).__name__}); the text was refused"
            ) from None
        return [
            Span(start=result.start, end=result.end, type=result.entity_type, score=result.score)
            for result in results
            if result.score >= self._thresholds.get(result.entity_type, DEFAULT_THRESHOLD)
        ]
