"""What agreement to expect by chance, by four definitions.

Each definition gives one row of features for every output, and the chance agreement as a function
of the mean features, for any leading axes. All take the agreement weights W over the q categories
of the declared scale.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from readerstudy.stats.arrays import FloatArray, NumberArray
from readerstudy.stats.ratings import Ratings


class Chance(Protocol):
    """One definition of chance agreement."""

    def features(self, ratings: Ratings) -> FloatArray:
        """Return the features of each output, shape (outputs, features)."""

    def expected(self, means: NumberArray) -> NumberArray:
        """Return the chance agreement from mean features of shape (..., features)."""


@dataclass(frozen=True)
class NoChance:
    """No correction: plain percent agreement."""

    def features(self, ratings: Ratings) -> FloatArray:
        return np.zeros((len(ratings.units), 0))

    def expected(self, means: NumberArray) -> NumberArray:
        return np.zeros(means.shape[:-1])


@dataclass(frozen=True)
class BrennanPrediger:
    """Every category equally likely: sum(W)/q^2 (Brennan & Prediger, Educ Psychol Meas 41:687, 1981)."""

    weights: FloatArray

    def features(self, ratings: Ratings) -> FloatArray:
        return np.zeros((len(ratings.units), 0))

    def expected(self, means: NumberArray) -> NumberArray:
        return np.full(means.shape[:-1], self.weights.mean())


@dataclass(frozen=True)
class Gwet:
    """sum(W)/(q(q-1)) * sum pi(1-pi), pi the mean category shares (Gwet, BJMSP 61:29, 2008)."""

    weights: FloatArray

    def features(self, ratings: Ratings) -> FloatArray:
        return category_shares(ratings)

    def expected(self, means: NumberArray) -> NumberArray:
        q = len(self.weights)
        if q < 2:
            # A scale of one category leaves no disagreement to expect: the coefficient is undefined.
            return np.ones(means.shape[:-1])
        weight = float(self.weights.sum()) / (q * (q - 1))
        return np.asarray(weight * (means * (1.0 - means)).sum(axis=-1))


@dataclass(frozen=True)
class Fleiss:
    """pi' W pi, pi the mean category shares (Fleiss, Psychol Bull 76:378, 1971; Gwet 2014)."""

    weights: FloatArray

    def features(self, ratings: Ratings) -> FloatArray:
        return category_shares(ratings)

    def expected(self, means: NumberArray) -> NumberArray:
        return np.asarray(((means @ self.weights) * means).sum(axis=-1))


@dataclass(frozen=True)
class Conger:
    """Mean of p_g' W p_h over pairs of different readers (Conger, Psychol Bull 88:322, 1980).

    p_g is the distribution of reader g over the categories, from all outputs that g rated. A reader
    without a rating in a resample takes no part in that resample.
    """

    weights: FloatArray

    def features(self, ratings: Ratings) -> FloatArray:
        categories = np.arange(len(self.weights))
        chosen = ratings.codes[:, :, np.newaxis] == categories
        features: FloatArray = chosen.reshape(len(ratings.units), -1).astype(np.float64)
        return features

    def expected(self, means: NumberArray) -> NumberArray:
        chosen = means.reshape(*means.shape[:-1], -1, len(self.weights))
        active = chosen.sum(axis=-1, keepdims=True)
        present = active.real > 0.0
        shares = np.where(present, chosen, 0.0) / np.where(present, active, 1.0)
        readers = present.sum(axis=(-2, -1))
        together = shares.sum(axis=-2)
        all_pairs = ((together @ self.weights) * together).sum(axis=-1)
        same_reader = ((shares @ self.weights) * shares).sum(axis=(-2, -1))
        return np.asarray((all_pairs - same_reader) / (readers * (readers - 1.0)))


def category_shares(ratings: Ratings) -> FloatArray:
    """Return the share of each category among an output's ratings, shape (outputs, categories)."""
    counts = ratings.counts()
    shares: FloatArray = counts / counts.sum(axis=1, keepdims=True)
    return shares
