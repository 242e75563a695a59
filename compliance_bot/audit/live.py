"""The live log as a source: what is verified where it stands, and what exports are made of. One snapshot of it.

Whether somebody may see the content of a record is asked for each; what it is withheld from is told as withheld.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from compliance_bot.audit.bundle.form import BundleMalformed, FileMissing
from compliance_bot.audit.bundle.line import Line, format_line
from compliance_bot.audit.bundle.manifest import Content
from compliance_bot.audit.bundle.selection import EVERYTHING, Selection
from compliance_bot.audit.checkpoint import parse_checkpoint
from compliance_bot.audit.envelope import EnvelopeMalformed, parse_envelope
from compliance_bot.audit.note import parse_note
from compliance_bot.audit.note_key import NoteError
from compliance_bot.audit.source import Extent, Handover, Timestamp
from compliance_bot.audit.stored_tree import StoredTree
from compliance_bot.keys import CannotDecrypt
from compliance_bot.store import cosignatures, tree

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from compliance_bot.audit.tiles import Tile
    from compliance_bot.keys import Keyring
    from compliance_bot.store.connect import Transaction
    from compliance_bot.store.tree import PlacedRecord

_AT_ONCE = 1024  # records that are read together


class Shows(Protocol):
    """Who may see which content."""

    def __call__(self, records: Sequence[PlacedRecord], /) -> Sequence[bool]:
        """Return for each record whether its content may be shown."""


def to_nobody(records: Sequence[PlacedRecord]) -> Sequence[bool]:
    """Show no content."""
    return [False] * len(records)


def to_verify(records: Sequence[PlacedRecord]) -> Sequence[bool]:
    """Show every content: to this program, which compares it with its envelope and shows it to nobody."""
    return [True] * len(records)


@dataclass(frozen=True, slots=True)
class LiveBatch:
    """Records that stand side by side, as they go to other processes."""

    first: int
    _lines: tuple[Line, ...]

    @property
    def count(self) -> int:
        """How many leaves."""
        return len(self._lines)

    def lines(self) -> Iterator[Line]:
        """Yield the line of each leaf."""
        return iter(self._lines)

    def leaf_hashes(self) -> Iterator[bytes]:
        """Yield the hash of each leaf."""
        return (line.leaf for line in self._lines)


class LiveLog:
    """A `source.Source` over a snapshot. It raises BundleMalformed where the database lacks a record or a tile."""

    def __init__(
        self,
        snapshot: Transaction,
        keyring: Keyring,
        *,
        first: int = 0,
        end: int | None = None,
        selection: Selection = EVERYTHING,
        content: Content = Content.NONE,
        shows: Shows = to_nobody,
    ) -> None:
        """Read the newest checkpoint of a snapshot. Raises FileMissing where there is none."""
        signed = tree.last_checkpoint(snapshot)
        if signed is None:
            raise FileMissing("the log has no checkpoint yet")
        self._snapshot, self._keyring, self._shows = snapshot, keyring, shows
        self._signed, self._tree = signed, StoredTree(snapshot)
        self.extent = Extent(first=first, end=signed.size if end is None else end, selection=selection, content=content)

    @property
    def size(self) -> int:
        """How many records the tree has."""
        return self._signed.size

    def checkpoint(self) -> bytes:
        """Return the note, with what witnesses added to it."""
        return b"".join([self._signed.note, *(kept.evidence for kept in self._kept("cosignature"))])

    def handovers(self) -> Sequence[Handover]:
        """Return the changes of the key since the log has its name. Raises BundleMalformed."""
        origin = _origin(self._signed.note)
        return tuple(
            self._handover(signed)
            for signed in tree.handovers(self._snapshot, self._signed.size)
            if _origin(signed.note) == origin
        )

    def timestamps(self) -> Sequence[Timestamp]:
        """Return the time stamps of the checkpoint, by name of the witness."""
        return [Timestamp(witness=kept.witness, response=kept.evidence) for kept in self._kept("timestamp")]

    def tile(self, tile: Tile, /) -> bytes:
        """Return the hashes of a tile. Raises BundleMalformed."""
        hashes = self._tree.hashes(tile.level, tile.index)[: tile.width]
        if len(hashes) != tile.width:
            raise BundleMalformed(f"the database lacks hashes of {tile.path}")
        return b"".join(hashes)

    def batches(self) -> Iterator[LiveBatch]:
        """Yield the records of the range. Raises BundleMalformed for one that is not there."""
        for first in range(self.extent.first, self.extent.end, _AT_ONCE):
            end = min(first + _AT_ONCE, self.extent.end)
            records = tree.placed(self._snapshot, first, end)
            for place, record in zip(range(first, end), records, strict=False):
                if record.index != place:
                    raise BundleMalformed(f"record {place} of the tree is not in the database")
            if len(records) != end - first:
                raise BundleMalformed(f"record {first + len(records)} of the tree is not in the database")
            yield LiveBatch(first, tuple(self._lines(records)))

    def _kept(self, kind: cosignatures.Kind) -> Iterator[cosignatures.Kept]:
        """Yield what witnesses said of the checkpoint in this way."""
        return (kept for kept in cosignatures.of(self._snapshot, self._signed.size) if kept.kind == kind)

    def _lines(self, records: Sequence[PlacedRecord]) -> Iterator[Line]:
        chosen = [record for record in records if self._is_selected(record)]
        shown = {record.index for record, may in zip(chosen, self._shows(chosen), strict=True) if may}
        selected = {record.index for record in chosen}
        for record in records:
            if record.index not in selected:
                yield Line(index=record.index, leaf=record.leaf_hash)
            elif self.extent.content is Content.NONE:
                yield Line(index=record.index, leaf=record.leaf_hash, envelope=record.envelope)
            elif record.index not in shown:
                yield Line(index=record.index, leaf=record.leaf_hash, envelope=record.envelope, is_withheld=True)
            else:
                yield self._opened(record)

    def _opened(self, record: PlacedRecord) -> Line:
        """Return a record with its content and its key; without, where there is none that could be opened."""
        try:
            key = self._keyring.unwrap(record.wrapped_key, bound_to=record.id.encode())
        except CannotDecrypt:
            return Line(index=record.index, leaf=record.leaf_hash, envelope=record.envelope)
        return Line(
            index=record.index,
            leaf=record.leaf_hash,
            envelope=record.envelope,
            ciphertext=record.ciphertext,
            key=key,
        )

    def _is_selected(self, record: PlacedRecord) -> bool:
        if self.extent.selection.is_everything:
            return True
        try:
            return self.extent.selection.selects(parse_envelope(record.envelope))
        except EnvelopeMalformed:
            return True  # whoever looks has to see it

    def _handover(self, signed: tree.SignedTree) -> Handover:
        index = tree.size_before(self._snapshot, signed.size)
        records = tree.placed(self._snapshot, index, index + 1)
        if not records:
            raise BundleMalformed(f"record {index} of the tree, which tells of a new key, is not in the database")
        line = Line(index=index, leaf=records[0].leaf_hash, envelope=records[0].envelope)
        try:
            return Handover(size=signed.size, note=signed.note, line=format_line(line))
        except ValueError as error:
            raise BundleMalformed(str(error)) from error


def _origin(note: bytes) -> str:
    try:
        return parse_checkpoint(parse_note(note).text).origin
    except NoteError:
        return ""
