"""What one viewer sees of what placeholders stand for: decided by the policies for each type and document, when drawn.

A placeholder is drawn as its value only where the vault binds it: at that stretch of that version, with that type and
number. What merely looks like one stays what it is. Nothing here records: who draws something says in the record of the
act what was disclosed, before it is shown.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from itertools import accumulate
from typing import TYPE_CHECKING

from compliance_bot.errors import ComplianceError
from compliance_bot.policy.decide import Resource
from compliance_bot.records import Lead, VersionId
from compliance_bot.redaction.placeholders import PLACEHOLDER, placeholder
from compliance_bot.store import vault as rows
from compliance_bot.store.scope import class_attributes

if TYPE_CHECKING:
    import re
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from compliance_bot.policy.decide import Circumstances, PolicyEngine
    from compliance_bot.records import ClassId, DocumentId, Passage, Principal, Scope
    from compliance_bot.store.connect import Transaction
    from compliance_bot.store.scope import ClassAttributes
    from compliance_bot.store.vault import Binding
    from compliance_bot.vault.book import Vault


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A value in the clear, and the stretch that stands for it."""

    start: int
    end: int
    type: str
    number: int
    value: str = field(repr=False)

    @property
    def placeholder(self) -> str:
        """What stands in the text."""
        return placeholder(self.type, self.number)


@dataclass(frozen=True, slots=True, kw_only=True)
class Disclosed:
    """What was shown of one document version: its placeholders, each once."""

    document: DocumentId
    version: VersionId
    placeholders: tuple[str, ...]


class Unveiled:
    """One version as one viewer sees it: places in its pseudonymised text, and in theirs."""

    def __init__(
        self, document: DocumentId, version: VersionId, title: Sequence[Opened], text: Sequence[Opened]
    ) -> None:
        self._document, self._version, self._title, self._text = document, version, tuple(title), tuple(text)
        self._starts = [one.start for one in text]
        self._ends = [one.end for one in text]
        grown = (len(one.value) - (one.end - one.start) for one in text)
        self._shift = list(accumulate(grown, initial=0))
        self._surfaces: dict[tuple[str, int], str] = {}
        for one in (*title, *text):
            self._surfaces.setdefault((one.type, one.number), one.value)
        self._shown: set[tuple[str, int]] = set()

    @classmethod
    def nothing(cls, document: DocumentId) -> Unveiled:
        """Return a version of which nothing is drawn."""
        return cls(document, VersionId(""), (), ())

    @property
    def is_plain(self) -> bool:
        """Whether nothing of it is drawn otherwise than it is stored."""
        return not self._title and not self._text

    @property
    def disclosed(self) -> Disclosed:
        """What of it was drawn so far."""
        shown = tuple(placeholder(*one) for one in sorted(self._shown))
        return Disclosed(document=self._document, version=self._version, placeholders=shown)

    @property
    def counts(self) -> Mapping[str, int]:
        """How many values were drawn so far, by type; each counts once."""
        return Counter(type_ for type_, _ in self._shown)

    def place(self, offset: int) -> int:
        """Return where a place of the stored text is in the drawn one."""
        before = bisect_right(self._ends, offset)
        if before < len(self._text) and self._starts[before] < offset:  # inside a placeholder: where its value begins
            offset = self._starts[before]
        return offset + self._shift[before]

    def stored(self, offset: int) -> int | None:
        """Return where a place of the drawn text is in the stored one: what `place` undoes. None inside a value."""
        ends = [end + grown for end, grown in zip(self._ends, self._shift[1:], strict=True)]
        before = bisect_right(ends, offset)
        if before < len(ends) and self._starts[before] + self._shift[before] < offset:
            return None
        return offset - self._shift[before]

    def within(self, start: int, end: int) -> Sequence[Opened]:
        """Return the values that stand in a stretch of the stored text."""
        return self._text[bisect_left(self._starts, start) : bisect_right(self._ends, end)]

    def shows_all(self, start: int, text: str) -> bool:
        """Return whether every placeholder in a stretch of the stored text is drawn as its value."""
        drawn = set(self._starts)
        return all(start + found.start() in drawn for found in PLACEHOLDER.finditer(text))

    def stretch(self, start: int, text: str) -> str:
        """Return a stretch of the stored text, which begins at `start`, as it is drawn."""
        return self._drawn(start, text, self.within(start, start + len(text)))

    def title(self, text: str) -> str:
        """Return the title as it is drawn."""
        return self._drawn(0, text, self._title)

    def above(self, text: str) -> str:
        """Return headings, which are stretches of the version put together, as they are drawn."""

        def drawn(found: re.Match[str]) -> str:
            key = (found.group(1), int(found.group(2)))
            if key not in self._surfaces:
                return found.group()
            self._shown.add(key)
            return self._surfaces[key]

        return PLACEHOLDER.sub(drawn, text)

    def values(self, wanted: Collection[str] = ()) -> dict[str, list[Opened]]:
        """Return what these placeholders stand for, all that the viewer sees where none is named, in reading order."""
        found: defaultdict[str, list[Opened]] = defaultdict(list)
        for one in (*self._title, *self._text):
            if not wanted or one.placeholder in wanted:
                found[one.placeholder].append(one)
                self._shown.add((one.type, one.number))
        return dict(found)

    def _drawn(self, start: int, text: str, inside: Iterable[Opened]) -> str:
        parts: list[str] = []
        done = 0
        for one in inside:
            begin, end = one.start - start, one.end - start
            # INVARIANT: a value is drawn only in place of its own placeholder.
            if text[begin:end] != one.placeholder:
                raise NotBound
            parts += (text[done:begin], one.value)
            done = end
            self._shown.add((one.type, one.number))
        return "".join((*parts, text[done:]))


class NotBound(ComplianceError):
    """A value of the vault is bound to a stretch that does not stand for it: the text or the vault was changed."""

    exit_code = 3
    hint = "Somebody changed the database by other ways. Nothing was shown. Keep it as it is and tell the auditor."


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """Somebody who is about to be shown something, and by which rules."""

    engine: PolicyEngine
    vault: Vault
    principal: Principal
    circumstances: Circumstances

    def unveil(
        self,
        snapshot: Transaction,
        scope: Scope,
        versions: Mapping[VersionId, DocumentId],
        *,
        in_titles: bool = False,
    ) -> tuple[dict[VersionId, Unveiled], tuple[str, ...]]:
        """Return these versions as the viewer sees them, and the policies that let values be seen.

        With `in_titles`, only their titles are looked at, which is far less where versions are many.
        Raises VaultKeyMissing, VaultKeyWrong, CannotDecrypt: what cannot be opened is no reason to show less than the
        policies say without a word.
        """
        found = rows.bindings(snapshot, scope, versions, in_titles=in_titles) if self._may_ever() else ()
        permitted, determining = self._permitted(snapshot, found)
        titles: defaultdict[str, list[Opened]] = defaultdict(list)
        texts: defaultdict[str, list[Opened]] = defaultdict(list)
        if any((one.class_id, one.type) in permitted for one in found):
            self.vault.require_key(snapshot)
        for one in found:
            if one.number and (one.class_id, one.type) in permitted:
                (titles if one.in_title else texts)[one.version].append(self._opened(snapshot.tenant, one))
        made = {
            version: Unveiled(document, version, titles[version], texts[version])
            for version, document in versions.items()
        }
        return made, determining

    def permitted_types(self, attributes: ClassAttributes, types: Collection[str]) -> frozenset[tuple[ClassId, str]]:
        """Return in which of these classes which of these types may be revealed."""
        wanted = [(class_id, type_) for class_id in attributes for type_ in types]
        return self._decided(attributes, wanted)[0] if self._may_ever() else frozenset()

    def _may_ever(self) -> bool:
        """Return whether the viewer is somebody who answers for themselves: nobody reveals by acting as another."""
        return self.principal.actor is None

    def _permitted(
        self, snapshot: Transaction, found: Sequence[Binding]
    ) -> tuple[frozenset[tuple[ClassId, str]], tuple[str, ...]]:
        wanted = sorted({(one.class_id, one.type) for one in found if one.number})
        if not wanted:
            return frozenset(), ()
        return self._decided(class_attributes(snapshot, {class_id for class_id, _ in wanted}), wanted)

    def _decided(
        self, attributes: ClassAttributes, wanted: Collection[tuple[ClassId, str]]
    ) -> tuple[frozenset[tuple[ClassId, str]], tuple[str, ...]]:
        by_type: defaultdict[str, list[ClassId]] = defaultdict(list)
        for class_id, type_ in wanted:
            by_type[type_].append(class_id)
        permitted, determining = set(), set()
        for type_, classes in by_type.items():
            resources = [Resource.document(attributes[class_id]) for class_id in classes]
            about = replace(self.circumstances, more={**self.circumstances.more, "entity_type": type_})
            for class_id, decision in zip(
                classes, self.engine.decide_each(self.principal, "reveal", resources, about), strict=True
            ):
                if decision.allowed:
                    permitted.add((class_id, type_))
                    determining |= set(decision.determining)
        return frozenset(permitted), tuple(sorted(determining))

    def _opened(self, tenant: int, one: Binding) -> Opened:
        value = self.vault.open(tenant, one)
        return Opened(start=one.start, end=one.end, type=one.type, number=one.number, value=value)


def draw_passage(passage: Passage, seen: Unveiled) -> Passage:
    """Return a passage as its viewer sees it, with places in the text that they get."""
    if seen.is_plain:
        return passage
    return replace(
        passage,
        title=seen.title(passage.title),
        heading=seen.above(passage.heading),
        text=seen.stretch(passage.start, passage.text),
        page_starts=tuple(map(seen.place, passage.page_starts)),
        start=seen.place(passage.start),
        end=seen.place(passage.end),
        leads=tuple(
            Lead(start=seen.place(lead.start), text=seen.stretch(lead.start, lead.text)) for lead in passage.leads
        ),
    )
