"""How well readers agree with themselves when an output is shown to them again.

Each reader's two readings are two columns of the same outputs. For categories the figures are
percent agreement and Cohen's kappa; for numbers the intraclass correlation, the standard deviation
within a reader, and the repeatability coefficient, below which 95 % of differences between two
readings lie (Bland & Altman, Stat Methods Med Res 8:135, 1999). The figure of all readers is the mean
of their figures, with a t interval over readers.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from readerstudy.stats.agreement import WEIGHTS, Weights, cohen_kappa, percent_agreement
from readerstudy.stats.arrays import FloatArray
from readerstudy.stats.estimate import Estimate, Reason, Sample
from readerstudy.stats.icc import Form, icc
from readerstudy.stats.inference import DEFAULT, Inference, t_uncertainty
from readerstudy.stats.quantiles import chi2_quantile
from readerstudy.stats.ratings import Ratings, RatingsError, Scores
from readerstudy.stats.scale import Kind

READER_MEAN = "mean of the readers, t"
WITHIN = "chi-square of the variance within the reader"
_TWICE = ("first", "again")
_NOMINAL = frozenset({Kind.NOMINAL, Kind.BINARY})
_FORMS: tuple[Form, ...] = ("1,1", "2,1", "3,1")
_REPEATABLE = 1.959963984540054 * math.sqrt(2.0)


def intra_reader(
    first: Ratings, second: Ratings, *, kind: Kind = Kind.NOMINAL, inference: Inference = DEFAULT
) -> list[Estimate]:
    """Return each reader's agreement between two readings, and the mean over readers.

    Outputs and readers are matched by name; both sides need the same scale (RatingsError otherwise).
    Variants: "percent_agreement", and kappa with every weights that the kind admits.
    """
    if first.scale.categories != second.scale.categories:
        raise RatingsError("The two readings have different scales. Declare the categories of the criterion.")
    pairs = {reader: _both_ratings(first, second, reader) for reader in _shared_readers(first, second)}
    agreed = {reader: percent_agreement(pair, inference=inference) for reader, pair in pairs.items()}
    estimates = _lines("percent_agreement", agreed, inference)
    for weights in _weights(first, kind):
        kappas = {
            reader: cohen_kappa(pair, *_TWICE, weights=weights, inference=inference)
            for reader, pair in pairs.items()
        }
        estimates += _lines(weights, kappas, inference)
    return estimates


def intra_reader_scores(first: Scores, second: Scores, *, inference: Inference = DEFAULT) -> list[Estimate]:
    """Return each reader's reliability between two readings of numbers, and the mean over readers.

    Variants: "icc_1_1", "icc_2_1", "icc_3_1", and, in the units of the scores, "within_sd" and
    "repeatability" (1.96 sqrt(2) times it), whose variance is sum (d^2)/(2n) over n outputs.
    """
    pairs = {reader: _both_scores(first, second, reader) for reader in _shared_readers(first, second)}
    estimates = []
    for form in _FORMS:
        own = {reader: icc(pair, form=form, inference=inference) for reader, pair in pairs.items()}
        estimates += _lines(f"icc_{form.replace(',', '_')}", own, inference)
    for variant, factor in (("within_sd", 1.0), ("repeatability", _REPEATABLE)):
        own = {reader: _within(pair, factor, inference) for reader, pair in pairs.items()}
        estimates += _lines(variant, own, inference)
    return estimates


def _lines(variant: str, by_reader: Mapping[str, Estimate], inference: Inference) -> list[Estimate]:
    own = [_relabelled(estimate, variant, reader) for reader, estimate in by_reader.items()]
    return [*own, _mean(own, variant, inference)]


def _relabelled(estimate: Estimate, variant: str, reader: str) -> Estimate:
    reason = Reason.NO_REPEATS if estimate.n_ratings == 0 else estimate.reason
    return replace(
        estimate, estimator="intra_reader", variant=variant, reader=reader, n_readers=1, reason=reason
    )


def _mean(own: list[Estimate], variant: str, inference: Inference) -> Estimate:
    defined = [line for line in own if line.value is not None]
    sample = Sample(
        n_cases=max((line.n_cases or 0 for line in defined), default=0),
        n_readers=len(defined),
        n_ratings=sum(line.n_ratings or 0 for line in defined),
    )
    if not defined:
        reason = next((line.reason for line in own if line.reason is not Reason.NO_REPEATS), None)
        blank = Estimate.undefined("intra_reader", reason or Reason.NO_REPEATS, variant=variant)
        return blank.with_sample(sample)
    values = np.array([line.value for line in defined], dtype=np.float64)
    mean = float(values.mean())
    estimate = Estimate(estimator="intra_reader", variant=variant, value=mean).with_sample(sample)
    if len(values) < 2:
        return replace(estimate, ci_method=READER_MEAN, reason=Reason.ONE_READER)
    se, df = float(values.std(ddof=1)) / math.sqrt(len(values)), len(values) - 1
    level, bounds = inference.level, _bounds(variant)
    return t_uncertainty(mean, se, df, level=level, method=READER_MEAN, bounds=bounds, test=False).attach(
        estimate, level=level
    )


def _bounds(variant: str) -> tuple[float, float]:
    if variant in ("within_sd", "repeatability"):
        return 0.0, math.inf
    return (0.0 if variant == "percent_agreement" else -1.0), 1.0


def _within(pair: Scores, factor: float, inference: Inference) -> Estimate:
    # The squared differences over 2 estimate the variance with one df for each output.
    complete = pair.complete()
    n = len(complete.units)
    sample = replace(complete.sample(), n_missing=0)
    if n < 2:
        reason = Reason.ONE_CASE if n else Reason.NO_REPEATS
        return Estimate.undefined("intra_reader", reason).with_sample(sample)
    variance = float((np.diff(complete.values, axis=1) ** 2).sum()) / (2.0 * n)
    estimate = Estimate(estimator="intra_reader", value=factor * math.sqrt(variance)).with_sample(sample)
    estimate = replace(estimate, level=inference.level, ci_method=WITHIN, df=float(n))
    if variance == 0.0:
        return replace(estimate, reason=Reason.ZERO_VARIANCE)
    tails = inference.upper_tail, 1.0 - inference.upper_tail
    low, high = (factor * math.sqrt(variance * n / chi2_quantile(tail, n)) for tail in tails)
    return replace(estimate, ci=(low, high))


def _weights(ratings: Ratings, kind: Kind) -> tuple[Weights, ...]:
    ordered = ratings.scale.ordered or ratings.scale.numeric
    return ("unweighted",) if kind in _NOMINAL or not ordered else WEIGHTS


def _shared_readers(first: Ratings | Scores, second: Ratings | Scores) -> list[str]:
    return sorted(set(first.readers) & set(second.readers))


def _both_ratings(first: Ratings, second: Ratings, reader: str) -> Ratings:
    units, cases = _shared_units(first, second)
    codes = np.stack([_column(side, side.codes, reader, units) for side in (first, second)], axis=1)
    pair = Ratings(codes=codes.astype(np.int64), scale=first.scale, units=units, readers=_TWICE, cases=cases)
    return pair.among(np.asarray(pair.rated.all(axis=1)))


def _both_scores(first: Scores, second: Scores, reader: str) -> Scores:
    units, cases = _shared_units(first, second)
    values = np.stack([_column(side, side.values, reader, units) for side in (first, second)], axis=1)
    pair = Scores(values=values, units=units, readers=_TWICE, cases=cases)
    return pair.rows(np.asarray(pair.rated.all(axis=1)))


def _shared_units(
    first: Ratings | Scores, second: Ratings | Scores
) -> tuple[tuple[str, ...], tuple[str, ...] | None]:
    units = tuple(sorted(set(first.units) & set(second.units)))
    if first.cases is None:
        return units, None
    case = dict(zip(first.units, first.cases, strict=True))
    return units, tuple(case[unit] for unit in units)


def _column(
    side: Ratings | Scores,
    matrix: np.ndarray[tuple[int, ...], np.dtype[np.generic]],
    reader: str,
    units: tuple[str, ...],
) -> FloatArray:
    row = {unit: position for position, unit in enumerate(side.units)}
    return np.asarray(matrix[[row[unit] for unit in units], side.readers.index(reader)])
