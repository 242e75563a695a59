"""The nouns that cross module boundaries. Standard library only, immutable, no behaviour beyond checks.

Text offsets count characters in the text of one document version as this product stores it (already masked).
Pages count from 1. Hashes are lower-case hex of SHA-256 over UTF-8.
"""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003  # pydantic reads these annotations at run time
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, NewType

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True, order=True)
class EntityRef:
    """An attribute value that names an entity, such as Group::"aml"."""

    type: str
    id: str


# A time has its zone and counts to the millisecond, as Cedar's does.
AttributeValue = str | int | bool | datetime | EntityRef | frozenset[str] | frozenset[int] | frozenset[EntityRef]

DocumentId = NewType("DocumentId", str)  # random UUID
VersionId = NewType("VersionId", str)  # random UUID
ChunkId = NewType("ChunkId", str)  # 16 hex digits, random
RecordId = NewType("RecordId", str)  # UUIDv7: sorts by time
GrantId = NewType("GrantId", str)  # random UUID
Source = Literal["asserted", "local", "token", "header", "service"]  # how it is known who a principal is
ClassId = NewType("ClassId", int)  # internal; never leaves the process


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who asks. Built in code, it is the embedding application's assertion and has exactly what is given here."""

    id: str
    groups: frozenset[str] = frozenset()
    attributes: Mapping[str, AttributeValue] = field(default_factory=dict, hash=False)
    source: Source = "asserted"
    actor: str | None = None  # who really acts, where that is somebody else

    def __init__(
        self,
        *,
        id: str,  # the field's own name
        groups: Iterable[str] = (),
        attributes: Mapping[str, AttributeValue] | None = None,
        source: Source = "asserted",
        actor: str | None = None,
    ) -> None:
        if not id or id != id.strip():
            raise ValueError("a principal needs an id without surrounding blanks")
        if isinstance(groups, str):
            raise TypeError("groups is a collection of names, not one name")
        groups = frozenset(groups)
        if any(_is_not_text(name) for name in (id, actor or "", *groups)):
            raise ValueError("the id and groups of a principal are text: expected UTF-8")
        object.__setattr__(self, "id", id)
        object.__setattr__(self, "groups", groups)
        object.__setattr__(self, "attributes", MappingProxyType(dict(attributes or {})))
        object.__setattr__(self, "source", source)
        object.__setattr__(self, "actor", actor)

    def having(self, *, groups: Iterable[str], attributes: Mapping[str, AttributeValue]) -> Principal:
        """Return the same person with these groups and attributes in place of those they have."""
        return Principal(id=self.id, groups=groups, attributes=attributes, source=self.source, actor=self.actor)


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """What somebody shows to prove who they are: a token, a proxy's signed header, or a service's name and key.

    Accepted wherever a principal is. It is verified inside the act, so that a failure of it is on record.
    """

    token: str | None = field(default=None, repr=False)
    header: str | None = field(default=None, repr=False)
    service: str | None = None
    key: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        shown = (self.token, self.header, self.service)
        if sum(one is not None for one in shown) != 1 or (self.key is None) != (self.service is None):
            raise ValueError("a credential is one of: a token; a header; a service with its key")
        if not all(isinstance(one, str) for one in (*shown, self.key) if one is not None):
            raise TypeError("the parts of a credential are text")


Asker = Principal | str | Credential  # a principal, the name of one listed in the home, or proof of who it is


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
    """What one principal may read, decided by the policies. Every search takes one; only `store.scope` makes one."""

    tenant: int
    principal: str
    classes: tuple[ClassId, ...]
    chunks: int
    terms: int
    policies: str  # hash of the policy set that decided
    determining: tuple[str, ...]  # ids of the policies that permitted
    stored: int = 0  # chunks of the tenant, readable or not: for choosing the way to search, never for showing
    revision: int = field(
        default=0, compare=False
    )  # of the tenant's index, readable or not: for comparing with another
    bitmap: bytes = field(default=b"", repr=False, compare=False)  # the classes once more, where they are very many

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
    receipt: str | None  # signed by the log, for this text; None before that, and where it was another text
    model: str  # the one that answered
    timings_ms: Mapping[str, float] = field(hash=False)
    fallback: str | None = None  # why another model than the one set answered
    notice: str = ""  # that a machine answers, as the settings word it
    is_complete: bool = True  # False where the model broke off after sentences that were shown already
    revealed: Mapping[str, int] = field(default_factory=dict, hash=False)  # personal data shown to this asker, by type
    undrawn: Answer | None = field(default=None, repr=False, compare=False)  # the same with placeholders alone


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
class Grant:
    """Groups and attributes that a person has for a time, beyond what the home's files or their token say."""

    id: GrantId
    principal: str
    groups: frozenset[str]
    attributes: Mapping[str, AttributeValue] = field(hash=False)
    reason: str
    emergency: bool  # taken by breaking the glass
    granted_at: datetime
    valid_from: datetime
    valid_to: datetime | None  # None: until it is revoked
    revoked_at: datetime | None = None
    reviewed_at: datetime | None = None  # of an emergency: when somebody else had looked at it

    def holds(self, at: datetime) -> bool:
        """Return whether the person has these at that time."""
        is_open = self.revoked_at is None or self.revoked_at > at
        return is_open and self.valid_from <= at and (self.valid_to is None or self.valid_to > at)


class StopKind(StrEnum):
    """What the kill switch can stop."""

    MODEL = "model"
    COLLECTION = "collection"
    TENANT = "tenant"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """Something that the kill switch has stopped, and since when. The tenant has no name."""

    kind: StopKind
    name: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """Replace text[start:end] by `replacement`. A sequence of edits is disjoint and sorted."""

    start: int
    end: int
    replacement: str
