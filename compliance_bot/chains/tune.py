"""Tune the search of a home on its own vectors: measured, stored and recorded, by whoever may administer it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from compliance_bot.audit.record import Event, describe
from compliance_bot.chains.case import Case
from compliance_bot.retrieval.tune import TooFewChunks, tune
from compliance_bot.store.models import serving_model
from compliance_bot.store.tuning import keep

if TYPE_CHECKING:
    from collections.abc import Callable

    from compliance_bot.audit.record import Json
    from compliance_bot.chains.act import Act
    from compliance_bot.retrieval.tune import Tuned
    from compliance_bot.store.models import VectorModel
    from compliance_bot.store.tuning import SearchTuning


@dataclass(frozen=True, slots=True, kw_only=True)
class TuningRoom:
    """The search of a home, for one principal."""

    act: Act

    def tune(self, *, candidates: int, on_progress: Callable[[int, int], None] = lambda _done, _all: None) -> Tuned:
        """Measure, and let searches follow what was measured from the next question on.

        Nothing changes until all is measured, so it may be interrupted. Raises Refused or TooFewChunks.
        """
        case = Case(type="search.tune")
        with self.act.begun(case):
            self.act.admit(case, "administer")
            model = self._model()
            tuned = tune(self.act.database, model, wanted=candidates, on_progress=on_progress)
        with self.act.log.recording() as recorder:
            keep(recorder.transaction, model, tuned.tuning)
            public = {**case.public, "embedder": model.hash, "tuning": _fields(tuned.tuning)}
            event = Event(
                type=case.type, outcome="done", public=public, private={"principal": describe(case.principal)}
            )
            recorder.append(event, case.principal, id=case.id, at=case.at)
        return tuned

    def _model(self) -> VectorModel:
        with self.act.database.reading() as snapshot:
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
