"""What a LangChain loader brings: its documents, with metadata converted here and nowhere further in.

A loader gives a document in parts, one per page or row; neighbours from the same source are one document again. The
loader runs in the application's process, as it always did; its text goes the way of every text from there on.
"""

from __future__ import annotations

import hashlib
import itertools
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from compliance_bot.ingest.assemble import Part, assemble, one_line
from compliance_bot.ingest.items import Item
from compliance_bot.ingest.unreadable import Reason, UnreadableDocument
from compliance_bot.policy.attributes import UndeclaredAttribute
from compliance_bot.records import Rejected

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from langchain_core.documents import Document

    from compliance_bot.ingest.sandbox import ParserProcess
    from compliance_bot.ingest.structure import ParsedDocument
    from compliance_bot.records import AttributeValue

_MOST_PAGES = 100_000
_LONGEST_NAME = 300  # characters


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A document as a loader brought it: its texts in order, each with its page where it has one."""

    title: str
    texts: tuple[str, ...]
    pages: tuple[int, ...]  # counted from 1, one per text; empty where there are none
    attributes: Mapping[str, AttributeValue] = field(hash=False)


def load(
    documents: Iterable[Document],
    *,
    keys: Sequence[str],
    mapping: Mapping[str, str],
    typed: Callable[[Mapping[str, object]], dict[str, AttributeValue]],
    required: Collection[str],
) -> Iterator[Item | Rejected]:
    """Yield the loader's documents as items, one at a time; where it fails, that is the last thing it brings."""
    failed: list[Rejected] = []
    for identity, group in itertools.groupby(_until_failure(documents, failed), key=lambda one: _identity(one, keys)):
        parts = list(group)
        name = _name(parts[0], keys)
        try:
            attributes = typed(_attributes(parts, mapping, required))
            yield _item(parts, identity, name, attributes)
        except _Contradictory:
            yield Rejected(path=name, reason="its parts have different access attributes in their metadata")
        except _Incomplete as lacking:
            yield Rejected(path=name, reason=f"its metadata have no {lacking.key!r}, which is an access attribute")
        except UndeclaredAttribute as wrong:
            yield Rejected(path=name, reason=f"the metadata for attribute {wrong.name!r} have a value of another type")
    yield from failed


def read_loaded(loaded: Loaded, parser: ParserProcess) -> ParsedDocument:
    """Return the document with the structure that its texts have. Raises UnreadableDocument."""
    parts: list[Part] = []
    pages = loaded.pages or (None,) * len(loaded.texts)
    for text, page in zip(loaded.texts, pages, strict=True):
        try:
            read = parser.parse(text.encode("utf-8", "replace"), "part.md")
        except UnreadableDocument as refusal:
            if refusal.reason in (Reason.NO_TEXT, Reason.EMPTY):
                continue  # a page without words
            raise
        parts += [
            Part(kind=block.kind, text=read.text[block.start : block.end], level=block.level, page=page)
            for block in read.blocks
        ]
    count = max(loaded.pages, default=0)
    return assemble(loaded.title, parts, page_count=count)


class _Contradictory(Exception):
    """Parts of one document disagree about who may read it."""


class _Incomplete(Exception):
    """A metadata key is missing that decides who may read the document."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


def _until_failure(documents: Iterable[Document], failed: list[Rejected]) -> Iterator[Document]:
    try:
        yield from documents
    except Exception as error:  # noqa: BLE001  # any loader, any error; its words may quote a document
        reason = f"the loader failed ({type(error).__name__}); what it brought before is stored"
        failed.append(Rejected(path="(loader)", reason=reason))


def _identity(document: Document, keys: Sequence[str]) -> str:
    values = [document.metadata.get(key) for key in keys]
    if all(value in (None, "") for value in values):
        return "text:" + hashlib.sha256(document.page_content.encode("utf-8", "replace")).hexdigest()
    return "loaded:" + json.dumps([str(value) for value in values])


def _name(document: Document, keys: Sequence[str]) -> str:
    told = (one_line(str(document.metadata[key])) for key in keys if document.metadata.get(key) not in (None, ""))
    return " ".join(told)[-_LONGEST_NAME:].strip() or "(a document without a source)"


def _attributes(parts: Sequence[Document], mapping: Mapping[str, str], required: Collection[str]) -> dict[str, object]:
    found: dict[str, object] = {}
    for key, attribute in mapping.items():
        values = [part.metadata.get(key) for part in parts]
        if any(value != values[0] for value in values):
            raise _Contradictory
        if values[0] not in (None, ""):
            found[attribute] = values[0]
        elif attribute in required:
            raise _Incomplete(key)
    return found


def _item(parts: Sequence[Document], identity: str, name: str, attributes: Mapping[str, AttributeValue]) -> Item:
    title = next((str(part.metadata["title"]) for part in parts if part.metadata.get("title")), "")
    told = [part.metadata.get("page") for part in parts]
    numbers = [page for page in told if isinstance(page, int) and 0 <= page < _MOST_PAGES]
    # LangChain's loaders count pages from 0.
    pages = tuple(page + 1 for page in numbers) if len(numbers) == len(parts) and numbers == sorted(numbers) else ()
    texts = tuple(part.page_content for part in parts)
    loaded = Loaded(title=one_line(title) or _short(name), texts=texts, pages=pages, attributes=attributes)
    data = json.dumps([loaded.title, texts, pages]).encode()
    return Item(name=name, identity=identity, data=data, loaded=loaded)


def _short(name: str) -> str:
    """Return the last part of a path or an address."""
    return name.replace("\\", "/").rstrip("/").rpartition("/")[2] or name
