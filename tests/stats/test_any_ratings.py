"""Small and broken studies: every figure is a finite number or has a reason, and nothing warns."""

import warnings
from collections.abc import Iterator

import numpy as np
import pytest

from readerstudy.stats import agreement, alignment, blinding, panel, trends
from readerstudy.stats.accuracy import accuracy, cochran_q, correctness, sensitivity, specificity
from readerstudy.stats.alt_test import alt_test
from readerstudy.stats.bland_altman import bland_altman_readers
from readerstudy.stats.correlation import metric_correlations, pairwise_correlations
from readerstudy.stats.curves import average_curve, roc_curves
from readerstudy.stats.estimate import Estimate
from readerstudy.stats.gallas import gallas
from readerstudy.stats.icc import all_icc
from readerstudy.stats.inference import Inference
from readerstudy.stats.intra_reader import intra_reader, intra_reader_scores
from readerstudy.stats.model_agreement import model_agreement
from readerstudy.stats.mrmc import mrmc
from readerstudy.stats.ordinal import ordinal_model
from readerstudy.stats.preference import Comparison
from readerstudy.stats.preference_bootstrap import bootstrap_preferences
from readerstudy.stats.ranks import friedman, kendall_w
from readerstudy.stats.ratings import Ratings, Scores, read_ratings
from readerstudy.stats.roc import auc, auc_difference
from readerstudy.stats.scale import Kind
from readerstudy.stats.standalone import standalone

FEW = Inference(resamples=100)
Study = tuple[Ratings, Ratings]


def study(seed: int) -> Study:
    """Two readings of up to 8 outputs by up to 4 readers on a scale of 2 or 3, few or many cells blank."""
    generator = np.random.default_rng(seed)
    outputs, readers, top = generator.integers(1, 9), generator.integers(1, 5), generator.integers(1, 4)
    blank = generator.choice([0.0, 0.3, 0.8, 1.0])
    sides = []
    for share in (blank, 0.3):
        values = generator.integers(1, top + 1, (outputs, readers)).astype(float)
        values[generator.random(values.shape) < share] = np.nan
        names = [f"output{row}" for row in range(outputs)]
        cases = [f"case{row // 2}" for row in range(outputs)] if seed % 3 == 0 else None
        scale = range(1, max(top, 2) + 1)
        sides.append(read_ratings(values, categories=scale, kind=Kind.ORDINAL, units=names, cases=cases))
    return sides[0], sides[1]


def of_readers(first: Ratings, second: Ratings, generator: np.random.Generator) -> Iterator[Estimate]:
    scores, again = first.scores(), second.scores()
    yield from agreement.agreement_estimates(first, kind=Kind.ORDINAL, inference=FEW)
    yield from all_icc(scores)
    yield kendall_w(scores)
    yield friedman(scores.values)
    yield cochran_q((scores.values > 1.0).astype(float))
    yield from pairwise_correlations(scores, inference=FEW)
    yield from bland_altman_readers(scores)
    yield from intra_reader(first, second, kind=Kind.ORDINAL, inference=FEW)
    yield from intra_reader_scores(scores, again)
    yield from metric_correlations(
        {case: generator.random() for case in scores.case_names}, scores, inference=FEW
    )


def of_shares(scores: Scores) -> Iterator[Estimate]:
    shares = scores.with_values((scores.values - 1.0) / 2.0)
    for variant in alignment.VARIANTS:
        yield alignment.mean_score(scores, variant=variant)
        yield alignment.win_rate(shares, variant=variant)
    yield from panel.at_least(shares)
    yield from panel.outcomes(shares)
    yield panel.side_effect(shares)
    yield blinding.bang_index(scores.with_values(np.sign(scores.values - 2.0)))


def of_one_output_a_case(
    first: Ratings, second: Ratings, generator: np.random.Generator
) -> Iterator[Estimate]:
    scores, again = first.scores(), second.scores()
    truth = {unit: bool(generator.random() < 0.5) for unit in first.units}
    labels = {unit: int(generator.integers(1, 3)) for unit in first.units if generator.random() < 0.8}
    found = model_agreement(first, labels, weights="linear", inference=FEW)
    yield from (*found.by_reader, found.mean, found.between_readers, found.difference, found.majority)
    yield from found.leave_one_out
    tested = alt_test(scores, {unit: float(label) for unit, label in labels.items()})
    yield from (tested.winning_rate, tested.advantage, *tested.by_reader)
    right = correctness(first, labels)
    yield from (accuracy(right), sensitivity(right, 1), specificity(right, 1))
    arms = {"A": scores, "B": again}
    yield from (*auc(scores, truth), *auc_difference(scores, again, truth))
    yield from (*mrmc(arms, truth), *gallas(arms, truth))
    yield from standalone({unit: generator.random() for unit in first.units}, scores, truth)
    yield alignment.paired_difference("mean_score", scores, again)
    average = average_curve(roc_curves(scores, truth))
    assert average is None or np.isfinite(average.area)


def of_time(scores: Scores, generator: np.random.Generator) -> Iterator[Estimate]:
    rows, columns = np.nonzero(scores.rated)
    trace = trends.Trace(
        readers=[f"r{column}" for column in columns],
        cases=[scores.case_names[row] for row in rows],
        values=scores.values[rows, columns],
        positions=generator.integers(0, 5, len(rows)).astype(float),
        sittings=[str(number) for number in generator.integers(0, 2, len(rows))],
    )
    for function in (trends.order_trend, trends.learning_trend, trends.fatigue_trend, trends.period_effect):
        yield from function(trace)


def of_models(first: Ratings, second: Ratings, generator: np.random.Generator) -> Iterator[Estimate]:
    model = ordinal_model({"A": first, "B": second})
    yield from (*model.effects, *model.thresholds, *model.deviations)
    judged = [
        Comparison(
            left="ABC"[left],
            right="ABC"[right],
            left_wins=float(generator.choice([0.0, 0.5, 1.0])),
            case=f"c{generator.integers(3)}",
            reader=f"r{generator.integers(2)}",
        )
        for left, right in (generator.permutation(3)[:2] for _ in range(generator.integers(0, 9)))
    ]
    yield from bootstrap_preferences(judged, position=bool(generator.integers(2)), inference=FEW).abilities
    yield blinding.james_index(generator.integers(0, 3, (2, 3)).astype(float))


@pytest.mark.parametrize("seed", range(40))
def test_every_figure_is_a_number_or_has_a_reason(seed: int) -> None:
    first, second = study(seed)
    generator = np.random.default_rng(1000 + seed)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = [*of_readers(first, second, generator), *of_shares(first.scores())]
        found += [*of_time(first.scores(), generator), *of_models(first, second, generator)]
        if first.cases is None:
            found += of_one_output_a_case(first, second, generator)
    assert found
    for estimate in found:
        plain = estimate.as_dict()
        assert (plain["value"] is None) <= (plain["reason"] is not None)
        low, high = plain["ci"] or (0.0, 0.0)
        assert low <= high
