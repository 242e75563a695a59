"""A log in memory for tests of witnesses: it grows, signs checkpoints, proves, and can be made to lie."""

from __future__ import annotations

import math
from functools import partial

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from compliance_bot.audit.checkpoint import Checkpoint, format_checkpoint
from compliance_bot.audit.merkle import leaf_hash, prove_consistency, root
from compliance_bot.audit.note import sign_note
from compliance_bot.audit.note_key import SignatureType, SigningKey
from compliance_bot.witness.evidence import Prove

ORIGIN = "log.example/home"
LOG = SigningKey(name=ORIGIN, private_key=Ed25519PrivateKey.from_private_bytes(b"l" * 32))
LOG_KEY = LOG.verifier(SignatureType.ED25519)
WITNESS = SigningKey(name="witness.example/w1", private_key=Ed25519PrivateKey.from_private_bytes(b"w" * 32))
WITNESS_KEY = WITNESS.verifier(SignatureType.COSIGNATURE)
STRANGER = SigningKey(name=ORIGIN, private_key=Ed25519PrivateKey.from_private_bytes(b"s" * 32))


class MemoryLog:
    """So many leaves, of another history from one of them on if asked."""

    def __init__(self, size: int = 0, *, rewritten_from: float = math.inf, origin: str = ORIGIN) -> None:
        self.origin = origin
        self._rewritten_from = rewritten_from
        self.leaves: list[bytes] = []
        self.grow(size)

    def grow(self, count: int) -> None:
        for index in range(len(self.leaves), len(self.leaves) + count):
            history = b"other" if index >= self._rewritten_from else b"true"
            self.leaves.append(leaf_hash(b"%s %d" % (history, index)))

    def root_at(self, size: int) -> bytes:
        return root(self.leaves[:size])

    def checkpoint(self, size: int | None = None) -> Checkpoint:
        size = len(self.leaves) if size is None else size
        return Checkpoint(origin=self.origin, size=size, root=self.root_at(size))

    def note(self, size: int | None = None, *, by: SigningKey = LOG) -> bytes:
        return sign_note(format_checkpoint(self.checkpoint(size)), by)

    def prove(self, old_size: int, size: int | None = None) -> tuple[bytes, ...]:
        return prove_consistency(old_size, self.leaves[: len(self.leaves) if size is None else size])

    def proving(self, size: int) -> Prove:
        """Return what proves up to a size that is not the last."""
        return partial(self.prove, size=size)
