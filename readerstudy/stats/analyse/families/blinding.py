"""Whether readers could tell which arm they saw: Bang's index of each arm, James's index over all."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from readerstudy.stats.alignment import VARIANTS
from readerstudy.stats.analyse.contrasts import at
from readerstudy.stats.analyse.question import Question
from readerstudy.stats.arrays import FloatArray
from readerstudy.stats.blinding import bang_index, james_index
from readerstudy.stats.estimate import Estimate
from readerstudy.stats.scale import Kind


def is_guess(question: Question) -> bool:
    """Whether a criterion asks which arm this was: its categories are the arms and at most one more."""
    names = {str(category) for category in question.scale.categories}
    arms = set(question.arms)
    fits = len(arms) > 1 and arms <= names and len(names) <= len(arms) + 1
    return fits and question.kind in (Kind.NOMINAL, Kind.BINARY)


def blinding(question: Question) -> Iterator[Estimate]:
    """Yield the blinding indices of a criterion that asks which arm this was."""
    if not is_guess(question):
        return
    names = [str(category) for category in question.scale.categories]
    for arm in question.arms:
        guess = np.array([1.0 if name == arm else -1.0 if name in question.arms else 0.0 for name in names])
        scores = question.grid(arm).scores(np.append(guess, np.nan)[question.codes])
        for variant in VARIANTS:
            yield at(bang_index(scores, variant=variant, inference=question.inference), arm)
    yield james_index(_table(question, names), inference=question.inference)


def _table(question: Question, names: list[str]) -> FloatArray:
    order = [names.index(arm) for arm in question.arms]
    unsure = [at_ for at_, name in enumerate(names) if name not in question.arms]
    table = np.zeros((len(question.arms), len(question.arms) + 1))
    for row, arm in enumerate(question.arms):
        counts = question.ratings(arm).counts().sum(axis=0)
        table[row] = [*counts[order], counts[unsure].sum()]
    return table
