"""Confirm a stretch of a document: all that is personal in it is masked with the right type, and nothing else is.

From then on what the vault binds there are the labels that detectors are measured against. Who confirms has to see
every value in the stretch: nobody can vouch for what they do not see, nor by acting as another. Stretches of one
version do not overlap, so that no label counts twice.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from compliance_bot.chains.case import Case
from compliance_bot.chains.draw import Drawing
from compliance_bot.errors import Refused, UsageError
from compliance_bot.policy.decide import Resource
from compliance_bot.privacy.reveal import Viewer
from compliance_bot.redaction.placeholders import is_cut, placeholders_in
from compliance_bot.store import documents, quality
from compliance_bot.store.documents import lock_writers
from compliance_bot.store.quality import Review
from compliance_bot.store.scope import class_attributes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from compliance_bot.audit.log import Recorder
    from compliance_bot.chains.act import Act
    from compliance_bot.privacy.reveal import Unveiled
    from compliance_bot.records import ClassId, DocumentId, RecordId, VersionId
    from compliance_bot.store.connect import Transaction
    from compliance_bot.vault.book import Vault

UNDETERMINED = "und"  # ISO 639-2: nobody said
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")


class NoStretch(UsageError):
    """There is nothing to confirm from the one place to the other."""

    hint = "`compliance-bot privacy sample` shows stretches with their places; others count in `documents show --text`."


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmed:
    """A stretch that is confirmed, in places of the text that its reviewer gets. `review` names it."""

    review: RecordId
    document: DocumentId
    version: int
    start: int
    end: int
    language: str
    labels: int  # values that stand in it
    is_new: bool  # or it was confirmed before


@dataclass(frozen=True, slots=True, kw_only=True)
class _Opened:
    """A version that is about to be confirmed in part, as its reviewer sees it."""

    document: DocumentId
    version: VersionId
    number: int
    class_id: ClassId
    text: str = field(repr=False)
    seen: Unveiled = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirming:
    """Confirmations, by one person."""

    act: Act
    vault: Vault

    def confirm(
        self, document: DocumentId, start: int, end: int, *, version: int | None = None, language: str | None = None
    ) -> Confirmed:
        """Record that a stretch is masked rightly. Confirmed once more it stays as it is, but for another language.

        Raises Refused where the document is absent or may not be read, or a value in the stretch may not be seen;
        UsageError for a stretch or a language that is none, and for one that overlaps with another.
        """
        if language is not None and not _LANGUAGE.fullmatch(language):
            raise UsageError("the language is not a code: expected one such as en, de or pt-BR")
        case = Case(type="privacy.confirm")

        def do(recorder: Recorder) -> Confirmed:
            lock_writers(recorder.transaction)  # no value is erased, and no other stretch confirmed, in between
            opened = self._opened(recorder.transaction, case, document, version)
            review = _review(case, opened, *_stored(opened, start, end), language or UNDETERMINED)
            known = _known(quality.reviews_of(recorder.transaction, opened.version), review, opened.seen)
            if known is None:
                quality.add_review(recorder.transaction, review, actor=recorder.actor(case.principal), at=case.at)
            elif language and known.language != language:
                quality.set_language(recorder.transaction, known.record, language)
                known = replace(known, language=language)
            kept = known or review
            labels = sum(1 for _ in placeholders_in(opened.text[kept.start : kept.end]))
            case.public["confirmed"] = {
                "review": kept.record,
                "document": kept.document,
                "number": opened.number,
                "start": kept.start,
                "end": kept.end,
                "language": kept.language,
                "labels": labels,
            }
            return Confirmed(
                review=kept.record,
                document=kept.document,
                version=opened.number,
                start=start,
                end=end,
                language=kept.language,
                labels=labels,
                is_new=known is None,
            )

        return self.act.recorded(case, do)

    def _opened(self, transaction: Transaction, case: Case, document: DocumentId, number: int | None) -> _Opened:
        """Return a version as its reviewer sees it. Raises Refused."""
        if case.principal.actor is not None:
            raise Refused
        now = self.act.circumstances()
        scope = self.act.enter(transaction, case, now)
        found = documents.version_text(transaction, scope, document, number)
        class_id = documents.class_of_document(transaction, scope, document)
        if found is None or class_id is None:
            raise Refused
        resource = Resource.document(class_attributes(transaction, [class_id])[class_id])
        self.act.admit(case, "read", now, resource=resource)
        viewer = Viewer(engine=self.act.engine, vault=self.vault, principal=case.principal, circumstances=now)
        place = (found.document, found.version)
        drawing = Drawing(viewer)
        drawing.look(transaction, scope, [place])
        return _Opened(
            document=found.document,
            version=documents.version_ids(transaction, scope, [place])[place],
            number=found.version,
            class_id=class_id,
            text=found.text or "",
            seen=drawing.seen[place],
        )


def _stored(opened: _Opened, start: int, end: int) -> tuple[int, int]:
    """Return where a stretch of the drawn text is in the stored one. Raises NoStretch, and Refused where it hides."""
    length = opened.seen.place(len(opened.text))
    if not 0 <= start < end <= length:
        raise NoStretch(f"expected START:END with 0 <= START < END <= {length}, {start}:{end} came")
    first, last = opened.seen.stored(start), opened.seen.stored(end)
    if first is None or last is None or is_cut(opened.text, first) or is_cut(opened.text, last):
        raise NoStretch(f"{start}:{end} begins or ends inside of what is masked: expected all of that, or none")
    if not opened.seen.shows_all(first, opened.text[first:last]):
        raise Refused
    return first, last


def _review(case: Case, opened: _Opened, start: int, end: int, language: str) -> Review:
    return Review(
        record=case.id,
        version=opened.version,
        document=opened.document,
        class_id=opened.class_id,
        start=start,
        end=end,
        language=language,
    )


def _known(there: Sequence[Review], review: Review, seen: Unveiled) -> Review | None:
    """Return the same stretch if it was confirmed before. Raises NoStretch for one that overlaps with another."""
    for one in there:
        if (one.start, one.end) == (review.start, review.end):
            return one
        if one.start < review.end and review.start < one.end:
            raise NoStretch(
                f"{seen.place(one.start)}:{seen.place(one.end)} is confirmed already: expected a stretch beside it"
            )
    return None
