"""Whose signature counts at which size: the keys that the auditor brought, and those that they handed over to.

A key becomes known by a record `log.key` that is in the tree, and by a checkpoint over it that the key before it signed
too. From the handover on, the key before it counts no more. A key that is only found in an export is never trusted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from compliance_bot.audit.bundle.form import BundleMalformed
from compliance_bot.audit.bundle.line import parse_line
from compliance_bot.audit.checkpoint import Checkpoint, parse_checkpoint
from compliance_bot.audit.envelope import EnvelopeMalformed, parse_envelope
from compliance_bot.audit.merkle import leaf_hash
from compliance_bot.audit.note import open_note, parse_note
from compliance_bot.audit.note_key import NoteError, SignatureType, VerifierKey, parse_verifier_key

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from compliance_bot.audit.source import Handover

KEY_CHANGED = "log.key"  # the type of the record that tells a new key


class HandoverRefused(Exception):
    """A handover does not show that the old key handed over to the new one. The message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a handover says, not yet believed."""

    index: int  # of the record
    size: int
    old: VerifierKey
    new: VerifierKey
    note: bytes


class Trust:
    """The log's keys, and up to which size each counts."""

    def __init__(self, origin: str, keys: Collection[VerifierKey]) -> None:
        self.origin = origin
        self.known_from = 0  # below this size a key signed that nobody brought
        self._until: dict[VerifierKey, int | None] = {
            key: None for key in keys if key.type is SignatureType.ED25519 and key.name == origin
        }

    @property
    def is_empty(self) -> bool:
        """Whether no key of this log is known."""
        return not self._until

    @property
    def current(self) -> VerifierKey | None:
        """The key that counts today. None where there is none, or where several do that nobody handed over."""
        counting = [key for key, until in self._until.items() if until is None]
        return counting[0] if len(counting) == 1 else None

    def opened(self, note: bytes, size: int | None = None) -> str:
        """Return the text of a note that a key of this log signed which counts at that size; None: counts today.

        Raises NoteError.
        """
        signed = open_note(note, list(self._until))
        if not any(self._counts(verified.key, size) for verified in signed.verified):
            raise NoteError("the only signature by a key of this log is by one that was replaced before")
        return signed.text

    def follow(self, change: Change) -> bool:
        """Trust the new key from the handover on. Return False where the old one is not known: nothing follows then.

        Raises HandoverRefused.
        """
        if change.old not in self._until:
            self.known_from = max(self.known_from, change.size)
            return False
        if self._until[change.old] is not None:
            raise HandoverRefused("a key was replaced twice")
        if change.new.name != self.origin or change.new.type is not SignatureType.ED25519:
            raise HandoverRefused("the new key is not one of this log")
        try:
            signed = {verified.key for verified in open_note(change.note, {change.old, change.new}).verified}
        except NoteError as error:
            raise HandoverRefused(f"the note of the handover cannot be believed: {error}") from error
        if signed != {change.old, change.new}:
            raise HandoverRefused("the note of the handover is not signed by both keys")
        self._until[change.old] = change.size
        self._until.setdefault(change.new, None)
        return True

    def _counts(self, key: VerifierKey, size: int | None) -> bool:
        until = self._until[key]
        return until is None or (size is not None and size <= until)


def signed_size(note: bytes) -> Checkpoint | None:
    """Return the checkpoint that a note is of, with nothing of it verified; None for what is none."""
    try:
        return parse_checkpoint(parse_note(note).text)
    except NoteError:
        return None


def read_change(
    handover: Handover, *, origin: str, roots: Mapping[int, bytes], leaf: Callable[[int], bytes | None]
) -> Change:
    """Return what a handover says, once its record and its tree are found in the log. Raises HandoverRefused."""
    signed = signed_size(handover.note)
    if signed is None or (signed.origin, signed.size) != (origin, handover.size):
        raise HandoverRefused("the note of the handover is not a checkpoint of this log at that size")
    if roots.get(signed.size) != signed.root:
        raise HandoverRefused("the tree of the handover is not the one that this log had at that size")
    try:
        line = parse_line(handover.line)
        envelope = parse_envelope(line.envelope or b"")
    except (BundleMalformed, EnvelopeMalformed) as error:
        raise HandoverRefused(f"the record of the handover is not well formed: {error}") from error
    if not 0 <= line.index < signed.size or leaf(line.index) != leaf_hash(line.envelope or b""):
        raise HandoverRefused("the record of the handover is not in the tree that was signed")
    public = envelope.public
    if envelope.type != KEY_CHANGED or not all(isinstance(public.get(name), str) for name in ("key", "replaces")):
        raise HandoverRefused("the record of the handover does not tell of a key that replaces another")
    try:
        old, new = parse_verifier_key(public["replaces"]), parse_verifier_key(public["key"])
    except NoteError as error:
        raise HandoverRefused(f"the record of the handover has no verifier keys: {error}") from error
    return Change(index=line.index, size=signed.size, old=old, new=new, note=handover.note)
