"""Measure the detector of today on what was confirmed: the source is restored in memory, looked through, and counted.

It is looked through as when it was ingested, under the profile that its collection has today, and whole: words before a
stretch speak for what is in it. Corrections are left aside, since they are what the detector is measured by. Values
leave neither the process nor the function that looks at them: what is kept are counts by type.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING

from compliance_bot.chains.case import Case
from compliance_bot.errors import Refused, UsageError
from compliance_bot.ingest.prepare import detected
from compliance_bot.policy.permitted import permitted_each
from compliance_bot.privacy.reveal import Viewer
from compliance_bot.privacy.whole import restored
from compliance_bot.redaction.abilities import version_of
from compliance_bot.redaction.in_place import compare, labelled
from compliance_bot.redaction.masking import Redaction
from compliance_bot.redaction.spans import DetectionFailed
from compliance_bot.store import measures, quality
from compliance_bot.store.measures import Score
from compliance_bot.store.scope import class_attributes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from compliance_bot.audit.log import Recorder
    from compliance_bot.chains.act import Act
    from compliance_bot.policy.decide import Circumstances
    from compliance_bot.records import RecordId, Scope, VersionId
    from compliance_bot.redaction.masking import Masking
    from compliance_bot.redaction.spans import Detects
    from compliance_bot.store.quality import Review
    from compliance_bot.vault.book import Vault


class NothingReviewed(UsageError):
    """Nothing is confirmed yet that you may see whole, so there is nothing to measure by."""

    hint = "Begin with `compliance-bot privacy sample`, and confirm what is masked rightly with `privacy confirm`."


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A run of the detector over what was confirmed. Its record names it."""

    record: RecordId
    at: datetime
    detector: str  # its version
    stretches: int
    labels: int
    covered: int  # of these
    unseen: int  # stretches left out: in their version stands what may not be seen
    failed: int  # stretches left out: the detector could not tell


@dataclass(slots=True)
class _Tally:
    """What is counted so far."""

    scores: list[Score] = field(default_factory=list)
    unseen: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Measuring:
    """The measuring, by one person: of versions that they may read and see every value in."""

    act: Act
    vault: Vault
    detector: Detects

    def measure(self, *, on_progress: Callable[[int, int], None] = lambda _done, _all: None) -> Measured:
        """Look through what was confirmed and keep what was counted, all of it or nothing.

        Raises Refused, NothingReviewed, and what the vault and the database raise.
        """
        case = Case(type="privacy.measure")
        with self.act.begun(case):
            tally = self._tally(case, on_progress)
            if not tally.scores:
                raise NothingReviewed
        return self.act.recorded(case, lambda recorder: self._kept(recorder, case, tally))

    def _tally(self, case: Case, on_progress: Callable[[int, int], None]) -> _Tally:
        """Return what the detector finds, version by version: no connection is held while it looks."""
        if case.principal.actor is not None:
            raise Refused
        now = self.act.circumstances()
        with self.act.database.reading() as snapshot:
            confirmed = quality.reviews(snapshot, self.act.enter(snapshot, case, now))
        tally = _Tally()
        versions = [(version, tuple(each)) for version, each in groupby(confirmed, lambda one: one.version)]
        for done, (version, reviews) in enumerate(versions, start=1):
            self._look(case, now, version, reviews, tally)
            on_progress(done, len(versions))
        return tally

    def _look(
        self, case: Case, now: Circumstances, version: VersionId, reviews: Sequence[Review], tally: _Tally
    ) -> None:
        viewer = Viewer(engine=self.act.engine, vault=self.vault, principal=case.principal, circumstances=now)
        with self.act.database.reading() as snapshot:
            scope = self.act.enter(snapshot, case, now)
            attributes = class_attributes(snapshot, [reviews[0].class_id])[reviews[0].class_id]
            (may_read,) = permitted_each(self.act.engine, case.principal, "read", [attributes], now)
            source = restored(viewer, snapshot, scope, version) if may_read else None
        if source is None:
            tally.unseen += len(reviews)
            return
        masking = self._bare(str(attributes["collection"]))
        try:
            found = detected(source.title, source.text, masking.detector)
        except DetectionFailed:
            tally.failed += len(reviews)
            return
        tally.scores += [
            Score(
                review=one.record,
                profile=masking.profile.name,
                profile_sha256=masking.profile.sha256,
                labelled=labelled(source, one.start, one.end),
                types=compare(source, one.start, one.end, found),
            )
            for one in reviews
        ]

    def _bare(self, collection: str) -> Masking:
        """Return what masks a collection, without what people have corrected."""
        return Redaction(detector=self.detector, profiles=self.act.rules.redaction).of(collection)

    def _kept(self, recorder: Recorder, case: Case, tally: _Tally) -> Measured:
        """Store what was counted. What was forgotten meanwhile is left out."""
        scope: Scope = self.act.enter(recorder.transaction, case, self.act.circumstances())
        detector = version_of(self.detector)
        kept = measures.add_run(
            recorder.transaction, scope, tally.scores, record=case.id, detector=detector, at=case.at
        )
        case.public["measured"] = {
            "detector": detector,
            "stretches": kept,
            "unseen": tally.unseen,
            "failed": tally.failed,
        }
        every = [counts for score in tally.scores for counts in score.types.values()]
        return Measured(
            record=case.id,
            at=case.at,
            detector=detector,
            stretches=kept,
            labels=sum(one.gold for one in every),
            covered=sum(one.covered for one in every),
            unseen=tally.unseen,
            failed=tally.failed,
        )
