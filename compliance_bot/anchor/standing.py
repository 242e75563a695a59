"""The anchor of a home and how its database stands to it: at its end, behind it, or with another history.

A line is written last in the transaction of its act, before the commit: so the anchor is never behind its database. A
transaction that ends without a commit leaves a line that was not done; it is done at the next opening, as everything is
that the database lacks. Nothing takes a line back: a commit that failed looks like one whose reply was lost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from compliance_bot.anchor.acts import Activated, BegunAnew, format_act, parse_act
from compliance_bot.anchor.faults import AnchorFault, AnchorForeign, AnchorLost, DatabaseBehind
from compliance_bot.anchor.file import AnchorFile
from compliance_bot.anchor.line import chained
from compliance_bot.store.anchored import START, lock_anchor, move_position, position

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from pathlib import Path

    from compliance_bot.anchor.acts import Anchored
    from compliance_bot.anchor.line import Line
    from compliance_bot.keys import Keyring
    from compliance_bot.records import RecordId
    from compliance_bot.store.anchored import Position
    from compliance_bot.store.connect import Database, Transaction


class Anchor:
    """The anchor of one tenant's home."""

    def __init__(self, path: Path, keyring: Keyring, tenant: int) -> None:
        self.file = AnchorFile(path, keyring.derive(f"anchor/{tenant}"))
        self._seal_key = keyring.derive(f"anchor-names/{tenant}")

    def is_reached(self, database: Database) -> bool:
        """Return whether a database has done everything; False also where somebody is just about to commit.

        Costs a look at the file's last line and one row. Raises AnchorUnreadable and AnchorAltered.
        """
        last = self.file.last()
        with database.reading() as snapshot:
            return position(snapshot) == _position_of(last)

    def missing(self, transaction: Transaction) -> tuple[Line, ...]:
        """Return the lines that a database has still to do, and hold the anchor until the transaction ends.

        Raises AnchorLost, AnchorForeign, AnchorAltered and AnchorUnreadable.
        """
        lock_anchor(transaction)
        known = position(transaction)
        if known == _position_of(self.file.last()):
            return ()
        return after(known, self.file.lines())

    def left(self, transaction: Transaction) -> tuple[Line, ...]:
        """Return what a lost anchor still has that a database lacks, though lines between are lost.

        Empty where its lines cannot be trusted, or where it has none. The caller holds the anchor (`missing`).
        """
        known = position(transaction)
        try:
            lines = tuple(self.file.lines())
        except AnchorFault:
            return ()
        begins_behind = bool(lines) and lines[0].number > known.number + 1
        return lines if begins_behind else ()

    def act_of(self, line: Line) -> Anchored:
        """Return what a line says was done. Raises AnchorFromNewer."""
        return parse_act(line.kind, line.content, self._seal_key)

    def write(self, transaction: Transaction, act: Anchored, *, record: RecordId, at: datetime) -> None:
        """Write an act, durably, as the last step of its transaction, which knows of it from here on.

        Raises AnchorUnwritable, DatabaseBehind, AnchorLost, AnchorForeign and AnchorAltered.
        """
        lock_anchor(transaction)
        known = position(transaction)
        self._append(transaction, known, act, record=record, at=at)

    def begin_anew(self, transaction: Transaction, *, record: RecordId, at: datetime) -> None:
        """Set the file aside, where there is one, and begin another at the database's position.

        The caller holds the anchor (`missing`). Raises AnchorUnwritable.
        """
        self.file.set_aside(f"{self.file.path.name}.{at:%Y%m%dT%H%M%S%f}.set-aside")
        self._append(transaction, position(transaction), BegunAnew(), record=record, at=at, begins=True)

    def _append(
        self,
        transaction: Transaction,
        known: Position,
        act: Anchored,
        *,
        record: RecordId,
        at: datetime,
        begins: bool = False,
    ) -> None:
        kind, content = format_act(act, self._seal_key)

        def follow(last: Line | None) -> Line:
            if not (begins and last is None):
                _require_reached(known, last)
            return chained(known, at=at, record=record, kind=kind, content=content, key=self.file.key)

        move_position(transaction, self.file.append(follow).position)


class Unanchored:
    """Stands in for an anchor while somebody accepts that it is lost: until then there is nothing to write to."""

    def write(self, transaction: Transaction, act: Anchored, *, record: RecordId, at: datetime) -> None:
        """Write nothing."""


def after(known: Position, lines: Iterable[Line]) -> tuple[Line, ...]:
    """Return the lines that follow a position. Raises AnchorLost, AnchorForeign and AnchorAltered."""
    is_known = known == START
    missing: list[Line] = []
    for line in lines:
        if line.number <= known.number:
            if line.number == known.number and line.mac != known.mac:
                raise AnchorForeign
            is_known = is_known or line.number == known.number
        elif not missing and not line.follows(known):
            raise AnchorLost if line.number > known.number + 1 else AnchorForeign
        else:
            missing.append(line)
            is_known = True
    if not is_known:
        raise AnchorLost
    return tuple(missing)


def last_activated(anchor: Anchor) -> bytes | None:
    """Return the digest of the policy set that came into force last, None where no line says one."""
    digests = [act.digest for line in anchor.file.lines() if isinstance(act := anchor.act_of(line), Activated)]
    return digests[-1] if digests else None


def _require_reached(known: Position, last: Line | None) -> None:
    """Raise unless a database is at the end of its anchor."""
    end = _position_of(last)
    if end == known:
        return
    if end.number < known.number:
        raise AnchorLost
    raise DatabaseBehind if end.number > known.number else AnchorForeign


def _position_of(last: Line | None) -> Position:
    return last.position if last else START
