"""Do again what lines of the anchor say, in a database that does not know of it. Decides nothing: that was done then.

Everything here may find that there is nothing to do, or only a part of it: documents and values that came after the
copy was taken are not in it. The caller works in one transaction and holds the anchor.
"""

from __future__ import annotations

import json
import uuid
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from compliance_bot.anchor.acts import Corrected, Deleted, Erased, Granted, Lifted, Refiled, Revoked, Stopped
from compliance_bot.policy.values import from_stored
from compliance_bot.privacy.erase import erase_values
from compliance_bot.store import granted, names, stops, vault
from compliance_bot.store.documents import delete_document
from compliance_bot.store.moves import existing_documents, move_documents, wait_for_answers
from compliance_bot.store.scope import class_attributes, class_digest, class_of, everything_open

if TYPE_CHECKING:
    from collections.abc import Iterable

    from compliance_bot.anchor.acts import Anchored
    from compliance_bot.keys import Keyring
    from compliance_bot.records import RecordId
    from compliance_bot.store.connect import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """How much of each kind a database had to do again; what it could not have known is not counted."""

    placeholders_erased: int = 0
    placeholders_restricted: int = 0
    documents_deleted: int = 0
    documents_refiled: int = 0
    grants_revoked: int = 0
    grants_lost: int = 0  # given after the copy was taken: nobody holds them any more
    corrections_lost: int = 0  # of detection, made after the copy was taken: somebody has to repeat them
    stops: int = 0
    lifts: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Applying:
    """The doing again, for one record, by whoever stands in it."""

    transaction: Transaction
    keyring: Keyring
    record: RecordId
    by: uuid.UUID

    def apply(self, acts: Iterable[tuple[Anchored, datetime]]) -> Applied:
        """Do acts again in their order, each with the time of then, and return what that came to."""
        counts: Counter[str] = Counter()
        for act, at in acts:
            counts += self._one(act, at)
        if {"placeholders_erased", "placeholders_restricted"} & counts.keys():
            vault.add_erasure(self.transaction, self.record, datetime.now(UTC))
        if any(name.startswith(("placeholders", "documents")) for name in counts):
            wait_for_answers(self.transaction)
        return Applied(**counts)

    def _one(self, act: Anchored, at: datetime) -> Counter[str]:
        match act:
            case Erased():
                return self._erase(act)
            case Deleted():
                return self._delete(act)
            case Refiled():
                return self._refile(act)
            case Granted():
                is_lost = granted.find_grant(self.transaction, act.grant) is None
                return Counter(grants_lost=int(is_lost))
            case Corrected():
                return Counter(corrections_lost=1)
            case Revoked():
                ended = granted.revoke_grant(self.transaction, uuid.UUID(act.grant), by=self.by, at=at)
                return Counter(grants_revoked=int(ended))
            case Stopped():
                return Counter(stops=int(stops.add_stop(self.transaction, act.kind, act.name, by=self.by, at=at)))
            case Lifted():
                return Counter(lifts=int(stops.lift_stop(self.transaction, act.kind, act.name)))
        return Counter()  # says something, and nothing that is to be done

    def _erase(self, act: Erased) -> Counter[str]:
        transaction = self.transaction
        values = frozenset(names.tokens(transaction, act.values).values())
        if not values:
            return Counter()
        with everything_open(transaction):
            found = class_attributes(transaction, {one.class_id for one in vault.bindings_of(transaction, values)})
            held = {
                class_id
                for class_id, attributes in found.items()
                if class_digest(self.keyring, transaction.tenant, attributes) in act.held
            }
            erased = erase_values(transaction, values, held)
        restricted = sum(not one.is_restricted for one in erased.restricted)
        return Counter(placeholders_erased=len(erased.gone), placeholders_restricted=restricted)

    def _delete(self, act: Deleted) -> Counter[str]:
        with everything_open(self.transaction):
            there = existing_documents(self.transaction, act.documents)
            for document in there:
                delete_document(self.transaction, document)
        return Counter(documents_deleted=len(there))

    def _refile(self, act: Refiled) -> Counter[str]:
        moved = 0
        for move in act.moves:
            with everything_open(self.transaction):
                there = existing_documents(self.transaction, move.documents)
            if there:
                target = class_of(self.transaction, from_stored(json.loads(move.attributes)))
                with everything_open(self.transaction):
                    move_documents(self.transaction, dict.fromkeys(there, target))
                moved += len(there)
        return Counter(documents_refiled=moved)
