"""Scopes kept from one question to the next. A key says all that a scope depends on, so nothing here can be stale."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Hashable

    from compliance_bot.records import Scope

_MOST_SCOPES = 512
_MOST_CLASSES = 2_000_000  # over all scopes: some 80 MB


class KeptScopes:
    """The scopes used last, each with its bitmap. Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, tuple[Scope, bytes]] = OrderedDict()
        self._classes = 0

    def get(self, key: Hashable) -> tuple[Scope, bytes] | None:
        """Return what is kept under a key."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def keep(self, key: Hashable, scope: tuple[Scope, bytes]) -> None:
        """Keep a scope; those unused the longest make room for it. One that is larger than all the room is not kept."""
        if len(scope[0].classes) > _MOST_CLASSES:
            return
        with self._lock:
            self._classes += len(scope[0].classes) - self._size(self._kept.pop(key, None))
            self._kept[key] = scope
            while len(self._kept) > _MOST_SCOPES or self._classes > _MOST_CLASSES:
                _, dropped = self._kept.popitem(last=False)
                self._classes -= self._size(dropped)

    @staticmethod
    def _size(kept: Any) -> int:
        return len(kept[0].classes) if kept is not None else 0
