"""Warnings about samples on which agreement coefficients mislead."""

from __future__ import annotations

import numpy as np

from readerstudy.stats.estimate import Caution
from readerstudy.stats.ratings import Ratings, distinct_cases
from readerstudy.stats.scale import Label

PREVALENCE_LIMIT = 0.9
FEW_CASES = 10


def prevalent_category(ratings: Ratings) -> tuple[Label, float] | None:
    """Return the category that holds more than 90 % of all ratings and its share, or None.

    At such prevalence intervals of kappa and alpha covered .79-.80 instead of .95 in simulation.
    """
    counts = np.bincount(ratings.codes[ratings.rated], minlength=len(ratings.scale.categories))
    if not counts.any() or counts.max() <= PREVALENCE_LIMIT * counts.sum():
        return None
    return ratings.scale.categories[int(counts.argmax())], float(counts.max() / counts.sum())


def sample_cautions(ratings: Ratings, *, prevalence: bool = True) -> tuple[Caution, ...]:
    """Return the cautions that every agreement figure of these ratings carries."""
    paired = ratings.rated.sum(axis=1) >= 2
    few = distinct_cases(ratings.case_names, np.asarray(paired)) < FEW_CASES
    cautions = [Caution.FEW_CASES] if few else []
    if prevalence and prevalent_category(ratings) is not None:
        cautions.append(Caution.HIGH_PREVALENCE)
    return tuple(cautions)
