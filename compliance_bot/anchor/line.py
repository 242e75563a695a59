"""One line of the anchor: what was done, when, on which record, chained to the line before it.

    {"at":"2026-01-02T03:04:05.678901+00:00","content":{…},"kind":"deleted","mac":"…","number":7,"previous":"…",
     "record":"…","version":1}

`previous` is the `mac` of the line before, empty for the first one. `mac` is HMAC-SHA256 of the line without it, under
a key that only this home has. So a line that was changed, dropped, moved or made by another home is found.
"""

from __future__ import annotations

import hmac
import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from compliance_bot.anchor.acts import canonical_json
from compliance_bot.anchor.faults import AnchorAltered, AnchorFromNewer
from compliance_bot.records import RecordId
from compliance_bot.store.anchored import START, Position

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from compliance_bot.anchor.acts import Json

VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line whose mac is right."""

    number: int
    at: datetime
    record: RecordId  # the audit record of the act
    kind: str
    content: Mapping[str, Json] = field(hash=False)
    previous: bytes
    mac: bytes

    @property
    def position(self) -> Position:
        """Where a database stands that has done everything up to here."""
        return Position(number=self.number, mac=self.mac)

    def follows(self, position: Position) -> bool:
        """Return whether this is the next line after a position."""
        return self.number == position.number + 1 and self.previous == position.mac


def chained(
    after: Position, *, at: datetime, record: RecordId, kind: str, content: Mapping[str, Json], key: bytes
) -> Line:
    """Return the line that follows a position."""
    number = after.number + 1
    mac = _mac(_fields(number=number, at=at, record=record, kind=kind, content=content, previous=after.mac), key)
    return Line(number=number, at=at, record=record, kind=kind, content=content, previous=after.mac, mac=mac)


def format_line(line: Line) -> bytes:
    """Return a line as it is written, with its end."""
    fields = _fields(
        number=line.number,
        at=line.at,
        record=line.record,
        kind=line.kind,
        content=line.content,
        previous=line.previous,
    )
    return canonical_json({**fields, "mac": line.mac.hex()}) + b"\n"


def parse_line(text: bytes, key: bytes) -> Line:
    """Return a line: the inverse of `format_line`. Raises AnchorAltered and AnchorFromNewer."""
    try:
        fields = json.loads(text)
        mac = bytes.fromhex(fields.pop("mac"))
        if not hmac.compare_digest(mac, _mac(fields, key)):
            raise AnchorAltered
        if fields["version"] != VERSION:
            raise AnchorFromNewer
        return Line(
            number=fields["number"],
            at=datetime.fromisoformat(fields["at"]),
            record=RecordId(fields["record"]),
            kind=fields["kind"],
            content=fields["content"],
            previous=bytes.fromhex(fields["previous"]),
            mac=mac,
        )
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise AnchorAltered from error


def in_order(lines: Iterable[Line]) -> Iterator[Line]:
    """Yield lines that follow each other; the first one may have any number. Raises AnchorAltered."""
    before: Position | None = None
    for line in lines:
        if before is not None and not line.follows(before):
            raise AnchorAltered
        if before is None and line.number == START.number + 1 and line.previous != START.mac:
            raise AnchorAltered
        before = line.position
        yield line


def _fields(
    *, number: int, at: datetime, record: RecordId, kind: str, content: Mapping[str, Json], previous: bytes
) -> dict[str, Json]:
    return {
        "version": VERSION,
        "number": number,
        "at": at.isoformat(),
        "record": record,
        "kind": kind,
        "content": dict(content),
        "previous": previous.hex(),
    }


def _mac(fields: Mapping[str, Json], key: bytes) -> bytes:
    return hmac.digest(key, canonical_json(fields), "sha256")
