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
    from collections.abc import Collection, Iterator, Sequence
    from pathlib import Path

    from compliance_bot.ingest.loaded import Loaded
    from compliance_bot.ingest.sources import SourceFile

_HEAD_BYTES = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One document to be: the bytes of a file, a ready passage, or what a LangChain loader made."""

    name: str  # as messages and attribute lists call it
    identity: str
    data: bytes
    passage: ReadyPassage | None = None
    corpus: str | None = None  # the name of the file that a passage stands in
    loaded: Loaded | None = None
    within: tuple[str, ...] = ()  # identities of the path that was named and of the files that contain it


def gather(
    paths: Sequence[Path], *, base: Path | None, max_bytes: int, only: Collection[Path] | None = None
) -> Iterator[Item | Rejected]:
    """Yield every item under the paths, or why there is none; with `only`, those of these resolved paths alone."""
    for found in find_files(paths, base=base):
        if isinstance(found, Rejected):
            yield found
        elif not is_among(found.path, only):
            continue
        elif _is_corpus(found):
            yield from _passages(found)
        else:
            yield _file(found, max_bytes)


def is_among(path: Path, only: Collection[Path] | None) -> bool:
    """Return whether a file is one of these resolved paths or lies under one; None means all."""
    if only is None:
        return True
    resolved = path.resolve()
    return resolved in only or any(parent in only for parent in resolved.parents)


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
        return Item(name=found.name, identity=found.identity, data=data, within=(found.root,))
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
                    yield Item(
                        name=passage.ref,
                        identity=f"ref:{passage.ref}",
                        data=data,
                        passage=passage,
                        corpus=found.name,
                        within=(found.root, found.identity),
                    )
    except OSError as error:
        yield Rejected(path=found.name, reason=f"the file cannot be read: {error.strerror}")
