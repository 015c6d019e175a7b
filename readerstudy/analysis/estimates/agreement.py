"""How far readers agree with each other: pooled over the arms, with whole cases as the sampling unit, and per arm."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from readerstudy.analysis.estimates.plain import Content, plain
from readerstudy.analysis.evidence import Evidence, Sheet
from readerstudy.stats.agreement import gwet_ac, krippendorff_alpha, percent_agreement, prevalent_category
from readerstudy.stats.arrays import FloatArray, IntArray
from readerstudy.stats.estimate import Estimate
from readerstudy.stats.inference import Inference
from readerstudy.stats.ratings import MISSING, Ratings, Scores, overlap
from readerstudy.stats.scale import Scale
from readerstudy.studies.models import Kind

Coefficient = Callable[[Ratings, Inference], Estimate]


def _percent(ratings: Ratings, inference: Inference) -> Estimate:
    return percent_agreement(ratings, inference=inference)


def _alpha_nominal(ratings: Ratings, inference: Inference) -> Estimate:
    return krippendorff_alpha(ratings, metric="nominal", inference=inference)


def _alpha_ordinal(ratings: Ratings, inference: Inference) -> Estimate:
    return krippendorff_alpha(ratings, metric="ordinal", inference=inference)


def _alpha_interval(ratings: Ratings, inference: Inference) -> Estimate:
    return krippendorff_alpha(ratings, metric="interval", inference=inference)


def _ac1(ratings: Ratings, inference: Inference) -> Estimate:
    return gwet_ac(ratings, inference=inference)


def _ac2(ratings: Ratings, inference: Inference) -> Estimate:
    return gwet_ac(ratings, weights="quadratic", inference=inference)


COEFFICIENTS: dict[Kind, tuple[Coefficient, ...]] = {
    Kind.LIKERT: (_percent, _alpha_ordinal, _ac2),
    Kind.YES_NO: (_percent, _alpha_nominal, _ac1),
    Kind.SINGLE_CHOICE: (_percent, _alpha_nominal, _ac1),
    Kind.INTEGER: (_alpha_interval,),
    Kind.NUMBER: (_alpha_interval,),
    Kind.VISUAL_ANALOGUE: (_alpha_interval,),
}


def agreement(evidence: Evidence, sheet: Sheet) -> list[Content]:
    """The coefficients of the question's kind; `arm` is null where the arms are pooled. Empty for free text."""
    coefficients = COEFFICIENTS.get(Kind(sheet.criterion.kind), ())
    return [
        plain(coefficient(ratings, evidence.inference).labelled(criterion=sheet.criterion.key, arm=arm))
        for arm, ratings in _samples(evidence, sheet)
        for coefficient in coefficients
    ]


def prevalence(evidence: Evidence, sheet: Sheet) -> Content | None:
    """The option that holds more than 90 % of all ratings, which makes the coefficients misleading; else None."""
    if sheet.scale is None:
        return None
    found = prevalent_category(pooled(evidence, sheet))
    if found is None:
        return None
    place = sheet.scale.code(found[0]) or 0
    return {**sheet.options[place], "share": found[1]}


def shared(evidence: Evidence, sheet: Sheet) -> Content:
    """How many outputs each two readers have both rated; the diagonal holds what each has rated."""
    rated = sheet.rated.reshape(-1, len(evidence.readers))
    ratings = Scores(
        values=np.where(rated, 1.0, np.nan),
        units=tuple(map(str, range(len(rated)))),
        readers=evidence.readers,
    )
    counts = overlap(ratings)
    active = counts.diagonal() > 0
    between = counts[np.ix_(active, active)][np.triu_indices(int(active.sum()), k=1)]
    return {
        "readers": list(evidence.readers),
        "counts": counts.tolist(),
        "least": int(between.min()) if between.size else None,
        "most": int(between.max()) if between.size else None,
    }


def _samples(evidence: Evidence, sheet: Sheet) -> list[tuple[str | None, Ratings]]:
    alone = [(arm.name, of_arm(evidence, sheet, place)) for place, arm in enumerate(evidence.arms)]
    return [(None, pooled(evidence, sheet)), *alone] if len(alone) > 1 else [(None, alone[0][1])]


def of_arm(evidence: Evidence, sheet: Sheet, place: int) -> Ratings:
    """The ratings of one arm, every case its own output."""
    scale = _scale(sheet)
    return Ratings(
        codes=in_codes(sheet.scores[place], scale, sheet),
        scale=scale,
        units=evidence.cases,
        readers=evidence.readers,
        cases=evidence.cases,
    )


def pooled(evidence: Evidence, sheet: Sheet) -> Ratings:
    """The ratings of all arms; outputs of one case belong together."""
    scale, arms = _scale(sheet), len(evidence.arms)
    values = sheet.scores.reshape(arms * len(evidence.cases), len(evidence.readers))
    return Ratings(
        codes=in_codes(values, scale, sheet),
        scale=scale,
        units=tuple(f"{case}|{arm.position}" for arm in evidence.arms for case in evidence.cases),
        readers=evidence.readers,
        cases=evidence.cases * arms,
    )


def _scale(sheet: Sheet) -> Scale:
    observed = np.unique(sheet.scores[sheet.rated])
    return sheet.scale or Scale(tuple(observed.tolist()), ordered=True, declared=False)


def in_codes(values: FloatArray, scale: Scale, sheet: Sheet) -> IntArray:
    """Places on the scale: choices are stored as such, numbers are looked up in their order."""
    rated = ~np.isnan(values)
    codes = np.full(values.shape, MISSING, dtype=np.int64)
    if sheet.criterion.kind == Kind.SINGLE_CHOICE:
        codes[rated] = values[rated].astype(np.int64)
    else:
        codes[rated] = np.searchsorted(scale.values(), values[rated])
    return codes
