"""The items of an ingest run: files, and the ready passages of BEIR `corpus.jsonl` files.

A passage is an item of its own, known by its `_id` within the collection, wherever its file lies.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from compliance_bot.ingest.beir import ReadyPassage, is_corpus, lines, read_passages
from compliance_bot.ingest.sources import find_files
from compliance_bot.records import Rejected

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from compliance_bot.ingest.sources import SourceFile

_HEAD_BYTES = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One document to be: the bytes of a file, or a ready passage."""

    name: str  # as messages and attribute lists call it
    identity: str
    data: bytes
    passage: ReadyPassage | None = None


def gather(paths: Sequence[Path], *, base: Path | None, max_bytes: int) -> Iterator[Item | Rejected]:
    """Yield every item under the paths, or why there is none."""
    for found in find_files(paths, base=base):
        if isinstance(found, Rejected):
            yield found
        elif _is_corpus(found):
            yield from _passages(found)
        else:
            yield _file(found, max_bytes)


def names_of(paths: Sequence[Path], *, base: Path | None) -> frozenset[str]:
    """Return the names of everything that `gather` will yield: what a list of attributes may speak of."""
    names: set[str] = set()
    for found in find_files(paths, base=base):
        if isinstance(found, Rejected):
            continue
        names.add(found.name)
        if _is_corpus(found):
            names |= {item.name for item in _passages(found) if isinstance(item, Item)}
    return frozenset(names)


def count_items(paths: Sequence[Path], *, base: Path | None) -> int:
    """Return about how many items `gather` will yield, for a progress bar."""
    total = 0
    for found in find_files(paths, base=base):
        if isinstance(found, Rejected) or not _is_corpus(found):
            total += 1
        else:
            with found.path.open("rb") as file:
                total += sum(1 for _ in lines(file))
    return total


def _is_corpus(found: SourceFile) -> bool:
    try:
        with found.path.open("rb") as file:
            return is_corpus(found.path.name, file.read(_HEAD_BYTES))
    except OSError:
        return False


def _file(found: SourceFile, max_bytes: int) -> Item | Rejected:
    try:
        size = found.path.stat().st_size
        if size > max_bytes:
            return Rejected(path=found.name, reason=f"the file is too large: {size} bytes, at most {max_bytes}")
        with found.path.open("rb") as file:
            data = file.read(max_bytes + 1)
        if len(data) > max_bytes:  # it grew meanwhile
            return Rejected(path=found.name, reason=f"the file is too large: more than {max_bytes} bytes")
        return Item(name=found.name, identity=found.identity, data=data)
    except OSError as error:
        return Rejected(path=found.name, reason=f"the file cannot be read: {error.strerror}")


def _passages(found: SourceFile) -> Iterator[Item | Rejected]:
    try:
        with found.path.open("rb") as file:
            for passage in read_passages(lines(file)):
                if isinstance(passage, Rejected):
                    yield Rejected(path=f"{found.name} {passage.path}", reason=passage.reason)
                else:
                    data = f"{passage.title}\0{passage.text}".encode()
                    yield Item(name=passage.ref, identity=f"ref:{passage.ref}", data=data, passage=passage)
    except OSError as error:
        yield Rejected(path=found.name, reason=f"the file cannot be read: {error.strerror}")
