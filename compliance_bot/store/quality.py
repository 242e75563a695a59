"""Stretches of text in which somebody confirmed that what is masked is right, and passages where nobody has yet.

No labels: these are what the vault binds in a stretch. What detectors found there is in `measures`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from compliance_bot.records import ClassId, DocumentId, RecordId, VersionId
from compliance_bot.store.queries import named_queries
from compliance_bot.store.within import given, within

if TYPE_CHECKING:
    import uuid
    from collections.abc import Callable, Collection, Iterable
    from datetime import datetime

    from compliance_bot.records import Scope
    from compliance_bot.store.connect import Transaction

_SQL = named_queries("quality")

Seen = tuple["ClassId", str]  # a type whose values may be seen in a class


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnPassage:
    """A passage to be reviewed, as it is stored."""

    document: DocumentId
    version: VersionId
    number: int
    title: str
    class_id: ClassId
    start: int
    text: str

    @property
    def end(self) -> int:
        """Where it ends in its version."""
        return self.start + len(self.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """A stretch of a version in which somebody confirmed that what is masked is right, and all of it."""

    record: RecordId  # of the confirmation
    version: VersionId
    document: DocumentId
    class_id: ClassId
    start: int
    end: int
    language: str


def passages(
    transaction: Transaction,
    scope: Scope,
    seen: Collection[Seen],
    *,
    seed: int,
    limit: int,
    after: int,
    collection: str | None,
) -> tuple[DrawnPassage, ...]:
    """Return current passages that nobody has reviewed and that hold only types that may be `seen`, drawn by a seed."""
    among = sorted(seen)
    values = given(
        scope,
        seen_classes=[class_id for class_id, _ in among],
        seen_types=[type_ for _, type_ in among],
        seed=seed,
        limit=limit,
        after=after,
        collection=collection,
    )
    rows = transaction.connection.execute(within(_SQL["passages"], scope), values)
    return tuple(
        DrawnPassage(
            document=DocumentId(str(document)),
            version=VersionId(str(version)),
            number=number,
            title=title,
            class_id=ClassId(class_id),
            start=start,
            text=text,
        )
        for document, version, number, title, class_id, start, text in rows
    )


def standing_types(transaction: Transaction, scope: Scope) -> frozenset[Seen]:
    """Return which types the values in readable documents have, by class."""
    rows = transaction.connection.execute(within(_SQL["standing_types"], scope), given(scope))
    return frozenset((ClassId(class_id), type_) for class_id, type_ in rows)


def reviews(transaction: Transaction, scope: Scope) -> tuple[Review, ...]:
    """Return what was confirmed in readable versions: version by version, in reading order."""
    return _reviews(transaction.connection.execute(within(_SQL["reviews"], scope), given(scope)))


def reviews_of(transaction: Transaction, version: VersionId) -> tuple[Review, ...]:
    """Return what was confirmed in a version whose class is open, in reading order."""
    values = {"tenant": transaction.tenant, "version": version}
    return _reviews(transaction.connection.execute(_SQL["reviews_of"], values))


def _reviews(rows: Iterable[tuple[Any, ...]]) -> tuple[Review, ...]:
    return tuple(
        Review(
            record=RecordId(str(record)),
            version=VersionId(str(version)),
            document=DocumentId(str(document)),
            class_id=ClassId(class_id),
            start=start,
            end=end,
            language=language,
        )
        for record, version, document, class_id, start, end, language in rows
    )


def add_review(transaction: Transaction, review: Review, *, actor: uuid.UUID, at: datetime) -> None:
    """Store a confirmation. The caller has locked the writers, and seen that no other one overlaps with it."""
    values = {
        "tenant": transaction.tenant,
        "record": review.record,
        "version": review.version,
        "document": review.document,
        "class_id": review.class_id,
        "start": review.start,
        "end": review.end,
        "language": review.language,
        "actor": actor,
        "at": at,
    }
    transaction.connection.execute(_SQL["add_review"], values)


def set_language(transaction: Transaction, review: RecordId, language: str) -> None:
    """Let what was confirmed be in another language."""
    values = {"tenant": transaction.tenant, "review": review, "language": language}
    transaction.connection.execute(_SQL["set_language"], values)


def shift_reviews(transaction: Transaction, version: VersionId, new_place: Callable[[int], int]) -> None:
    """Let what was confirmed in a version stand where it is now, after its text was changed.

    `new_place` gives for each place of the old text the one in the new; for a place inside what was replaced, where
    that begins: so no border comes to lie inside a placeholder. A stretch of which nothing is left is forgotten. The
    caller has locked the writers and opened the version's class.
    """
    moved = [(one, new_place(one.start), new_place(one.end)) for one in reviews_of(transaction, version)]
    values: dict[str, Any] = {
        "tenant": transaction.tenant,
        "reviews": [one.record for one, start, end in moved if start < end],
        "starts": [start for _, start, end in moved if start < end],
        "ends": [end for _, start, end in moved if start < end],
    }
    transaction.connection.execute(_SQL["shift"], values)
    gone = [one.record for one, start, end in moved if start >= end]
    transaction.connection.execute(_SQL["drop"], {"tenant": transaction.tenant, "reviews": gone})


def text_of(transaction: Transaction, scope: Scope, version: VersionId) -> tuple[str, str] | None:
    """Return title and text of a readable version, as they are stored; None for one that is gone."""
    row = transaction.connection.execute(within(_SQL["text"], scope), given(scope, version=version)).fetchone()
    return (row[0], row[1]) if row else None
