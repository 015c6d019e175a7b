"""Endpoints that no question is asked for: the time a reading takes, and how near texts come to a reference text."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from readerstudy.analysis.evidence import Evidence
from readerstudy.analysis.table import reference_of
from readerstudy.stats.estimate import Estimate, Reason
from readerstudy.stats.quantiles import binomial_lower_p
from readerstudy.stats.text import rouge

ORDER_STATISTICS = "order statistics"


def median_seconds(evidence: Evidence) -> list[Estimate]:
    """The median seconds of a reading: all in all, and for each arm where one output is shown at a time.

    The interval is that of order statistics and takes readings as independent.
    """
    everything = [seconds for seconds, _arms in evidence.declared.seconds]
    by_arm: dict[int, list[float]] = defaultdict(list)
    for seconds, arms in evidence.declared.seconds:
        if len(arms) == 1:
            by_arm[arms[0]].append(seconds)
    whole = [median_of(everything, evidence.inference.level)] if everything else []
    return whole + [
        median_of(by_arm[arm], evidence.inference.level).labelled(arm=row.name)
        for arm, row in evidence.table.arms.items()
        if arm in by_arm
    ]


def median_of(seconds: list[float], level: float) -> Estimate:
    """The median with the narrowest pair of order statistics that covers it with this level."""
    values, tail = np.sort(np.array(seconds)), (1.0 - level) / 2.0
    n = len(values)
    below = max((k for k in range(n // 2) if binomial_lower_p(k, n, 0.5) <= tail), default=None)
    ci = None if below is None else (float(values[below]), float(values[n - 1 - below]))
    return Estimate(
        estimator="median_time",
        value=float(np.median(values)),
        ci=ci,
        level=level,
        ci_method=ORDER_STATISTICS,
        n_ratings=n,
        reason=Reason.TOO_FEW if ci is None else None,
    )


def agreement_with_reference(evidence: Evidence) -> list[Estimate]:
    """ROUGE-L of each arm's texts against the reference texts, the mean over cases."""
    cases, arms = evidence.table.cases, evidence.table.arms
    references = {case.code: reference_of(case) for case in cases.values()}
    written = {
        arm: {cases[case].code: text for case, text in texts.items()}
        for arm, texts in evidence.declared.texts.items()
    }
    return [
        each.labelled(arm=row.name)
        for arm, row in arms.items()
        if written.get(arm)
        for each in rouge(written[arm], references, inference=evidence.inference)
        if each.variant == "rougeL"
    ]
