"""Commit records of several threads in one transaction: those that come at the same moment.

For records that are a transaction of their own. Whoever writes for a group seals its records too: threads that seal
side by side take the interpreter from each other at each step. What records rest on is checked for all of a group at
once, and a group is committed as a whole or not at all. Whoever cannot be in one is told so, and commits alone, which
says what is wrong.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from compliance_bot.audit.group import GroupCommit
from compliance_bot.store.log import append_all

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from compliance_bot.records import ClassId, DocumentId, Principal
    from compliance_bot.store.connect import Database
    from compliance_bot.store.log import Actor, Ready

_MOST_ACTORS = 10_000


class NotTogether(Exception):
    """A group of records was not committed: one of them is not as expected, or two of them cannot both be."""


@dataclass(slots=True, kw_only=True)
class Shared:
    """A record, and what must still be so when it is committed: see `store.moves.require_standing`."""

    seal: Callable[[], Ready]
    read: Mapping[DocumentId, ClassId]
    erasures: int | None
    ready: Ready | None = None  # once it is sealed; without it nothing of it was sent to the database


class Together:
    """What the threads of one process commit together. Safe to share between them."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._group = GroupCommit(self._write)
        self._actors: OrderedDict[str, Actor] = OrderedDict()
        self._lock = threading.Lock()

    def actor(self, principal: Principal) -> Actor | None:
        """Return by what a principal appeared last; whether that still holds is seen when it is used."""
        with self._lock:
            return self._actors.get(principal.id)

    def remember(self, principal: Principal, actor: Actor) -> None:
        """Let the next records of a principal be committed with others; of very many those seen last."""
        with self._lock:
            self._actors[principal.id] = actor
            self._actors.move_to_end(principal.id)
            if len(self._actors) > _MOST_ACTORS:
                self._actors.popitem(last=False)

    def commit(self, shared: Shared) -> Exception | None:
        """Return None once the record is committed, else with what its group ended.

        Where that is LeaderInterrupted or StoreUnavailable it may be committed all the same; else it is not. Call it
        without a transaction of one's own that holds up answers: whoever the thread waits for may wait for that.
        """
        return self._group.add(shared)

    def _write(self, group: Sequence[Shared]) -> None:
        read, erasures = _all_read(group)
        if not append_all(self._database, _all_sealed(group), read=read, erasures=erasures):
            raise NotTogether


def _all_sealed(group: Sequence[Shared]) -> list[Ready]:
    """Return what is to be stored. Raises NotTogether where one of them cannot be sealed: alone, it is told why."""
    sealed = []
    for one in group:
        try:
            one.ready = one.seal()
        except Exception as error:
            raise NotTogether from error
        sealed.append(one.ready)
    return sealed


def _all_read(group: Sequence[Shared]) -> tuple[dict[DocumentId, ClassId], int | None]:
    """Return what must still be so for all. Raises NotTogether where that cannot be."""
    read: dict[DocumentId, ClassId] = {}
    for one in group:
        for document, class_id in one.read.items():
            if read.setdefault(document, class_id) != class_id:
                raise NotTogether
    erasures = {one.erasures for one in group if one.erasures is not None}
    if len(erasures) > 1:
        raise NotTogether
    return read, next(iter(erasures), None)
