"""Arms compared by the mixed model: what it says, what it recovers, and when it says nothing."""

import numpy as np
import pytest

from readerstudy.stats.estimate import Reason
from readerstudy.stats.ordinal import ordinal_model
from readerstudy.stats.ratings import Ratings, RatingsError, read_ratings
from readerstudy.stats.scale import Kind

CUTS = np.array([-1.5, -0.3, 0.9, 2.2])


def graded(values: np.ndarray, **names: list[str]) -> Ratings:
    return read_ratings(values, categories=range(1, 6), kind=Kind.ORDINAL, **names)


def simulated(seed: int, *, effect: float, cases: int = 40, readers: int = 4) -> dict[str, Ratings]:
    generator = np.random.default_rng(seed)
    shared = generator.normal(size=(cases, 1)) + generator.normal(scale=0.6, size=readers)
    arms = {}
    for arm, shift in (("A", 0.0), ("B", effect)):
        latent = shared + shift + generator.logistic(size=(cases, readers))
        arms[arm] = graded(1.0 + np.digitize(latent, CUTS))
    return arms


def test_a_shift_of_an_arm_is_recovered_and_covered() -> None:
    found = [ordinal_model(simulated(seed, effect=0.7)).effects[0] for seed in range(24)]
    assert np.mean([line.value for line in found]) == pytest.approx(0.7, abs=0.12)
    assert np.mean([line.ci[0] <= 0.7 <= line.ci[1] for line in found]) >= 0.86
    assert np.mean([line.se for line in found]) == pytest.approx(
        np.std([line.value for line in found]), rel=0.35
    )


def test_exchanging_reference_and_arm_turns_the_effect_round() -> None:
    arms = simulated(1, effect=0.5)
    forward, backward = ordinal_model(arms), ordinal_model(arms, reference="B")
    assert (forward.effects[0].contrast, backward.effects[0].contrast) == ("B-A", "A-B")
    assert backward.effects[0].value == pytest.approx(-forward.effects[0].value, abs=1e-5)
    assert backward.effects[0].se == pytest.approx(forward.effects[0].se, abs=1e-5)
    assert backward.log_likelihood == pytest.approx(forward.log_likelihood, abs=1e-8)
    assert backward.test.p == pytest.approx(forward.test.p, abs=1e-6)


def test_every_figure_names_itself_and_its_sample() -> None:
    model = ordinal_model(simulated(2, effect=0.5))
    assert [line.category for line in model.thresholds] == [1, 2, 3, 4]
    assert [line.variant for line in model.deviations] == ["case_sd", "reader_sd"]
    assert (model.test.variant, model.test.df) == ("likelihood_ratio", 1.0)
    line = model.effects[0]
    assert (line.estimator, line.ci_method) == ("ordinal_mixed_model", "Laplace approximation, Wald")
    assert (line.n_cases, line.n_readers, line.n_ratings, line.n_missing) == (40, 4, 320, 0)


def test_one_arm_has_thresholds_and_deviations_alone() -> None:
    model = ordinal_model({"A": simulated(2, effect=0.0)["A"]})
    assert (model.effects, model.test) == ((), None)
    assert len(model.thresholds) == 4
    assert all(line.ci[0] < line.value < line.ci[1] for line in model.deviations)


def test_blanks_unused_grades_and_the_order_of_rows_change_nothing_else() -> None:
    values = np.array(simulated(4, effect=0.0)["A"].codes + 1.0)
    values[values == 3] = 4.0
    values[::7, 0] = np.nan
    names = [f"case{row:02d}" for row in range(40)]
    order = np.random.default_rng(0).permutation(40)
    one = ordinal_model({"A": graded(values, units=names)})
    other = ordinal_model({"A": graded(values[order], units=[names[row] for row in order])})
    assert [line.category for line in one.thresholds] == [1, 2, 4]
    assert other.log_likelihood == pytest.approx(one.log_likelihood, abs=1e-8)
    assert one.thresholds[0].n_missing == 6


def test_a_deviation_of_nothing_is_zero_without_an_interval() -> None:
    generator = np.random.default_rng(5)
    values = generator.integers(1, 6, (30, 1)).repeat(4, axis=1).astype(float)
    values[:, 1:] = generator.permuted(values[:, 1:], axis=0)
    model = ordinal_model({"A": graded(values)})
    reader = model.deviations[1]
    assert (reader.value, reader.ci, reader.reason) == (0.0, None, Reason.ZERO_VARIANCE)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ([[np.nan, np.nan]], Reason.NO_RATINGS),
        ([[3, 3], [3, 3]], Reason.NO_VARIATION),
        ([[1], [2], [3]], Reason.ONE_READER),
        ([[1, 2]], Reason.ONE_CASE),
    ],
)
def test_too_little_has_a_reason(values: list[list[float]], reason: Reason) -> None:
    model = ordinal_model({"A": graded(np.array(values)), "B": graded(np.array(values))})
    assert (model.effects[0].value, model.effects[0].reason) == (None, reason)
    assert (model.test.reason, model.log_likelihood) == (reason, None)


def test_an_arm_with_the_top_grade_throughout_has_no_finite_effect() -> None:
    arms = simulated(6, effect=0.0)
    arms["B"] = graded(np.full((40, 4), 5.0))
    arms["A"] = graded(np.minimum(arms["A"].codes + 1.0, 4.0))
    assert ordinal_model(arms).effects[0].reason is Reason.NOT_CONVERGED


def test_arms_on_different_scales_are_refused() -> None:
    other = read_ratings([[1, 2], [2, 1]], categories=[1, 2], kind=Kind.ORDINAL)
    with pytest.raises(RatingsError, match="different scales"):
        ordinal_model({"A": simulated(1, effect=0.0)["A"], "B": other})
