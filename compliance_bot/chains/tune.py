"""Tune the search of a home on its own vectors: measured, stored and recorded, by whoever may administer it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from compliance_bot.audit.record import Event, describe
from compliance_bot.chains.case import Case
from compliance_bot.chains.rights import require_permission
from compliance_bot.errors import ComplianceError
from compliance_bot.retrieval.tune import TooFewChunks, tune
from compliance_bot.store.models import serving_model
from compliance_bot.store.tuning import keep

if TYPE_CHECKING:
    from collections.abc import Callable

    from compliance_bot.audit.log import AuditLog
    from compliance_bot.audit.record import Json
    from compliance_bot.policy.decide import Circumstances, PolicyEngine
    from compliance_bot.records import Principal
    from compliance_bot.retrieval.tune import Tuned
    from compliance_bot.store.connect import Database
    from compliance_bot.store.models import VectorModel
    from compliance_bot.store.tuning import SearchTuning


@dataclass(frozen=True, slots=True, kw_only=True)
class TuningRoom:
    """The search of a home, for one principal."""

    database: Database
    log: AuditLog
    engine: PolicyEngine
    identify: Callable[[], Principal]
    circumstances: Callable[[], Circumstances]

    def tune(self, *, candidates: int, on_progress: Callable[[int, int], None] = lambda _done, _all: None) -> Tuned:
        """Measure, and let searches follow what was measured from the next question on.

        Nothing changes until all is measured, so it may be interrupted. Raises Refused or TooFewChunks.
        """
        case = Case(type="search.tune")
        try:
            case.principal = self.identify()
            require_permission(self.engine, case.principal, "administer", self.circumstances(), case)
            model = self._model()
            tuned = tune(self.database, model, wanted=candidates, on_progress=on_progress)
        except BaseException as error:  # an interruption leaves a record too
            case.outcome = "refused" if isinstance(error, ComplianceError) else "failed"
            case.public["error"] = type(error).__name__
            self.log.append(case.event(), case.principal, id=case.id, at=case.at)
            raise
        with self.log.recording() as recorder:
            keep(recorder.transaction, model, tuned.tuning)
            public = {**case.public, "embedder": model.hash, "tuning": _fields(tuned.tuning)}
            event = Event(
                type=case.type, outcome="done", public=public, private={"principal": describe(case.principal)}
            )
            recorder.append(event, case.principal, id=case.id, at=case.at)
        return tuned

    def _model(self) -> VectorModel:
        with self.database.reading() as snapshot:
            model = serving_model(snapshot)
        if model is None:
            raise TooFewChunks
        return model


def _fields(tuning: SearchTuning) -> dict[str, Json]:
    """Return what a record says of a tuning: whole numbers only."""
    base, slope, least, most = tuning.fetch_base, tuning.fetch_slope, tuning.fetch_least, tuning.fetch_most
    return {
        "threshold": tuning.threshold,
        "chunks": tuning.chunks,
        "ef_search": tuning.ef_search,
        "fetch": {"base": base, "slope": slope, "least": least, "most": most},
        "recall_millionths": round(tuning.recall * 1_000_000),
    }
