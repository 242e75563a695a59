"""Show an earlier answer again: only what its asker may read now.

Who keeps an answer to draw it again (a page, a conversation) asks here each time. Nothing is shown that was not shown,
and recorded, before; so a record is left only by what opens a document anew.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from compliance_bot.audit.review import cited_documents
from compliance_bot.chains.case import Case
from compliance_bot.chains.cite import spoken
from compliance_bot.chains.draw import Drawing, Place, draw_answer
from compliance_bot.chains.rights import enter_scope
from compliance_bot.policy.decide import Resource
from compliance_bot.privacy.reveal import Viewer
from compliance_bot.records import DocumentId
from compliance_bot.store.documents import class_of_document, hashes_of
from compliance_bot.store.scope import class_attributes
from compliance_bot.store.vault import erasures

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from compliance_bot.chains.act import Act
    from compliance_bot.records import Answer
    from compliance_bot.vault.book import Vault


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """What one principal was answered, decided about anew."""

    act: Act
    vault: Vault

    def readable(self, answers: Sequence[Answer]) -> tuple[Answer, ...]:
        """Return the answers without the sentences and quotes of documents that may not be read any more.

        A model's own words go with any document that it was sent. Personal data that were shown then are shown where
        they may still be seen and have not been erased. An answer whose text is another now has no receipt. Raises
        what identifying or the database raises.
        """
        rests = [self._rests_on(answer) for answer in answers]
        principal, now = self.act.identify(), self.act.circumstances()
        viewer = Viewer(engine=self.act.engine, vault=self.vault, principal=principal, circumstances=now)
        drawing = Drawing(viewer)
        readable, hashes = self._readable(frozenset().union(*rests), _quoted(answers), drawing)
        return tuple(
            _receipted(
                one, self._drawn(one, _without(one.undrawn or one, on, readable - _revised(one, hashes)), drawing)
            )
            for one, on in zip(answers, rests, strict=True)
        )

    def _drawn(self, shown: Answer, left: Answer, drawing: Drawing) -> Answer:
        """Return what is left of an answer as it was drawn; with placeholders where it would be drawn otherwise."""
        if shown.undrawn is None:
            return left
        drawn = draw_answer(drawing, self.act.database, left)
        before = {(one.document, one.version, one.title, one.heading, one.quote) for one in shown.citations}
        now = {(one.document, one.version, one.title, one.heading, one.quote) for one in drawn.citations}
        return drawn if now <= before else left

    def _rests_on(self, answer: Answer) -> frozenset[DocumentId]:
        """Return the documents that an answer quotes, and those that a model was sent for what it says of its own."""
        quoted = frozenset(citation.document for citation in answer.citations)
        if all(sentence.prose is None for sentence in answer.sentences):
            return quoted
        record = self.act.log.one(answer.record)
        # Of an answer without a record nobody knows what its model was sent: a document that nobody can read.
        return quoted | (cited_documents(record) if record else {DocumentId("")})

    def _readable(
        self, wanted: Collection[DocumentId], quoted: Collection[Place], drawing: Drawing
    ) -> tuple[frozenset[DocumentId], Mapping[Place, str]]:
        """Return which of these documents may be read now, and the hashes of the versions that are quoted.

        In scope, and permitted by the policies one by one.
        """
        principal, now = drawing.viewer.principal, drawing.viewer.circumstances
        with self.act.database.reading() as snapshot:
            drawing.erasures = erasures(snapshot)
            scope = enter_scope(snapshot, self.act.engine, principal, now, Case(type="answer.again"))
            found = {document: class_of_document(snapshot, scope, document) for document in wanted}
            seen = class_attributes(snapshot, [one for one in found.values() if one is not None])
            hashes = hashes_of(snapshot, scope, quoted)
        resources = [Resource.document(attributes) for attributes in seen.values()]
        decisions = self.act.engine.decide_each(principal, "read", resources, now)
        permitted = {class_id for class_id, decision in zip(seen, decisions, strict=True) if decision.allowed}
        return frozenset(document for document, class_id in found.items() if class_id in permitted), hashes


def _receipted(shown: Answer, now: Answer) -> Answer:
    """Return an answer with the receipt that was given for it, if it still says what that is for."""
    return replace(now, receipt=shown.receipt if now.answer == shown.answer else None)


def _quoted(answers: Sequence[Answer]) -> frozenset[Place]:
    return frozenset((citation.document, citation.version) for answer in answers for citation in answer.citations)


def _revised(answer: Answer, hashes: Mapping[Place, str]) -> frozenset[DocumentId]:
    """Return the documents whose quoted text was masked otherwise since: what was quoted may be personal data."""
    quoted = (answer.undrawn or answer).citations
    return frozenset(one.document for one in quoted if hashes.get((one.document, one.version)) != one.sha256)


def _without(answer: Answer, rests_on: Collection[DocumentId], readable: Collection[DocumentId]) -> Answer:
    """Return what of an answer rests on these documents alone."""
    if set(rests_on) <= set(readable):
        return answer
    citations = tuple(citation for citation in answer.citations if citation.document in readable)
    numbers = {citation.n for citation in citations}
    sentences = tuple(replace(s, prose=None) for s in answer.sentences if numbers.issuperset(s.citations))
    text = answer.answer if answer.abstained else spoken(sentences)
    return replace(answer, answer=text, sentences=sentences, citations=citations)
