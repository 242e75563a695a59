"""Personal data: how fast it is looked for beside stock Presidio, in turns on the same texts, and how much is found.

Texts are 2 KB of regulatory rules (ObliQA), which hold hardly any personal data, as most text does not. Recall is of
the public labelled sets; nothing was fitted to them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from compliance_bot.bundled import bundled
from compliance_bot.evaluation.readers import read_texts
from compliance_bot.evaluation.trial import try_out
from compliance_bot.redaction.detect import Detector
from compliance_bot.redaction.detect.unmodified import StockPresidio
from compliance_bot.redaction.stream import StreamRedactor
from compliance_bot.redactor import load_detector
from compliance_bot.settings import PREFIX
from tests.benchmarks.datasets import obliqa
from tests.benchmarks.measure import ROOT, clock, middle

if TYPE_CHECKING:
    from collections.abc import Sequence

    from compliance_bot.evaluation.trial import Report
    from compliance_bot.redaction.spans import Detects
    from tests.benchmarks.homes import Setup

SIZE = 2048  # characters of a text
TEXTS = 240
TURN = 8  # texts that each looks through before it is the next one's turn
LINES = 1000
TOKEN = 4  # characters of what a model sends at once
SETS = {
    "presidio-research": "pii/presidio_synth_v2.json",
    "ambientmeta": "pii/ambientmeta_standard.jsonl",
}


def run(setup: Setup) -> dict[str, Any]:
    """Return times in milliseconds, ratios, and what was found in the labelled sets."""
    texts = _texts(setup.data, min(setup.limit or TEXTS, TEXTS))
    everything = load_detector()
    detectors: dict[str, Detects] = {"stock": StockPresidio(), "patterns": Detector.load()}
    if everything.tagger is not None:
        detectors["with_model"] = everything
    return {
        "texts": len(texts),
        "speed": _speed(texts, detectors),
        "stream": _stream(texts, everything),
        "lines": _lines(texts, min(setup.limit or LINES, LINES)),
        "found": _found(setup, everything),
    }


def _texts(data: Path, count: int) -> list[str]:
    with tempfile.TemporaryDirectory() as scratch:
        rows = (obliqa(data, Path(scratch)) / "corpus.jsonl").read_text(encoding="utf-8").splitlines()
    whole = "\n\n".join(json.loads(row)["text"] for row in rows)
    step = max(SIZE, len(whole) // count)  # from all over the corpus
    return [whole[at : at + SIZE] for at in range(0, len(whole), step)][:count]


def _speed(texts: Sequence[str], detectors: dict[str, Detects]) -> dict[str, Any]:
    """Return for each the median milliseconds of a text, and the median over turns of how stock's time compares."""
    for detector in detectors.values():
        detector.detect(texts[0])
    turns: dict[str, list[float]] = {name: [] for name in detectors}
    for first in range(0, len(texts), TURN):
        taken = texts[first : first + TURN]
        for name, detector in detectors.items():
            each = getattr(detector, "detect_each", None)
            with clock() as seconds:
                each(taken) if each else [detector.detect(text) for text in taken]
            turns[name].append(seconds() / len(taken))
    return {
        name: {
            "ms": round(median(ours) * 1000, 3),
            "stock_over_this": round(median(s / o for s, o in zip(turns["stock"], ours, strict=True)), 2),
        }
        for name, ours in turns.items()
    }


def _stream(texts: Sequence[str], detector: Detector) -> dict[str, float]:
    """Return microseconds for each token of a stream, and for as much text looked through at once."""
    spent = [0.0, 0.0]
    tokens = 0
    for text in texts[:40]:
        pieces = [text[at : at + TOKEN] for at in range(0, len(text), TOKEN)]
        tokens += len(pieces)
        began = time.perf_counter()
        redactor = StreamRedactor(detector)
        for piece in pieces:
            redactor.feed(piece)
        redactor.finish()
        middle_ = time.perf_counter()
        detector.detect(text)
        spent = [spent[0] + middle_ - began, spent[1] + time.perf_counter() - middle_]
    streamed, at_once = (round(seconds / tokens * 1e6, 2) for seconds in spent)
    return {"token_us": streamed, "at_once_us": at_once}


def _lines(texts: Sequence[str], count: int) -> dict[str, Any]:
    """Return the seconds of `redact --lines`, from the start of the command on, by number of processes."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(PREFIX)}
    rows = "".join(json.dumps({"id": n, "text": texts[n % len(texts)]}) + "\n" for n in range(count))

    def call(workers: int) -> None:
        command = [sys.executable, "-m", "compliance_bot.cli", "redact", "--lines", "--workers", str(workers)]
        subprocess.run(command, cwd=ROOT, env=environment, input=rows.encode(), stdout=subprocess.DEVNULL, check=True)

    return {
        "lines": count,
        "seconds": {str(workers): round(middle(lambda w=workers: call(w), 3), 2) for workers in (1, 2)},
    }


def _found(setup: Setup, detector: Detector) -> dict[str, Any]:
    paths = {name: setup.data / path for name, path in SETS.items()} | {"samples": bundled("samples") / "redaction"}
    figures = {}
    for name, path in paths.items():
        reports = try_out(read_texts(path, limit=setup.limit), {"ours": detector, "stock": StockPresidio()})
        figures[name] = {report.detector: _figures(report) for report in reports} | {"texts": reports[0].texts}
    return figures


def _figures(report: Report) -> dict[str, float | None]:
    wanted = ("covering_recall", "strict_recall", "character_precision", "token_f2")
    values = {name: report.labelled.measures[name].value for name in wanted}
    return {name: None if value is None else round(value, 4) for name, value in values.items()}
