"""Refusals as results: how often a model refused, and how its refusals count.

Three figures belong to every endpoint: the refusal rate; the endpoint "as intended", where a
refusal counts as not acceptable, as an incorrect label or as a lost comparison; and the endpoint
conditional on a response. Failures of infrastructure are neither: they are missing.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from readerstudy.stats.arrays import BoolArray
from readerstudy.stats.estimate import Estimate
from readerstudy.stats.inference import DEFAULT, Inference
from readerstudy.stats.intervals import proportion
from readerstudy.stats.ratings import RatingsError, Scores


def refusal_rate(refused: int, outputs: int, *, failed: int = 0, inference: Inference = DEFAULT) -> Estimate:
    """Return the share of outputs that were refusals, with the exact interval.

    ``outputs`` counts responses and refusals; ``failed`` counts calls that infrastructure lost, which
    are missing and printed as such.
    """
    estimate = proportion("refusal_rate", refused, outputs, method="clopper_pearson", inference=inference)
    return replace(estimate, n_missing=failed)


def refused_cells(scores: Scores, refused: BoolArray, *, allocated: BoolArray | None = None) -> BoolArray:
    """Return the readings that a refused output takes part in, shape (outputs, readers).

    ``refused`` marks outputs, shape (outputs,). ``allocated`` says who was to read what; without it
    a refused output counts for the readers who rated it, or, where none did because refusals were
    not shown, for every reader with data.
    """
    if allocated is not None:
        return refused[:, np.newaxis] & allocated
    rated = scores.rated
    shown = rated.any(axis=1, keepdims=True)
    readings: BoolArray = np.where(shown, rated, rated.any(axis=0, keepdims=True))
    return refused[:, np.newaxis] & readings


def as_intended(scores: Scores, refused: BoolArray) -> Scores:
    """Return shares or correctness (1, 0, NaN) with every refused reading counted as 0.

    ``refused`` has the shape of the scores. Means of grades have no such figure: there is no grade
    for an answer that was not given. Raises RatingsError for scores outside [0, 1].
    """
    if np.nanmax(scores.values, initial=0.0) > 1.0 or np.nanmin(scores.values, initial=0.0) < 0.0:
        raise RatingsError(
            "Only shares can count refusals as failures. Mark which scores are acceptable first."
        )
    return scores.with_values(np.where(refused, 0.0, scores.values))


def conditional_on_response(scores: Scores, refused: BoolArray) -> Scores:
    """Return the scores with every refused reading left out."""
    return scores.with_values(np.where(refused, np.nan, scores.values))


def comparisons_as_intended(wins: Scores, left_refused: BoolArray, right_refused: BoolArray) -> Scores:
    """Return wins of the left side where a refusal loses and two refusals tie.

    ``wins`` holds 1, .5, 0 and NaN; both masks have its shape.
    """
    values = np.where(left_refused & ~right_refused, 0.0, wins.values)
    values = np.where(right_refused & ~left_refused, 1.0, values)
    return wins.with_values(np.where(left_refused & right_refused, 0.5, values))
