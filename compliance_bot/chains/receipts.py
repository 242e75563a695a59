"""Give a receipt with an answer: the record holds what it is for, and the log signs it once that is committed."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from compliance_bot.audit.receipt import SALT_BYTES, Receipt, commit, format_receipt

if TYPE_CHECKING:
    from collections.abc import Mapping

    from compliance_bot.audit.note_key import SigningKey
    from compliance_bot.audit.record import Json, Opened
    from compliance_bot.chains.case import Case
    from compliance_bot.records import Answer


class Signs(Protocol):
    """What has the key of a log at hand: an `audit.integrate.Integrator`."""

    def signer(self) -> SigningKey:
        """Return the key that signs now, under the origin of the log. Raises SigningKeyMissing."""


def promise(case: Case, answer: Answer) -> Answer:
    """Write down for which text there will be a receipt: the one that its asker sees."""
    salt = os.urandom(SALT_BYTES)
    case.public["receipt"] = {"answer": commit(answer.answer, salt).hex()}
    case.private["receipt"] = {"salt": salt.hex()}
    return answer


def receipted(case: Case, answer: Answer, signs: Signs) -> Answer:
    """Return an answer whose record is committed, with its receipt."""
    receipt = _receipt(case.id, case.leaf_hash, case.public, case.private, signs)
    return replace(answer, receipt=receipt.decode(), timings_ms=dict(case.timings_ms))


def receipt_of(record: Opened, leaf_hash: bytes, signs: Signs) -> bytes | None:
    """Return the receipt of a record, signed again; None for one that is of no answer, or of before there were any."""
    if "receipt" not in record.envelope["public"]:
        return None
    return _receipt(record.id, leaf_hash, record.envelope["public"], record.private, signs)


def _receipt(id: str, leaf_hash: bytes, public: Mapping[str, Json], private: Mapping[str, Json], signs: Signs) -> bytes:
    key = signs.signer()
    receipt = Receipt(
        origin=key.name,
        record=id,
        leaf_hash=leaf_hash,
        answer=bytes.fromhex(public["receipt"]["answer"]),
        salt=bytes.fromhex(private["receipt"]["salt"]),
    )
    return format_receipt(receipt, key)
