"""Non-inferiority as the protocol declares it: whether an arm is worse than another by a margin or more."""

from __future__ import annotations

from readerstudy.analysis.estimates.plain import Content
from readerstudy.stats.estimate import Estimate
from readerstudy.stats.noninferiority import noninferiority
from readerstudy.studies.models import Criterion, Direction, Kind
from readerstudy.studies.protocol.endpoints import LOWER_IS_BETTER

EVEN = {"win_rate": 0.5, "preference_share": 0.5, "mean_score": 0.0}
"""What a comparison gives on average where neither arm is better."""


def against_margin(
    estimate: Estimate,
    *,
    statistic: str,
    criterion: Criterion,
    contrast: list[str],
    margin: float,
    null: float = 0.0,
) -> Content:
    """The test of the first arm of the contrast; `is_shown` is None where there is no interval to tell it by."""
    found = noninferiority(estimate, margin=margin, higher_is_better=_higher(statistic, criterion), null=null)
    return {
        "contrast": contrast,
        "margin": margin,
        "limit": found.limit,
        "higher_is_better": found.higher_is_better,
        "statistic": found.statistic,
        "p": found.p,
        "p_adjusted": None,
        "is_shown": _is_shown(estimate, found.limit, higher=found.higher_is_better),
    }


def _is_shown(estimate: Estimate, limit: float, *, higher: bool) -> bool | None:
    if estimate.ci is None:
        return None
    low, high = estimate.ci
    return low > limit if higher else high < limit


def _higher(statistic: str, criterion: Criterion) -> bool:
    if statistic in LOWER_IS_BETTER:
        return False
    of_a_scale = statistic == "mean_score" and criterion.kind != Kind.COMPARATIVE
    return not (of_a_scale and criterion.direction == Direction.LOWER)
