"""Wrap the data keys of earlier epochs anew, some at a time: of values, and of what was said of detection."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from compliance_bot.store import corrections, vault
from compliance_bot.store.corrections import SealedCorrection
from compliance_bot.store.vault import Binding
from compliance_bot.vault.book import place_of as place_of_binding
from compliance_bot.vault.labels import place_of as place_of_correction

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from compliance_bot.keys.epochs import EpochKeys
    from compliance_bot.store.connect import Transaction

Sealed = TypeVar("Sealed", Binding, SealedCorrection)


def rewrap(keys: EpochKeys, transaction: Transaction, epoch: int, *, limit: int) -> int:
    """Wrap some data keys of earlier epochs anew, and return how many. Every class is open."""
    values = _rewrapped(
        keys, transaction, vault.wrapped_before(transaction, epoch, limit=limit), place_of_binding, epoch
    )
    if values:
        vault.rewrap(transaction, values, epoch=epoch)
        return len(values)
    labels = _rewrapped(
        keys, transaction, corrections.wrapped_before(transaction, epoch, limit=limit), place_of_correction, epoch
    )
    if labels:
        corrections.rewrap(transaction, labels, epoch=epoch)
    return len(labels)


def _rewrapped(
    keys: EpochKeys,
    transaction: Transaction,
    old: Sequence[Sealed],
    place_of: Callable[[int, Sealed], bytes],
    epoch: int,
) -> list[tuple[Sealed, bytes]]:
    """Return what was sealed in earlier epochs, each with its data key wrapped for this one."""
    made = []
    for one in old:
        where = place_of(transaction.tenant, one)
        data_key = keys.unwrap(one.epoch, one.wrapped_key, bound_to=where)
        made.append((one, keys.wrap(epoch, data_key, bound_to=where)))
    return made
