"""Multi-reader multi-case comparison of arms: Obuchowski-Rockette with Hillis degrees of freedom.

Every reader must have read every case in every arm. The figure of a reader in an arm is the area
under the ROC curve, or sensitivity or specificity of yes/no calls, whose covariances rest on the
abnormal or the normal cases alone. Variants: "rrrc" random readers and cases, "frrc" these readers
and random cases, "rrfc" random readers and these cases. Sources: Obuchowski & Rockette, Commun Stat
Simul 24:285, 1995; Hillis, Stat Med 26:596, 2007; Hillis, Berbaum & Metz, Acad Radiol 15:647, 2008.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Literal

import numpy as np

from readerstudy.stats.arrays import BoolArray, FloatArray
from readerstudy.stats.estimate import Estimate, Reason, Sample
from readerstudy.stats.inference import DEFAULT, Inference, t_uncertainty
from readerstudy.stats.quantiles import chi2_upper_p, f_upper_p
from readerstudy.stats.ratings import Scores
from readerstudy.stats.roc import Components, Covariance, Truth, class_reason, placements

Figure = Literal["auc", "sensitivity", "specificity"]
Variant = Literal["rrrc", "frrc", "rrfc"]
VARIANTS: tuple[Variant, ...] = ("rrrc", "frrc", "rrfc")
_METHODS: dict[Variant, str] = {
    "rrrc": "Obuchowski-Rockette, Hillis df, t",
    "frrc": "Obuchowski-Rockette, these readers only, normal",
    "rrfc": "Obuchowski-Rockette, these cases only, t",
}


@dataclass(frozen=True, kw_only=True)
class Reads:
    """Complete reads: ``values`` of shape (arms, readers, cases), ``abnormal`` of shape (cases,)."""

    arms: tuple[str, ...]
    readers: tuple[str, ...]
    values: FloatArray
    abnormal: BoolArray


@dataclass(frozen=True, kw_only=True)
class Decomposition:
    """Mean squares and mean covariances of the figures, shape (arms, readers).

    ``cov1`` same reader, other arm; ``cov2`` other reader, same arm; ``cov3`` both other. The
    ``arm_...`` arrays are the same within one arm, shape (arms,). Mean squares that need two arms or
    two readers are NaN without them.
    """

    figures: FloatArray
    ms_arm: float
    ms_reader: float
    ms_arm_reader: float
    variance: float
    cov1: float
    cov2: float
    cov3: float
    arm_ms_reader: FloatArray
    arm_variance: FloatArray
    arm_cov2: FloatArray

    @property
    def reader_variance(self) -> float:
        """The variance component of readers; may be negative."""
        arms = len(self.figures)
        return (self.ms_reader - self.ms_arm_reader) / arms - self.cov1 + self.cov3

    @property
    def arm_reader_variance(self) -> float:
        """The variance component of arm by reader; may be negative."""
        return self.ms_arm_reader - self.variance + self.cov1 + self.cov2 - self.cov3


@dataclass(frozen=True, kw_only=True)
class _Spread:
    # A variance of which ``free`` is estimated with ``free_df`` and the rest counts as known.
    total: float
    free: float
    free_df: float

    @property
    def df(self) -> float:
        if self.free <= 0.0:
            return math.inf
        return self.total**2 / (self.free**2 / self.free_df)


def mrmc(
    arms: Mapping[str, Scores],
    truth: Truth,
    *,
    figure: Figure = "auc",
    covariance: Covariance = "jackknife",
    inference: Inference = DEFAULT,
) -> list[Estimate]:
    """Return, for each variant: the test that all arms are equal, every difference, every arm's mean.

    The overall test has neither arm nor contrast; its ``value`` and ``statistic`` are F, or
    chi-square for "frrc". Differences have ``contrast`` "A-B"; means have ``arm`` and are clipped to
    [0, 1]. ``truth`` says which cases are abnormal; cases without it are left out. Undefined with a
    reason: an incomplete crossing, one class of cases, and random readers where there is one.
    """
    reads = complete_reads(arms, truth)
    reason = Reason.INCOMPLETE if reads is None else _class_reason(reads.abnormal, figure)
    if reads is None or reason is not None:
        return [Estimate.undefined("mrmc", reason or Reason.INCOMPLETE, variant=name) for name in VARIANTS]
    found = decompose(reads, figure=figure, covariance=covariance)
    estimates: list[Estimate] = []
    for variant in VARIANTS:
        estimates += _variant(found, reads, variant, inference)
    sample = Sample(n_cases=len(reads.abnormal), n_readers=len(reads.readers), n_ratings=reads.values.size)
    return [estimate.with_sample(sample) for estimate in estimates]


def complete_reads(arms: Mapping[str, Scores], truth: Truth) -> Reads | None:
    """Return the reads of all arms on the cases with a truth, or None where one is missing."""
    first = next(iter(arms.values()))
    cases = sorted(case for case in set(first.case_names) if case in truth)
    readers = sorted(first.readers)
    values = np.full((len(arms), len(readers), len(cases)), np.nan)
    for at, scores in enumerate(arms.values()):
        known = sorted(case for case in set(scores.case_names) if case in truth)
        single = len(set(scores.case_names)) == len(scores.case_names)
        if not single or known != cases or sorted(scores.readers) != readers:
            return None
        row = {case: position for position, case in enumerate(scores.case_names)}
        rows = [row[case] for case in cases]
        columns = [scores.readers.index(reader) for reader in readers]
        values[at] = scores.values[np.ix_(rows, columns)].T
    if np.isnan(values).any() or not values.size:
        return None
    abnormal = np.array([truth[case] for case in cases], dtype=bool)
    return Reads(arms=tuple(arms), readers=tuple(readers), values=values, abnormal=abnormal)


def decompose(reads: Reads, *, figure: Figure = "auc", covariance: Covariance = "jackknife") -> Decomposition:
    """Return the mean squares and covariances behind every test."""
    t, r, _ = reads.values.shape
    components = _components(reads, figure)
    figures = components.figures.reshape(t, r)
    spread = components.covariance(covariance).reshape(t, r, t, r)
    arm, reader, grand = figures.mean(axis=1), figures.mean(axis=0), figures.mean()
    crossed = figures - arm[:, np.newaxis] - reader + grand
    same_arm = np.einsum("irjs->ijrs", spread)
    within = np.einsum("iirs->irs", same_arm)
    own = np.einsum("irr->ir", within)
    across = same_arm.sum(axis=(0, 1)) - within.sum(axis=0)
    return Decomposition(
        figures=figures,
        ms_arm=_over(r * float(((arm - grand) ** 2).sum()), t - 1),
        ms_reader=_over(t * float(((reader - grand) ** 2).sum()), r - 1),
        ms_arm_reader=_over(float((crossed**2).sum()), (t - 1) * (r - 1)),
        variance=float(own.mean()),
        cov1=float(np.trace(across)) / max(t * (t - 1) * r, 1),
        cov2=float((within.sum() - own.sum()) / max(t * r * (r - 1), 1)),
        cov3=float((across.sum() - np.trace(across)) / max(t * (t - 1) * r * (r - 1), 1)),
        arm_ms_reader=figures.var(axis=1, ddof=1) if r > 1 else np.full(t, np.nan),
        arm_variance=own.mean(axis=1),
        arm_cov2=(within.sum(axis=(1, 2)) - own.sum(axis=1)) / max(r * (r - 1), 1),
    )


def _components(reads: Reads, figure: Figure) -> Components:
    columns = reads.values.reshape(-1, len(reads.abnormal)).T
    if figure == "auc":
        return placements(columns, reads.abnormal)
    if figure == "sensitivity":
        return Components((columns[reads.abnormal],))
    return Components((1.0 - columns[~reads.abnormal],))


def _class_reason(abnormal: BoolArray, figure: Figure) -> Reason | None:
    if figure == "auc":
        return class_reason(abnormal)
    relevant = int(abnormal.sum() if figure == "sensitivity" else (~abnormal).sum())
    return Reason.ONE_CLASS if relevant == 0 else Reason.TOO_FEW if relevant == 1 else None


def _variant(found: Decomposition, reads: Reads, variant: Variant, inference: Inference) -> list[Estimate]:
    spread = _difference_spread(found, variant)
    pairs = combinations(range(len(reads.arms)), 2)
    estimates = [_overall(found, spread, variant)] if len(reads.arms) > 1 else []
    estimates += [_difference(found, reads, pair, variant, spread, inference) for pair in pairs]
    return estimates + [_arm_mean(found, reads, arm, variant, inference) for arm in range(len(reads.arms))]


def _difference(
    found: Decomposition,
    reads: Reads,
    pair: tuple[int, int],
    variant: Variant,
    spread: _Spread | None,
    inference: Inference,
) -> Estimate:
    first, second = found.figures[list(pair)].mean(axis=1)
    contrast = f"{reads.arms[pair[0]]}-{reads.arms[pair[1]]}"
    estimate = Estimate(estimator="mrmc", variant=variant, contrast=contrast, value=float(first - second))
    return _with_interval(estimate, variant, spread, bounds=(-1.0, 1.0), test=True, inference=inference)


def _arm_mean(
    found: Decomposition, reads: Reads, arm: int, variant: Variant, inference: Inference
) -> Estimate:
    mean = float(found.figures[arm].mean())
    estimate = Estimate(estimator="mrmc", variant=variant, arm=reads.arms[arm], value=mean)
    spread = _arm_spread(found, arm, variant)
    return _with_interval(estimate, variant, spread, bounds=(0.0, 1.0), test=False, inference=inference)


def _difference_spread(found: Decomposition, variant: Variant) -> _Spread | None:
    # The variance of a difference of two arms is 2/r times an error mean square.
    t, r = found.figures.shape
    extra = _above_rounding(found.cov2 - found.cov3, found)
    if variant == "frrc":
        error = _above_rounding(found.variance - found.cov1, found) + (r - 1) * extra
        return _Spread(total=2.0 / r * error, free=0.0, free_df=1.0)
    if r < 2:
        return None
    shared = r * extra if variant == "rrrc" else 0.0
    df = (t - 1) * (r - 1)
    free = 2.0 / r * _above_rounding(found.ms_arm_reader, found)
    return _Spread(total=free + 2.0 / r * shared, free=free, free_df=df)


def _arm_spread(found: Decomposition, arm: int, variant: Variant) -> _Spread | None:
    r = found.figures.shape[1]
    extra = max(float(found.arm_cov2[arm]), 0.0)
    if variant == "frrc":
        error = float(found.arm_variance[arm]) + (r - 1) * extra
        return _Spread(total=error / r, free=0.0, free_df=1.0)
    if r < 2:
        return None
    free = float(found.arm_ms_reader[arm]) / r
    return _Spread(total=free + (extra if variant == "rrrc" else 0.0), free=free, free_df=r - 1)


def _overall(found: Decomposition, spread: _Spread | None, variant: Variant) -> Estimate:
    if spread is None:
        return Estimate.undefined("mrmc", Reason.ONE_READER, variant=variant)
    t, r = found.figures.shape
    error = spread.total * r / 2.0
    if error <= 0.0:
        return Estimate.undefined("mrmc", Reason.ZERO_VARIANCE, variant=variant)
    ratio = found.ms_arm / error
    if variant == "frrc" or math.isinf(spread.df):
        statistic, df, p = ratio * (t - 1), float(t - 1), chi2_upper_p(ratio * (t - 1), t - 1)
    else:
        statistic, df, p = ratio, spread.df, f_upper_p(ratio, t - 1, spread.df)
    return Estimate(
        estimator="mrmc",
        variant=variant,
        value=statistic,
        statistic=statistic,
        df=df,
        p=p,
        ci_method=_METHODS[variant],
    )


def _with_interval(
    estimate: Estimate,
    variant: Variant,
    spread: _Spread | None,
    *,
    bounds: tuple[float, float],
    test: bool,
    inference: Inference,
) -> Estimate:
    if spread is None:
        return replace(estimate, ci_method=_METHODS[variant], reason=Reason.ONE_READER)
    return t_uncertainty(
        estimate.value or 0.0,
        math.sqrt(max(spread.total, 0.0)),
        spread.df,
        level=inference.level,
        method=_METHODS[variant],
        bounds=bounds,
        test=test,
    ).attach(estimate, level=inference.level)


def _above_rounding(variance: float, found: Decomposition) -> float:
    # Equal arms leave differences of rounding size, which must not pass for a standard error.
    return variance if variance > 1e-12 * found.variance else 0.0


def _over(sum_of_squares: float, df: int) -> float:
    return sum_of_squares / df if df > 0 else math.nan
