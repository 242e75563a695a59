"""Try detectors on labelled texts: in turns over the same batches, each timed, and each scored in every way."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from compliance_bot.evaluation import labels
from compliance_bot.evaluation.mistakes import Miss, confusion, worst_misses
from compliance_bot.redaction.scoring import Counts, Gold, Judged, Scores, by_type, score

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from compliance_bot.evaluation.labelled import LabelledText
    from compliance_bot.redaction.spans import Detects, Span

BATCH = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """The labels of some texts, with how often each stands there: by what they are taken for."""

    known: Mapping[str, int] = field(hash=False)
    may_be: Mapping[str, int] = field(hash=False)
    is_not: Mapping[str, int] = field(hash=False)
    unknown: Mapping[str, int] = field(hash=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What one detector found in some texts.

    `everything` scores all that was found; `labelled` only what has a type that the labels of these texts stand for:
    who labels names alone says nothing about dates. `others` are how often the other types were found.
    """

    detector: str
    texts: int
    characters: int
    seconds: float
    everything: Scores
    labelled: Scores
    types: Mapping[str, Counts] = field(hash=False)
    languages: Mapping[str, Scores] = field(hash=False)
    domains: Mapping[str, Scores] = field(hash=False)
    sources: Mapping[str, Scores] = field(hash=False)
    others: Mapping[str, int] = field(hash=False)
    confusion: Mapping[tuple[str, str], int] = field(hash=False)
    misses: tuple[Miss, ...]


def labels_of(texts: Iterable[LabelledText]) -> Used:
    """Return which labels the texts have."""
    counts = Counter(span.label for text in texts for span in text.spans)
    kinds: dict[str, dict[str, int]] = defaultdict(dict)
    for label, times in counts.most_common():
        sort = (
            "known" if labels.meaning(label) else "may_be" if labels.may_be(label)
            else "is_not" if labels.is_not(label) else "unknown"
        )  # fmt: skip
        kinds[sort][label] = times
    return Used(known=kinds["known"], may_be=kinds["may_be"], is_not=kinds["is_not"], unknown=kinds["unknown"])


def gold_of(text: LabelledText) -> tuple[Gold, ...]:
    """Return the gold spans of a text. What has an unknown label need not be found: nobody can say as what."""
    gold = []
    for span in text.spans:
        meant = labels.meaning(span.label)
        if meant is not None or not labels.is_not(span.label):
            gold.append(
                Gold(
                    start=span.start,
                    end=span.end,
                    type=meant.name if meant else span.label,
                    types=meant.types if meant else frozenset(),
                    is_required=span.is_required and meant is not None,
                )
            )
    return tuple(gold)


def try_out(
    texts: Sequence[LabelledText],
    detectors: Mapping[str, Detects],
    *,
    on_text: Callable[[str], None] = lambda _: None,
) -> tuple[Report, ...]:
    """Return a report for each detector, given by name. Raises DetectionFailed.

    They take turns batch by batch, so that a busy machine is busy for all of them.
    """
    found: dict[str, list[tuple[Span, ...]]] = {name: [] for name in detectors}
    seconds = dict.fromkeys(detectors, 0.0)
    for detector in detectors.values():
        detector.detect("Loaded before the clock runs.")
    for first in range(0, len(texts), BATCH):
        batch = [text.text for text in texts[first : first + BATCH]]
        for name, detector in detectors.items():
            began = time.perf_counter()
            found[name] += _detect_each(detector, batch)
            seconds[name] += time.perf_counter() - began
        for text in texts[first : first + BATCH]:
            on_text(text.where)
    gold = [gold_of(text) for text in texts]
    return tuple(
        report(
            name,
            texts,
            [
                Judged(where=text.where, text=text.text, gold=labelled, found=spans)
                for text, labelled, spans in zip(texts, gold, found[name], strict=True)
            ],
            seconds[name],
        )
        for name in detectors
    )


def report(detector: str, texts: Sequence[LabelledText], judged: Sequence[Judged], seconds: float) -> Report:
    """Return the report on what one detector found."""
    wanted = frozenset().union(*(gold.types for one in judged for gold in one.required))
    narrowed = [_only(one, wanted) for one in judged]
    strangers = Counter(span.type for one in judged for span in one.found if span.type not in wanted)

    def each(attribute: str) -> Mapping[str, Scores]:
        parts: dict[str, list[Judged]] = defaultdict(list)
        for text, one in zip(texts, narrowed, strict=True):
            parts[getattr(text, attribute)].append(one)
        return {name: score(parts[name]) for name in sorted(parts)} if set(parts) - {""} else {}

    return Report(
        detector=detector,
        texts=len(texts),
        characters=sum(len(text.text) for text in texts),
        seconds=seconds,
        everything=score(judged),
        labelled=score(narrowed),
        types=by_type(judged),
        languages=each("language"),
        domains=each("domain"),
        sources=each("source"),
        others=dict(strangers.most_common()),
        confusion=confusion(judged),
        misses=worst_misses(judged),
    )


def _only(one: Judged, wanted: frozenset[str]) -> Judged:
    found = tuple(span for span in one.found if span.type in wanted)
    return Judged(where=one.where, text=one.text, gold=one.gold, found=found)


def _detect_each(detector: Detects, texts: Sequence[str]) -> Sequence[tuple[Span, ...]]:
    each: Callable[[Sequence[str]], Sequence[tuple[Span, ...]]] | None = getattr(detector, "detect_each", None)
    return each(texts) if each else [detector.detect(text) for text in texts]
