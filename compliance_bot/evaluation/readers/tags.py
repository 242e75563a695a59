"""Read tokens with tags, one a line (CoNLL 2002 and 2003, WNUT, IOB1, BIO, BILOU, BIOES), as texts with labels.

Tokens are joined with blanks, sentences of one document with line ends: the spacing of the original is lost in this
form, so that figures on it are a little worse than on the original.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from compliance_bot.evaluation.labelled import InvalidLabels, Labelled, labelled_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from compliance_bot.evaluation.labelled import LabelledText

_TAG = re.compile(r"O|(?P<place>[BIESLUM])-(?P<label>\S+)")
_BEGINS = {"B", "S", "U"}
_ENDS = {"E", "L", "S", "U"}
_DOCUMENT = "-DOCSTART-"
_SEEN = 2000  # rows by which the column of the tags is told

Row = tuple[int, str, str]  # line number, token, tag


def spans_of_tags(tokens: Sequence[str], tags: Sequence[str], blanks: Sequence[object]) -> tuple[str, list[Labelled]]:
    """Return the text of some tokens and its labels. `blanks` says after which tokens a blank follows."""
    parts: list[str] = []
    spans: list[Labelled] = []
    at, is_open = 0, False
    for token, tag, blank in zip(tokens, tags, blanks, strict=True):
        match = _TAG.fullmatch(tag)
        label = match["label"] if match else tag  # a tag without a place, `PER`, stands inside
        if not token or not label:
            is_open = is_open and not token
        else:
            place = match["place"] if match else "I"
            goes_on = is_open and spans[-1].label == label and place not in _BEGINS
            start = spans.pop().start if goes_on else at
            spans.append(Labelled(start=start, end=at + len(token), label=label))
            is_open = place not in _ENDS
        parts.append(f"{token} " if blank and token else token)
        at += len(parts[-1])
    return "".join(parts).rstrip(" "), spans


def is_tagged(text: str) -> bool:
    """Say whether the text has the form: rows of the same number of columns, one of which holds nothing but tags."""
    return _tag_column(_rows(text.split("\n")[:_SEEN])) is not None


def read_tags(name: str, text: str) -> Iterator[LabelledText]:
    """Yield the documents of a file, or its sentences where it does not part documents."""
    lines = text.split("\n")
    column = _tag_column(_rows(lines[:_SEEN]))
    if column is None:
        raise InvalidLabels(f"{name}: expected a token and a tag such as B-PERSON on each line")
    has_documents = any(line.startswith(_DOCUMENT) for line in lines)
    sentences: list[list[Row]] = [[]]
    for number, line in enumerate(lines, 1):
        cells = _cells(line)
        if line.startswith(_DOCUMENT) or (not cells and not has_documents):
            yield from _document(name, sentences)
            sentences = [[]]
        elif not cells:
            sentences.append([])
        elif len(cells) > column and _TAG.fullmatch(cells[column]):
            sentences[-1].append((number, cells[0 if column else 1], cells[column]))
        elif not line.startswith("#"):
            raise InvalidLabels(f"{name} line {number}: expected a token and, in column {column + 1}, a tag")
    yield from _document(name, sentences)


def _document(name: str, sentences: Iterable[Sequence[Row]]) -> Iterator[LabelledText]:
    texts: list[str] = []
    spans: list[Labelled] = []
    at = first = 0
    for rows in sentences:
        if not rows:
            continue
        first = first or rows[0][0]
        text, found = spans_of_tags([row[1] for row in rows], [row[2] for row in rows], [True] * len(rows))
        spans += (Labelled(start=at + one.start, end=at + one.end, label=one.label) for one in found)
        texts.append(text)
        at += len(text) + 1
    if texts:
        yield labelled_text(f"{name} line {first}", "\n".join(texts), spans=spans)


def _rows(lines: Iterable[str]) -> list[list[str]]:
    rows = [_cells(line) for line in lines if not line.startswith(_DOCUMENT)]
    return [row for row in rows if row and not (row[0].startswith("#") and not _TAG.fullmatch(row[-1]))]


def _cells(line: str) -> list[str]:
    line = line.rstrip("\r")
    if not line.strip(" \t"):
        return []
    return [cell.strip(" ") for cell in line.split("\t")] if "\t" in line else line.strip(" ").split(" ")


def _tag_column(rows: Sequence[Sequence[str]]) -> int | None:
    """Return the column of the tags, the last where several could be; None where there is none.

    A row may be torn: nine of ten must fit, and reading names the others.
    """
    if not rows:
        return None
    for column in (*reversed(range(1, max(map(len, rows)))), 0):
        fitting = sum(len(row) > max(column, 1) and bool(_TAG.fullmatch(row[column])) for row in rows)
        if fitting * 10 >= len(rows) * 9:
            return column
    return None
