"""How well outward properties, such as an image's size, tell the values of a label apart.

Each property by itself has an area under the ROC curve. All together are given to a ridge logistic regression, whose
area is cross-validated, so that it says what somebody could learn from some images and apply to others. A permutation
test says whether that area could be chance.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from readerstudy.stats.arrays import FloatArray, IntArray
from readerstudy.stats.estimate import Estimate, Reason

ESTIMATOR = "separation_auc"
COMBINED, BEST = "all properties, 5-fold cross-validated", "largest of one property"
FOLDS, REPEATS, PERMUTATIONS = 5, 3, 99
LEAST_CASES = FOLDS
CLEAR_AUC, CLEAR_P = 0.7, 0.01
PENALTY = 1.0
_SAME = 1e-9


@dataclass(frozen=True, kw_only=True)
class Separation:
    """What tells the values of a label apart.

    ``single`` has one area for each property, from 0.5 (tells nothing) to 1: the largest of each value against the
    rest, whichever way round, and ``best`` is the largest of them. ``combined`` is the cross-validated area of all
    properties. The ``category`` of both is the value that is told best from the rest; their p is one-sided. They are
    undefined where fewer than two values have `LEAST_CASES` cases, and exactly 0.5 with p = 1 where every property is
    the same for all.
    """

    single: tuple[float, ...]
    best: Estimate
    combined: Estimate

    @property
    def is_clear(self) -> bool:
        """Whether one property or all together give the values away: `CLEAR_AUC` or more, and not by chance."""
        return any(
            found.value is not None
            and found.p is not None
            and found.value >= CLEAR_AUC
            and found.p <= CLEAR_P
            for found in (self.best, self.combined)
        )


def comparable(labels: Sequence[str], cases: Sequence[Hashable]) -> tuple[str, ...]:
    """Return the values that have at least `LEAST_CASES` distinct cases, in order."""
    seen: dict[str, set[Hashable]] = {}
    for label, case in zip(labels, cases, strict=True):
        seen.setdefault(label, set()).add(case)
    return tuple(sorted(label for label, known in seen.items() if len(known) >= LEAST_CASES))


def separation(
    properties: FloatArray, labels: Sequence[str], cases: Sequence[Hashable], *, seed: int = 0
) -> Separation:
    """Return how well each of p properties, and all together, tell the values of a label apart.

    ``properties`` has shape (images, p); ``labels`` and ``cases`` name the value and the case of each image. Images of
    values with fewer than `LEAST_CASES` cases are left out.

    By itself, a property's area is the Mann-Whitney U over the number of pairs, ties counting half, folded at 0.5.
    All together: properties become standardised ranks and their centred squares, so that neither units matter nor
    whether a value lies beyond the others or among them; this looks at no label. Each value against the rest is scored
    by a logistic regression with the L2 penalty `PENALTY` (le Cessie & van Houwelingen, Appl Stat 41:191, 1992), whose
    weights are its first Newton step from zero, w = (Z'Z/4 + penalty I)^-1 Z'(y - mean y), Z centred: with a ridge,
    Fisher's discriminant. It is fitted on four fifths of the cases and scores the last fifth; the folds keep a case
    together and are drawn `REPEATS` times, and the mean of an image's scores is ranked. The largest area of all
    values counts.

    p, of the largest single area and of the combined one, is the share of `PERMUTATIONS` shuffles of the labels over
    the cases, the true order added, that reach it (Phipson & Smyth, Stat Appl Genet Mol Biol 9:39, 2010). Taking the
    largest is part of each shuffle, and the folds are drawn without a look at the labels; so both tests are exact,
    whatever the number of properties, values and images. All draws come from PCG64 at ``seed``.

    Raises ValueError where lengths differ, a property is not finite, or a case has two values.
    """
    _check(properties, labels, cases)
    known = comparable(labels, cases)
    if len(known) < 2:
        return _undefined(properties.shape[1], Reason.ONE_CLASS if len(set(labels)) < 2 else Reason.TOO_FEW)
    chosen = [row for row, label in enumerate(labels) if label in known]
    codes = np.array([known.index(labels[row]) for row in chosen])
    units = _numbered([cases[row] for row in chosen])
    ranks = mean_ranks(np.asarray(properties, dtype=np.float64)[chosen].T)
    return _found(ranks, codes, units, known, seed)


def _found(
    ranks: FloatArray, codes: IntArray, units: IntArray, known: Sequence[str], seed: int
) -> Separation:
    """The figures of ranks of shape (properties, images)."""
    generator = np.random.Generator(np.random.PCG64(seed))
    truth = _against_the_rest(_shuffled(codes, units, generator), len(known))
    alone = _folded(_areas(truth @ ranks.T, truth))
    scores = _out_of_fold(_features(ranks), truth, units, generator)
    together = _areas((mean_ranks(scores) * truth).sum(axis=1, keepdims=True), truth)
    contrasts = len(_contrasts(len(known)))
    sample = Estimate(
        estimator=ESTIMATOR,
        value=0.5,
        n_cases=int(units.max()) + 1,
        n_ratings=len(codes),
        seed=seed,
        resamples=PERMUTATIONS,
    )
    return Separation(
        single=tuple(float(area) for area in alone[:contrasts].max(axis=0)),
        best=_tested(replace(sample, variant=BEST), alone.max(axis=1).reshape(-1, contrasts), known),
        combined=_tested(replace(sample, variant=COMBINED), together.reshape(-1, contrasts), known),
    )


def _undefined(properties: int, reason: Reason) -> Separation:
    best, combined = (Estimate.undefined(ESTIMATOR, reason, variant=variant) for variant in (BEST, COMBINED))
    return Separation(single=(0.5,) * properties, best=best, combined=combined)


def _tested(sample: Estimate, areas: FloatArray, known: Sequence[str]) -> Estimate:
    """The largest true area and its p. ``areas`` has shape (labellings, contrasts), the true labels first."""
    largest = areas.max(axis=1)
    category = known[-1] if len(known) == 2 else known[int(areas[0].argmax())]
    p = float((largest >= largest[0] - _SAME).mean())
    return replace(sample, category=category, value=float(largest[0]), p=p)


def mean_ranks(values: FloatArray) -> FloatArray:
    """Return the ranks within each row from 1, ties sharing the mean; shape (rows, columns), all rows at once."""
    order = np.argsort(values, axis=1)
    ordered = np.take_along_axis(values, order, axis=1)
    begins = np.ones(values.shape, dtype=bool)
    begins[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    places = np.arange(values.shape[1])
    first = np.maximum.accumulate(np.where(begins, places, 0), axis=1)
    ends = np.roll(begins, -1, axis=1)
    last = np.minimum.accumulate(np.where(ends, places, values.shape[1])[:, ::-1], axis=1)[:, ::-1]
    ranks = np.empty(values.shape)
    np.put_along_axis(ranks, order, (first + last) / 2.0 + 1.0, axis=1)
    return ranks


def _check(properties: FloatArray, labels: Sequence[str], cases: Sequence[Hashable]) -> None:
    if properties.ndim != 2 or not len(properties) == len(labels) == len(cases):
        raise ValueError("Properties, labels and cases must have one row for each image.")
    if not np.isfinite(properties).all():
        raise ValueError("Every property must be a finite number.")
    if len(set(zip(labels, cases, strict=True))) > len(set(cases)):
        raise ValueError("All images of a case must have the same value.")


def _numbered(cases: Sequence[Hashable]) -> IntArray:
    """The number of each image's case, from 0 in the order of appearance."""
    numbers: dict[Hashable, int] = {}
    return np.array([numbers.setdefault(case, len(numbers)) for case in cases])


def _contrasts(values: int) -> IntArray:
    """The values that are held against the rest: all, but of two the second, which says it for both."""
    return np.arange(1, 2) if values == 2 else np.arange(values)


def _against_the_rest(labellings: IntArray, values: int) -> FloatArray:
    """1 where an image has the value, else 0: shape (labellings x contrasts, images), the contrasts side by side."""
    truth = labellings[:, np.newaxis, :] == _contrasts(values)[:, np.newaxis]
    rows: FloatArray = truth.reshape(-1, labellings.shape[1]).astype(np.float64)
    return rows


def _areas(rank_sums: FloatArray, truth: FloatArray) -> FloatArray:
    """The areas of rank sums, shape (rows of truth, properties): U over the number of pairs."""
    n = truth.sum(axis=1, keepdims=True)
    areas: FloatArray = (rank_sums - n * (n + 1.0) / 2.0) / (n * (truth.shape[1] - n))
    return areas


def _folded(areas: FloatArray) -> FloatArray:
    folded: FloatArray = 0.5 + np.abs(areas - 0.5)
    return folded


def _shuffled(codes: IntArray, units: IntArray, generator: np.random.Generator) -> IntArray:
    """The labels, and below them their shuffles over the cases: shape (1 + PERMUTATIONS, images)."""
    of_case = codes[np.unique(units, return_index=True)[1]]
    rows = [of_case, *(generator.permutation(of_case) for _shuffle in range(PERMUTATIONS))]
    shuffled: IntArray = np.array(rows)[:, units]
    return shuffled


def _features(ranks: FloatArray) -> FloatArray:
    """Standardised ranks and their centred squares, each different one once and no constant: (images, features)."""
    centred = np.unique(ranks - ranks.mean(axis=1, keepdims=True), axis=0).T
    both = np.hstack([centred, centred**2])
    both = both - both.mean(axis=0)
    spread = both.std(axis=0)
    varies = spread > _SAME * len(both)
    features: FloatArray = both[:, varies] / spread[varies]
    return features


def _out_of_fold(
    features: FloatArray, truth: FloatArray, units: IntArray, generator: np.random.Generator
) -> FloatArray:
    """The score of each image by regressions that never saw its case, in the shape of ``truth``.

    Images are sorted by fold. What a fold leaves to learn from is the sums of all less its own: each image is
    multiplied once and not four times.
    """
    scores = np.zeros(truth.shape)
    whole = _Sums.of(features, truth)
    for fold_of_image in _folds(units, generator):
        order = np.argsort(fold_of_image, kind="stable")
        ends = np.cumsum(np.bincount(fold_of_image, minlength=FOLDS))
        for held_out in (order[begin:end] for begin, end in zip([0, *ends[:-1]], ends, strict=True)):
            own = features[held_out]
            weights, centre = whole.less(_Sums.of(own, truth[:, held_out])).fitted()
            scores[:, held_out] += weights @ (own - centre).T
    return scores.round(10)  # what differs by rounding alone is a tie


@dataclass(frozen=True, slots=True)
class _Sums:
    """Sums over n images: of features, their products, those with the truth, and of the truth."""

    n: int
    features: FloatArray
    squares: FloatArray
    products: FloatArray
    truth: FloatArray

    @classmethod
    def of(cls, features: FloatArray, truth: FloatArray) -> _Sums:
        squares, products = features.T @ features, truth @ features
        return cls(len(features), features.sum(axis=0), squares, products, truth.sum(axis=1))

    def less(self, other: _Sums) -> _Sums:
        """The sums over the images that are not among the others."""
        return _Sums(
            self.n - other.n,
            self.features - other.features,
            self.squares - other.squares,
            self.products - other.products,
            self.truth - other.truth,
        )

    def fitted(self) -> tuple[FloatArray, FloatArray]:
        """The weights, a row for each row of truth, and the mean of the features."""
        centre = self.features / self.n
        curve = (self.squares - self.n * np.outer(centre, centre)) / 4.0
        slope = self.products - np.outer(self.truth, centre)
        weights = np.linalg.solve(curve + PENALTY * np.eye(len(centre)), slope.T).T
        return weights.astype(np.float64), centre


def _folds(units: IntArray, generator: np.random.Generator) -> Iterator[IntArray]:
    """The fold of each image, once for each repeat: a case lies in one fold, and folds have equally many cases."""
    cases = int(units.max()) + 1
    for _repeat in range(REPEATS):
        yield generator.permutation(np.arange(cases) % FOLDS)[units]
