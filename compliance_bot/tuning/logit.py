"""Fit linear models of choice by Newton's method, with an L2 penalty, in numpy.

`logistic` says yes or no; `conditional_logit` picks from groups of any size (McFadden 1974, "Conditional logit analysis
of qualitative choice behavior"), also where it is only known that the right one is among several.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_ITERATIONS = 50  # Newton's method takes about ten


def standardised(features: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the columns with mean 0 and deviation 1, the means and the deviations. NaN becomes the mean."""
    means = np.nanmean(features, axis=0)
    scales = np.maximum(np.nanstd(features, axis=0), 1e-9)
    return np.nan_to_num((features - means) / scales), means, scales


def logistic(features: Floats, labels: Floats, *, penalty: float) -> tuple[Floats, float]:
    """Return weights and bias of a logistic regression (iteratively reweighted least squares). The bias is free."""
    design = np.c_[features, np.ones(len(features))]
    ridge = np.diag([penalty] * features.shape[1] + [0.0])
    weights = np.zeros(design.shape[1])
    for _ in range(_ITERATIONS):
        likely = 1 / (1 + np.exp(-design @ weights))
        gradient = design.T @ (labels - likely) - ridge @ weights
        step = np.linalg.solve((design * (likely * (1 - likely))[:, None]).T @ design + ridge, gradient)
        weights = weights + step
        if np.abs(step).max() < 1e-8:
            break
    return weights[:-1], float(weights[-1])


def conditional_logit(features: Floats, right: Floats, *, sizes: Sequence[int], penalty: float) -> Floats:
    """Return weights that make the `right` rows (1.0) of each group likely against its other rows (0.0).

    Groups are consecutive rows, `sizes` of them each; each needs a right row. With several, one of them is meant.
    """
    starts, group = np.cumsum([0, *sizes[:-1]]), np.repeat(np.arange(len(sizes)), sizes)

    def likelihood(weights: Floats) -> tuple[float, Floats, Floats]:
        scores = features @ weights
        odds = np.exp(scores - np.maximum.reduceat(scores, starts)[group])
        share = odds / np.add.reduceat(odds, starts)[group]
        hit = np.maximum(np.add.reduceat(share * right, starts), 1e-300)
        return float(np.log(hit).sum() - penalty / 2 * weights @ weights), share, share * right / hit[group]

    weights = np.zeros(features.shape[1])
    value, share, posterior = likelihood(weights)
    for _ in range(_ITERATIONS):
        gradient = features.T @ (posterior - share) - penalty * weights
        mean = np.add.reduceat(features * share[:, None], starts)
        curvature = (features * share[:, None]).T @ features - mean.T @ mean + penalty * np.eye(len(weights))
        step = np.linalg.solve(curvature, gradient)
        # Where several rows may be right the likelihood is not concave: never step downhill.
        while (trial := likelihood(weights + step))[0] < value and np.abs(step).max() > 1e-6:
            step /= 2
        if trial[0] - value < 1e-8 * abs(value):
            break
        weights = weights + step
        value, share, posterior = trial
    return weights
