"""The source of a stored version, for somebody who may see every value in it: to look at it again, not to show it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compliance_bot.privacy.reveal import NotBound
from compliance_bot.redaction.in_place import Source
from compliance_bot.redaction.placeholders import Field, Held
from compliance_bot.store import vault as rows
from compliance_bot.store.quality import text_of
from compliance_bot.store.scope import class_attributes

if TYPE_CHECKING:
    from compliance_bot.privacy.reveal import Viewer
    from compliance_bot.records import Scope, VersionId
    from compliance_bot.store.connect import Transaction
    from compliance_bot.store.vault import Binding


def restored(viewer: Viewer, snapshot: Transaction, scope: Scope, version: VersionId) -> Source | None:
    """Return a version as its source was; None where it is gone, or the viewer may not see all that stands in it.

    What was erased, or is kept and shown to nobody, stays a placeholder. Raises as `Viewer.unveil`.
    """
    stored = text_of(snapshot, scope, version)
    found = rows.bindings(snapshot, scope, [version])
    values = [one for one in found if one.number]
    attributes = class_attributes(snapshot, {one.class_id for one in values})
    permitted = viewer.permitted_types(attributes, {one.type for one in values})
    if stored is None or any((one.class_id, one.type) not in permitted for one in values):
        return None
    title, text = stored
    if found:
        viewer.vault.require_key(snapshot)
    held = [_held(viewer, snapshot.tenant, one) for one in found]
    for one in held:
        # INVARIANT: a value goes back only where its own placeholder stands.
        if one.number and (title if one.field is Field.TITLE else text)[one.start : one.end] != one.placeholder:
            raise NotBound
    return Source.of(title, text, held)


def _held(viewer: Viewer, tenant: int, one: Binding) -> Held:
    return Held(
        field=Field.TITLE if one.in_title else Field.TEXT,
        start=one.start,
        end=one.end,
        type=one.type,
        number=one.number,
        surface=viewer.vault.open(tenant, one),
    )
