"""A home with the pieces in it, stored as documents are, without words: for the search by vectors alone."""

from __future__ import annotations

import hashlib
import uuid
from collections import defaultdict
from typing import TYPE_CHECKING

from compliance_bot.store.documents import VersionDraft, lock_writers, store_versions
from compliance_bot.store.index import IndexedChunk, require_model
from compliance_bot.store.scope import class_of, open_classes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compliance_bot.records import ClassId
    from compliance_bot.store.connect import Database
    from tests.benchmarks.pieces import Pieces

_PER_DOCUMENT = 50
_DOCUMENTS_AT_ONCE = 40


def fill(database: Database, pieces: Pieces) -> None:
    """Store the pieces; the marks of each are the attributes of its class."""
    by_marks: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for n, marks in enumerate(zip(*(of.tolist() for of in pieces.marks.values()), strict=True)):
        by_marks[marks].append(n)
    waiting: list[VersionDraft] = []
    with database.writing() as transaction:
        classes = {marks: class_of(transaction, _attributes(pieces, marks)) for marks in by_marks}
    for marks, numbers in by_marks.items():
        for at in range(0, len(numbers), _PER_DOCUMENT):
            waiting.append(_draft(pieces, numbers[at : at + _PER_DOCUMENT], classes[marks]))
            if len(waiting) == _DOCUMENTS_AT_ONCE:
                _store(database, waiting, pieces.vectors.shape[1])
                waiting.clear()
    _store(database, waiting, pieces.vectors.shape[1])


def _attributes(pieces: Pieces, marks: tuple[int, ...]) -> dict[str, str | int]:
    return {"collection": "bench", **dict(zip(pieces.marks, marks, strict=True))}


def _draft(pieces: Pieces, numbers: list[int], class_id: ClassId) -> VersionDraft:
    chunks = tuple(_chunks(pieces, numbers))
    name = f"{numbers[0]}".encode()
    return VersionDraft(
        source=name,
        content=name,
        class_id=class_id,
        title="",
        ref=None,
        text="\n".join(chunk.text for chunk in chunks),
        page_starts=(),
        chunks=chunks,
    )


def _chunks(pieces: Pieces, numbers: list[int]) -> Iterator[IndexedChunk]:
    start = 0
    for n in numbers:
        text = pieces.texts[n]
        yield IndexedChunk(
            text=text,
            start=start,
            end=start + len(text),
            page=None,
            heading="",
            leads=(),
            context=text,
            terms={},
            vector=pieces.vectors[n],
        )
        start += len(text) + 1


def _store(database: Database, drafts: list[VersionDraft], dim: int) -> None:
    if not drafts:
        return
    with database.writing() as transaction:
        lock_writers(transaction)
        open_classes(transaction, {draft.class_id for draft in drafts})
        digest = hashlib.sha256(b"pieces").hexdigest()
        model = require_model(transaction, hash=digest, name="pieces", dim=dim)
        store_versions(transaction, drafts, model_id=model, actor=uuid.UUID(int=1))
