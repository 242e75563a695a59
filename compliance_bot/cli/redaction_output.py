"""What `evaluate redaction` prints for reading. No value of a text: of what was missed, the outline."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compliance_bot.cli.output import line
from compliance_bot.evaluation.mistakes import MISSED, SPURIOUS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from compliance_bot.evaluation.trial import Report, Used
    from compliance_bot.redaction.scoring import Counts, Scores
    from compliance_bot.redaction.shares import Measure

_WORDS = {
    "covering_recall": "recall, covered",
    "strict_recall": "recall, strict",
    "precision": "precision, strict",
    "character_recall": "recall of characters",
    "character_precision": "precision of characters",
    "token_recall": "recall of tokens",
    "token_precision": "precision of tokens",
    "token_f1": "F1 of tokens",
    "token_f2": "F2 of tokens",
}
_MOST = 15  # rows of a list


def report_lines(reports: Sequence[Report], used: Used, *, profile: str) -> Iterator[str]:
    """Yield the figures, detectors side by side, then what each got wrong."""
    yield f"{reports[0].texts} texts, {reports[0].characters} characters, profile {line(profile)}"
    yield from _label_lines(used)
    for report in reports:
        speed = report.characters / report.seconds if report.seconds else 0
        yield f"{report.detector}: {report.seconds:.2f} s, {speed:,.0f} characters a second"
    if len(reports) == 2 and all(report.seconds for report in reports):
        yield f"{reports[0].detector} is {reports[1].seconds / reports[0].seconds:.1f} times as fast"
    yield ""
    yield "Of the types that are labelled, with 95 % intervals; in brackets with all that was found besides."
    yield f"{'':<26}" + "".join(f"{report.detector:<34}" for report in reports).rstrip()
    for name, words in _WORDS.items():
        pairs = [(report.labelled.measures[name], report.everything.measures[name]) for report in reports]
        yield f"{words:<26}" + "".join(f"{_measure(*pair):<34}" for pair in pairs).rstrip()
    for report in reports:
        yield from _detail_lines(report)


def _label_lines(used: Used) -> Iterator[str]:
    for words, labels in (
        ("labels left out, which may be masked and need not be", used.may_be),
        ("labels of what is not personal data", used.is_not),
        ("labels that are UNKNOWN here and were left out", used.unknown),
    ):
        if labels:
            yield f"{words}: " + ", ".join(f"{line(label)} {count}" for label, count in labels.items())


def _detail_lines(report: Report) -> Iterator[str]:
    yield ""
    yield f"{report.detector}: by type"
    yield f"{'':<26}{'labelled':>9} {'covered':>8} {'strict':>7} {'found':>7} {'right':>7} {'characters right':>17}"
    for name, counts in report.types.items():
        yield _row(name, counts, _figure(counts.measures["character_precision"].value), name not in report.others)
    for words, group in (("language", report.languages), ("domain", report.domains), ("source", report.sources)):
        yield from _group_lines(words, group)
    wrong = {pair: count for pair, count in report.confusion.items() if pair[0] != pair[1]}
    if wrong:
        yield ""
        yield f"{report.detector}: what was taken for what"
        for (labelled, found), count in list(wrong.items())[:_MOST]:
            yield f"{count:>7}  {_pair(labelled, found)}"
    if report.misses:
        yield ""
        yield f"{report.detector}: what was missed most, by its outline, and where it is first"
        for miss in report.misses[:_MOST]:
            place = f"{line(miss.where)}, {miss.start} to {miss.end}"
            yield f"{miss.count:>7}  {line(miss.type):<22} {miss.shape:<40} {place}"


def _group_lines(words: str, group: Mapping[str, Scores]) -> Iterator[str]:
    if group:
        yield ""
        yield f"{'by ' + words:<26}{'labelled':>9} {'covered':>8} {'strict':>7} {'found':>7} {'right':>7} {'F2':>17}"
        for name, scores in group.items():
            yield _row(name or "not said", scores.counts, _figure(scores.measures["token_f2"].value))


def _row(name: str, counts: Counts, last: str, is_labelled: bool = True) -> str:
    covering, strict, right = (_figure(share.value) for share in counts.spans.values())
    judged = f"{right:>7} {last:>17}" if is_labelled else f"{'not labelled here':>25}"
    return f"{line(name):<26}{counts.gold:>9} {covering:>8} {strict:>7} {counts.found:>7} {judged}"


def _pair(labelled: str, found: str) -> str:
    if labelled == SPURIOUS:
        return f"{line(found)} found where nothing is labelled"
    return f"{line(labelled)} missed" if found == MISSED else f"{line(labelled)} found as {line(found)}"


def _measure(measure: Measure, besides: Measure) -> str:
    interval = "" if measure.low is None else f" {_figure(measure.low)}–{_figure(measure.high)}"
    more = "" if measure.value == besides.value else f" ({_figure(besides.value)})"
    return f"{_figure(measure.value)}{interval}{more}"


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
