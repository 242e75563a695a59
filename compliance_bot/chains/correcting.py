"""Correct detection: mark what it missed, give back what it masked without need. Both reach every stored version.

Who may `reclassify` a document decides how it is masked; who gives words back has to be allowed to see them besides. A
mark holds everywhere, since masking more shows nobody anything. Words are given back in those classes alone where this
person may do so, and stay masked in all others. What was corrected is kept as a label, for texts that come later.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from compliance_bot.anchor.acts import Corrected as Anchored
from compliance_bot.audit.record import canonical
from compliance_bot.chains.case import Case
from compliance_bot.chains.draw import Drawing, draw_version
from compliance_bot.chains.reason import reason_of
from compliance_bot.errors import Refused, UsageError
from compliance_bot.ingest.revise import Change
from compliance_bot.policy.decide import Resource
from compliance_bot.policy.permitted import permitted_each
from compliance_bot.privacy.reveal import Viewer
from compliance_bot.records import RecordId, VersionId
from compliance_bot.redaction.abilities import version_of
from compliance_bot.redaction.corrections import Correction, Corrections, words_of
from compliance_bot.redaction.kinds import KINDS
from compliance_bot.redaction.mask import mask
from compliance_bot.redaction.placeholders import PLACEHOLDER
from compliance_bot.store import corrections as rows
from compliance_bot.store import documents, revisions, vault
from compliance_bot.store.documents import lock_writers
from compliance_bot.store.index import EmbedderMismatch
from compliance_bot.store.models import serving_model
from compliance_bot.store.moves import wait_for_answers
from compliance_bot.store.scope import class_attributes, everything_open

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from datetime import datetime

    from compliance_bot.audit.log import Recorder
    from compliance_bot.chains.act import Act
    from compliance_bot.ingest.revise import Reviser
    from compliance_bot.policy.decide import Circumstances
    from compliance_bot.records import ClassId, DocumentId, DocumentVersion, Scope
    from compliance_bot.redaction.spans import Detects, Span
    from compliance_bot.store.connect import Transaction
    from compliance_bot.store.revisions import Revision
    from compliance_bot.store.vault import Binding
    from compliance_bot.vault.labels import Labels

_LONGEST = 200  # characters of a value
_FEWEST = 2  # letters and digits: a single letter stands everywhere


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrected:
    """What became of a correction, as far as the officer may read: other documents were treated alike."""

    record: RecordId
    type: str
    documents: int
    versions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A correction, without its value: `detector` is the way of detection that was wrong."""

    record: RecordId
    at: datetime
    is_personal: bool
    type: str
    detector: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """The document that an officer looks at, as they see it."""

    shown: DocumentVersion
    class_id: ClassId
    scope: Scope
    now: Circumstances
    viewer: Viewer


@dataclass(frozen=True, slots=True, kw_only=True)
class Correcting:
    """Corrections of detection, for one officer."""

    act: Act
    labels: Labels
    detector: Detects
    reviser: Reviser
    on_progress: Callable[[int, int], None] = lambda _done, _all: None

    def mark(self, document: DocumentId, words: str | tuple[int, int], *, type_: str, reason: str) -> Corrected:
        """Mark a value that detection missed: words that stand in the document, or where in the text they stand.

        Places are those of the text that the officer gets. Raises Refused, and UsageError where the words do not
        stand there in the clear.
        """
        case = Case(type="privacy.mark")

        def do(recorder: Recorder) -> Corrected:
            transaction = recorder.transaction
            if type_ not in KINDS:
                raise UsageError(f"no type {type_!r}; known: {', '.join(sorted(KINDS))}")
            found = self._found(transaction, case, document, None)
            surface = _surface(found.shown, words)
            said = Correction(type=type_, surface=surface, is_personal=True)
            now_said = Corrections((*self.labels.read(transaction).each, said))
            with everything_open(transaction):
                found_in = revisions.holding(transaction, words_of(surface))
                changes = {id_: Change(marks=_marks(now_said, class_id)) for id_, class_id in found_in.items()}
                made = self.reviser.revise(
                    transaction, changes, record=case.id, at=case.at, on_progress=self.on_progress
                )
            if not any((one.document, one.number) == (found.shown.document, found.shown.version) for one in made):
                raise UsageError("nothing of these words is in the clear in this document")
            return self._conclude(recorder, case, found, said, now_said, made, reason)

        return self.act.recorded(case, do)

    def unmark(self, document: DocumentId, placeholder: str, *, reason: str, version: int | None = None) -> Corrected:
        """Give back the words behind a placeholder, wherever the officer may do so: they are no personal data.

        Raises Refused where the document or the placeholder is absent, or may not be seen or reclassified.
        """
        case = Case(type="privacy.unmark")

        def do(recorder: Recorder) -> Corrected:
            transaction = recorder.transaction
            match = PLACEHOLDER.fullmatch(placeholder)
            if match is None:
                raise UsageError("which placeholder? expected one such as PERSON_1")
            found = self._found(transaction, case, document, version)
            type_, number = match.group(1), int(match.group(2))
            token, surface = self._value(transaction, found, type_, number)
            with everything_open(transaction):
                bound = [one for one in vault.bindings_of(transaction, [token]) if not one.is_restricted]
                within = self._permitted(transaction, found, bound, type_)
                said = Correction(type=type_, surface=surface, is_personal=False, classes=within)
                now_said = Corrections((*self.labels.read(transaction).each, said))
                changes = _given_back([one for one in bound if one.class_id in within], now_said)
                made = self.reviser.revise(
                    transaction, changes, record=case.id, at=case.at, on_progress=self.on_progress
                )
            return self._conclude(recorder, case, found, said, now_said, made, reason)

        return self.act.recorded(case, do)

    def list(self) -> tuple[Label, ...]:
        """Return every correction, the newest first. Raises Refused."""
        with self.act.closing("privacy.corrections") as case, self.act.database.reading() as snapshot:
            self.act.admit(case, "review")
            found = rows.every(snapshot)
            case.outcome = "done"
        return tuple(
            Label(record=RecordId(one.id), at=one.at, is_personal=one.is_personal, type=one.type, detector=one.detector)
            for one in reversed(found)
        )

    def _found(self, transaction: Transaction, case: Case, document: DocumentId, version: int | None) -> _Found:
        """Return a version as the officer sees it. Raises Refused unless they may read and reclassify its document."""
        lock_writers(transaction)  # before anything is read that another correction may be changing
        now = self.act.circumstances()
        scope = self.act.enter(transaction, case, now)
        shown = documents.version_text(transaction, scope, document, version)
        class_id = documents.class_of_document(transaction, scope, document)
        if shown is None or class_id is None:
            raise Refused
        resource = Resource.document(class_attributes(transaction, [class_id])[class_id])
        for action in ("read", "reclassify"):
            self.act.admit(case, action, now, resource=resource)
        model = serving_model(transaction)
        if model is not None and model.hash != self.reviser.embedder.manifest_hash:
            raise EmbedderMismatch
        viewer = Viewer(engine=self.act.engine, vault=self.reviser.vault, principal=case.principal, circumstances=now)
        drawn = draw_version(Drawing(viewer), transaction, scope, shown)
        return _Found(shown=drawn, class_id=class_id, scope=scope, now=now, viewer=viewer)

    def _value(self, transaction: Transaction, found: _Found, type_: str, number: int) -> tuple[int, str]:
        """Return a placeholder's token and words. Raises Refused where they may not be seen."""
        place = (found.shown.document, found.shown.version)
        version = documents.version_ids(transaction, found.scope, [place])[place]
        bound = [
            one
            for one in revisions.bindings(transaction, version)
            if (one.type, one.number) == (type_, number) and not one.is_restricted and one.token is not None
        ]
        attributes = class_attributes(transaction, [found.class_id])
        if not bound or not found.viewer.permitted_types(attributes, {type_}):
            raise Refused
        assert bound[0].token is not None, "what is found has one"
        return bound[0].token, self.reviser.vault.open(transaction.tenant, bound[0])

    def _permitted(
        self, transaction: Transaction, found: _Found, bound: Sequence[Binding], type_: str
    ) -> frozenset[ClassId]:
        """Return the classes in which the officer may give these words back."""
        attributes = class_attributes(transaction, {one.class_id for one in bound} & set(found.scope.classes))
        given = list(attributes.values())
        principal = found.viewer.principal
        each = [
            permitted_each(self.act.engine, principal, action, given, found.now) for action in ("read", "reclassify")
        ]
        seen = found.viewer.permitted_types(attributes, {type_})
        return frozenset(
            class_id
            for class_id, *allowed in zip(attributes, *each, strict=True)
            if all(allowed) and (class_id, type_) in seen
        )

    def _conclude(
        self,
        recorder: Recorder,
        case: Case,
        found: _Found,
        said: Correction,
        now_said: Corrections,
        made: Sequence[Revision],
        reason: str,
    ) -> Corrected:
        """Keep the label, write down what was made anew, and let answers that are being made begin again."""
        transaction = recorder.transaction
        detector = version_of(self.detector)
        self.labels.add(transaction, said, id=case.id, at=case.at, detector=detector)
        # Who wrote the reason may have named what was missed.
        case.private["reason"] = now_said.hidden(mask(reason_of(reason), self.detector).text)
        # Sealed, since who reviews may not know of every document; its hash is for everybody who is shown it.
        revised = [[one.document, one.version, one.revision, one.replaced_sha256, one.sha256] for one in made]
        case.private["revised"] = revised
        case.public |= {
            "entity_type": said.type,
            "detector": detector,
            "revised_sha256": hashlib.sha256(canonical(revised)).hexdigest(),
        }
        vault.add_erasure(transaction, case.id, case.at)
        wait_for_answers(transaction)
        recorder.anchor(Anchored())
        readable = [one for one in made if one.class_id in frozenset(found.scope.classes)]
        return Corrected(
            record=case.id,
            type=said.type,
            documents=len({one.document for one in readable}),
            versions=len(readable),
        )


def _surface(shown: DocumentVersion, words: str | tuple[int, int]) -> str:
    """Return the words that are meant, as one value. Raises UsageError unless they stand in what the officer sees."""
    text = shown.text or ""
    if isinstance(words, str):
        surface = " ".join(words.split())
    else:
        start, end = words
        if not 0 <= start < end <= len(text):
            raise UsageError(f"expected START:END within a text of {len(text)} characters, not {start}:{end}")
        surface = " ".join(text[start:end].split())
    if len(surface) > _LONGEST or sum(character.isalnum() for character in surface) < _FEWEST:
        raise UsageError(f"expected {_FEWEST} letters or digits at least, and at most {_LONGEST} characters")
    if PLACEHOLDER.search(surface):
        raise UsageError("expected words of the document, not a placeholder: that is masked already")
    probe = Corrections((Correction(type="PERSON", surface=surface, is_personal=True),))
    if not any(True for seen in (shown.title, text) for _ in probe.occurrences(seen)):
        raise UsageError("these words do not stand in this document: expected whole words, as it writes them")
    return surface


def _marks(said: Corrections, class_id: ClassId) -> Callable[[str], Iterator[Span]]:
    """Return what finds in a source of some class what was marked and is not spared there."""
    return lambda source: (one for one in said.occurrences(source) if class_id not in said.spares(source, one))


def _given_back(bound: Collection[Binding], said: Corrections) -> Mapping[VersionId, Change]:
    """Return what becomes of the versions in which these are bound: their words stand in the clear again."""
    placeholders: dict[tuple[VersionId, ClassId], set[tuple[str, int]]] = {}
    for one in bound:
        placeholders.setdefault((one.version, one.class_id), set()).add((one.type, one.number))
    return {
        version: Change(marks=_marks(said, class_id), spared=frozenset(spared))
        for (version, class_id), spared in placeholders.items()
    }
