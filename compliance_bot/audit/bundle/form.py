"""The names, sizes and words of an export (docs/decisions/0016-one-tree-for-each-tenant.md), and the refusal of others.

Limits are there so that a hostile export can exhaust nothing: what is larger is no export of ours.
"""

from __future__ import annotations

import re

from compliance_bot.audit.canonical import canonical
from compliance_bot.audit.envelope import MAX_ENVELOPE_BYTES
from compliance_bot.audit.note import MAX_NOTE_BYTES
from compliance_bot.audit.tiles import TILE_BYTES
from compliance_bot.errors import ComplianceError

FORMAT = "compliance-bot export v1"
CHECKPOINT, MANIFEST, MANIFEST_NOTE = "checkpoint", "manifest.json", "manifest.note"
TABLE, README, VERIFIER = "records.csv", "README.txt", "verify.pyz"
LINES_PER_FILE = 4096
MAX_LINE_BYTES = 16 << 20  # an envelope, and what was said and shown in one act
MAX_MANIFEST_BYTES = 64 << 20  # about 130 bytes for each file: enough for 10^8 records
MAX_HANDOVERS = 1000
MAX_TIMESTAMPS = 100
MAX_TIMESTAMP_BYTES = 64 << 10  # with its chain of certificates one has about 6 kB
MAX_FILES = 500_000
_MIB = 1 << 20

# What may be there, and how large it may be.
_NAMES: tuple[tuple[re.Pattern[str], int], ...] = (
    (re.compile(CHECKPOINT), MAX_NOTE_BYTES),
    (re.compile(r"handovers/\d{1,19}", re.ASCII), MAX_NOTE_BYTES),
    (re.compile(r"handovers/\d{1,19}\.json", re.ASCII), 2 * MAX_ENVELOPE_BYTES),
    (re.compile(r"timestamps/[a-z0-9][a-z0-9._-]{0,62}\.tsr"), MAX_TIMESTAMP_BYTES),
    (re.compile(r"tile/\d{1,2}/(x\d{3}/){0,5}\d{3}(\.p/\d{1,3})?", re.ASCII), TILE_BYTES),
    (re.compile(r"records/\d{10,19}\.jsonl", re.ASCII), LINES_PER_FILE * MAX_LINE_BYTES),
    (re.compile(r"records\.csv"), 1 << 40),  # read piece by piece
    (re.compile(r"manifest\.json"), MAX_MANIFEST_BYTES),
    (re.compile(r"manifest\.note"), MAX_NOTE_BYTES),
    (re.compile(r"verify\.pyz"), 4 * _MIB),
    (re.compile(r"README\.txt"), _MIB),
)


class BundleMalformed(ComplianceError):
    """This is not an export in the form that this program writes."""

    hint = "Ask for it again. If it comes like this once more, keep both and tell whoever gave them to you."


class FileMissing(ComplianceError):
    """A file that is needed is not in the export."""

    hint = "Ask for the whole export. Nothing can be said of what would have been checked with this file."


def limit_bytes(name: str) -> int:
    """Return how large the file of this name may be. Raises BundleMalformed for a name that no export has."""
    for pattern, limit in _NAMES:
        if pattern.fullmatch(name):
            return limit
    raise BundleMalformed("an export has no file of such a name: " + shown(name))


def shown(name: str) -> str:
    """Return a name as a message tells it: somebody else chose it, so it cannot end a line or fill a screen."""
    return canonical(name[:80].encode(errors="replace").decode()).decode()


def handover_name(size: int) -> str:
    """Return where the note of a handover stands; its record stands beside it, with `.json` after it."""
    return f"handovers/{size}"


def timestamp_name(witness: str) -> str:
    """Return where the time stamp stands that the witness of this name gave."""
    return f"timestamps/{witness}.tsr"


def records_name(first: int) -> str:
    """Return where the lines from this index on stand."""
    return f"records/{first:010d}.jsonl"
