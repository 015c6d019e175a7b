"""Whether two readers use the categories equally often."""

from __future__ import annotations

import numpy as np

from readerstudy.stats.estimate import Estimate, Reason
from readerstudy.stats.quantiles import chi2_upper_p
from readerstudy.stats.ratings import Ratings


def stuart_maxwell(ratings: Ratings, first: str, second: str) -> Estimate:
    """Return the Stuart-Maxwell test of equal marginals; ``value`` and ``statistic`` are chi-square.

    Uses d' S^- d with d the differences of the marginal counts and S their covariance (Stuart,
    Biometrika 42:412, 1955; Maxwell, Br J Psychiatry 116:651, 1970). Categories without a single
    disagreement carry no information and no degree of freedom; equal marginals keep theirs.
    """
    both = ratings.pair(ratings.readers.index(first), ratings.readers.index(second))
    name = "|".join(both.readers)
    q = len(ratings.scale.categories)
    table = np.zeros((q, q))
    np.add.at(table, (both.codes[:, 0], both.codes[:, 1]), 1.0)
    np.fill_diagonal(table, 0.0)
    difference = table.sum(axis=1) - table.sum(axis=0)
    covariance = np.diag(table.sum(axis=1) + table.sum(axis=0)) - table - table.T
    df = int(np.linalg.matrix_rank(covariance))
    if df == 0:
        reason = Reason.NO_DISCORDANT_PAIRS if len(both.units) else Reason.NO_OVERLAP
        undefined = Estimate.undefined("stuart_maxwell", reason).with_sample(both.sample())
        return undefined.labelled(reader=name)
    chi2 = float(difference @ np.linalg.pinv(covariance, hermitian=True) @ difference)
    return Estimate(
        estimator="stuart_maxwell",
        reader=name,
        value=chi2,
        statistic=chi2,
        df=float(df),
        p=chi2_upper_p(chi2, df),
    ).with_sample(both.sample())
