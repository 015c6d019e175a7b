"""How far an arm agrees with itself when it is asked about the same case again, and how far with the readers."""

from __future__ import annotations

import numpy as np

from readerstudy.analysis.estimates.agreement import of_arm
from readerstudy.analysis.estimates.plain import Content, plain
from readerstudy.analysis.evidence import Evidence, Sheet
from readerstudy.analysis.labels import fold
from readerstudy.analysis.replicates import Replicates
from readerstudy.stats.agreement import cohen_kappa, krippendorff_alpha, percent_agreement
from readerstudy.stats.ratings import MISSING, Ratings
from readerstudy.stats.scale import Scale
from readerstudy.studies.models import Arm, Kind

LABEL, DECLINED = "label", "declined"
NO_YES = Scale(("no", "yes"))


def model_name(arm: Arm) -> str:
    """How an arm is named where it stands among readers."""
    return f"model:{arm.name}"


def self_agreement(evidence: Evidence) -> list[Content]:
    """Percent agreement and nominal alpha between the replicates of each arm that has several, of labels and refusals.

    A refusal has no label, so it is missing among the labels; whether it was one is compared by itself.
    """
    return [
        plain(estimate.labelled(arm=arm.name), about=about, replicates=len(found.names))
        for arm in evidence.arms
        if (found := evidence.replicates.get(arm.pk))
        for about, ratings in ((LABEL, _labels(evidence, found)), (DECLINED, _refusals(evidence, found)))
        for estimate in (
            percent_agreement(ratings, inference=evidence.inference),
            krippendorff_alpha(ratings, metric="nominal", inference=evidence.inference),
        )
    ]


def _labels(evidence: Evidence, found: Replicates) -> Ratings:
    names = sorted({fold(label) for row in found.labels for label in row if label})
    places = {name: place for place, name in enumerate(names)}
    codes = [[places[fold(label)] if label else MISSING for label in row] for row in found.labels]
    given = np.array(codes, dtype=np.int64).reshape(found.declined.shape)
    return Ratings(
        codes=np.where(found.declined == 0, given, MISSING),
        scale=Scale(tuple(names), declared=False),
        units=evidence.cases,
        readers=found.names,
    )


def _refusals(evidence: Evidence, found: Replicates) -> Ratings:
    return Ratings(codes=found.declined, scale=NO_YES, units=evidence.cases, readers=found.names)


def with_readers(evidence: Evidence) -> list[Content]:
    """Cohen's kappa of each arm's own label with each reader's choice, where a question offers these labels."""
    return [
        plain(
            cohen_kappa(ratings, model_name(arm), reader, inference=evidence.inference).labelled(
                criterion=sheet.criterion.key, arm=arm.name
            ),
            reader=reader,
        )
        for sheet in evidence.sheets.values()
        if (folded := choices_of(evidence, sheet))
        for place, arm in enumerate(evidence.arms)
        for ratings in [_with_model(evidence, sheet, place, folded)]
        for reader in evidence.readers
    ]


def choices_of(evidence: Evidence, sheet: Sheet) -> dict[str, int]:
    """The places of a question's choices by folded label, where at least two of them are labels that arms gave."""
    if sheet.criterion.kind != Kind.SINGLE_CHOICE:
        return {}
    names = {fold(option["label"] or option["value"]): place for place, option in enumerate(sheet.options)}
    given = {fold(label) for outputs in evidence.outputs.values() for label in outputs.labels if label}
    return names if len(given & set(names)) > 1 else {}


def _with_model(evidence: Evidence, sheet: Sheet, place: int, folded: dict[str, int]) -> Ratings:
    """The readers' choices for one arm's cases, and before them the arm's own labels."""
    arm, ratings = evidence.arms[place], of_arm(evidence, sheet, place)
    outputs = evidence.outputs[arm.pk]
    own = np.array([folded.get(fold(label), MISSING) if label else MISSING for label in outputs.labels])
    own = np.where(outputs.declined, MISSING, own).astype(np.int64)
    return Ratings(
        codes=np.column_stack([own, ratings.codes]),
        scale=ratings.scale,
        units=evidence.cases,
        readers=(model_name(arm), *evidence.readers),
        cases=evidence.cases,
    )
