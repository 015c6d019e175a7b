"""A word for a coefficient, only where somebody asks for one: Gwet's probabilistic benchmark.

A coefficient is an estimate, so its band is not the one that the value lies in but the highest that the true
coefficient reaches with probability .95 (Gwet, Handbook of Inter-Rater Reliability, 4th ed. 2014, ch. 6).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from readerstudy.stats.estimate import Estimate
from readerstudy.stats.quantiles import normal_cdf

BandScale = Literal["landis_koch", "fleiss", "altman"]
CERTAIN = 0.95

BANDS: Mapping[BandScale, tuple[tuple[float, str], ...]] = {
    "landis_koch": (
        (0.8, "almost perfect"),
        (0.6, "substantial"),
        (0.4, "moderate"),
        (0.2, "fair"),
        (0.0, "slight"),
        (-1.0, "poor"),
    ),
    "fleiss": ((0.75, "excellent"), (0.4, "intermediate to good"), (-1.0, "poor")),
    "altman": ((0.8, "very good"), (0.6, "good"), (0.4, "moderate"), (0.2, "fair"), (-1.0, "poor")),
}
SOURCES: Mapping[BandScale, str] = {
    "landis_koch": "Landis & Koch, Biometrics 33:159, 1977",
    "fleiss": "Fleiss, Statistical Methods for Rates and Proportions, 1981",
    "altman": "Altman, Practical Statistics for Medical Research, 1991",
}


@dataclass(frozen=True, kw_only=True)
class Benchmark:
    """The band of a coefficient, the probability of reaching it, and where the words come from."""

    band: str
    probability: float
    source: str


def gwet_benchmark(estimate: Estimate, *, scale: BandScale = "landis_koch") -> Benchmark | None:
    """Return the highest band that the coefficient reaches with probability .95 or more.

    The probability is that of a normal coefficient with the estimate's standard error, cut off at -1 and 1.
    None where the coefficient or its standard error is undefined or zero.
    """
    if estimate.value is None or not estimate.se:
        return None
    value, se = estimate.value, estimate.se
    below_one, below_minus_one = normal_cdf((1.0 - value) / se), normal_cdf((-1.0 - value) / se)
    for low, band in BANDS[scale]:
        reached = (below_one - normal_cdf((low - value) / se)) / (below_one - below_minus_one)
        if reached >= CERTAIN:
            return Benchmark(band=band, probability=min(reached, 1.0), source=SOURCES[scale])
    return None
