"""How uncertainty is asked for (level, interval, resamples, seed) and handed back."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, replace
from typing import Literal

from readerstudy.stats.estimate import Caution, Estimate, Reason
from readerstudy.stats.quantiles import t_quantile, t_two_sided_p

IntervalMethod = Literal["auto", "linearised", "bootstrap"]


@dataclass(frozen=True, kw_only=True)
class Inference:
    """What interval to compute.

    ``method`` "auto" takes the interval that the estimator documents as its default. ``seed`` feeds
    numpy's PCG64; the same seed gives the same bytes.
    """

    level: float = 0.95
    method: IntervalMethod = "auto"
    resamples: int = 2000
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0.0 < self.level < 1.0:
            raise ValueError("The confidence level must lie between 0 and 1.")
        if self.resamples < 100:
            raise ValueError("A percentile interval needs at least 100 resamples.")
        if self.seed < 0:
            raise ValueError("The seed must not be negative.")

    @property
    def upper_tail(self) -> float:
        """The probability below the upper limit, .975 for a level of .95."""
        return 0.5 + self.level / 2.0


DEFAULT = Inference()


def seed_from(*parts: str) -> int:
    """Return a seed that depends on the parts alone, such as a study's id and an export's version.

    It stays below 2**48, so that every JSON reader keeps all of its digits.
    """
    digest = hashlib.sha256("\x1f".join(parts).encode()).digest()
    return int.from_bytes(digest[:6], "big")


@dataclass(frozen=True, kw_only=True)
class Uncertainty:
    """A standard error, an interval and a test, or the reason why there are none."""

    se: float | None = None
    ci: tuple[float, float] | None = None
    method: str | None = None
    df: float | None = None
    statistic: float | None = None
    p: float | None = None
    seed: int | None = None
    resamples: int | None = None
    reason: Reason | None = None
    cautions: tuple[Caution, ...] = ()

    def attach(self, estimate: Estimate, *, level: float) -> Estimate:
        """Return the estimate with this uncertainty; its own reason, if any, comes first."""
        return replace(
            estimate,
            se=self.se,
            ci=self.ci,
            level=level,
            ci_method=self.method,
            df=self.df,
            statistic=self.statistic,
            p=self.p,
            seed=self.seed,
            resamples=self.resamples,
            reason=estimate.reason or self.reason,
        ).with_cautions(*self.cautions)


def t_uncertainty(
    value: float,
    se: float,
    df: float,
    *,
    level: float,
    method: str,
    bounds: tuple[float, float] = (-math.inf, math.inf),
    test: bool = True,
) -> Uncertainty:
    """Return the t interval value ± t(df) se clipped to ``bounds``, and the test of value = 0.

    ``df`` may be infinite (the normal interval); it is then not printed. A standard error of zero
    gives no interval.
    """
    if se <= 1e-12 * max(1.0, abs(value)):
        return Uncertainty(se=0.0, method=method, reason=Reason.ZERO_VARIANCE)
    half = t_quantile(0.5 + level / 2.0, df) * se
    return Uncertainty(
        se=se,
        ci=(max(value - half, bounds[0]), min(value + half, bounds[1])),
        method=method,
        df=float(df) if math.isfinite(df) else None,
        statistic=value / se if test else None,
        p=t_two_sided_p(value / se, df) if test else None,
    )


def with_test(estimate: Estimate, *, null: float) -> Estimate:
    """Return an estimate that has a t interval with the two-sided test of its value being ``null``."""
    if estimate.value is None or not estimate.se or estimate.ci is None:
        return estimate
    statistic = (estimate.value - null) / estimate.se
    df = math.inf if estimate.df is None else estimate.df
    return replace(estimate, statistic=statistic, p=t_two_sided_p(statistic, df))
