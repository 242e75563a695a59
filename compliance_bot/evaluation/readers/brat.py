"""Read brat's standoff form: a text in FILE.txt, its labels in FILE.ann (`T1<tab>Person 0 4<tab>Anna`).

Only text-bound rows (T…) count; a label in several pieces (`0 4;10 14`) becomes as many labels.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from compliance_bot.evaluation.labelled import InvalidLabels, Labelled, labelled_text

if TYPE_CHECKING:
    from compliance_bot.evaluation.labelled import LabelledText

_ROW = re.compile(r"T\d+\t(?P<label>\S+) (?P<places>\d+ \d+(?:;\d+ \d+)*)(?:\t.*)?")
_OTHER = "#RAEMN*"


def read_brat(name: str, annotations: str, text: str) -> LabelledText:
    """Return one text with its labels. `name` is that of the file of labels. Raises InvalidLabels."""
    spans: list[Labelled] = []
    for number, row in enumerate(annotations.split("\n"), 1):
        if not row.strip() or row[0] in _OTHER:
            continue
        match = _ROW.fullmatch(row.rstrip("\r"))
        if match is None:
            raise InvalidLabels(f"{name} line {number}: expected T1<tab>LABEL START END<tab>…")
        for place in match["places"].split(";"):
            start, end = map(int, place.split(" "))
            if not start < end <= len(text):
                raise InvalidLabels(f"{name} line {number}: a label does not lie in its text")
            spans.append(Labelled(start=start, end=end, label=match["label"]))
    return labelled_text(name, text, spans=spans)
