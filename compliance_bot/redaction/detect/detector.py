"""The detector: readings of a text, recognisers and entity model, then one list of disjoint spans.

Recognisers are Presidio's `EntityRecognizer`s: ours (`stock`, `scanned`) and any that an application brings.
"""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from presidio_analyzer import RecognizerResult

from compliance_bot.redaction.detect.scanned import Scanned
from compliance_bot.redaction.detect.stock import StockScan, stock
from compliance_bot.redaction.detect.windows import windows
from compliance_bot.redaction.kinds import KINDS, threshold_of
from compliance_bot.redaction.names import completed
from compliance_bot.redaction.patterns.outline import forget
from compliance_bot.redaction.patterns.scans import SCANS
from compliance_bot.redaction.spans import DetectionFailed, Span, merge
from compliance_bot.redaction.views import readings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from compliance_bot.redaction.detect.windows import Window
    from compliance_bot.redaction.patterns.scan import Found
    from compliance_bot.redaction.profile import Profile
    from compliance_bot.redaction.spans import TagsEntities
    from compliance_bot.redaction.views import Reading

    _Seen = Sequence[tuple[Reading, Sequence[Window]]]

LIMIT_S = 30.0  # for each LIMIT_CHARS that a text begins; a hundred times what it takes
LIMIT_CHARS = 100_000
_NEVER = 2.0  # more than any score

# Raise it when a change makes rules, recognisers or the normal form find other values: documents are then masked anew.
RULES_VERSION = 2


class Detector:
    """Finds personal data in texts. Has no state beyond its recognisers, so threads may share one.

    `recognizers` are looked at one text at a time, the `tagger` in batches. `thresholds` are the least scores that
    count, where they differ from those of `kinds`; `types`, where given, are the only ones looked for.
    """

    def __init__(
        self,
        recognizers: Iterable[Any],
        *,
        tagger: TagsEntities | None = None,
        thresholds: Mapping[str, float] | None = None,
        types: frozenset[str] | None = None,
        limit_s: float = LIMIT_S,
    ) -> None:
        self.recognizers: tuple[Any, ...] = tuple(recognizers)
        self.tagger = tagger
        self._thresholds = dict(thresholds or {})
        self._types = types
        self._limit_s = limit_s
        asked = ((one, self._wanted(one.supported_entities)) for one in self.recognizers)
        self._asked = [(one, entities, _values_of(one)) for one, entities in asked if entities]
        # What our own recognisers can find, with the least scores that count.
        self._least = {
            name: self._thresholds.get(name, threshold_of(name))
            for _, entities, values in self._asked
            if values
            for name in entities
        }
        self._tags = tagger is not None and bool(self._wanted(tagger.types))

    @classmethod
    def load(cls, *, tagger: TagsEntities | None = None, limit_s: float = LIMIT_S) -> Detector:
        """Return a detector of every type there is; names only with a `tagger`.

        Reads no file beyond the libraries, opens no socket.
        """
        return cls((*stock(), *map(Scanned, SCANS)), tagger=tagger, limit_s=limit_s)

    def under(self, profile: Profile) -> Detector:
        """Return this detector, looking only for what the profile names, by its thresholds."""
        return Detector(
            self.recognizers,
            tagger=self.tagger,
            thresholds={**self._thresholds, **profile.thresholds},
            types=profile.types,
            limit_s=self._limit_s,
        )

    @cached_property
    def version(self) -> str:
        """What names this way of detection: the rules, the recognisers and the entity model, whatever the profile."""
        recognizers = sorted(f"{one.name} {one.version}" for one in self.recognizers)
        told = [RULES_VERSION, recognizers, self.tagger.version if self.tagger else None]
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()

    @cached_property
    def patterns(self) -> Detector:
        """This detector without its entity model, for texts that have been through all of it before."""
        if self.tagger is None:
            return self
        return Detector(self.recognizers, thresholds=self._thresholds, types=self._types, limit_s=self._limit_s)

    def detect(self, text: str) -> tuple[Span, ...]:
        """Return the personal data in `text`: sorted, disjoint, in characters of `text`.

        Raises DetectionFailed when any recogniser fails or the time limit is over, whatever was found before.
        Linear in the length of the text.
        """
        return self.detect_each((text,))[0]

    def detect_each(self, texts: Sequence[str]) -> tuple[tuple[Span, ...], ...]:
        """Return for each text what `detect` does. Many short texts at once keep the entity model's batches full."""
        check_time = self._clock(*texts)
        check_time()
        seen = [[(reading, tuple(windows(reading.text))) for reading in _readings(text)] for text in texts]
        tagged = iter(self._tagged([window.seen for each in seen for _, cut in each for window in cut]))
        check_time()
        try:
            return tuple(self._merged(text, each, tagged) for text, each in zip(texts, seen, strict=True))
        finally:
            forget()

    def _clock(self, *texts: str) -> Callable[[], None]:
        """Return what raises DetectionFailed once the time that these texts may take is over."""
        limit_s = self._limit_s * sum(1 + len(text) // LIMIT_CHARS for text in texts)
        ends = time.monotonic() + limit_s

        def check_time() -> None:
            if time.monotonic() > ends:
                raise DetectionFailed(f"detection took longer than its limit of {limit_s:g} s; the text was refused")

        return check_time

    def _merged(self, text: str, seen: _Seen, tagged: Iterator[tuple[Span, ...]]) -> tuple[Span, ...]:
        check_time = self._clock(text)
        return merge(span for reading, cut in seen for span in self._spans(reading, cut, tagged, check_time))

    def _spans(
        self,
        reading: Reading,
        cut: Sequence[Window],
        tagged: Iterator[tuple[Span, ...]],
        check_time: Callable[[], None],
    ) -> Iterator[Span]:
        """Yield what is found in one reading, in characters of the source; what overlaps is not merged."""
        found: list[Span] = []
        for window in cut:
            spans = list(next(tagged))
            for recognizer, entities, values in self._asked:
                check_time()
                try:
                    if values is None:
                        spans += self._foreign(recognizer, window.seen, entities)
                        continue
                    for start, end, kind, score in values(window.seen):
                        if score >= self._least.get(kind, _NEVER):
                            spans.append(Span(start=start, end=end, type=kind, score=score, source=recognizer.name))
                except Exception as error:  # noqa: BLE001  # fail closed, whatever went wrong
                    raise _failed(recognizer, error) from None
            # INVARIANT: a span belongs to the window it starts in, so it is found once, and whole.
            origin = window.origin
            found += (_moved(span, origin) for span in spans if window.start <= span.start + origin < window.end)
        for span in completed(reading.text, found):
            if place := reading.source(span.start, span.end):
                yield span if place == (span.start, span.end) else replace(span, start=place[0], end=place[1])

    def _tagged(self, texts: Sequence[str]) -> Sequence[tuple[Span, ...]]:
        """Return the names in each text that the entity model finds and the profile wants."""
        if self.tagger is None or not self._tags:
            return [()] * len(texts)
        try:
            each = self.tagger.tag(texts)
        except Exception as error:  # noqa: BLE001  # fail closed, whatever went wrong
            raise _failed(self.tagger, error) from None
        return [tuple(filter(self._counts, spans)) for spans in each]

    def _foreign(self, recognizer: Any, text: str, entities: Sequence[str]) -> list[Span]:
        results = recognizer.analyze(text, list(entities), None)
        return [span for result in results if self._counts(span := _span(result))]

    def _counts(self, span: Span) -> bool:
        return self._is_wanted(span.type) and span.score >= self._thresholds.get(span.type, threshold_of(span.type))

    def _wanted(self, entities: Iterable[str]) -> tuple[str, ...]:
        return tuple(filter(self._is_wanted, entities))

    def _is_wanted(self, name: str) -> bool:
        """Return whether a type is looked for. What only somebody's own recogniser knows always is."""
        return self._types is None or name in self._types or name not in KINDS


def _values_of(recognizer: Any) -> Callable[[str], Iterator[Found]] | None:
    """Return what tells the values of a recogniser of ours, as it is: Presidio's objects take longer than the scans."""
    is_own = getattr(type(recognizer), "analyze", None) in (Scanned.analyze, StockScan.analyze)
    return recognizer.values if is_own else None


def _readings(text: str) -> tuple[Reading, ...]:
    try:
        return readings(text)
    except Exception as error:  # noqa: BLE001  # fail closed; its message may quote the text
        raise DetectionFailed(f"the text could not be read ({type(error).__name__}); it was refused") from None


def _moved(span: Span, by: int) -> Span:
    return replace(span, start=span.start + by, end=span.end + by) if by else span


def _span(result: Any) -> Span:
    named = (result.recognition_metadata or {}).get(RecognizerResult.RECOGNIZER_NAME_KEY, "")
    return Span(start=result.start, end=result.end, type=result.entity_type, score=result.score, source=named)


def _failed(recognizer: Any, error: Exception) -> DetectionFailed:
    # The cause is cut off where this is raised: its message may quote the text.
    return DetectionFailed(
        f"the detector {type(recognizer).__name__} failed ({type(error).__name__}); the text was refused"
    )
