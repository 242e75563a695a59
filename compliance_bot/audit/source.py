"""A log, or a part of it, as something that can be read: what is exported, and what is verified.

An export is one, a live log another. A verifier believes nothing that a source returns. It raises FileMissing for what
it should have and has not, and BundleMalformed for what is not in the form that this program writes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from compliance_bot.audit.bundle.manifest import Content
from compliance_bot.audit.bundle.selection import EVERYTHING, Selection

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from compliance_bot.audit.bundle.line import Line
    from compliance_bot.audit.tiles import Tile


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """What a source says that it shows."""

    first: int  # index of the first leaf
    end: int  # the index behind its last
    selection: Selection = EVERYTHING
    content: Content = Content.NONE

    @property
    def is_whole(self) -> bool:
        """Whether every record of the range is shown."""
        return self.selection.is_everything


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """A change of the signing key: the note that both keys signed, and the line of the record that tells it."""

    size: int
    note: bytes
    line: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Timestamp:
    """What a time stamping authority answered for the checkpoint (RFC 3161), not verified."""

    witness: str  # as whoever runs the log calls it
    response: bytes  # DER


class Batch(Protocol):
    """Leaves that stand side by side. It is sent to other processes where several of them verify."""

    @property
    def first(self) -> int:
        """Index of the first leaf."""

    @property
    def count(self) -> int:
        """How many leaves."""

    def lines(self) -> Iterator[Line]:
        """Yield the line of each leaf, in their order."""

    def leaf_hashes(self) -> Iterator[bytes]:
        """Yield the hash of each leaf, as the tree has it."""


class Source(Protocol):
    """A log, or a part of it."""

    @property
    def extent(self) -> Extent:
        """What is shown."""

    def checkpoint(self) -> bytes:
        """Return the note of the tree, with its cosignatures."""

    def handovers(self) -> Sequence[Handover]:
        """Return all handovers up to the tree, the oldest first."""

    def timestamps(self) -> Sequence[Timestamp]:
        """Return the time stamps of the checkpoint, by name; often there is none."""

    def tile(self, tile: Tile, /) -> bytes:
        """Return the hashes of a tile."""

    def batches(self) -> Iterator[Batch]:
        """Yield the leaves of the range."""
