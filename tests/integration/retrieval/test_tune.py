"""Tuning measures real searches, keeps what it found for this tenant alone, and searches follow it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import pytest

from compliance_bot.retrieval import tune as tuning_module
from compliance_bot.retrieval.search import search
from compliance_bot.retrieval.tune import REACHES, SHARES, TooFewChunks, tune
from compliance_bot.store.models import VectorModel, serving_model
from compliance_bot.store.search import Walk, nearest_exact
from compliance_bot.store.trial import EVERYTHING, anywhere, open_trial, topic
from compliance_bot.store.tuning import SearchTuning, keep, measured

from ..shelf import TERM_KEY, draft, embedding, scope_of, store
from .test_search import passages

if TYPE_CHECKING:
    from collections.abc import Callable

    from compliance_bot.store.connect import Database

STORED = 300
ALWAYS_WALK = SearchTuning(
    threshold=0,
    chunks=STORED,
    ef_search=100,
    fetch_base=20,
    fetch_slope=0,
    fetch_least=20,
    fetch_most=20,
    recall=1.0,
    at=datetime(2026, 11, 3, tzinfo=UTC),
)


@pytest.fixture(scope="module")
def filled(module_database: Database) -> Database:
    for collection, seed in (("aml", 1), ("credit", 2)):
        texts = passages(seed, STORED // 2)
        store(module_database, *(draft(f"{collection} {n}", t, collection=collection) for n, t in enumerate(texts)))
    return module_database


@pytest.fixture
def model(filled: Database) -> VectorModel:
    with filled.reading() as snapshot:
        model = serving_model(snapshot)
    assert model is not None
    return model


def is_exact(database: Database, *, exact_threshold: int | None = None) -> bool:
    with database.reading() as snapshot:
        found = search(
            snapshot,
            scope_of(snapshot, ["aml"]),
            "banka riska",
            lambda: embedding("banka riska"),
            model=serving_model(snapshot),
            term_key=TERM_KEY,
            k=5,
            candidates=20,
            stored=STORED,
            exact_threshold=exact_threshold,
        )
    assert len(found.hits) == 5
    return found.exact


def test_everything_is_measured_and_told_as_it_goes_on(
    filled: Database, model: VectorModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tuning_module, "LEAST_CHUNKS", STORED)
    told: list[tuple[int, int]] = []
    tuned = tune(filled, model, wanted=20, on_progress=lambda done, all_: told.append((done, all_)))
    assert told[-1] == (len(SHARES), len(SHARES))
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    whole = [one for one in tuned.measured if one.readable == STORED]
    assert {one.reach.way for one in whole} == {reach.way for reach in REACHES}
    assert all(one.recall >= 0.95 and one.exact_ms > 0 and one.walk_ms > 0 for one in whole)
    assert tuned.tuning.chunks == STORED
    assert 0 < tuned.tuning.threshold <= STORED
    assert tuned.chosen


def test_one_chunk_less_than_is_needed_is_refused(
    filled: Database, model: VectorModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tuning_module, "LEAST_CHUNKS", STORED + 1)
    with pytest.raises(TooFewChunks, match="what is built in stays"):
        tune(filled, model, wanted=20)
    with filled.reading() as snapshot:
        assert measured(snapshot, model) is None


class TestTrial:
    def test_comparing_all_is_what_a_search_does(self, filled: Database, model: VectorModel) -> None:
        vector = embedding("banka riska")
        with open_trial(filled, model) as trial:
            found = trial.nearest(vector, EVERYTHING, 25)
        with filled.reading() as snapshot:
            scope = scope_of(snapshot, ["aml", "credit"])
            best = sorted(nearest_exact(snapshot, scope, model, vector, limit=25).values(), reverse=True)[:25]
        assert found == pytest.approx(best)

    def test_the_sets_have_the_size_that_they_should(self, filled: Database, model: VectorModel) -> None:
        with open_trial(filled, model) as trial:
            assert trial.stored == STORED
            sample = trial.sample(STORED, seed=0)
            assert 0.8 * STORED < len(sample) <= STORED
            assert np.linalg.norm(sample, axis=1) == pytest.approx(1.0, abs=2e-3)
            for within in (anywhere(0.4), topic(sample[0], sample, 0.4)):
                found = trial.nearest(sample[1], within, STORED)
                assert 0.2 * STORED < len(found) < 0.6 * STORED

    def test_a_walk_finds_what_there_is_in_the_set(self, filled: Database, model: VectorModel) -> None:
        with open_trial(filled, model) as trial:
            sample = trial.sample(50, seed=0)
            for within in (EVERYTHING, anywhere(0.4), topic(sample[0], sample, 0.4)):
                best = trial.nearest(sample[1], within, 10)
                found = trial.walk(sample[1], within, Walk(ef_search=200, fetch=20, longest=20_000))
                assert found == sorted(found, reverse=True)
                # A graph may miss one now and then, and no two are built alike: what it says is there, is there.
                there = trial.nearest(sample[1], within, STORED)
                assert np.min(np.abs(np.subtract.outer(found, there)), axis=1) == pytest.approx(0, abs=1e-6)
                assert np.isclose(np.asarray(best)[:, None], found[:10], atol=1e-6).any(axis=1).sum() >= 8


class TestKept:
    def test_what_is_kept_comes_back(self, filled: Database, model: VectorModel) -> None:
        with filled.writing() as transaction:
            keep(transaction, model, ALWAYS_WALK)
        with filled.reading() as snapshot:
            assert measured(snapshot, model) == ALWAYS_WALK

    def test_the_newest_measurement_replaces_the_one_before(self, filled: Database, model: VectorModel) -> None:
        for threshold in (5, 7):
            with filled.writing() as transaction:
                keep(transaction, model, replace(ALWAYS_WALK, threshold=threshold))
        with filled.reading() as snapshot:
            found = measured(snapshot, model)
        assert found is not None
        assert found.threshold == 7

    def test_the_next_search_follows_it_and_a_setting_wins(self, filled: Database, model: VectorModel) -> None:
        with filled.writing() as transaction:
            keep(transaction, model, replace(ALWAYS_WALK, threshold=STORED))
        assert is_exact(filled)
        assert not is_exact(filled, exact_threshold=0)
        with filled.writing() as transaction:
            keep(transaction, model, ALWAYS_WALK)
        assert not is_exact(filled)
        assert is_exact(filled, exact_threshold=STORED)

    def test_it_holds_for_one_tenant_and_one_model(
        self, filled: Database, model: VectorModel, new_tenant: Callable[[], Database]
    ) -> None:
        with filled.writing() as transaction:
            keep(transaction, model, ALWAYS_WALK)
        with filled.reading() as snapshot:
            assert measured(snapshot, replace(model, id=model.id + 1)) is None
        with new_tenant().reading() as elsewhere:
            assert measured(elsewhere, model) is None
