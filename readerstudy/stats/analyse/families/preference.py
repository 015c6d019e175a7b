"""Which of two arms readers prefer: win rates, mean grades, Bradley-Terry and Davidson, the side of the screen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from readerstudy.stats.alignment import VARIANTS, Variant, crossed_mean
from readerstudy.stats.analyse.contrasts import adjusted, both_ways, named, with_suffix
from readerstudy.stats.analyse.duel import BETWEEN, Duel, split
from readerstudy.stats.analyse.families.scores import by_reader, mean_lines
from readerstudy.stats.analyse.families.shares import CONDITIONAL
from readerstudy.stats.analyse.names import in_order
from readerstudy.stats.analyse.question import Question
from readerstudy.stats.arrays import FloatArray
from readerstudy.stats.estimate import Estimate, Reason
from readerstudy.stats.panel import at_least, outcomes, side_effect
from readerstudy.stats.preference import Comparison, Model, PreferenceFit, fit_preferences
from readerstudy.stats.preference_bootstrap import bootstrap_preferences
from readerstudy.stats.ratings import Scores

_MODELS: tuple[Model, ...] = ("bradley_terry", "davidson")


def win_rates(question: Question) -> Iterator[Estimate]:
    """Yield the share of comparisons that each arm won of each other and of all, a tie counting half."""
    if not isinstance(question, Duel):
        return
    yield from adjusted(_rates(question, question.wins))
    for pair in question.arms:
        yield from _details(question, pair)
    yield from _by_arm(question, question.wins)
    if question.has_refusals:
        lines = [
            *adjusted(_rates(question, question.wins_of_answers)),
            *_by_arm(question, question.wins_of_answers),
        ]
        for line in lines:
            yield replace(line, variant=with_suffix(line.variant, CONDITIONAL))
    yield from _left(question)


def grades(question: Question) -> Iterator[Estimate]:
    """Yield the mean grade of each pair, positive where the first arm of the contrast is better."""
    if not isinstance(question, Duel) or not question.graded:
        return
    lines: list[Estimate] = []
    for pair in question.arms:
        first, second = split(pair)
        scores = question.turned(-question.numbers, [pair])
        for line in mean_lines(question, scores, test=True):
            undirected = line.variant is not None and line.variant.startswith(("sd", "variance"))
            lines += _same(line, first, second) if undirected else both_ways(line, first, second)
    yield from adjusted(lines)


def abilities(question: Question) -> Iterator[Estimate]:
    """Yield the log-abilities of the arms, without and with an effect of the side, ties and win probabilities.

    "two_way" has the same abilities with the intervals of a bootstrap of cases and readers.
    """
    if not isinstance(question, Duel):
        return
    comparisons = _comparisons(question)
    if not comparisons:
        for model in _MODELS:
            yield Estimate.undefined(model, Reason.NO_RATINGS)
        return
    for model in _MODELS:
        for position in (False, True):
            fit = fit_preferences(
                comparisons,
                model=model,
                reference=_reference(question, comparisons),
                position=position,
                inference=question.inference,
            )
            yield from _fitted(fit, "with_position" if position else None, model)
        sampled = bootstrap_preferences(
            comparisons,
            model=model,
            reference=_reference(question, comparisons),
            inference=question.inference,
        )
        for line in sampled.abilities:
            yield replace(line, variant="two_way")


def _rates(question: Duel, wins: FloatArray) -> Iterator[Estimate]:
    for pair in question.arms:
        first, second = split(pair)
        scores = question.turned(wins, [pair])
        for variant in VARIANTS:
            yield from both_ways(_rate(question, scores, variant), first, second, about=0.5)


def _rate(question: Question, wins: Scores, variant: Variant) -> Estimate:
    # Tested against one half, no preference.
    centred = wins.with_values(wins.values - 0.5)
    line = crossed_mean(
        "win_rate", centred, variant=variant, bounds=(-0.5, 0.5), test=True, inference=question.inference
    )
    if line.value is None:
        return line
    ci = None if line.ci is None else (line.ci[0] + 0.5, line.ci[1] + 0.5)
    return replace(line, value=line.value + 0.5, ci=ci)


def _details(question: Duel, pair: str) -> Iterator[Estimate]:
    first, second = split(pair)
    scores = question.turned(question.wins, [pair])
    for contrast, wins in (
        (named(first, second), scores),
        (named(second, first), scores.with_values(1.0 - scores.values)),
    ):
        lines = [
            line
            for variant in VARIANTS
            for line in outcomes(wins, variant=variant, inference=question.inference)
        ]
        lines += at_least(wins, inference=question.inference)
        for reader, own in by_reader(wins):
            lines.append(replace(_rate(question, own, "frrc"), reader=reader))
        for line in lines:
            yield replace(line, contrast=contrast)


def _by_arm(question: Duel, wins: FloatArray) -> Iterator[Estimate]:
    for arm in in_order(arm for pair in question.pairs for arm in pair):
        pairs = [pair for pair in question.arms if arm in split(pair)]
        first = np.array([split(pair)[0] == arm for pair in question.cells.arms], dtype=bool)
        own = np.where(first[question.cells.arm], wins, 1.0 - wins)
        scores = question.turned(own, pairs)
        for variant in VARIANTS:
            yield replace(_rate(question, scores, variant), arm=arm)


def _left(question: Duel) -> Iterator[Estimate]:
    of_left = np.where(question.first_is_left, question.wins_of_answers, 1.0 - question.wins_of_answers)
    scores = question.turned(of_left, question.arms)
    for variant in VARIANTS:
        yield side_effect(scores, variant=variant, inference=question.inference)


def _comparisons(question: Duel) -> list[Comparison]:
    cells, wins = question.cells, question.wins
    left = np.where(question.first_is_left, wins, 1.0 - wins)
    rows = np.flatnonzero(~cells.by_model & ~np.isnan(wins))
    found = []
    for row in rows.tolist():
        first, second = split(cells.arms[cells.arm[row]])
        sides = (first, second) if question.first_is_left[row] else (second, first)
        found.append(
            Comparison(
                left=sides[0],
                right=sides[1],
                left_wins=float(left[row]),
                count=float(cells.count[row]),
                case=cells.cases[cells.case[row]],
                reader=cells.readers[cells.reader[row]],
            )
        )
    return found


def _reference(question: Duel, comparisons: list[Comparison]) -> str | None:
    known = {comparison.left for comparison in comparisons} | {comparison.right for comparison in comparisons}
    return question.reference_arm if question.reference_arm in known else None


def _fitted(fit: PreferenceFit, variant: str | None, model: Model) -> Iterator[Estimate]:
    for line in fit.abilities:
        yield replace(line, variant=variant)
    for extra in (fit.tie, fit.position):
        if extra is not None:
            name = (
                extra.variant
                if variant is None or extra.variant == "position"
                else f"{extra.variant},{variant}"
            )
            yield replace(extra, variant=name)
    if variant is not None:
        return
    for row, first in enumerate(fit.arms):
        for column, second in enumerate(fit.arms):
            if row != column:
                yield _chance(model, first, second, float(fit.win_probability[row, column]))


def _chance(model: Model, first: str, second: str, chance: float) -> Estimate:
    contrast = named(first, second)
    if np.isnan(chance):
        blank = Estimate.undefined(model, Reason.NOT_ESTIMABLE, variant="win_probability")
        return replace(blank, contrast=contrast)
    return Estimate(estimator=model, variant="win_probability", contrast=contrast, value=chance)


def _same(line: Estimate, first: str, second: str) -> Iterator[Estimate]:
    for contrast in (named(first, second), named(second, first)):
        yield replace(line, contrast=contrast)


def pair_contrast(line: Estimate, question: Question) -> Estimate:
    """Return a line of a pair "FIRST|SECOND" under the name of its contrast; of the only pair, without one."""
    if line.arm is None or BETWEEN not in line.arm:
        return line
    if len(question.arms) == 1:
        return replace(line, arm=None)
    return line if line.contrast else replace(line, arm=None, contrast=named(*split(line.arm)))
