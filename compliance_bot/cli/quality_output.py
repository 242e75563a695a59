"""What the commands of the quality ledger print: JSON shapes, and lines for reading."""

from __future__ import annotations

import textwrap
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from compliance_bot.cli.output import line, printable
from compliance_bot.cli.shapes import instant

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from compliance_bot.chains.confirming import Confirmed
    from compliance_bot.chains.ledger import Drift, Quality
    from compliance_bot.chains.measuring import Measured
    from compliance_bot.chains.sampling import Sample, ToReview
    from compliance_bot.redaction.quality import Change
    from compliance_bot.redaction.scoring import Counts
    from compliance_bot.redaction.shares import Measure, Share
    from compliance_bot.store.measures import Run

Shape = dict[str, Any]

_WORDS = {"covering_recall": "recall, covered", "strict_recall": "recall, strict", "precision": "precision"}
_NOTHING = """\
Nothing is confirmed yet in what you may read, so nothing is known of how well redaction does there.
Begin with `compliance-bot privacy sample`, confirm what is masked rightly with `privacy confirm`, and run
`privacy measure`."""


def sample_shape(drawn: Sample) -> Shape:
    """Return `privacy sample`; `masked` counts in the passage."""
    return {
        "seed": drawn.seed,
        "passages": [
            {
                "document": one.document,
                "title": one.title,
                "version": one.version,
                "start": one.start,
                "end": one.end,
                "text": one.text,
                "masked": [asdict(span) for span in one.masked],
            }
            for one in drawn.passages
        ],
    }


def sample_lines(drawn: Sample) -> Iterator[str]:
    """Yield passages for reading, with what is masked in brackets behind its type."""
    if not drawn.passages:
        yield "There is no passage that nobody has reviewed and in which you may see every value."
    for one in drawn.passages:
        yield f"{one.document} {one.start}:{one.end}  {line(one.title)}, version {one.version}"
        yield textwrap.indent(printable(_bracketed(one)), "    ")
        yield ""


def confirmed_shape(done: Confirmed) -> Shape:
    """Return `privacy confirm`."""
    return asdict(done)


def confirmed_line(done: Confirmed) -> str:
    """Return a confirmation as one line."""
    word = "confirmed" if done.is_new else "was confirmed before"
    return (
        f"{word}: {done.document} {done.start}:{done.end}, version {done.version}, {done.labels} labels, "
        f"language {done.language}"
    )


def measured_shape(done: Measured) -> Shape:
    """Return `privacy measure`."""
    return {**asdict(done), "at": instant(done.at)}


def measured_lines(done: Measured) -> Iterator[str]:
    """Yield what came of a run."""
    yield f"{done.stretches} stretches with {done.labels} labels, of which {done.covered} are covered"
    if done.unseen:
        yield f"{done.unseen} stretches were left out: in their version stands what you may not see"
    if done.failed:
        yield f"{done.failed} stretches were left out: the detector could not tell"
    yield f"record {done.record}; `compliance-bot privacy quality` shows the figures"


def quality_shape(ledger: Quality) -> Shape:
    """Return `privacy quality`."""
    return {
        "confirmed": ledger.confirmed,
        "unmeasured": ledger.unmeasured,
        "figures": [
            {"type": one.type or None, "language": one.language or None, **_figures_shape(one.counts)}
            for one in ledger.figures
        ],
        "unlabelled": list(ledger.unlabelled),
        "drift": _drift_shape(ledger.drift) if ledger.drift else None,
        "history": [
            {**_run_shape(one), "stretches": one.reviews, **_figures_shape(one.counts)} for one in ledger.history
        ],
    }


def quality_lines(ledger: Quality) -> Iterator[str]:
    """Yield the ledger for reading."""
    if not ledger.confirmed:
        yield _NOTHING
        return
    yield f"{ledger.confirmed} stretches are confirmed, {ledger.unmeasured} of them not in the last measure"
    if not ledger.history:
        yield "Nothing is measured yet: `compliance-bot privacy measure` does."
        return
    yield f"measured {_told(ledger.history[0])}; with 95 % intervals"
    yield ""
    yield f"{'':<26}{'language':<10}{'labels':>7}  {'recall, covered':<22}{'recall, strict':<22}{'found':>6}  precision"
    for one in ledger.figures:
        figures = {name: _measure(share.measure()) for name, share in one.counts.spans.items()}
        yield (
            f"{line(one.type) or 'all types':<26}{one.language or 'all':<10}{one.counts.gold:>7}  "
            f"{figures['covering_recall']:<22}{figures['strict_recall']:<22}{one.counts.found:>6}  "
            f"{figures['precision']}"
        )
    if ledger.unlabelled:
        yield f"without a label, so nothing is known of them: {', '.join(map(line, ledger.unlabelled))}"
    yield ""
    yield from _drift_lines(ledger.drift)
    yield ""
    for run in ledger.history:
        figures = {_WORDS[name]: _figure(share.value) for name, share in run.counts.spans.items()}
        told = ", ".join(f"{words} {value}" for words, value in figures.items())
        yield f"{_told(run)}: {run.reviews} stretches, {run.counts.gold} labels, {told}"


def _drift_lines(drift: Drift | None) -> Iterator[str]:
    if drift is None:
        yield "There is no earlier measure by another detector or profile to compare with."
        return
    worse = sorted({one.type or "all types" for one in drift.worse})
    told = f"WORSE: {', '.join(map(line, worse))}" if worse else "nothing got worse by more than chance explains"
    yield f"{told}; compared on the same {drift.stretches} stretches with {_told(drift)}"
    yield from (f"  {_change(one)}" for one in drift.changes if one.by.value)


def _change(one: Change) -> str:
    by = one.by
    verdict = "WORSE" if one.is_worse else "better" if by.low is not None and by.low > 0 else "may be chance"
    return (
        f"{line(one.type) or 'all types'}, {_WORDS[one.figure]}: {_share(one.before)}, now {_share(one.after)} "
        f"({by.value:+.3f}, {by.low:+.3f} to {by.high:+.3f}): {verdict}"
    )


def _told(run: Run | Drift) -> str:
    return f"{run.at:%Y-%m-%d %H:%M} UTC, detector {run.detector[:12]} under {', '.join(map(line, run.profiles))}"


def _bracketed(one: ToReview) -> str:
    parts: list[str] = []
    done = 0
    for span in one.masked:
        parts += (one.text[done : span.start], f"[{span.type}: {one.text[span.start : span.end]}]")
        done = span.end
    return "".join((*parts, one.text[done:]))


def _drift_shape(drift: Drift) -> Shape:
    return {
        "record": drift.since,
        "at": instant(drift.at),
        "detector": drift.detector,
        "profiles": list(drift.profiles),
        "stretches": drift.stretches,
        "changes": [
            {
                "type": one.type or None,
                "figure": one.figure,
                "before": asdict(one.before),
                "after": asdict(one.after),
                "by": _measure_shape(one.by),
                "worse": one.is_worse,
            }
            for one in drift.changes
        ],
    }


def _run_shape(run: Run) -> Shape:
    return {"record": run.record, "at": instant(run.at), "detector": run.detector, "profiles": list(run.profiles)}


def _figures_shape(counts: Counts) -> Shape:
    measures: Mapping[str, Share] = counts.spans
    return {
        "labels": counts.gold,
        "found": counts.found,
        "measures": {name: _measure_shape(share.measure()) for name, share in measures.items()},
    }


def _measure_shape(measure: Measure) -> Shape:
    return {name: None if value is None else round(value, 4) for name, value in asdict(measure).items()}


def _measure(measure: Measure) -> str:
    if measure.value is None:
        return "-"
    return f"{_figure(measure.value)} {_figure(measure.low)}–{_figure(measure.high)}"


def _share(share: Share) -> str:
    return f"{share.hits} of {share.of}"


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
