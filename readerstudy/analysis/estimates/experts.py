"""A model's own label beside the readers' choices: does it agree with them as they agree with one another?

Kappa with each reader stands in `constancy.with_readers`; here are their mean, that of the readers among themselves and
the difference, the strict majority, each reader left out in turn, and the alternative annotator test.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from readerstudy.analysis.estimates.agreement import of_arm
from readerstudy.analysis.estimates.constancy import choices_of, model_name
from readerstudy.analysis.estimates.plain import Content, plain
from readerstudy.analysis.evidence import Evidence, Sheet
from readerstudy.analysis.labels import fold
from readerstudy.stats.alt_test import AltTest, alt_test
from readerstudy.stats.model_agreement import model_agreement
from readerstudy.stats.ratings import Scores
from readerstudy.stats.scale import Label


def experts(evidence: Evidence) -> list[Content]:
    """One entry an arm and question whose options are labels that arms gave; empty where there is none."""
    return [
        _of_arm(evidence, sheet, place, choices)
        for sheet in evidence.sheets.values()
        if (choices := choices_of(evidence, sheet))
        for place in range(len(evidence.arms))
    ]


def _of_arm(evidence: Evidence, sheet: Sheet, place: int, choices: Mapping[str, int]) -> Content:
    arm, key, readers = evidence.arms[place], sheet.criterion.key, of_arm(evidence, sheet, place)
    outputs = evidence.outputs[arm.pk]
    labels: dict[str, Label] = {
        case: readers.scale.categories[choices[fold(said)]]
        for case, said, declined in zip(evidence.cases, outputs.labels, outputs.declined, strict=True)
        if said is not None and not declined and fold(said) in choices
    }
    refused = [case for case, declined in zip(evidence.cases, outputs.declined, strict=True) if declined]
    found = model_agreement(readers, labels, model=model_name(arm), inference=evidence.inference)
    codes = {case: float(readers.scale.code(label) or 0) for case, label in labels.items()}
    values = np.where(readers.rated, readers.codes, np.nan)
    scores = Scores(values=values, units=readers.units, readers=readers.readers)
    named = {"criterion": key, "arm": arm.name}
    return {
        **named,
        "question": sheet.criterion.question,
        "n_labels": len(labels),
        "n_refused": len(refused),
        "estimates": [
            {**plain(row.labelled(**named)), "about": about}
            for about, row in (
                ("mean", found.mean),
                ("between_readers", found.between_readers),
                ("difference", found.difference),
                ("majority", found.majority),
                ("left_out", found.leave_one_out[-1]),
            )
        ],
        "alt_test": _tested(alt_test(scores, codes, refused=refused), **named),
    }


def _tested(found: AltTest, *, criterion: str, arm: str) -> Content:
    return {
        "epsilon": found.epsilon,
        "estimates": [
            plain(row.labelled(criterion=criterion, arm=arm))
            for row in (found.winning_rate, found.advantage, *found.by_reader)
        ],
    }
