"""How often each category was given: the numbers behind a stacked figure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from readerstudy.stats.ratings import Ratings
from readerstudy.stats.scale import Label


@dataclass(frozen=True, kw_only=True)
class Distribution:
    """Counts and shares in scale order; ``shares`` are None where nothing was rated.

    ``n`` counts ratings, ``n_missing`` the blank cells, ``n_refused`` refused readings, which stay
    outside the shares and are shown beside them.
    """

    arm: str | None
    categories: tuple[Label, ...]
    counts: tuple[int, ...]
    shares: tuple[float, ...] | None
    n: int
    n_missing: int
    n_refused: int = 0

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return asdict(self)


def distribution(ratings: Ratings, *, arm: str | None = None, n_refused: int = 0) -> Distribution:
    """Return how the ratings spread over the declared scale, unused categories included."""
    counts = [int((ratings.codes == code).sum()) for code in range(len(ratings.scale.categories))]
    n = int(np.sum(counts))
    return Distribution(
        arm=arm,
        categories=ratings.scale.categories,
        counts=tuple(counts),
        shares=tuple(count / n for count in counts) if n else None,
        n=n,
        n_missing=max(ratings.sample().n_missing - n_refused, 0),
        n_refused=n_refused,
    )


def distributions(by_arm: Mapping[str, Ratings]) -> list[Distribution]:
    """Return the distribution of each arm, in the order given."""
    return [distribution(ratings, arm=arm) for arm, ratings in by_arm.items()]
