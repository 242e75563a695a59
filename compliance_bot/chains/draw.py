"""Step 9: draw an answer for its viewer, with the values that they may see, and say in its record which these are.

Answers, hits and documents are made, checked and recorded with placeholders. Drawing comes last before the record,
which says what it discloses and is committed before anything is shown. What is drawn is made for this viewer alone.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar

from compliance_bot.chains.cite import spoken
from compliance_bot.privacy.reveal import Disclosed, Unveiled, Viewer, draw_passage
from compliance_bot.records import AnswerPart
from compliance_bot.redaction.placeholders import PLACEHOLDER, placeholder
from compliance_bot.store import documents, vault
from compliance_bot.store.moves import MovedMeanwhile
from compliance_bot.store.scope import open_scope

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from compliance_bot.audit.record import Json
    from compliance_bot.chains.answer import Parts
    from compliance_bot.chains.case import Case
    from compliance_bot.policy.decide import Circumstances
    from compliance_bot.records import (
        Answer,
        Citation,
        DocumentId,
        DocumentSummary,
        DocumentVersion,
        Hit,
        Scope,
        Sentence,
    )
    from compliance_bot.store.connect import Database, Transaction
    from compliance_bot.store.vault import Binding


_MOST_DOCUMENTS = 300  # that an envelope of at most 65,535 bytes has room for, beside a thousand passages

Place = tuple["DocumentId", int]  # a document, and the number of a version
Listed = TypeVar("Listed", "DocumentSummary", "DocumentVersion")


@dataclass(slots=True)
class Drawing:
    """What one viewer is shown in one act. Versions are looked up once."""

    viewer: Viewer
    seen: dict[Place, Unveiled] = field(default_factory=dict)
    determining: set[str] = field(default_factory=set)
    erasures: int | None = None  # and corrections, that there had been when what is drawn was read

    @classmethod
    def of(cls, parts: Parts, case: Case, now: Circumstances) -> Drawing:
        """Return the drawing for whom a case is, by the rules of an act."""
        viewer = Viewer(engine=parts.engine, vault=parts.vault, principal=case.principal, circumstances=now)
        return cls(viewer, erasures=case.erasures)

    def look_in(self, database: Database, places: Iterable[Place]) -> None:
        """Find out in a snapshot of its own what the viewer sees of these versions. Raises as `Viewer.unveil`."""
        fresh = set(places) - self.seen.keys()
        if fresh:
            viewer = self.viewer
            with database.reading() as snapshot:
                scope = open_scope(snapshot, viewer.engine, viewer.principal, viewer.circumstances)
                self.look(snapshot, scope, fresh)

    def look(self, snapshot: Transaction, scope: Scope, places: Iterable[Place], *, in_titles: bool = False) -> None:
        """Find out what the viewer sees of these versions, or of their titles alone. Raises as `Viewer.unveil`.

        Of a version that is gone, or that they cannot read, nothing is drawn. Raises MovedMeanwhile where values were
        erased, or texts corrected, since what is drawn was read.
        """
        fresh = sorted(set(places) - self.seen.keys())
        changes = vault.erasures(snapshot)
        if self.erasures is None:
            self.erasures = changes
        if self.erasures != changes:  # what is to be drawn was read before, and may be masked otherwise now
            raise MovedMeanwhile
        ids = documents.version_ids(snapshot, scope, fresh)
        found, determining = self.viewer.unveil(
            snapshot, scope, {ids[place]: place[0] for place in fresh if place in ids}, in_titles=in_titles
        )
        for place in fresh:
            self.seen[place] = found[ids[place]] if place in ids else Unveiled.nothing(place[0])
        self.determining |= set(determining)

    def tell(self, case: Case) -> None:
        """Write into a case what was disclosed, if anything was."""
        public, private = self.told()
        case.public |= public
        case.private |= private
        case.erasures = self.standing if case.erasures is None else case.erasures

    @property
    def standing(self) -> int | None:
        """How many erasures there may have been when what was drawn is shown; None where no value was."""
        return self.erasures if any(one.disclosed.placeholders for one in self.seen.values()) else None

    def told(self) -> tuple[dict[str, Json], dict[str, Json]]:
        """Return what a record's two halves say of what was disclosed."""
        shown = [disclosed for one in self.seen.values() if (disclosed := one.disclosed).placeholders]
        public, private = disclosures(shown, self.counts)
        if public:
            public["revealed"]["determining"] = sorted(self.determining)
            private["reason"] = self.viewer.circumstances.purpose
        return public, private

    @property
    def counts(self) -> Counter[str]:
        """How many values were drawn, by type."""
        return sum((Counter(one.counts) for one in self.seen.values()), Counter())


def disclosures(shown: Sequence[Disclosed], counts: Mapping[str, int]) -> tuple[dict[str, Json], dict[str, Json]]:
    """Return what a record's two halves say of values that are shown: how many of each type, and which where."""
    if not shown:
        return {}, {}
    revealed: dict[str, Json] = {"counts": dict(sorted(counts.items()))}
    inside = sorted({one.document for one in shown})
    if len(inside) <= _MOST_DOCUMENTS:  # of more the sealed half tells
        revealed["documents"] = inside
    places = [
        {"document": one.document, "version": one.version, "placeholders": list(one.placeholders)} for one in shown
    ]
    return {"revealed": revealed}, {"disclosed": places}


def tell_of(case: Case, shown: Sequence[Binding]) -> None:
    """Write into a case which single values an officer was shown."""
    public, private = disclosures(
        [
            Disclosed(document=one.document, version=one.version, placeholders=(placeholder(one.type, one.number),))
            for one in shown
        ],
        Counter(one.type for one in shown),
    )
    case.public |= public
    case.private |= private


def drawn(case: Case, parts: Parts, result: Answer, now: Circumstances) -> Answer:
    """Return an answer with the values that its asker may see, where it is to be drawn; the record says which."""
    if not parts.reveals:
        return result
    with case.step("draw"):
        drawing = Drawing.of(parts, case, now)
        result = draw_answer(drawing, parts.database, result)
        drawing.tell(case)
    return result


def draw_answer(drawing: Drawing, database: Database, result: Answer) -> Answer:
    """Return an answer as its viewer sees it. Raises as `Viewer.unveil`."""
    drawing.look_in(database, _places(result.citations))
    citations = tuple(_citation(drawing, one) for one in result.citations)
    by_number = {one.n: one for one in result.citations}
    sentences = tuple(_sentence(drawing, one, by_number) for one in result.sentences)
    if (citations, sentences) == (result.citations, result.sentences):
        return result
    return replace(
        result,
        answer=result.answer if result.abstained else spoken(sentences),
        sentences=sentences,
        citations=citations,
        revealed=dict(sorted(drawing.counts.items())),
        undrawn=result,
    )


def draw_part(drawing: Drawing, database: Database, part: AnswerPart, used: Sequence[Citation]) -> AnswerPart:
    """Return a sentence of an answer that is being made as its viewer sees it; `used` are all that it cites."""
    drawing.look_in(database, _places(used))
    return AnswerPart(
        sentence=_sentence(drawing, part.sentence, {one.n: one for one in used}),
        citations=tuple(_citation(drawing, one) for one in part.citations),
    )


def draw_hits(drawing: Drawing, database: Database, hits: Sequence[Hit]) -> tuple[Hit, ...]:
    """Return the passages that were found as their viewer sees them."""
    drawing.look_in(database, {(hit.document, hit.version) for hit in hits})
    return tuple(
        replace(hit, passage=draw_passage(hit.passage, drawing.seen[hit.document, hit.version])) for hit in hits
    )


def draw_version(drawing: Drawing, snapshot: Transaction, scope: Scope, shown: DocumentVersion) -> DocumentVersion:
    """Return a version of a document as its viewer sees it."""
    drawing.look(snapshot, scope, [(shown.document, shown.version)])
    seen = drawing.seen[shown.document, shown.version]
    text = None if shown.text is None else seen.stretch(0, shown.text)
    return replace(shown, title=seen.title(shown.title), text=text)


def draw_titles(drawing: Drawing, snapshot: Transaction, scope: Scope, listed: Sequence[Listed]) -> tuple[Listed, ...]:
    """Return documents or versions with their titles as their viewer sees them."""
    drawing.look(snapshot, scope, {(one.document, one.version) for one in listed}, in_titles=True)
    return tuple(replace(one, title=drawing.seen[one.document, one.version].title(one.title)) for one in listed)


def _places(citations: Iterable[Citation]) -> set[Place]:
    return {(one.document, one.version) for one in citations}


def _citation(drawing: Drawing, one: Citation) -> Citation:
    seen = drawing.seen[one.document, one.version]
    if seen.is_plain:
        return one
    return replace(
        one,
        title=seen.title(one.title),
        heading=seen.above(one.heading),
        quote=seen.stretch(one.start, one.quote),
        start=seen.place(one.start),
        end=seen.place(one.end),
    )


def _sentence(drawing: Drawing, sentence: Sentence, cited: Mapping[int, Citation]) -> Sentence:
    """Return a sentence with what its quotes show: its words are theirs, so its placeholders are theirs too."""
    quotes = [
        (found.group(), seen.stretch(citation.start + found.start(), found.group()))
        for citation, seen in (
            (cited[n], drawing.seen[cited[n].document, cited[n].version]) for n in sentence.citations
        )
        for found in PLACEHOLDER.finditer(citation.quote)
    ]
    return replace(
        sentence,
        text=_in_words_of(quotes, sentence.text),
        prose=None if sentence.prose is None else _in_words_of(quotes, sentence.prose),
    )


def _in_words_of(quotes: Sequence[tuple[str, str]], text: str) -> str:
    """Return a text with its placeholders drawn as in its quotes, given these in order, each with what it is drawn as.

    They are the same ones in the same order, as a rule. In a model's own words, or where a quote is used twice, one is
    drawn that means the same in all quotes; any other stays.
    """
    said = [found.group() for found in PLACEHOLDER.finditer(text)]
    if said == [one for one, _ in quotes]:
        in_order = iter(drawn for _, drawn in quotes)
        return PLACEHOLDER.sub(lambda _: next(in_order), text)
    meant: dict[str, set[str]] = {}
    for one, drawn in quotes:
        meant.setdefault(one, set()).add(drawn)
    alike = {one: next(iter(drawn)) for one, drawn in meant.items() if len(drawn) == 1}
    return PLACEHOLDER.sub(lambda found: alike.get(found.group(), found.group()), text)
