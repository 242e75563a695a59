"""What single use needs: somewhere that remembers which tokens came before.

The database does (`store.seen`); an application with a store of its own can bring that instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime


class SeenBefore(Protocol):
    """A memory of tokens that all processes of an installation share."""

    def first_use(self, token: str, *, until: datetime) -> bool:
        """Return whether this is the first time, and remember it until then. Of two at once, one is the first."""
        ...
