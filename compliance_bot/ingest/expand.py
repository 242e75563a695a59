"""Take containers apart: in place of an archive come its files, after an e-mail its attachments, each an item.

A member has the attributes listed for it, else those of what it lies in. Where the list names a member that is not
there, the container's other unlisted members are left out: one of them may be what the misspelt line was meant for.
All of one container is in memory at once, so `Limits.unpacked_bytes` holds for everything in it together, and so does a
limit on the time.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from compliance_bot.ingest.container import DEEPEST, INSIDE, is_zip, may_hold_files
from compliance_bot.ingest.items import Item
from compliance_bot.ingest.unreadable import Limits, Reason, UnreadableDocument
from compliance_bot.records import Rejected

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from compliance_bot.ingest.sandbox import ParserProcess

STRANGER = "in the list of attributes, but not among what was to be ingested"
UNLISTED = "not in the list of attributes, and the list names what is not there: is a name in it misspelt?"


_MOST_S = 120  # seconds to take one container apart with all that lies in it; sound ones take less than ten


@dataclass(slots=True)
class _Room:
    """What may still be unpacked of one container, everything in it together, and until when (monotonic clock)."""

    bytes: int
    members: int
    until: float


def expanded(
    items: Iterable[Item | Rejected], parser: ParserProcess, listed: Collection[str], *, limits: Limits | None = None
) -> Iterator[Item | Rejected]:
    """Yield the items with containers taken apart; `listed` are the names in the list of attributes."""
    limits = limits or Limits()
    for item in items:
        if isinstance(item, Rejected) or item.passage is not None or not may_hold_files(item.data, item.name):
            yield item
            continue
        room = _Room(bytes=limits.unpacked_bytes, members=limits.members, until=time.monotonic() + _MOST_S)
        inside = list(_inside(item, parser, room, limits, depth=1))
        yield from _checked(inside, item, listed)


def _checked(inside: list[Item | Rejected], container: Item, listed: Collection[str]) -> Iterator[Item | Rejected]:
    """Yield what lies in a container, but no unlisted member where a listed one is missing."""
    names = {one.name if isinstance(one, Item) else one.path for one in inside}
    under = {name for name in listed if name.startswith(container.name + INSIDE)}
    missing = sorted(under - names)
    for one in inside:
        is_unlisted = isinstance(one, Item) and one.name not in listed and one.name != container.name
        yield Rejected(path=one.name, reason=UNLISTED) if missing and is_unlisted else one  # type: ignore[union-attr]
    yield from (Rejected(path=name, reason=STRANGER) for name in missing)


def _inside(item: Item, parser: ParserProcess, room: _Room, limits: Limits, *, depth: int) -> Iterator[Item | Rejected]:
    """Yield what lies in an item, at any depth; the item itself where it is a document too."""
    if not may_hold_files(item.data, item.name):
        yield item
        return
    if time.monotonic() > room.until:
        yield Rejected(path=item.name, reason=str(UnreadableDocument(Reason.TIMED_OUT, _MOST_S)))
        return
    try:
        members = parser.unpack(item.data, item.name, most_bytes=max(0, room.bytes))
    except UnreadableDocument as refusal:
        yield _refused(item.name, refusal, room, limits)
        return
    if members is None:
        yield item
        return
    if not is_zip(item.data):
        yield item
    if depth > DEEPEST and members:
        yield Rejected(path=item.name, reason=str(UnreadableDocument(Reason.NESTED, DEEPEST)))
        return
    room.members -= len(members)
    if room.members < 0:
        yield Rejected(path=item.name, reason=str(UnreadableDocument(Reason.TOO_MANY_MEMBERS, limits.members)))
        return
    room.bytes -= sum(len(member.data) for member in members)
    for member in members:
        name = f"{item.name}{INSIDE}{member.name}"
        if member.refused is not None:
            yield _refused(name, member.refused, room, limits)
            continue
        part = Item(
            name=name,
            identity=f"{item.identity}{INSIDE}{member.name}",
            data=member.data,
            within=(*item.within, item.identity),
        )
        yield from _inside(part, parser, room, limits, depth=depth + 1)


def _refused(name: str, refusal: UnreadableDocument, room: _Room, limits: Limits) -> Rejected:
    """Return the refusal as a reject; once the container is full, nothing more of it is unpacked."""
    if refusal.reason is Reason.UNPACKS_TOO_LARGE:
        room.bytes = 0
        refusal = UnreadableDocument(refusal.reason, limits.unpacked_bytes)
    return Rejected(path=name, reason=str(refusal))
