"""The default interval covers the truth as often as it says, give or take what 300 studies can show."""

import numpy as np
import pytest
from scipy.stats import norm

from readerstudy.stats.alignment import mean_score, proportion_acceptable, win_rate
from readerstudy.stats.ratings import Scores

CUTS = np.array([-1.2, -0.4, 0.4, 1.2])
STUDIES, READERS, CASES = 300, 5, 60


def latent(generator: np.random.Generator) -> np.ndarray:
    """Cases carry .40, readers .15 and error .45 of a variance of one."""
    cases = generator.normal(scale=0.40**0.5, size=(CASES, 1))
    readers = generator.normal(scale=0.15**0.5, size=READERS)
    return 0.3 + cases + readers + generator.normal(scale=0.45**0.5, size=(CASES, READERS))


FIGURES = {
    "mean": (mean_score, lambda x: 1.0 + np.digitize(x, CUTS), 1 + norm.sf(CUTS - 0.3).sum()),
    "proportion": (proportion_acceptable, lambda x: (x > 0).astype(float), norm.sf(-0.3)),
    "win rate": (
        win_rate,
        lambda x: 0.5 * (x > 0.4) + 0.5 * (x > -0.4),
        0.5 * norm.sf(0.1) + 0.5 * norm.sf(-0.7),
    ),
}


@pytest.mark.parametrize("figure", FIGURES)
def test_the_crossed_interval_covers_nine_tenths_and_more(figure: str) -> None:
    estimate, observe, truth = FIGURES[figure]
    generator = np.random.default_rng(20261122)
    names = tuple(map(str, range(CASES))), tuple(map(str, range(READERS)))
    covered = 0
    for _ in range(STUDIES):
        scores = Scores(values=observe(latent(generator)).astype(float), units=names[0], readers=names[1])
        low, high = estimate(scores).ci
        covered += low <= truth <= high
    assert covered / STUDIES >= 0.90
