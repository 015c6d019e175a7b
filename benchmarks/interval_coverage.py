"""How often the default interval of a mean, a proportion and a win rate covers the truth.

1,000 simulated studies of 5 readers by 60 cases for each figure and each design: a latent judgement with
random cases, readers and error, cut into grades. Prints one line for each and ends with status 1 if a
share falls below the target. Run: make interval-coverage
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from readerstudy.stats.alignment import mean_score, proportion_acceptable, win_rate
from readerstudy.stats.arrays import FloatArray
from readerstudy.stats.estimate import Estimate
from readerstudy.stats.quantiles import normal_cdf
from readerstudy.stats.ratings import Scores

STUDIES, READERS, CASES, TARGET, SEED = 1_000, 5, 60, 0.93, 20261122
CUTS = np.array([-1.2, -0.4, 0.4, 1.2])
SHIFT = 0.3


@dataclass(frozen=True)
class Design:
    """Shares of the latent variance, which is one, and the share of blank cells."""

    name: str
    case: float
    reader: float
    missing: float = 0.0


@dataclass(frozen=True)
class Figure:
    """An estimator, how it sees the latent judgement, and its true value."""

    name: str
    estimate: Callable[[Scores], Estimate]
    observe: Callable[[FloatArray], FloatArray]
    truth: float


def above(cut: float) -> float:
    """The chance that a latent judgement lies above a cut."""
    return normal_cdf(SHIFT - cut)


DESIGNS = (
    Design("readers 15 %, cases 40 %", case=0.40, reader=0.15),
    Design("readers 2 %, cases 40 %", case=0.40, reader=0.02),
    Design("readers 15 %, cases 40 %, 30 % blank", case=0.40, reader=0.15, missing=0.3),
)
FIGURES = (
    Figure(
        "mean", mean_score, lambda x: 1.0 + np.digitize(x, CUTS), 1.0 + sum(above(float(c)) for c in CUTS)
    ),
    Figure("proportion", proportion_acceptable, lambda x: (x > 0.0).astype(np.float64), above(0.0)),
    Figure(
        "win rate", win_rate, lambda x: 0.5 * (x > 0.4) + 0.5 * (x > -0.4), (above(0.4) + above(-0.4)) / 2.0
    ),
)


def main() -> int:
    """Print the coverage of every figure and design; return 1 where one is below the target."""
    print(
        f"{STUDIES} studies of {READERS} readers by {CASES} cases, 95 % intervals, target {TARGET}, seed {SEED}"
    )
    print(f"{'design':<38} {'figure':<11} {'coverage':>8} {'width':>7} {'seconds':>8}")
    found = [line(design, figure) for design in DESIGNS for figure in FIGURES]
    return int(min(found) < TARGET)


def line(design: Design, figure: Figure) -> float:
    """Print and return the coverage of one figure under one design."""
    start = time.perf_counter()
    covered, width = coverage(design, figure)
    seconds = time.perf_counter() - start
    print(f"{design.name:<38} {figure.name:<11} {covered:>8.3f} {width:>7.3f} {seconds:>8.2f}", flush=True)
    return covered


def coverage(
    design: Design, figure: Figure, *, studies: int = STUDIES, seed: int = SEED
) -> tuple[float, float]:
    """Return the share of studies whose interval holds the truth, and the mean width of the intervals."""
    generator = np.random.Generator(np.random.PCG64(seed))
    cases, readers = (tuple(str(number) for number in range(size)) for size in (CASES, READERS))
    covered, width = 0, 0.0
    for _ in range(studies):
        values = figure.observe(latent(generator, design)).astype(np.float64)
        values[generator.random(values.shape) < design.missing] = np.nan
        ci = figure.estimate(Scores(values=values, units=cases, readers=readers)).ci
        if ci is not None:
            covered += ci[0] <= figure.truth <= ci[1]
            width += ci[1] - ci[0]
    return covered / studies, width / studies


def latent(generator: np.random.Generator, design: Design) -> FloatArray:
    """Return latent judgements of one study, shape (cases, readers)."""
    error = 1.0 - design.case - design.reader
    cases = generator.normal(scale=design.case**0.5, size=(CASES, 1))
    readers = generator.normal(scale=design.reader**0.5, size=READERS)
    noise: FloatArray = generator.normal(scale=error**0.5, size=(CASES, READERS))
    return SHIFT + cases + readers + noise


if __name__ == "__main__":
    sys.exit(main())
