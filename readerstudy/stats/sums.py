"""Coefficients that are functions of sums over outputs.

Agreement coefficients, proportions and their like depend on the data only through sums of one
vector for each output. From that vector and the function follow the value, a linearised standard
error and a vectorised bootstrap, so no estimator writes its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from readerstudy.stats.arrays import FloatArray, IntArray, NumberArray
from readerstudy.stats.estimate import Caution, Reason
from readerstudy.stats.inference import Inference, Uncertainty, t_uncertainty

CASE_BOOTSTRAP = "case bootstrap, percentile"
CLUSTER_BOOTSTRAP = "case-cluster bootstrap, percentile"
LINEARISED = "linearised, t"
CLUSTER_LINEARISED = "linearised by case clusters, t"

_CELLS_PER_CHUNK = 1 << 20
_CELLS_KEPT = 1 << 22
_STEP = 1e-30
_MOST_DROPPED = 0.1


@dataclass(frozen=True, kw_only=True)
class SumStatistic:
    """A coefficient ``function(contributions.sum(axis=0))``.

    ``contributions`` has shape (outputs, features). ``function`` maps sums of shape (..., features)
    to values of shape (...), gives NaN where the coefficient is undefined, and uses only arithmetic
    that holds for complex numbers. ``cases`` numbers the case of each output from 0; None makes each
    output its own case. ``centring``, of shape (outputs,), is added to the influence of each output
    where a published convention differs from the plain derivative.
    """

    contributions: FloatArray
    function: Callable[[NumberArray], NumberArray]
    cases: IntArray | None = None
    centring: FloatArray | None = None

    @property
    def n_cases(self) -> int:
        """The number of sampling units."""
        return len(self.contributions) if self.cases is None else int(self.cases.max(initial=-1)) + 1

    @property
    def clustered(self) -> bool:
        """Whether some case has several outputs."""
        return self.n_cases < len(self.contributions)

    def value(self) -> float:
        """Return the coefficient; NaN where it is undefined."""
        return float(self.function(self.contributions.sum(axis=0)))

    def deviations(self) -> FloatArray:
        """Return n times the influence of each output on the coefficient, shape (outputs,).

        The derivative with respect to each sum is taken along the imaginary axis (Squire & Trapp,
        SIAM Review 40:110, 1998), which has no rounding error to trade off.
        """
        sums = self.contributions.sum(axis=0)
        steps = sums.astype(np.complex128) + 1j * _STEP * np.eye(len(sums))
        gradient = np.imag(self.function(steps)) / _STEP
        influence = len(self.contributions) * (self.contributions @ gradient)
        deviations: FloatArray = influence - influence.mean()
        return deviations if self.centring is None else deviations + self.centring


def linearised(
    deviations: FloatArray,
    value: float,
    *,
    inference: Inference,
    cases: IntArray | None = None,
    bounds: tuple[float, float] = (-np.inf, 1.0),
    test: bool = True,
) -> Uncertainty:
    """Return the linearised standard error and its t interval with (cases - 1) df.

    ``deviations`` has shape (outputs,), in units of the coefficient; deviations of one case are
    added first. The variance is sum(d^2) / (n (n-1)) when each output is its own case (Gwet,
    Handbook of Inter-Rater Reliability, 4th ed. 2014, ch. 5).
    """
    scaled = deviations / len(deviations)
    totals = scaled if cases is None else np.bincount(cases, weights=scaled)
    n = len(totals)
    if n < 2:
        return Uncertainty(reason=Reason.ONE_CASE)
    se = float(np.sqrt(n / (n - 1) * np.sum(totals**2)))
    method = LINEARISED if n == len(scaled) else CLUSTER_LINEARISED
    return t_uncertainty(value, se, n - 1, level=inference.level, method=method, bounds=bounds, test=test)


def bootstrap(statistic: SumStatistic, *, inference: Inference) -> Uncertainty:
    """Return the percentile interval of whole cases drawn with replacement."""
    if statistic.n_cases < 2:
        return Uncertainty(reason=Reason.ONE_CASE)
    method = CLUSTER_BOOTSTRAP if statistic.clustered else CASE_BOOTSTRAP
    return percentile(resampled_values(statistic, inference=inference), method=method, inference=inference)


def resampled_values(statistic: SumStatistic, *, inference: Inference) -> FloatArray:
    """Return the coefficient in each resample, NaN where undefined; first axis is the resample."""
    sums = resampled_sums(statistic.contributions, cases=statistic.cases, inference=inference)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(statistic.function(sums), dtype=np.float64)


def resampled_sums(contributions: FloatArray, *, cases: IntArray | None, inference: Inference) -> FloatArray:
    """Return the sums in each resample of cases, shape (resamples, features).

    Cases are put into an order that depends on their contributions alone (or on their number), so
    that the order of the rows does not change the interval.
    """
    rows = _by_content(contributions) if cases is None else _by_case(contributions, cases)
    sums = np.empty((inference.resamples, rows.shape[1]))
    start = 0
    for weights in resampling_weights(len(rows), inference=inference):
        sums[start : start + len(weights)] = weights @ rows
        start += len(weights)
    return sums


def resampling_weights(n: int, *, inference: Inference) -> Iterator[FloatArray]:
    """Yield how often each of ``n`` cases was drawn, in chunks of shape (resamples, n).

    The draws come from PCG64 at ``inference.seed`` alone, so every coefficient of the same sample
    sees the same resamples.
    """
    few = n * inference.resamples <= _CELLS_KEPT
    yield from (_kept if few else _drawn)(n, inference.resamples, inference.seed)


@lru_cache(maxsize=2)
def _kept(n: int, resamples: int, seed: int) -> tuple[FloatArray, ...]:
    # Coefficients of one sample follow one another and all want the same draws.
    chunks = tuple(_drawn(n, resamples, seed))
    for chunk in chunks:
        chunk.flags.writeable = False
    return chunks


def _drawn(n: int, resamples: int, seed: int) -> Iterator[FloatArray]:
    generator = np.random.Generator(np.random.PCG64(seed))
    chunk = max(1, _CELLS_PER_CHUNK // n)
    for start in range(0, resamples, chunk):
        size = min(chunk, resamples - start)
        drawn = generator.integers(0, n, size=(size, n))
        drawn += np.arange(size)[:, np.newaxis] * n
        yield np.bincount(drawn.ravel(), minlength=size * n).reshape(size, n).astype(np.float64)


def percentile(values: FloatArray, *, method: str, inference: Inference) -> Uncertainty:
    """Return the percentile interval and standard deviation of resampled values, shape (resamples,).

    Undefined resamples are left out with a caution; beyond a tenth of them there is no interval.
    """
    drawn = Uncertainty(method=method, seed=inference.seed, resamples=inference.resamples)
    defined = values[np.isfinite(values)]
    if len(defined) < (1.0 - _MOST_DROPPED) * len(values):
        return replace(drawn, reason=Reason.UNSTABLE_RESAMPLING)
    se = float(defined.std(ddof=1))
    if se <= 1e-12:
        return replace(drawn, se=0.0, reason=Reason.ZERO_VARIANCE)
    low, high = np.quantile(defined, [1.0 - inference.upper_tail, inference.upper_tail])
    cautions = (Caution.RESAMPLES_DROPPED,) if len(defined) < len(values) else ()
    return replace(drawn, se=se, ci=(float(low), float(high)), cautions=cautions)


def _by_content(contributions: FloatArray) -> FloatArray:
    # Adding zero turns -0.0 into 0.0, so that equal rows have equal bytes.
    rows = np.ascontiguousarray(contributions + 0.0)
    keys = rows.view(np.dtype((np.void, rows.dtype.itemsize * rows.shape[1]))).ravel()
    ordered: FloatArray = rows[np.argsort(keys, kind="stable")]
    return ordered


def _by_case(contributions: FloatArray, cases: IntArray) -> FloatArray:
    order = np.argsort(cases, kind="stable")
    starts = np.flatnonzero(np.diff(cases[order], prepend=-1))
    sums: FloatArray = np.add.reduceat(contributions[order], starts, axis=0)
    return sums
