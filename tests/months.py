"""Months of the audit log's partitions as tests name them, and ids that are of one."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

from compliance_bot.records import RecordId


def month(ahead: int) -> datetime:
    """Return when the month begins that is so many after this one."""
    now = datetime.now(UTC)
    years, index = divmod(now.month - 1 + ahead, 12)
    return datetime(now.year + years, index + 1, 1, tzinfo=UTC)


def name(ahead: int, table: str = "audit.entry") -> str:
    return f"{table}_{month(ahead):%Y_%m}"


def record_id(at: datetime, number: int = 0) -> RecordId:
    """Return an id as it is made at a moment, the first of its millisecond but for a number."""
    return RecordId(str(uuid.UUID(int=int(at.timestamp() * 1000) << 80 | 7 << 76 | 2 << 62 | number)))
