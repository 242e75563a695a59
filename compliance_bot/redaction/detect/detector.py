"""The detector: normal form, recognisers and entity model, then one list of disjoint spans.

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
from compliance_bot.redaction.detect.stock import stock
from compliance_bot.redaction.kinds import KINDS, threshold_of
from compliance_bot.redaction.names import completed
from compliance_bot.redaction.normalise import normalise
from compliance_bot.redaction.patterns.scans import SCANS
from compliance_bot.redaction.spans import DetectionFailed, Span, merge

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from compliance_bot.redaction.normalise import Normalised
    from compliance_bot.redaction.profile import Profile
    from compliance_bot.redaction.spans import TagsEntities

WINDOW = 1 << 16  # characters looked at in one go
MARGIN = 1 << 10  # seen on either side of a window: more than the longest value and the words before it

LIMIT_S = 30.0  # for each LIMIT_CHARS that a text begins; a hundred times what it takes
LIMIT_CHARS = 100_000

# Raise it when a change makes rules, recognisers or the normal form find other values: documents are then masked anew.
RULES_VERSION = 1


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
        self._asked = [(one, self._wanted(one.supported_entities)) for one in self.recognizers]
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
        began = time.monotonic()
        limit_s = self._limit_s * sum(1 + len(text) // LIMIT_CHARS for text in texts)

        def check_time() -> None:
            if time.monotonic() - began > limit_s:
                raise DetectionFailed(f"detection took longer than its limit of {limit_s:g} s; the text was refused")

        check_time()
        normals = [normalise(text) for text in texts]
        windows = [list(_windows(normal.text)) for normal in normals]
        tagged = iter(self._tagged([seen for each in windows for _, _, seen in each]))
        return tuple(
            self._spans(normal, each, tagged, check_time) for normal, each in zip(normals, windows, strict=True)
        )

    def _spans(
        self,
        normal: Normalised,
        windows: Sequence[tuple[int, int, str]],
        tagged: Iterator[tuple[Span, ...]],
        check_time: Any,
    ) -> tuple[Span, ...]:
        found: list[Span] = []
        for start, origin, seen in windows:
            spans = list(next(tagged))
            for recognizer, entities in self._asked:
                check_time()
                spans += self._results(recognizer, seen, entities)
            # INVARIANT: a span belongs to the window it starts in, so it is found once, and whole.
            found += (
                replace(span, start=span.start + origin, end=span.end + origin)
                for span in spans
                if start <= span.start + origin < start + WINDOW
            )
        sources = ((span, normal.source(span.start, span.end)) for span in merge(completed(normal.text, found)))
        return tuple(replace(span, start=start, end=end) for span, (start, end) in sources)

    def _tagged(self, texts: Sequence[str]) -> Sequence[tuple[Span, ...]]:
        """Return the names in each text that the entity model finds and the profile wants."""
        if self.tagger is None or not self._tags:
            return [()] * len(texts)
        try:
            each = self.tagger.tag(texts)
        except Exception as error:  # noqa: BLE001  # fail closed, whatever went wrong
            raise _failed(self.tagger, error) from None
        return [tuple(filter(self._counts, spans)) for spans in each]

    def _results(self, recognizer: Any, text: str, entities: Sequence[str]) -> list[Span]:
        if not entities:
            return []
        try:
            results = recognizer.analyze(text, list(entities), None)
        except Exception as error:  # noqa: BLE001  # fail closed, whatever went wrong
            raise _failed(recognizer, error) from None
        return [span for result in results if self._counts(span := _span(result))]

    def _counts(self, span: Span) -> bool:
        return self._is_wanted(span.type) and span.score >= self._thresholds.get(span.type, threshold_of(span.type))

    def _wanted(self, entities: Iterable[str]) -> tuple[str, ...]:
        return tuple(filter(self._is_wanted, entities))

    def _is_wanted(self, name: str) -> bool:
        """Return whether a type is looked for. What only somebody's own recogniser knows always is."""
        return self._types is None or name in self._types or name not in KINDS


def _windows(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield (start of the window, start of what is seen, what is seen)."""
    for start in range(0, len(text), WINDOW):
        origin = max(0, start - MARGIN)
        yield start, origin, text[origin : start + WINDOW + MARGIN]


def _span(result: Any) -> Span:
    named = (result.recognition_metadata or {}).get(RecognizerResult.RECOGNIZER_NAME_KEY, "")
    return Span(start=result.start, end=result.end, type=result.entity_type, score=result.score, source=named)


def _failed(recognizer: Any, error: Exception) -> DetectionFailed:
    # The cause is cut off where this is raised: its message may quote the text.
    return DetectionFailed(
        f"the detector {type(recognizer).__name__} failed ({type(error).__name__}); the text was refused"
    )
