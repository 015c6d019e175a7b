"""Wilcoxon's signed rank test of the endpoints that compare mean scores of two arms, beside the test that they have.

Twice where a case has several readers: over all readings, as studies publish it, and over cases, each by the mean of
its readers. Like the endpoints both are conditional on what was shown and rated.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from readerstudy.analysis.estimates.endpoints import MEANS, asked_by
from readerstudy.analysis.estimates.plain import Content, adjusted, plain
from readerstudy.analysis.evidence import Evidence
from readerstudy.stats.alignment import pair_up
from readerstudy.stats.ratings import Scores
from readerstudy.stats.signed_rank import case_means, signed_rank, zeros

STATISTIC = "mean_score"
READINGS, CASES = "readings", "cases"


def signed_ranks(evidence: Evidence) -> list[Content]:
    """One entry for each endpoint `mean_score` with a contrast; p-values are corrected by family as the endpoints'."""
    numbered = enumerate(evidence.declared.endpoints)
    found = [_entry(evidence, place, each) for place, each in numbered if each["statistic"] == STATISTIC]
    kept = [entry for entry in found if entry is not None]
    for is_primary in (True, False):
        for variant in (READINGS, CASES):
            rows = [row for each in kept if each["is_primary"] is is_primary for row in each["tests"]]
            family = [row for row in rows if row["variant"] == variant]
            for row, p in zip(family, adjusted(evidence, [row["p"] for row in family]), strict=True):
                row["p_adjusted"] = p
    return kept


def _entry(evidence: Evidence, place: int, declared: Mapping[str, Any]) -> Content | None:
    apart = _differences(evidence, declared)
    if apart is None:
        return None
    samples = [(READINGS, apart)]
    if (apart.rated.sum(axis=1) > 1).any():
        samples.append((CASES, case_means(apart)))
    names = asked_by(evidence, declared)[0].names
    return {
        "endpoint": place,
        "name": declared["name"],
        "criterion": declared["criterion"],
        "is_primary": bool(declared.get("primary", False)),
        "contrast": names,
        "tests": [_test(variant, sample, apart) for variant, sample in samples],
    }


def _test(variant: str, sample: Scores, apart: Scores) -> Content:
    readers = int(apart.rated.any(axis=0).sum())
    found = replace(signed_rank(sample), variant=variant, n_readers=readers)
    return {**plain(found), "zeros": zeros(sample), "p_adjusted": None}


def _differences(evidence: Evidence, declared: Mapping[str, Any]) -> Scores | None:
    """First minus second for each case and reader; of comparisons the grade for the first; None without a contrast."""
    asked = asked_by(evidence, declared)
    if not asked or asked[0].contrast is None:
        return None
    first, second = asked[0].contrast
    score = MEANS[STATISTIC]
    if asked[0].is_comparison:
        return score(replace(asked[0], wanted=first))
    by_arm = {each.answers.arm: score(each) for each in asked}
    one, two = by_arm.get(first), by_arm.get(second)
    return None if one is None or two is None else pair_up(one, two)
