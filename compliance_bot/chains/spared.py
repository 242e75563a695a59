"""What of a question somebody said to be no personal data, where its asker reads it in documents.

To anybody else it stays what detection takes it for: nobody learns from the masks of a question what was said of
documents that they do not read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from compliance_bot.policy.permitted import permitted_each
from compliance_bot.store.scope import class_attributes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from compliance_bot.policy.decide import Circumstances, PolicyEngine
    from compliance_bot.records import Principal
    from compliance_bot.redaction.corrections import Corrections
    from compliance_bot.redaction.spans import Span
    from compliance_bot.store.connect import Database


def spared_spans(
    database: Database,
    engine: PolicyEngine,
    principal: Principal,
    now: Circumstances,
    corrections: Corrections,
    source: str,
    spans: Sequence[Span],
) -> tuple[Span, ...]:
    """Return what of the spans of a question is no personal data in some class that the asker may read."""
    wanted = {span: classes for span in spans if (classes := corrections.spares(source, span))}
    if not wanted:
        return ()
    with database.reading() as snapshot:
        attributes = class_attributes(snapshot, frozenset().union(*wanted.values()))
    permitted = permitted_each(engine, principal, "read", list(attributes.values()), now)
    readable = {class_id for class_id, allowed in zip(attributes, permitted, strict=True) if allowed}
    return tuple(span for span, classes in wanted.items() if classes & readable)
