"""Read ready passages: a BEIR `corpus.jsonl` with one object per line, `_id`, `title` and `text`.

A passage is stored as it is, not cut further, and search results name it by its `_id`. A bad line is reported by its
number and left out; the others go in.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from compliance_bot.ingest.assemble import clean, one_line
from compliance_bot.records import Rejected

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import BinaryIO

LONGEST_LINE = 4_000_000  # bytes; the longest passages of public corpora have some hundred thousand
_LONGEST_REF = 500  # characters
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadyPassage:
    """A passage that somebody else cut. `ref` is its `_id`, verbatim; title and text are clean."""

    ref: str
    title: str
    text: str


def is_corpus(name: str, head: bytes) -> bool:
    """Tell whether a file, by its name and first bytes (4 KB do), is a corpus: its queries have no titles."""
    if not name.lower().endswith(".jsonl"):
        return False
    line = next((line for line in head.removeprefix(_BOM).splitlines() if line.strip()), b"").strip()
    return line.startswith(b"{") and b'"_id"' in line and (b'"title"' in line or name.lower().endswith("corpus.jsonl"))


def lines(file: BinaryIO) -> Iterator[bytes]:
    """Yield the lines of a file; of one that is too long only as much as shows that it is."""
    while line := file.readline(LONGEST_LINE + 1):
        yield line
        while len(line) > LONGEST_LINE and not line.endswith(b"\n"):
            line = file.readline(LONGEST_LINE + 1)


def read_passages(lines: Iterable[bytes]) -> Iterator[ReadyPassage | Rejected]:
    """Yield a passage, or what was wrong, for each line that is not blank. Reasons never quote the line."""
    seen: set[str] = set()
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        found = _passage(line.removeprefix(_BOM) if number == 1 else line)
        if isinstance(found, ReadyPassage) and found.ref in seen:
            found = "its _id was used by an earlier line"
        if isinstance(found, ReadyPassage):
            seen.add(found.ref)
            yield found
        else:
            yield Rejected(path=f"line {number}", reason=found)


def _passage(line: bytes) -> ReadyPassage | str:
    """Return the passage in a line, or why there is none."""
    if len(line) > LONGEST_LINE:
        return f"it is longer than {LONGEST_LINE} bytes"
    try:
        said = json.loads(line.decode("utf-8"))
    except (ValueError, RecursionError):
        return "it is not JSON in UTF-8"
    if not isinstance(said, dict):
        return "it is not a JSON object with _id, title and text"
    ref, title, text = said.get("_id"), said.get("title") or "", said.get("text")
    if isinstance(ref, int) and not isinstance(ref, bool):
        ref = str(ref)  # some corpora number their passages; judgements name them by the same digits
    if not isinstance(ref, str) or not ref or len(ref) > _LONGEST_REF or one_line(ref) != ref:
        return f"its _id is not a text of 1 to {_LONGEST_REF} plain characters"
    if not isinstance(title, str) or not isinstance(text, str):
        return "its title or text is not a text"
    text = clean(text).strip()
    if not any(character.isalnum() for character in text):
        return "it has no text"
    return ReadyPassage(ref=ref, title=one_line(title), text=text)
