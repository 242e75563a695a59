"""Runs of a detector over confirmed stretches of text, and what each counted in each of them.

Every query is kept within a scope, and so is every sum: what was counted in other classes is in none. Counts alone:
how long values are, and what they are, is not here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from compliance_bot.records import RecordId
from compliance_bot.redaction.scoring import Counts
from compliance_bot.store.queries import named_queries
from compliance_bot.store.within import given, within

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from compliance_bot.records import Scope
    from compliance_bot.store.connect import Transaction

_SQL = named_queries("measures")


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """What a detector found in a confirmed stretch, under a profile, by type. `labelled` tells other labels apart."""

    review: RecordId
    profile: str
    profile_sha256: str
    labelled: bytes
    types: Mapping[str, Counts] = field(hash=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What was counted in one stretch, by type, and the stretch's language."""

    review: RecordId
    language: str
    types: Mapping[str, Counts] = field(hash=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run of a detector over confirmed stretches, with the sums over those in scope."""

    record: RecordId
    at: datetime
    detector: str
    profiles: tuple[str, ...]
    reviews: int
    counts: Counts


def add_run(
    transaction: Transaction, scope: Scope, scores: Sequence[Score], *, record: RecordId, detector: str, at: datetime
) -> int:
    """Store what a detector counted, and return in how many stretches: those that are still confirmed and in scope."""
    values = {"tenant": transaction.tenant, "measure": record, "at": at, "detector": detector}
    transaction.connection.execute(_SQL["add_measure"], values)
    query = within(_SQL["add_score"], scope)
    return sum(
        transaction.connection.execute(query, given(scope, measure=record, **_columns(score))).rowcount
        for score in scores
    )


def history(transaction: Transaction, scope: Scope) -> tuple[Run, ...]:
    """Return the runs that counted something readable, the newest first."""
    rows = transaction.connection.execute(within(_SQL["history"], scope), given(scope))
    return tuple(
        Run(
            record=RecordId(str(record)),
            at=at,
            detector=detector,
            profiles=tuple(profiles),
            reviews=count,
            counts=_counts(*sums),
        )
        for record, at, detector, profiles, count, *sums in rows
    )


def counted(transaction: Transaction, scope: Scope, run: RecordId) -> tuple[Counted, ...]:
    """Return what a run counted in each readable stretch."""
    rows = transaction.connection.execute(within(_SQL["scores"], scope), given(scope, measure=run))
    return tuple(
        Counted(
            review=RecordId(str(review)),
            language=language,
            types={type_: _counts(*each) for type_, *each in zip(types, *columns, strict=True)},
        )
        for review, language, types, *columns in rows
    )


def run_before(transaction: Transaction, scope: Scope, run: RecordId) -> RecordId | None:
    """Return the last run before this one that can be compared with it; None where there is none.

    It looked at some of the same readable stretches, with the same labels, by another detector or profile.
    """
    row = transaction.connection.execute(within(_SQL["before"], scope), given(scope, measure=run)).fetchone()
    return RecordId(str(row[0])) if row else None


def comparable(transaction: Transaction, scope: Scope, run: RecordId, before: RecordId) -> frozenset[RecordId]:
    """Return the readable stretches by which two runs can be compared."""
    values = given(scope, measure=run, before=before)
    rows = transaction.connection.execute(within(_SQL["comparable"], scope), values)
    return frozenset(RecordId(str(review)) for (review,) in rows)


def _columns(score: Score) -> dict[str, Any]:
    types = sorted(score.types)
    each = [score.types[type_] for type_ in types]
    return {
        "review": score.review,
        "profile": score.profile,
        "profile_sha256": bytes.fromhex(score.profile_sha256),
        "labelled": score.labelled,
        "types": types,
        "labels": [one.gold for one in each],
        "strict": [one.strict for one in each],
        "covered": [one.covered for one in each],
        "found": [one.found for one in each],
        "correct": [one.right for one in each],
    }


def _counts(labels: int, strict: int, covered: int, found: int, correct: int) -> Counts:
    return Counts(gold=int(labels), strict=int(strict), covered=int(covered), found=int(found), right=int(correct))
