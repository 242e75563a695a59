"""Texts whose values stand between ⟦ and ⟧, and what a scan finds of them. All values are invented or published."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

from compliance_bot.redaction.kinds import threshold_of
from compliance_bot.redaction.spans import Span, merge

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from compliance_bot.redaction.patterns.scan import Found

    Scan = Callable[[str], Iterator[Found]]


def lines(block: str) -> list[str]:
    """Return the lines of a block; an end of a line inside a value belongs to it."""
    return [line.strip() for line in re.split(r"\n(?![^⟦]*⟧)", block) if line.strip()]


def rows(table: dict[str, str]) -> list[tuple[str, str]]:
    """Return (type, line) for each line of each block."""
    return [(kind, line) for kind, block in table.items() for line in lines(block)]


def found(scan: Scan, text: str) -> list[tuple[str, str]]:
    """Return (type, value) of what counts, made disjoint as a detector does."""
    spans = [
        Span(start=one.start, end=one.end, type=one.type, score=one.score)
        for one in scan(text)
        if one.score >= threshold_of(one.type)
    ]
    return [(span.type, text[span.start : span.end]) for span in merge(spans)]


def check(scan: Scan, kind: str, line: str) -> None:
    """Assert that the marked values of `line`, and nothing else, are found as `kind`."""
    values = re.findall("⟦(.*?)⟧", line, re.DOTALL)
    assert found(scan, line.replace("⟦", "").replace("⟧", "")) == [(kind, value) for value in values]


def seconds(scan: Scan, text: str) -> float:
    """Return the processor time of the quickest of three passes: what else the machine does is no defect."""

    def once() -> float:
        began = time.process_time()
        assert sum(1 for _ in scan(text)) >= 0
        return time.process_time() - began

    return min(once() for _ in range(3))
