"""Moves of documents between access classes: moving them, which class they had when, and in which order answers see it.

A move rewrites what carries the class and computes no vector. Classes themselves never change: the history of a
document names the class it had, and that class still says which attributes it stood for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from compliance_bot.errors import Unavailable
from compliance_bot.records import ClassId, DocumentId
from compliance_bot.store import index
from compliance_bot.store.documents import as_uuid
from compliance_bot.store.queries import named_queries
from compliance_bot.store.scope import open_classes

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from compliance_bot.records import Scope
    from compliance_bot.store.connect import Transaction

_SQL = named_queries("moves")

# What follows a lock is a record and a commit, milliseconds; a client that was stopped would hold up everybody.
_SILENCE_MS = 10_000


class MovedMeanwhile(Unavailable):
    """A document was reclassified or deleted while this was at work."""

    hint = "Nothing was shown. Ask again."


def move_documents(transaction: Transaction, moves: Mapping[DocumentId, ClassId]) -> None:
    """Give each document, with every version, another class. The caller has locked the writers and opened all classes.

    Call `wait_for_answers` before the transaction ends.
    """
    by_class: dict[ClassId, list[DocumentId]] = {}
    for document, class_id in moves.items():
        by_class.setdefault(class_id, []).append(document)
    for to, moving in by_class.items():
        _move(transaction, moving, to)


def _move(transaction: Transaction, moving: Sequence[DocumentId], to: ClassId) -> None:
    values = {"tenant": transaction.tenant, "documents": list(moving), "to": to}
    versions = [str(version) for (version,) in transaction.connection.execute(_SQL["versions_of"], values)]
    index.reclassify(transaction, versions, to=to)
    for query in (
        "move_past_vectors",
        "move_past_chunks",
        "move_versions",
        "move_sources",
        "move_documents",
        "move_bindings",
        "move_revisions",
        "move_scores",
        "move_reviews",
    ):
        transaction.connection.execute(_SQL[query], values | {"versions": versions})


def documents_in(transaction: Transaction, scope: Scope, classes: Collection[ClassId]) -> dict[DocumentId, ClassId]:
    """Return the documents of those of these classes that are in scope, with their classes."""
    values = {"tenant": scope.tenant, "classes": sorted(set(classes) & set(scope.classes))}
    rows = transaction.connection.execute(_SQL["in_classes"], values)
    return {DocumentId(str(document)): ClassId(acl_id) for document, acl_id in rows}


def existing_documents(transaction: Transaction, among: Collection[DocumentId]) -> tuple[DocumentId, ...]:
    """Return those of these documents that are there, in open classes. For keeping house, never for showing."""
    values = {"tenant": transaction.tenant, "documents": [as_uuid(document) for document in among]}
    return tuple(DocumentId(str(id_)) for (id_,) in transaction.connection.execute(_SQL["existing"], values))


def class_at(transaction: Transaction, document: DocumentId, at: datetime) -> ClassId | None:
    """Return the class that a document had at a moment, also one that is deleted; None where it was not there.

    Only classes that are open in this transaction are seen: whoever explains the past opens them all, after deciding
    that the document may be spoken of.
    """
    values = {"tenant": transaction.tenant, "document": as_uuid(document), "at": at}
    row = transaction.connection.execute(_SQL["class_at"], values).fetchone()
    return ClassId(row[0]) if row else None


def wait_for_answers(transaction: Transaction) -> None:
    """Wait until no answer is about to be recorded, and hold up those that follow until this transaction has ended.

    Last before the record of a move or a deletion: it is held for the commit alone, however long the move took.
    """
    _wait(transaction, "answers_done")


def require_standing(transaction: Transaction, read: Mapping[DocumentId, ClassId], erasures: int | None = None) -> None:
    """Raise MovedMeanwhile unless each document still has the class as which it was read, and no value was erased since
    there had been so many `erasures`; then nothing moves them until this transaction has ended.

    So the order of commits is the order of events: an answer is recorded before a move, or it knows of it. Opens these
    classes.
    """
    if not read and erasures is None:
        return
    values = {"tenant": transaction.tenant, "documents": list(read), "document_classes": list(read.values())}
    # INVARIANT: the lock is a statement of its own: the next one sees every move that ended before it was had.
    _wait(transaction, "answer_at_work")
    open_classes(transaction, read.values())
    (count, erased) = transaction.connection.execute(_SQL["standing"], values).fetchone() or (0, -1)
    if count != len(read) or erasures not in (None, erased):
        raise MovedMeanwhile


def _wait(transaction: Transaction, lock: Literal["answers_done", "answer_at_work"]) -> None:
    transaction.connection.execute(_SQL["end_if_stalled"], {"silence_ms": str(_SILENCE_MS)})
    transaction.connection.execute(_SQL[lock], {"tenant": transaction.tenant})
