"""Which of the witnesses that the auditor trusts signed a checkpoint, and when the first of them saw it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compliance_bot.audit.note import open_note, parse_note
from compliance_bot.audit.note_key import NoteError
from compliance_bot.audit.verify.findings import Kind

if TYPE_CHECKING:
    from collections.abc import Collection

    from compliance_bot.audit.note_key import VerifierKey
    from compliance_bot.audit.verify.findings import Findings


def check_witnesses(note: bytes, witnesses: Collection[VerifierKey], quorum: int, findings: Findings) -> int | None:
    """Return the earliest time at which a witness says that it saw the tree, in seconds since 1970.

    A key counts once, under whatever names it is given.
    """
    present = {(signature.name, signature.key_id) for signature in parse_note(note).signatures}
    times: dict[bytes, int | None] = {}
    for key in witnesses:
        if (key.name, key.id) not in present:
            continue
        try:
            times[key.public_key] = open_note(note, [key]).verified[0].at
        except NoteError as error:
            findings.add(Kind.COSIGNATURE, str(error))
    if len(times) < quorum:
        findings.add(Kind.QUORUM, f"{quorum} witnesses were to have signed the checkpoint, and {len(times)} did")
    return min((at for at in times.values() if at is not None), default=None)
