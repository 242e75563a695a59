"""Put footnotes and text boxes after what they belong to, but never between a list's lead-in and its items.

A note between them would part the items from the words that they depend on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from compliance_bot.ingest.structure import BlockKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from compliance_bot.ingest.assemble import Part


def with_asides(runs: Iterable[tuple[Sequence[Part], Sequence[Part]]]) -> Iterator[Part]:
    """Yield the parts of each run and then its asides, which wait while list items follow."""
    held: list[Part] = []
    for parts, asides in runs:
        if parts and parts[0].kind is not BlockKind.LIST_ITEM:
            yield from held
            held.clear()
        yield from parts
        held += asides
    yield from held
