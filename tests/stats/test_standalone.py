"""A model by itself against a panel of readers."""

import numpy as np
import pytest

from readerstudy.stats.estimate import Reason
from readerstudy.stats.mrmc import VARIANTS, mrmc
from readerstudy.stats.ratings import Scores
from readerstudy.stats.roc import placements
from readerstudy.stats.standalone import standalone
from tests.stats.test_mrmc import TRUTH, reads


def panel() -> Scores:
    return reads()["A"]


def own_scores(seed: int = 9) -> dict[str, float]:
    generator = np.random.default_rng(seed)
    return {case: 1.2 * abnormal + generator.normal() for case, abnormal in TRUTH.items()}


@pytest.mark.parametrize("covariance", ["jackknife", "delong"])
def test_it_is_the_single_arm_formula_on_the_differences(covariance: str) -> None:
    readers, scores = panel(), own_scores()
    line = standalone(scores, readers, TRUTH, covariance=covariance)[0]
    abnormal = np.array([TRUTH[case] for case in readers.units])
    columns = np.column_stack([[scores[case] for case in readers.units], readers.values])
    components = placements(columns, abnormal)
    r = len(readers.readers)
    contrast = np.column_stack([np.ones(r), -np.eye(r)])
    differences = contrast @ components.figures
    spread = contrast @ components.covariance(covariance) @ contrast.T
    shared = max((spread.sum() - np.trace(spread)) / (r * (r - 1)), 0.0)
    variance = differences.var(ddof=1) / r + shared
    assert line.value == pytest.approx(differences.mean())
    assert line.se == pytest.approx(np.sqrt(variance))
    assert line.df == pytest.approx(variance**2 / ((differences.var(ddof=1) / r) ** 2 / (r - 1)))


def test_every_variant_has_a_line_with_the_readers_own_counts() -> None:
    lines = standalone(own_scores(), panel(), TRUTH, model="model:x")
    assert [line.variant for line in lines] == list(VARIANTS)
    assert {line.contrast for line in lines} == {"model:x-readers"}
    assert lines[0].n_ratings == panel().values.size


def test_the_sign_is_that_of_the_model() -> None:
    perfect = {case: float(abnormal) for case, abnormal in TRUTH.items()}
    line = standalone(perfect, panel(), TRUTH)[0]
    mean = next(line for line in mrmc({"A": panel()}, TRUTH) if line.arm == "A" and line.variant == "rrrc")
    assert line.value == pytest.approx(1.0 - mean.value)


def test_cases_without_a_score_are_left_out() -> None:
    scores = own_scores()
    scores.pop(next(iter(scores)))
    assert standalone(scores, panel(), TRUTH)[0].n_cases == len(TRUTH) - 1


def test_an_incomplete_panel_has_a_reason() -> None:
    readers = panel()
    readers.values[0, 0] = np.nan
    lines = standalone(own_scores(), readers, TRUTH)
    assert {(line.value, line.reason) for line in lines} == {(None, Reason.INCOMPLETE)}
    assert len(lines) == 3
