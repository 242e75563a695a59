"""The time stamps of a checkpoint (RFC 3161): when authorities that the auditor trusts say that it was there.

Their form needs more than the standard library and `cryptography`. So who asks brings what opens one, and where nobody
does the report says that they are there and were not checked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from compliance_bot.audit.bundle.form import BundleMalformed, FileMissing
from compliance_bot.audit.verify.findings import Kind
from compliance_bot.errors import ComplianceError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from compliance_bot.audit.source import Source, Timestamp
    from compliance_bot.audit.verify.findings import Findings


class OpenTimestamp(Protocol):
    """What opens a time stamp."""

    def __call__(self, response: bytes, note: bytes, /) -> datetime | None:
        """Return when an authority saw the text of a note; None where it is by none that the auditor trusts.

        Raises ComplianceError for a stamp over another text, and for one that was changed.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamped:
    """That an authority saw the checkpoint."""

    witness: str  # as whoever runs the log calls it
    at: datetime


def read_timestamps(source: Source, findings: Findings) -> Sequence[Timestamp]:
    """Return the stamps that are there, not verified; none where they cannot be read."""
    try:
        return source.timestamps()
    except FileMissing as error:
        findings.add(Kind.NOT_THERE, str(error))
    except BundleMalformed as error:
        findings.add(Kind.FORM, str(error))
    return ()


def check_timestamps(
    stamps: Sequence[Timestamp], note: bytes, opens: OpenTimestamp, findings: Findings
) -> tuple[Stamped, ...]:
    """Return the stamps of a checkpoint that verify. One that is wrong is a fault, and to find none is another."""
    stamped = []
    for stamp in stamps:
        try:
            at = opens(stamp.response, note)
        except ComplianceError as error:
            findings.add(Kind.TIMESTAMP, f"the time stamp {stamp.witness} cannot be believed: {error}")
            continue
        if at is not None:
            stamped.append(Stamped(witness=stamp.witness, at=at))
    if not stamped:
        message = (
            f"a time stamp by an authority that you trust was expected, and of {len(stamps)} that are there none is"
        )
        findings.add(Kind.NO_TIMESTAMP, message)
    return tuple(stamped)
