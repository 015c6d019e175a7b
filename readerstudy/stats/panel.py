"""What a panel of readers preferred, case by case, and whether the side of the screen mattered."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from readerstudy.stats.alignment import Variant, crossed_mean
from readerstudy.stats.estimate import Caution, Estimate, Reason
from readerstudy.stats.inference import DEFAULT, Inference
from readerstudy.stats.intervals import proportion
from readerstudy.stats.ratings import Scores

_OUTCOMES = {"win": 1.0, "tie": 0.5, "loss": 0.0}


def at_least(wins: Scores, *, or_equate: bool = True, inference: Inference = DEFAULT) -> list[Estimate]:
    """Return, for every k, the share of cases where at least k of m readers prefer the left side.

    ``wins`` holds 1, .5 for a tie, 0 and NaN; with ``or_equate`` a tie counts as support. m is the
    largest number of readers that any case has; cases with fewer are left out with a caution. The
    interval is Wilson's over cases; ``category`` is k and ``variant`` "at_least_k_of_m". (Tanno et
    al., Nat Med 31:599, 2025.)
    """
    number = wins.rated.sum(axis=1)
    m = int(number.max(initial=0))
    if m == 0:
        return [
            Estimate.undefined("win_rate", Reason.NO_RATINGS, variant="at_least").with_sample(wins.sample())
        ]
    full = wins.rows(number == m)
    supporting = np.nansum(full.values > (0.0 if or_equate else 0.5), axis=1)
    estimates = []
    for k in range(1, m + 1):
        estimate = proportion("win_rate", int((supporting >= k).sum()), len(full.units), inference=inference)
        estimate = replace(estimate.with_sample(full.sample()), variant=f"at_least_{k}_of_{m}", category=k)
        estimates.append(estimate)
    left_out = bool((number[number > 0] < m).any())
    return [line.with_cautions(Caution.CASES_LEFT_OUT) for line in estimates] if left_out else estimates


def outcomes(wins: Scores, *, variant: Variant = "rrrc", inference: Inference = DEFAULT) -> list[Estimate]:
    """Return the shares of wins, ties and losses of the left side, with crossed-design intervals.

    ``category`` is "win", "tie" or "loss".
    """
    estimates = []
    for name, mark in _OUTCOMES.items():
        held = np.where(wins.rated, (wins.values == mark).astype(np.float64), np.nan)
        estimate = crossed_mean("win_rate", wins.with_values(held), variant=variant, inference=inference)
        estimates.append(replace(estimate, category=name))
    return estimates


def side_effect(left_wins: Scores, *, variant: Variant = "rrrc", inference: Inference = DEFAULT) -> Estimate:
    """Return the share that the left side of the screen won, whichever arm stood there.

    ``left_wins`` holds 1, .5, 0 and NaN. ``statistic`` and ``p`` test a share of one half; the
    interval is that of the crossed design, clipped to [0, 1]. ``category`` is "left".
    """
    centred = left_wins.with_values(left_wins.values - 0.5)
    estimate = crossed_mean(
        "win_rate", centred, variant=variant, bounds=(-0.5, 0.5), test=True, inference=inference
    )
    if estimate.value is None:
        return replace(estimate, category="left")
    ci = None if estimate.ci is None else (estimate.ci[0] + 0.5, estimate.ci[1] + 0.5)
    return replace(estimate, value=estimate.value + 0.5, ci=ci, category="left")
