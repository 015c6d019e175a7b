"""How far readers' regions overlap: with a reference, and with one another."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import combinations
from typing import Literal

import numpy as np

from readerstudy.stats.alignment import Variant, crossed_mean
from readerstudy.stats.arrays import FloatArray, NumberArray
from readerstudy.stats.estimate import Estimate, Reason, Sample
from readerstudy.stats.inference import DEFAULT, Inference
from readerstudy.stats.ratings import Scores
from readerstudy.stats.regions.boxes import matched, union_dice, union_iou
from readerstudy.stats.sums import SumStatistic, bootstrap

Measure = Literal["iou", "dice"]
Regions = Mapping[str, FloatArray]
"""The boxes that one reader marked, by case; a case without a mark has no row: shape (0, 4)."""

_MEASURES: dict[Measure, Callable[[FloatArray, FloatArray], float | None]] = {
    "iou": union_iou,
    "dice": union_dice,
}


def region_overlap(
    by_reader: Mapping[str, Regions],
    reference: Regions,
    *,
    variant: Variant = "rrrc",
    inference: Inference = DEFAULT,
) -> list[Estimate]:
    """Return the mean overlap of readers' regions with the reference, variants "iou" and "dice".

    All boxes of a case are one region. Cases where neither side marked anything are left out; where
    one side alone did, the overlap is 0. The interval is that of the crossed design.
    """
    estimates = []
    for measure in _MEASURES:
        scores = overlap_scores(by_reader, reference, measure=measure)
        if not scores.rated.any():
            undefined = Estimate.undefined("iou", Reason.NO_REGIONS, variant=measure)
            estimates.append(undefined.with_sample(scores.sample()))
            continue
        estimate = crossed_mean("iou", scores, variant=variant, inference=inference)
        estimates.append(replace(estimate, variant=measure if variant == "rrrc" else f"{measure}_{variant}"))
    return estimates


def overlap_scores(
    by_reader: Mapping[str, Regions], reference: Regions, *, measure: Measure = "iou"
) -> Scores:
    """Return the overlap of each reader's region with the reference of each case, NaN where none."""
    cases = tuple(sorted(set(reference).intersection(*[set().union(*by_reader.values())])))
    readers = tuple(sorted(by_reader))
    values = np.full((len(cases), len(readers)), np.nan)
    for column, reader in enumerate(readers):
        for row, case in enumerate(cases):
            if case in by_reader[reader]:
                overlap = _MEASURES[measure](by_reader[reader][case], reference[case])
                values[row, column] = math.nan if overlap is None else overlap
    return Scores(values=values, units=cases, readers=readers)


def pairwise_overlap(by_reader: Mapping[str, Regions], *, inference: Inference = DEFAULT) -> list[Estimate]:
    """Return the mean overlap of every reader pair; ``reader`` names it "R1|R2".

    Variants "iou" and "dice"; the interval is the bootstrap of cases.
    """
    estimates = []
    for first, second in combinations(sorted(by_reader), 2):
        for measure in _MEASURES:
            scores = overlap_scores({first: by_reader[first]}, by_reader[second], measure=measure)
            estimate = mean_overlap(scores, measure=measure, inference=inference)
            estimates.append(replace(estimate, reader=f"{first}|{second}", n_readers=2))
    return estimates


def precision_recall(
    found: Regions, truth: Regions, *, threshold: float = 0.5, inference: Inference = DEFAULT
) -> list[Estimate]:
    """Return how many found boxes are true and how many true boxes were found, over shared cases.

    A found and a true box match where their intersection over union reaches ``threshold``. Variants
    "precision@0.5", "recall@0.5" and "f1@0.5"; the interval is the bootstrap of cases.
    """
    cases = sorted(found.keys() & truth.keys())
    counts = [
        (len(matched(found[case], truth[case], threshold=threshold)), len(found[case]), len(truth[case]))
        for case in cases
    ]
    return found_and_missed(
        np.array(counts, dtype=np.float64).reshape(-1, 3), threshold=threshold, inference=inference
    )


def found_and_missed(
    table: FloatArray, *, threshold: float = 0.5, inference: Inference = DEFAULT
) -> list[Estimate]:
    """Return the figures of `precision_recall` from counts: matched, found and true regions, shape (cases, 3)."""
    sample = Sample(n_cases=len(table), n_readers=1, n_ratings=int(table[:, 1].sum()))
    shares = {"precision": (1.0, 0.0), "recall": (0.0, 1.0), "f1": (0.5, 0.5)}
    return [
        _share(f"{name}@{threshold:g}", table, parts, inference).with_sample(sample)
        for name, parts in shares.items()
    ]


def _share(variant: str, table: FloatArray, parts: tuple[float, float], inference: Inference) -> Estimate:
    # Each is matched boxes over a mix of found and true ones; F1 has half of either.
    def share(sums: NumberArray) -> NumberArray:
        return np.asarray(sums[..., 0] / (parts[0] * sums[..., 1] + parts[1] * sums[..., 2]))

    if not (table[:, 1:] @ np.array(parts)).any():
        return Estimate.undefined("iou", Reason.NO_REGIONS, variant=variant)
    statistic = SumStatistic(contributions=table, function=share)
    estimate = Estimate(estimator="iou", variant=variant, value=statistic.value())
    return bootstrap(statistic, inference=inference).attach(estimate, level=inference.level)


def mean_overlap(scores: Scores, *, measure: Measure = "iou", inference: Inference = DEFAULT) -> Estimate:
    """Return the mean of the overlaps of one pair, shape (cases, 1), with the bootstrap of cases."""
    values = scores.values[scores.rated]
    if not len(values):
        return Estimate.undefined("iou", Reason.NO_REGIONS, variant=measure).with_sample(scores.sample())
    statistic = SumStatistic(
        contributions=np.column_stack([np.ones(len(values)), values]),
        function=lambda sums: sums[..., 1] / sums[..., 0],
    )
    estimate = Estimate(estimator="iou", variant=measure, value=float(values.mean()))
    found = bootstrap(statistic, inference=inference)
    return found.attach(estimate.with_sample(scores.sample()), level=inference.level)
