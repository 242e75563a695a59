"""Tables of lines in which every value to be found stands between ⟦ and ⟧; a line without them must stay as it is."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

from compliance_bot.redaction.kinds import threshold_of
from compliance_bot.redaction.normalise import normalise
from compliance_bot.redaction.spans import Span, merge

if TYPE_CHECKING:
    from compliance_bot.redaction.patterns.scan import Scan


def lines(block: str) -> list[str]:
    """Return the lines of a table; a line break inside a value belongs to it."""
    return [line.strip() for line in re.split(r"\n(?![^⟦]*⟧)", block) if line.strip()]


def values(line: str) -> list[str]:
    return re.findall("⟦(.*?)⟧", line, re.DOTALL)


def found(scan: Scan, line: str) -> list[tuple[str, str]]:
    """Return what the scan finds, by type, at the types' own thresholds."""
    text = line.replace("⟦", "").replace("⟧", "")
    normal = normalise(text)
    spans = [
        Span(start=each.start, end=each.end, type=each.type, score=each.score)
        for each in scan.found(normal.text)
        if each.score >= threshold_of(each.type)
    ]
    sources = [(span.type, normal.source(span.start, span.end)) for span in merge(spans)]
    return [(kind, text[start:end]) for kind, (start, end) in sources]


def is_linear(scan: Scan, bomb: str) -> bool:
    """Say whether four times a text made of `bomb` takes about four times as long, not sixteen times."""
    short, long = (_seconds(scan, bomb * (size // len(bomb))) for size in (15_000, 60_000))
    return long < 9 * max(short, 0.01)


def _seconds(scan: Scan, text: str) -> float:
    """Return the processor time of the quickest of three passes: what else the machine does is no defect."""

    def once() -> float:
        started = time.process_time()
        list(scan.found(text))
        return time.process_time() - started

    return min(once() for _ in range(3))
