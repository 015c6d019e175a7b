"""How often the right answer stands among the first k of a ranked list."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from readerstudy.stats.estimate import Estimate, Reason
from readerstudy.stats.inference import DEFAULT, Inference
from readerstudy.stats.ratings import Scores, case_positions
from readerstudy.stats.sums import SumStatistic, bootstrap


def top_shares(
    places: Scores, *, most: int, variant: str | None = None, inference: Inference = DEFAULT
) -> list[Estimate]:
    """Return for every k up to ``most`` the share of readings whose right answer stands at a place of 1 to k.

    ``places`` has shape (outputs, readers): 1 for the first place, 0 where the list does not name the answer, NaN where
    there is no reading. ``category`` is k. With one reading of each case it is the share of cases. The interval is the
    percentile bootstrap of whole cases.
    """
    return [_share(places, k, variant, inference) for k in range(1, most + 1)]


def _share(places: Scores, k: int, variant: str | None, inference: Inference) -> Estimate:
    if not places.rated.any():
        undefined = Estimate.undefined("top_share", Reason.NO_RATINGS, variant=variant)
        return replace(undefined, category=k).with_sample(places.sample())
    read = places.rows(places.rated.sum(axis=1) > 0)
    held = ((read.values >= 1.0) & (read.values <= k)).sum(axis=1)
    statistic = SumStatistic(
        contributions=np.column_stack([read.rated.sum(axis=1), held]).astype(np.float64),
        function=lambda sums: sums[..., 1] / sums[..., 0],
        cases=None if read.cases is None else case_positions(read.cases),
    )
    found = Estimate(estimator="top_share", variant=variant, category=k, value=statistic.value())
    drawn = bootstrap(statistic, inference=inference)
    return drawn.attach(found.with_sample(places.sample()), level=inference.level)
