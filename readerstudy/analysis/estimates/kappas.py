"""Kappa beside the coefficients that hold at any prevalence: Light's mean over reader pairs, and each pair's own."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np

from readerstudy.analysis.estimates.agreement import of_arm, pooled
from readerstudy.analysis.estimates.plain import Content, plain
from readerstudy.analysis.evidence import Evidence, Sheet
from readerstudy.stats.agreement import Weights, light_kappa
from readerstudy.stats.agreement.cohen import kappa_statistics
from readerstudy.stats.ratings import Ratings
from readerstudy.studies.models import Kind

WEIGHTS: dict[str, Weights] = {
    Kind.LIKERT: "quadratic",
    Kind.YES_NO: "unweighted",
    Kind.SINGLE_CHOICE: "unweighted",
}


def kappas(evidence: Evidence) -> list[Content]:
    """One entry a question with options: its kappas, and the matrix of reader pairs over all arms together."""
    return [
        _question(evidence, sheet, WEIGHTS[sheet.criterion.kind])
        for sheet in evidence.sheets.values()
        if sheet.criterion.kind in WEIGHTS and sheet.rated.any()
    ]


def _question(evidence: Evidence, sheet: Sheet, weights: Weights) -> Content:
    everything = pooled(evidence, sheet)
    samples: list[tuple[str | None, Ratings]] = [(None, everything)]
    if len(evidence.arms) > 1:
        samples += [(arm.name, of_arm(evidence, sheet, place)) for place, arm in enumerate(evidence.arms)]
    # Resampling every pair of twenty readers would take longer than all the rest of a report.
    inference = replace(evidence.inference, method="linearised")
    return {
        "criterion": sheet.criterion.key,
        "question": sheet.criterion.question,
        "weights": weights,
        "estimates": [
            plain(
                light_kappa(ratings, weights=weights, inference=inference).labelled(
                    criterion=sheet.criterion.key, arm=arm
                )
            )
            for arm, ratings in samples
        ],
        "pairs": _pairs(everything.used(), weights),
    }


def _pairs(used: Ratings, weights: Weights) -> Content:
    """For each two readers kappa, percent agreement and the outputs that both rated; null where there is none."""
    readers = len(used.readers)
    kappa: list[list[float | None]] = [[None] * readers for _reader in used.readers]
    agreed = [row.copy() for row in kappa]
    shared = [[0] * readers for _reader in used.readers]
    for first, second in combinations(range(readers), 2):
        found = kappa_statistics(used, [(first, second)], weights)
        pair = used.pair(first, second)
        for row, column in ((first, second), (second, first)):
            kappa[row][column] = float(found[0].value()) if found else None
            agreed[row][column] = _agreed(pair)
            shared[row][column] = len(pair.units)
    return {"readers": list(used.readers), "kappa": kappa, "agreed": agreed, "shared": shared}


def _agreed(pair: Ratings) -> float | None:
    return float(np.mean(pair.codes[:, 0] == pair.codes[:, 1])) if len(pair.units) else None
