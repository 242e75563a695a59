"""Corrections in the vault: their values are sealed like any other, and read again when texts are masked."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from compliance_bot.redaction.corrections import NONE, Correction, Corrections
from compliance_bot.store import corrections as rows
from compliance_bot.store.corrections import SealedCorrection
from compliance_bot.vault.seal import seal, unseal

if TYPE_CHECKING:
    from datetime import datetime

    from compliance_bot.store.connect import Transaction
    from compliance_bot.vault.book import Vault


class Labels:
    """The corrections of a home, opened once and again whenever others were made or forgotten. Threads may share it."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._known: tuple[tuple[int, str | None], Corrections] = ((0, None), NONE)

    @property
    def known(self) -> Corrections:
        """The corrections as they were last read."""
        return self._known[1]

    def read(self, transaction: Transaction) -> Corrections:
        """Return the corrections as they stand. Raises VaultKeyMissing: a text is not masked without them."""
        state = rows.state(transaction)
        known, corrections = self._known
        if state != known:
            corrections = Corrections(tuple(self._opened(transaction, one) for one in rows.every(transaction)))
            self._known = (state, corrections)
        return corrections

    def add(self, transaction: Transaction, one: Correction, *, id: str, at: datetime, detector: str) -> None:
        """Keep a correction. Raises as `Vault.require_key` does."""
        epoch = self._vault.require_key(transaction)
        bound_to = _place(transaction.tenant, id, one.type, is_personal=one.is_personal)
        wrapped, ciphertext = seal(one.surface, self._vault.keys, epoch, bound_to=bound_to)
        sealed = SealedCorrection(
            id=id,
            at=at,
            is_personal=one.is_personal,
            type=one.type,
            detector=detector,
            classes=one.classes,
            epoch=epoch,
            wrapped_key=wrapped,
            ciphertext=ciphertext,
        )
        rows.add(transaction, sealed, mac=self._vault.mac_of(transaction.tenant, *one.form))

    def _opened(self, transaction: Transaction, one: SealedCorrection) -> Correction:
        surface = unseal(
            one.wrapped_key,
            one.ciphertext,
            self._vault.keys,
            one.epoch,
            bound_to=place_of(transaction.tenant, one),
        )
        return Correction(type=one.type, surface=surface, is_personal=one.is_personal, classes=one.classes)


def place_of(tenant: int, one: SealedCorrection) -> bytes:
    """Return what a correction's value is bound to."""
    return _place(tenant, one.id, one.type, is_personal=one.is_personal)


def _place(tenant: int, id: str, type_: str, *, is_personal: bool) -> bytes:
    return json.dumps(["correction", tenant, id, type_, is_personal]).encode()
