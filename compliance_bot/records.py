"""The nouns that cross module boundaries. Standard library only, immutable, no behaviour beyond checks.

Text offsets count characters in the text of one document version as this product stores it (already masked).
Pages count from 1. Hashes are lower-case hex of SHA-256 over UTF-8.
"""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003  # pydantic reads these annotations at run time
from dataclasses import dataclass, field
from datetime import datetime  # noqa: TC003
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, NewType

if TYPE_CHECKING:
    from collections.abc import Iterable

AttributeValue = str | int | bool | frozenset[str]

DocumentId = NewType("DocumentId", str)  # random UUID
VersionId = NewType("VersionId", str)  # random UUID
ChunkId = NewType("ChunkId", str)  # 16 hex digits, random
RecordId = NewType("RecordId", str)  # UUIDv7: sorts by time
ClassId = NewType("ClassId", int)  # internal; never leaves the process


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who asks. Built in code, it is the embedding application's assertion and has exactly what is given here."""

    id: str
    groups: frozenset[str] = frozenset()
    attributes: Mapping[str, AttributeValue] = field(default_factory=dict, hash=False)
    source: Literal["asserted", "local"] = "asserted"

    def __init__(
        self,
        *,
        id: str,  # the field's own name
        groups: Iterable[str] = (),
        attributes: Mapping[str, AttributeValue] | None = None,
        source: Literal["asserted", "local"] = "asserted",
    ) -> None:
        if not id or id != id.strip():
            raise ValueError("a principal needs an id without surrounding blanks")
        if isinstance(groups, str):
            raise TypeError("groups is a collection of names, not one name")
        groups = frozenset(groups)
        if any(_is_not_text(name) for name in (id, *groups)):
            raise ValueError("the id and groups of a principal are text: expected UTF-8")
        object.__setattr__(self, "id", id)
        object.__setattr__(self, "groups", groups)
        object.__setattr__(self, "attributes", MappingProxyType(dict(attributes or {})))
        object.__setattr__(self, "source", source)


def _is_not_text(name: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in name)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessClass:
    """All documents with one combination of access attributes, and how much of them there is to search."""

    id: ClassId
    attributes: Mapping[str, AttributeValue] = field(hash=False)  # `collection` is always among them
    chunks: int = 0  # live chunks
    terms: int = 0  # sum of their lengths, in index terms


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What one principal may read, decided by the policies. Every search takes one; only `policy.scope` makes one."""

    tenant: int
    principal: str
    classes: tuple[ClassId, ...]
    chunks: int
    terms: int
    policies: str  # hash of the policy set that decided
    determining: tuple[str, ...]  # ids of the policies that permitted

    @property
    def is_empty(self) -> bool:
        return self.chunks == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Lead:
    """Words that belong to a chunk's meaning but stand before it: a list's lead-in, a table's header row."""

    start: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A stored chunk with what is needed to quote it."""

    chunk: ChunkId
    document: DocumentId
    title: str
    collection: str
    version: int  # counts from 1 within the document
    version_id: VersionId
    version_sha256: str
    valid_from: datetime
    sha256: str  # of `text`
    ref: str | None  # `_id` of a ready passage
    page: int | None  # of `start`
    page_starts: tuple[int, ...]  # where in the document each page begins; empty for formats without pages
    heading: str  # levels joined by " > "
    start: int
    end: int
    text: str
    leads: tuple[Lead, ...] = ()
    class_id: ClassId


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A passage found, best first. `score` is normalised to the readable set: 1.0 is its best."""

    passage: Passage
    rank: int
    score: float
    lexical: float  # BM25 over the readable scope; 0.0 when no term matched
    cosine: float

    @property
    def ref(self) -> str | None:
        """`_id` of a ready passage."""
        return self.passage.ref

    @property
    def document(self) -> DocumentId:
        """Id of the document."""
        return self.passage.document

    @property
    def title(self) -> str:
        """Title of the document."""
        return self.passage.title

    @property
    def version(self) -> int:
        """Number of the version."""
        return self.passage.version

    @property
    def chunk(self) -> ChunkId:
        """Id of the passage."""
        return self.passage.chunk

    @property
    def page(self) -> int | None:
        """Page on which the passage begins."""
        return self.passage.page

    @property
    def heading(self) -> str:
        """Headings above the passage."""
        return self.passage.heading

    @property
    def start(self) -> int:
        """Where the passage begins in the text of its version."""
        return self.passage.start

    @property
    def end(self) -> int:
        """Where the passage ends in the text of its version."""
        return self.passage.end

    @property
    def text(self) -> str:
        """The passage."""
        return self.passage.text


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """A verbatim quote and where it stands: text[start:end] == quote."""

    n: int
    document: DocumentId
    title: str
    version: int
    version_date: datetime
    sha256: str
    page: int | None
    heading: str
    start: int
    end: int
    quote: str
    ref: str | None
    chunk: ChunkId


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """One sentence of an answer, in the words of its sources, and the numbers of the citations it rests on."""

    text: str
    citations: tuple[int, ...]
    prose: str | None = None  # what a chat model said in words of its own: nobody verified it


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerPart:
    """A sentence of an answer that is still being made, committed to the log, with the citations that came with it."""

    sentence: Sentence
    citations: tuple[Citation, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the asker gets; its record was committed before this object existed."""

    answer: str
    abstained: bool
    sentences: tuple[Sentence, ...]
    citations: tuple[Citation, ...]
    redactions: Mapping[str, int] = field(hash=False)  # personal data masked in question and answer, by type
    record: RecordId
    receipt: str | None  # None until the log has a tree
    model: str  # the one that answered
    timings_ms: Mapping[str, float] = field(hash=False)
    fallback: str | None = None  # why another model than the one set answered
    is_complete: bool = True  # False where the model broke off after sentences that were shown already


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """An input that was left out of a batch, and why."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestReport:
    """What became of a batch."""

    ingested: int
    skipped: int  # unchanged
    rejected: tuple[Rejected, ...]
    deleted: int | None = None  # their files are gone; None where nobody looked for that
    renamed: int = 0  # their files have other names now


@dataclass(frozen=True, slots=True, kw_only=True)
class Reclassified:
    """What became of documents whose attributes were to change."""

    changed: tuple[DocumentId, ...]
    unchanged: int  # have these attributes already
    refused: int  # readable, but this principal may not move them there
    unreadable: int  # of those changed, the ones that this principal cannot read any more
    is_rehearsal: bool  # nothing was changed: this is what would be
    record: RecordId


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentSummary:
    """A document as its readers see it in a list."""

    document: DocumentId
    title: str
    collection: str
    version: int
    versions: int
    attributes: Mapping[str, AttributeValue] = field(hash=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentVersion:
    """One version of a document, with the time from which it was the current one and until when."""

    document: DocumentId
    title: str
    version: int
    sha256: str
    valid_from: datetime
    valid_to: datetime | None
    text: str | None = None  # only where it was asked for


@dataclass(frozen=True, slots=True, kw_only=True)
class CitedSpan:
    """What a record says of one quote without telling its text."""

    n: int
    document: DocumentId
    version: int
    sha256: str  # of the version's text
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordSummary:
    """A line of the audit trail."""

    record: RecordId
    at: datetime
    type: str
    principal: str
    outcome: str
    citations: tuple[CitedSpan, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """Replace text[start:end] by `replacement`. A sequence of edits is disjoint and sorted."""

    start: int
    end: int
    replacement: str
