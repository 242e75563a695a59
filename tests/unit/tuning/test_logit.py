"""The solvers find known coefficients, and stand at a maximum."""

from __future__ import annotations

import numpy as np
import pytest

from compliance_bot.tuning.logit import conditional_logit, logistic, standardised


def test_a_logistic_regression_finds_the_coefficients_that_made_its_data() -> None:
    random = np.random.default_rng(7)
    features = random.normal(size=(20_000, 2))
    likely = 1 / (1 + np.exp(-(features @ [1.5, -0.5] + 0.7)))
    weights, bias = logistic(features, (random.random(20_000) < likely).astype(float), penalty=1e-6)
    np.testing.assert_allclose([*weights, bias], [1.5, -0.5, 0.7], atol=0.08)


def test_a_penalty_shrinks_the_weights_and_not_the_bias() -> None:
    features = np.array([[0.0], [1.0], [0.0], [1.0]])
    labels = np.array([1.0, 1.0, 0.0, 1.0])
    loose, _ = logistic(features, labels, penalty=0.1)
    tight, bias = logistic(features, labels, penalty=1e6)
    assert abs(tight[0]) < 1e-3 < abs(loose[0])
    assert bias == pytest.approx(np.log(3), abs=1e-3)


def test_a_conditional_logit_finds_the_coefficients_that_made_its_choices() -> None:
    random = np.random.default_rng(7)
    sizes = [3, 5] * 3000
    features = random.normal(size=(sum(sizes), 2))
    utility = features @ [2.0, -1.0] + random.gumbel(size=sum(sizes))
    right = np.zeros(sum(sizes))
    for start, size in zip(np.cumsum([0, *sizes[:-1]]), sizes, strict=True):
        right[start + np.argmax(utility[start : start + size])] = 1.0
    found = conditional_logit(features, right, sizes=sizes, penalty=1e-6)
    np.testing.assert_allclose(found, [2.0, -1.0], atol=0.12)


def test_where_several_rows_may_be_right_it_learns_from_the_groups_that_tell() -> None:
    features = np.array([[1.0], [0.0], [1.0], [0.0]])
    right = np.array([1.0, 1.0, 1.0, 0.0])
    assert conditional_logit(features, right, sizes=[2, 2], penalty=0.1)[0] > 0.5


def test_unknown_features_stand_at_the_mean() -> None:
    known, means, scales = standardised(np.array([[1.0, np.nan], [3.0, 5.0]]))
    np.testing.assert_allclose(known, [[-1.0, 0.0], [1.0, 0.0]])
    np.testing.assert_allclose(means, [2.0, 5.0])
    assert scales[0] == 1.0
