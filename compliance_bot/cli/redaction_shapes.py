"""The JSON that `redact --json` and `evaluate redaction --json` print, as docs/reference/json.md describes it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from compliance_bot.redaction.lines import span_shape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from compliance_bot.evaluation.trial import Report, Used
    from compliance_bot.redaction.mask import Masked
    from compliance_bot.redaction.scoring import Counts, Scores
    from compliance_bot.redaction.shares import Measure

Shape = dict[str, Any]


def redacted_shape(masked: Masked) -> Shape:
    """`redact`: offsets are of the text that was given."""
    spans = [span_shape(span) for span in masked.spans]
    return {"text": masked.text, "spans": spans, "counts": dict(masked.counts)}


def redaction_shape(reports: Sequence[Report], used: Used, *, profile: str) -> Shape:
    """`evaluate redaction`: no value of a text, and of what was missed its outline."""
    return {
        "profile": profile,
        "texts": reports[0].texts,
        "characters": reports[0].characters,
        "labels": {name: dict(getattr(used, name)) for name in ("known", "may_be", "is_not", "unknown")},
        "detectors": [_report_shape(report) for report in reports],
    }


def _report_shape(report: Report) -> Shape:
    groups = {name: getattr(report, name) for name in ("languages", "domains", "sources")}
    return {
        "detector": report.detector,
        "seconds": round(report.seconds, 3),
        "characters_per_second": round(report.characters / report.seconds) if report.seconds else None,
        "everything": _scores_shape(report.everything, report.everything.counts),
        "labelled": _scores_shape(report.labelled, report.labelled.counts),
        "types": {name: _scores_shape(counts, counts) for name, counts in report.types.items()},
        **{name: {key: _scores_shape(one, one.counts) for key, one in group.items()} for name, group in groups.items()},
        "others": dict(report.others),
        "confusion": [
            {"labelled": labelled, "found": found, "count": count}
            for (labelled, found), count in report.confusion.items()
        ],
        "misses": [asdict(miss) for miss in report.misses],
    }


def _scores_shape(measured: Scores | Counts, counts: Counts) -> Shape:
    measures = {name: _measure_shape(measure) for name, measure in measured.measures.items()}
    return {"gold": counts.gold, "found": counts.found, "measures": measures}


def _measure_shape(measure: Measure) -> Shape:
    return {name: None if value is None else round(value, 4) for name, value in asdict(measure).items()}
