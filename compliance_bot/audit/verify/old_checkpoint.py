"""The checkpoint that an auditor kept, beside the tree: whether the log only grew since."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compliance_bot.audit.checkpoint import parse_checkpoint
from compliance_bot.audit.note_key import NoteError
from compliance_bot.audit.verify.findings import Kind
from compliance_bot.audit.verify.trust import signed_size

if TYPE_CHECKING:
    from collections.abc import Mapping

    from compliance_bot.audit.checkpoint import Checkpoint
    from compliance_bot.audit.verify.findings import Findings
    from compliance_bot.audit.verify.trust import Trust


def check_old_checkpoint(
    note: bytes, tree: Checkpoint, trust: Trust, roots: Mapping[int, bytes], findings: Findings
) -> None:
    """Note that the tree is smaller than it was, or another; and a checkpoint that cannot be compared."""
    old = signed_size(note)
    try:
        if old is None or old.origin != tree.origin:
            raise NoteError("it is not a checkpoint of this log")  # noqa: TRY301  # refused like a wrong signature
        old = parse_checkpoint(trust.opened(note, old.size))
    except NoteError as error:
        findings.add(Kind.OLD_CHECKPOINT, f"the older checkpoint cannot be compared: {error}")
        return
    if old.size > tree.size:
        message = f"the log has {tree.size} records, and it had {old.size}: it was shortened"
        findings.add(Kind.TRUNCATED, message)
    elif old.size in roots and roots[old.size] != old.root:
        message = f"the first {old.size} records are others than those of the older checkpoint: it was rewritten"
        findings.add(Kind.REWRITTEN, message)
