"""Ingest: from named paths to stored, searchable documents.

Items go through in small groups, each one transaction with its audit record: an interruption anywhere leaves whole
documents, and running again takes up what is missing. What cannot be ingested is collected with its reason and never
stops the rest. A file that its ingester may read and that is unchanged is skipped; of one that they may not read
nothing is told.
"""

from __future__ import annotations

import hashlib
import json
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from compliance_bot.ingest.container import containers_of
from compliance_bot.ingest.expand import STRANGER, UNLISTED, expanded
from compliance_bot.ingest.folder import Folder, Prune, Settled
from compliance_bot.ingest.items import Item, gather
from compliance_bot.ingest.loaded import read_loaded
from compliance_bot.ingest.shelve import Candidate, CorrectedMeanwhile, Ready, Shelf
from compliance_bot.ingest.unreadable import UnreadableDocument
from compliance_bot.records import IngestReport, Rejected
from compliance_bot.redaction.spans import DetectionFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from compliance_bot.ingest.beir import ReadyPassage
    from compliance_bot.ingest.prepare import Cut, Cutting, Preparer
    from compliance_bot.ingest.sandbox import ParserProcess
    from compliance_bot.ingest.structure import ParsedDocument
    from compliance_bot.keys import Keyring
    from compliance_bot.records import AttributeValue
    from compliance_bot.redaction.masking import Masking

_GROUP_ITEMS = 64
_GROUP_BYTES = 16 * 2**20

# Raise it when parsing or chunking change what they make of the same bytes: files are then taken in anew. What finds
# personal data has a version of its own.
_PIPELINE_VERSION = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is to be ingested. `listed` has the attributes of single items by name; they win over `attributes`."""

    paths: tuple[Path, ...]
    collection: str
    attributes: Mapping[str, AttributeValue] = field(default_factory=dict, hash=False)
    listed: Mapping[str, Mapping[str, AttributeValue]] = field(default_factory=dict, hash=False)
    strangers: tuple[str, ...] = ()  # listed names that nothing to be ingested has
    base: Path | None = None
    max_bytes: int = 200 * 2**20
    loaded: Iterable[Item | Rejected] | None = None  # what a loader brings, in place of paths
    only: frozenset[Path] | None = None  # of all files under the paths, those to look into; None for all
    prune: Prune | None = None  # what to do about documents whose files are gone; None for nothing

    def attributes_of(self, item: Item) -> dict[str, AttributeValue]:
        """Return all access attributes of one item: a line for what it lies in holds for it too, its own wins."""
        own = {**self.attributes}
        for name in (item.corpus, *containers_of(item.name), item.name):
            own |= self.listed.get(name, {}) if name else {}
        if item.loaded:
            own |= item.loaded.attributes
        return {**own, "collection": self.collection}

    def is_listed(self, name: str) -> bool:
        """Return whether the list of attributes speaks of an item, or of what it lies in."""
        return any(one in self.listed for one in (*containers_of(name), name))


def ingest(
    request: Request,
    *,
    shelf: Shelf,
    preparer: Preparer,
    parser: ParserProcess,
    identify: Identify,
    on_item: Callable[[str], None] = lambda _: None,
) -> IngestReport:
    """Ingest everything and return what became of it. Raises what the database raises; groups done before stay."""
    ingested = skipped = 0
    rejected: list[Rejected] = []
    folder = Folder(request, identify, shelf) if request.prune else None
    items = request.loaded
    if items is None:
        found = gather(request.paths, base=request.base, max_bytes=request.max_bytes, only=request.only)
        items = expanded(found, parser, request.listed)
    with _Writer(shelf) as writer:
        for group in _groups((_listed(item, request) for item in items), rejected):
            candidates = [identify.candidate(item, request) for item in group]
            if folder:
                folder.meet(candidates)
            unchanged = shelf.unchanged(candidates)
            for candidate in candidates:
                if candidate.source in unchanged:
                    on_item(candidate.name)
            wanted = [pair for pair in zip(candidates, group, strict=True) if pair[0].source not in unchanged]
            batch = Batch(parsed=tuple(_parsed_each(wanted, parser, rejected, on_item)), preparer=preparer, shelf=shelf)
            ready = batch.ready(rejected)
            writer.put(ready, batch)
            skipped += len(unchanged)
            ingested += len(ready.items)
    rejected += [*writer.refused, *(Rejected(path=name, reason=STRANGER) for name in request.strangers)]
    gone = folder.settle(rejected) if folder else Settled()
    report = IngestReport(
        ingested=ingested - len(writer.refused),
        skipped=skipped,
        rejected=(*rejected, *gone.rejected),
        deleted=gone.deleted if folder else None,
        renamed=folder.renamed if folder else 0,
    )
    shelf.conclude(report)
    return report


class _Writer:
    """Puts one group on the shelf while the next is prepared; never more than one ahead, and none is left behind."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ingest-writer")
        self._pending: Future[tuple[Rejected, ...]] | None = None
        self.refused: list[Rejected] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                self._finish()
        finally:
            self._thread.shutdown()

    def put(self, ready: Ready, batch: Batch) -> None:
        """Store a group once the one before it is stored. Raises what storing that one raised."""
        self._finish()
        self._pending = self._thread.submit(self._put, ready, batch)

    def _put(self, ready: Ready, batch: Batch) -> tuple[Rejected, ...]:
        """Store a group, masked anew as often as detection is corrected meanwhile."""
        while True:
            try:
                return self._shelf.put(ready)
            except CorrectedMeanwhile:
                ready = batch.ready([])

    def _finish(self) -> None:
        if self._pending is not None:
            pending, self._pending = self._pending, None
            self.refused += pending.result()


@dataclass(frozen=True, slots=True, kw_only=True)
class Identify:
    """Names what an item is without telling it: keyed hashes of where it came from and of what it is."""

    keyring: Keyring
    tenant: int
    cutting: Cutting
    masking: Masking

    def candidate(self, item: Item, request: Request) -> Candidate:
        """Return the item's identity, content and attributes. The way of processing is part of the content."""
        how = [_PIPELINE_VERSION, self.cutting.fingerprint, self.masking.fingerprint]
        pipeline = json.dumps(how, sort_keys=True).encode()
        content = hashlib.sha256(pipeline).digest() + hashlib.sha256(item.data).digest()
        return Candidate(
            name=item.name,
            source=self.source(request.collection, item.identity),
            content=self.keyring.mac(f"content/{self.tenant}", content),
            attributes=request.attributes_of(item),
            ref=item.passage.ref if item.passage else None,
            places=tuple(self.place(request.collection, identity) for identity in item.within),
        )

    def source(self, collection: str, identity: str) -> bytes:
        """Return the keyed hash of where an item comes from."""
        return self.keyring.mac(f"source/{self.tenant}", json.dumps([collection, identity]).encode())

    def place(self, collection: str, identity: str) -> bytes:
        """Return the keyed hash of a place that items lie in."""
        return self.keyring.mac(f"place/{self.tenant}", json.dumps([collection, identity]).encode())


def _listed(item: Item | Rejected, request: Request) -> Item | Rejected:
    """Return the item, unless it may be the one that a misspelt line of the list was meant for.

    Such an item would be stored without its attributes, and so be open to more people than it should be.
    """
    if isinstance(item, Item) and request.strangers and not request.is_listed(item.name):
        return Rejected(path=item.name, reason=UNLISTED)
    return item


def _groups(items: Iterable[Item | Rejected], rejected: list[Rejected]) -> Iterator[Sequence[Item]]:
    """Yield the items in groups of bounded number and size, each identity once per group; collect the rejected."""
    group: dict[str, Item] = {}
    size = 0
    for item in items:
        if isinstance(item, Rejected):
            rejected.append(item)
            continue
        if group and (len(group) >= _GROUP_ITEMS or size + len(item.data) > _GROUP_BYTES or item.identity in group):
            yield tuple(group.values())
            group, size = {}, 0
        group[item.identity] = item
        size += len(item.data)
    if group:
        yield tuple(group.values())


def _parsed_each(
    wanted: Sequence[tuple[Candidate, Item]],
    parser: ParserProcess,
    rejected: list[Rejected],
    on_item: Callable[[str], None],
) -> Iterator[tuple[Candidate, ParsedDocument | ReadyPassage]]:
    """Yield the items parsed; what cannot be joins the rejected."""
    for candidate, item in wanted:
        try:
            yield candidate, _parsed(item, parser)
        except UnreadableDocument as error:
            rejected.append(Rejected(path=item.name, reason=str(error)))
        on_item(item.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Parsed items that are stored together: masked, cut and embedded by what is said of detection at the time."""

    parsed: tuple[tuple[Candidate, ParsedDocument | ReadyPassage], ...]
    preparer: Preparer
    shelf: Shelf

    def ready(self, rejected: list[Rejected]) -> Ready:
        """Return the items ready to be stored; what cannot be joins the rejected."""
        corrections, classes = self.shelf.said([candidate for candidate, _ in self.parsed])
        named = [(candidate.ref or candidate.name, one) for candidate, one in self.parsed]
        cuts: list[tuple[Candidate, Cut]] = []
        for (candidate, _), cut in zip(self.parsed, self.preparer.cut_each(named, classes), strict=True):
            if isinstance(cut, UnreadableDocument | DetectionFailed):
                rejected.append(Rejected(path=candidate.name, reason=str(cut)))
            else:
                cuts.append((candidate, cut))
        prepared = self.preparer.prepare([cut for _, cut in cuts])
        items = tuple((candidate, one) for (candidate, _), one in zip(cuts, prepared, strict=True))
        return Ready(items=items, corrections=corrections)


def _parsed(item: Item, parser: ParserProcess) -> ParsedDocument | ReadyPassage:
    if item.loaded:
        return read_loaded(item.loaded, parser)
    return item.passage or parser.parse(item.data, item.name)
