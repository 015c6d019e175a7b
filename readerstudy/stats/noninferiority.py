"""Whether a figure is not worse than its reference point by a margin or more.

The null hypothesis is that the figure lies at or beyond the margin. It is tested by the t statistic (figure +
margin)/SE, one-sided, and rejected at (1 - level)/2 exactly where the two-sided interval of that level lies wholly
above minus the margin, before any clipping of the interval (Wellek, Testing Statistical Hypotheses of Equivalence and
Noninferiority, 2010, chapter 2; CONSORT extension, JAMA 308:2594, 2012).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from readerstudy.stats.estimate import Estimate
from readerstudy.stats.quantiles import t_lower_p


@dataclass(frozen=True, kw_only=True)
class NonInferiority:
    """The test of one figure; ``statistic`` and ``p`` are None, and nothing is shown, where it has no standard error.

    ``limit`` is where the interval must end at the latest, in the units of the figure: below it where higher is
    better, above it where lower is. ``p`` is one-sided.
    """

    margin: float
    limit: float
    higher_is_better: bool
    statistic: float | None
    p: float | None


def noninferiority(
    estimate: Estimate, *, margin: float, higher_is_better: bool = True, null: float = 0.0
) -> NonInferiority:
    """Return the test that ``estimate`` is not worse than ``null`` by ``margin`` or more; ``margin`` above 0."""
    sign = 1.0 if higher_is_better else -1.0
    statistic = p = None
    if estimate.value is not None and estimate.se and estimate.ci is not None:
        statistic = (sign * (estimate.value - null) + margin) / estimate.se
        p = t_lower_p(-statistic, math.inf if estimate.df is None else estimate.df)
    return NonInferiority(
        margin=margin, limit=null - sign * margin, higher_is_better=higher_is_better, statistic=statistic, p=p
    )
