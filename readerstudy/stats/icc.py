"""Intraclass correlations: the six forms of Shrout & Fleiss, with limits from the F distribution.

Forms are named as there: the first number is the model (1 readers nested in cases; 2 the same
random readers throughout, absolute agreement; 3 the same fixed readers, consistency), then 1 for a
single reading or k for the mean of all k readers (Shrout & Fleiss, Psychol Bull 86:420, 1979;
limits of McGraw & Wong, Psychol Methods 1:30, 1996). Complete cases only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from readerstudy.stats.estimate import Caution, Estimate, Reason
from readerstudy.stats.inference import DEFAULT, Inference
from readerstudy.stats.quantiles import f_quantile, f_upper_p
from readerstudy.stats.ratings import Scores, incomplete_reason

Form = Literal["1,1", "2,1", "3,1", "1,k", "2,k", "3,k"]
FORMS: tuple[Form, ...] = ("1,1", "2,1", "3,1", "1,k", "2,k", "3,k")
F_LIMITS = "F distribution"
SPEARMAN_BROWN = "F distribution, Spearman-Brown"


@dataclass(frozen=True, kw_only=True)
class MeanSquares:
    """The analysis of variance of n cases by k readers."""

    n: int
    k: int
    rows: float
    columns: float
    within: float
    error: float

    @property
    def error_df(self) -> int:
        """Degrees of freedom of the interaction and error."""
        return (self.n - 1) * (self.k - 1)


def mean_squares(scores: Scores) -> MeanSquares:
    """Return the mean squares of complete scores, at least 2 cases by 2 readers.

    Raises ValueError where a score is missing or there are fewer of either.
    """
    x = scores.values
    n, k = x.shape
    if n < 2 or k < 2 or np.isnan(x).any():
        raise ValueError("Mean squares need at least two cases and two readers without a blank.")
    grand = x.mean()
    between_rows = k * float(((x.mean(axis=1) - grand) ** 2).sum())
    between_columns = n * float(((x.mean(axis=0) - grand) ** 2).sum())
    residual = x - x.mean(axis=1, keepdims=True) - x.mean(axis=0, keepdims=True) + grand
    left = float((residual**2).sum())
    return MeanSquares(
        n=n,
        k=k,
        rows=between_rows / (n - 1),
        columns=between_columns / (k - 1),
        within=(between_columns + left) / (n * (k - 1)),
        error=left / ((n - 1) * (k - 1)),
    )


def icc(scores: Scores, *, form: Form = "2,1", inference: Inference = DEFAULT) -> Estimate:
    """Return one intraclass correlation with its limits and the F test of no reliability.

    Limits of the forms for k readers are the Spearman-Brown transform of those for one. ``df`` is
    the denominator's; the numerator has n_cases - 1.
    """
    complete = scores.complete()
    sample = replace(complete.sample(), n_missing=scores.sample().n_missing)
    reason = incomplete_reason(scores, complete)
    if reason is not None:
        return Estimate.undefined("icc", reason, variant=form).with_sample(sample)
    ms = mean_squares(complete)
    value = _value(ms, form)
    if value is None:
        return Estimate.undefined("icc", Reason.NO_VARIATION, variant=form).with_sample(sample)
    estimate = Estimate(estimator="icc", variant=form, value=value, level=inference.level)
    estimate = _with_limits(estimate.with_sample(sample), ms, form, inference)
    left_out = len(complete.units) < int(scores.rated.any(axis=1).sum())
    return estimate.with_cautions(Caution.CASES_LEFT_OUT) if left_out else estimate


def all_icc(scores: Scores, *, inference: Inference = DEFAULT) -> list[Estimate]:
    """Return the six forms."""
    return [icc(scores, form=form, inference=inference) for form in FORMS]


def _value(ms: MeanSquares, form: Form) -> float | None:
    n, k = ms.n, ms.k
    numerator = ms.rows - (ms.within if form.startswith("1") else ms.error)
    denominator = {
        "1,1": ms.rows + (k - 1) * ms.within,
        "2,1": ms.rows + (k - 1) * ms.error + k * (ms.columns - ms.error) / n,
        "3,1": ms.rows + (k - 1) * ms.error,
        "1,k": ms.rows,
        "2,k": ms.rows + (ms.columns - ms.error) / n,
        "3,k": ms.rows,
    }[form]
    scale = ms.rows + ms.columns + ms.within
    return None if abs(denominator) <= 1e-12 * scale or scale == 0.0 else numerator / denominator


def _with_limits(estimate: Estimate, ms: MeanSquares, form: Form, inference: Inference) -> Estimate:
    noise, df = (ms.within, ms.n * (ms.k - 1)) if form.startswith("1") else (ms.error, ms.error_df)
    single = form.endswith("1")
    estimate = replace(estimate, ci_method=F_LIMITS if single else SPEARMAN_BROWN)
    if noise <= 1e-12 * ms.rows:
        return replace(estimate, reason=Reason.ZERO_VARIANCE)
    statistic = ms.rows / noise
    limits = _LIMITS[form[0]](ms, inference.upper_tail)
    if not single:
        limits = _spearman_brown(limits[0], ms.k), _spearman_brown(limits[1], ms.k)
    finite = np.isfinite(limits).all()
    return replace(
        estimate,
        ci=limits if finite else None,
        reason=None if finite else Reason.TOO_FEW,
        statistic=statistic,
        df=float(df),
        p=f_upper_p(statistic, ms.n - 1, df),
    )


def _one_way_limits(ms: MeanSquares, upper_tail: float) -> tuple[float, float]:
    return _ratio_limits(ms.rows / ms.within, ms, ms.n * (ms.k - 1), upper_tail)


def _consistency_limits(ms: MeanSquares, upper_tail: float) -> tuple[float, float]:
    return _ratio_limits(ms.rows / ms.error, ms, ms.error_df, upper_tail)


def _ratio_limits(ratio: float, ms: MeanSquares, df: int, upper_tail: float) -> tuple[float, float]:
    low = ratio / f_quantile(upper_tail, ms.n - 1, df)
    high = ratio * f_quantile(upper_tail, df, ms.n - 1)
    return (low - 1) / (low + ms.k - 1), (high - 1) / (high + ms.k - 1)


def _agreement_limits(ms: MeanSquares, upper_tail: float) -> tuple[float, float]:
    # Satterthwaite's df of the readers-and-error mean square, McGraw & Wong 1996, Table 7.
    n, k = ms.n, ms.k
    rho = _value(ms, "2,1")
    if rho is None or rho >= 1.0:
        return float("nan"), float("nan")
    a = k * rho / (n * (1 - rho))
    b = 1 + k * rho * (n - 1) / (n * (1 - rho))
    df = (a * ms.columns + b * ms.error) ** 2 / (
        (a * ms.columns) ** 2 / (k - 1) + (b * ms.error) ** 2 / ms.error_df
    )
    low_f, high_f = f_quantile(upper_tail, n - 1, df), f_quantile(upper_tail, df, n - 1)
    pooled = k * ms.columns + (k * n - k - n) * ms.error
    low = n * (ms.rows - low_f * ms.error) / (low_f * pooled + n * ms.rows)
    high = n * (high_f * ms.rows - ms.error) / (pooled + n * high_f * ms.rows)
    return low, high


_LIMITS: dict[str, Callable[[MeanSquares, float], tuple[float, float]]] = {
    "1": _one_way_limits,
    "2": _agreement_limits,
    "3": _consistency_limits,
}


def _spearman_brown(reliability: float, k: int) -> float:
    divisor = 1 + (k - 1) * reliability
    return k * reliability / divisor if divisor > 0 else float("nan")
