"""How often a value is acceptable."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from readerstudy.stats.analyse.families.shares import Share, shares
from readerstudy.stats.analyse.question import Question
from readerstudy.stats.estimate import Estimate


def acceptable_shares(question: Question) -> Iterator[Estimate]:
    """Yield the proportion acceptable, where the plan declares a cut or a positive category."""
    marks = question.marks
    if marks is None:
        return
    intended = np.where(question.refused, 0.0, marks)
    yield from shares(
        question,
        Share(
            estimator="proportion_acceptable",
            intended=intended,
            conditional=marks,
            counts=np.ones(len(marks), dtype=bool),
        ),
    )
