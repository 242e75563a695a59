"""Rights as they were at a moment: the policy set, the people and the documents' attributes of then, as they were kept.

Policy sets and their files are kept sealed with the time from which they were in force, grants with their dates, the
classes of documents by triggers. People who sign in with tokens are not in the files: of their groups then nothing is
known but what they were granted.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from compliance_bot.chains.grants import with_grants
from compliance_bot.chains.rules import PEOPLE, open_files
from compliance_bot.chains.then import PastNotKept
from compliance_bot.identity import find_principal, read_principals
from compliance_bot.policy.attributes import typed_attributes
from compliance_bot.policy.files import PolicyFiles
from compliance_bot.policy.folder import policies_of
from compliance_bot.records import Principal
from compliance_bot.store import rules as rows
from compliance_bot.store.classes import attributes_of_document, attributes_then

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from compliance_bot.identity import Listed
    from compliance_bot.keys import Keyring
    from compliance_bot.policy.folder import Policies
    from compliance_bot.records import AttributeValue, DocumentId
    from compliance_bot.store.connect import Database, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class RightsKept:
    """Rights of the present and of the past, in one snapshot of the database."""

    policies: Policies
    find: Callable[[str], Principal]
    snapshot: Transaction
    database: Database
    keyring: Keyring

    def policies_at(self, moment: datetime | None) -> Policies:
        """Return the policy set that was in force. Raises PastNotKept for a moment before the first one."""
        return self.policies if moment is None else self._set_at(moment)[0]

    def principal_at(self, id: str, moment: datetime | None) -> Principal:
        """Return a person of this home with the groups, attributes and grants of then. Raises UnknownPrincipal."""
        if moment is None:
            return self.find(id)
        policies, people = self._set_at(moment)
        listed = find_principal(people, id)
        attributes = typed_attributes(policies, "User", listed.attributes)
        principal = Principal(id=listed.id, groups=listed.groups, attributes=attributes, source="local")
        return with_grants(self.database, self.keyring, principal, moment)

    def attributes_at(self, document: DocumentId, moment: datetime | None) -> Mapping[str, AttributeValue] | None:
        """Return a document's access attributes, also of one deleted since; None where there was no such document."""
        if moment is None:
            return attributes_of_document(self.snapshot, document)
        return attributes_then(self.snapshot, document, moment)

    def _set_at(self, moment: datetime) -> tuple[Policies, Mapping[str, Listed]]:
        sealed = rows.in_force(self.snapshot, moment)
        if sealed is None:
            raise PastNotKept(moment, kept_since=rows.kept_since(self.snapshot))
        files = tuple(sorted(open_files(sealed, self.keyring).items()))
        return _read(files)


@cache
def _read(files: tuple[tuple[str, str], ...]) -> tuple[Policies, Mapping[str, Listed]]:
    """Return the policies and people of a set's files. They were valid when they were kept."""
    kept = PolicyFiles(folder=Path(), content={name: text.encode() for name, text in files})
    return policies_of(kept), read_principals(kept.content[PEOPLE], Path(PEOPLE))
