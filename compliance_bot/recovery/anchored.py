"""The anchor of a home that is restored: where it is, whether it belongs to the backup, and what it says of policies.

A copy goes beside the new home, where there is none: the file of the old one stays as it is, and goes on if that does.
"""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING

from compliance_bot.anchor.acts import Activated
from compliance_bot.anchor.faults import HOW_TO, AnchorForeign, AnchorLost, AnchorUnreadable
from compliance_bot.anchor.standing import Anchor, after, last_activated
from compliance_bot.errors import ComplianceError
from compliance_bot.keys import sync_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compliance_bot.keys import Keyring
    from compliance_bot.policy.files import PolicyFiles
    from compliance_bot.recovery.manifest import AnchorPoint

_BLOCK_BYTES = 1 << 20


class AnchorNotFound(AnchorLost):
    """What was done since the backup was made is not known: its anchor is not here."""

    hint = (
        "Nothing was restored. Give the file with `--anchor FILE`: that of the old home, or its newest copy. If it is "
        f"lost for good, `--without-anchor` restores all the same ({HOW_TO})."
    )


class PoliciesOutdated(ComplianceError):
    """Other policies came into force after this backup was made: with those in it, rights would be those of then."""

    hint = (
        "Nothing was restored. Give the present ones with `--policies DIR`, or say `--policies-of-backup` where those "
        "of then shall hold again."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundAnchor:
    """An anchor for a home that is restored. `source` has the most lines; `target` is where the home will look."""

    source: Path
    target: Path

    def bring(self) -> None:
        """Let the home have it, whole or not at all. Raises OSError."""
        if self.source == self.target:
            return
        partial = self.target.with_name(f".{self.target.name[:100]}.{secrets.token_hex(6)}.partial")
        try:
            with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                for block in _blocks(self.source):
                    file.write(block)
                file.flush()
                os.fsync(file.fileno())
            partial.rename(self.target)
            sync_folder(self.target.parent)
        finally:
            with suppress(FileNotFoundError):
                partial.unlink()


def find_anchor(target: Path, given: Path | None, point: AnchorPoint, keyring: Keyring, tenant: int) -> FoundAnchor:
    """Return the anchor that belongs to a backup: what is given, else what is in place, else where it was then.

    Raises AnchorNotFound where there is none or it ends before the backup, AnchorForeign where two go different ways,
    AnchorAltered and AnchorUnreadable.
    """
    there = {path for path in (target, given or Path(point.path)) if path.exists()}
    if not there or (given is not None and given not in there):
        raise AnchorNotFound
    source = _longest(*there)
    try:
        after(point.reached, Anchor(source, keyring, tenant).file.lines())
    except AnchorLost as error:
        raise AnchorNotFound from error
    return FoundAnchor(source=source, target=target)


def require_in_force(found: FoundAnchor, files: PolicyFiles, keyring: Keyring, tenant: int) -> None:
    """Raise PoliciesOutdated unless this set is the one that came into force last."""
    last = last_activated(Anchor(found.source, keyring, tenant))
    named = {name: files.text(name) for name in files.content}
    if last is not None and last != Activated.of(named, keyring, tenant).digest:
        raise PoliciesOutdated


def _longest(one: Path, *others: Path) -> Path:
    """Return the one that goes on where the other ends. Raises AnchorForeign where they differ before."""
    if not others:
        return one
    sizes = {path: path.stat().st_size for path in (one, *others)}
    shorter, longer = sorted(sizes, key=lambda path: sizes[path])
    left = sizes[shorter]
    for a, b in zip_longest(_blocks(shorter), _blocks(longer), fillvalue=b""):
        part = min(left, len(a))
        if a[:part] != b[:part]:
            raise AnchorForeign
        left -= part
        if not left:
            break
    return longer


def _blocks(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK_BYTES):
                yield block
    except OSError as error:
        raise AnchorUnreadable(path, error) from error
