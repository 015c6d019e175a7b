"""Preferences: ties, positions, and arms that nothing can place."""

import numpy as np
import pytest
from scipy.optimize import minimize

from readerstudy.stats.estimate import Reason
from readerstudy.stats.preference import Comparison, PreferenceFit, fit_preferences


def judged(*wins: tuple[str, str, float, int]) -> list[Comparison]:
    return [
        Comparison(left=left, right=right, left_wins=won, count=count) for left, right, won, count in wins
    ]


def ability(fit: PreferenceFit, arm: str):
    return next(estimate for estimate in fit.abilities if estimate.arm == arm)


ROUND = judged(
    ("A", "B", 1, 7), ("A", "B", 0, 3), ("A", "B", 0.5, 4), ("B", "C", 1, 6), ("B", "C", 0, 5),
    ("B", "C", 0.5, 2), ("C", "A", 1, 2), ("C", "A", 0, 9), ("C", "A", 0.5, 3), ("B", "A", 1, 5),
    ("B", "A", 0, 4),
)  # fmt: skip


def negative_log_likelihood(parameters: np.ndarray) -> float:
    """Davidson with position effect, written out: b, c relative to a = 0, position, tie."""
    logs = {"A": 0.0, "B": parameters[0], "C": parameters[1]}
    total = 0.0
    for comparison in ROUND:
        left = np.exp(logs[comparison.left] + parameters[2])
        right = np.exp(logs[comparison.right])
        tie = np.exp(parameters[3] + (logs[comparison.left] + logs[comparison.right]) / 2)
        chance = {1: left, 0: right, 0.5: tie}[comparison.left_wins] / (left + right + tie)
        total -= comparison.count * np.log(chance)
    return total


def test_davidson_with_a_position_effect_maximises_its_likelihood() -> None:
    fit = fit_preferences(ROUND, position=True)
    found = minimize(negative_log_likelihood, np.zeros(4), tol=1e-12)
    ours = [ability(fit, "B").value, ability(fit, "C").value, fit.position.value, fit.tie.value]
    assert ours == pytest.approx(found.x, abs=1e-5)
    errors = [ability(fit, "B").se, ability(fit, "C").se, fit.position.se, fit.tie.se]
    assert errors == pytest.approx(np.sqrt(np.diag(hessian_inverse(found.x))), rel=1e-3)


def hessian_inverse(at: np.ndarray, step: float = 1e-4) -> np.ndarray:
    size = len(at)
    hessian = np.zeros((size, size))
    for i in range(size):
        for j in range(size):
            moves = np.eye(size)[i] * step, np.eye(size)[j] * step
            hessian[i, j] = sum(
                a * b * negative_log_likelihood(at + a * moves[0] + b * moves[1])
                for a in (1, -1)
                for b in (1, -1)
            ) / (4 * step**2)
    return np.linalg.inv(hessian)


def test_two_arms_without_ties_have_the_log_odds_of_their_wins() -> None:
    fit = fit_preferences(judged(("A", "B", 1, 12), ("A", "B", 0, 4)), model="bradley_terry", reference="B")
    assert ability(fit, "A").value == pytest.approx(np.log(3))
    assert ability(fit, "A").se == pytest.approx(np.sqrt(1 / 12 + 1 / 4))
    assert ability(fit, "A").contrast == "A-B"
    assert fit.win_probability == pytest.approx(np.array([[0.5, 0.75], [0.25, 0.5]]))


def test_a_tie_is_half_a_win_to_bradley_terry() -> None:
    with_ties = fit_preferences(
        judged(("A", "B", 1, 5), ("A", "B", 0, 3), ("A", "B", 0.5, 4)), model="bradley_terry"
    )
    without = fit_preferences(judged(("A", "B", 1, 7), ("A", "B", 0, 5)), model="bradley_terry")
    assert ability(with_ties, "B").value == pytest.approx(ability(without, "B").value)


def test_davidson_without_a_tie_is_bradley_terry() -> None:
    wins = judged(("A", "B", 1, 5), ("A", "B", 0, 3))
    fit = fit_preferences(wins)
    assert fit.tie is None
    plain = fit_preferences(wins, model="bradley_terry")
    assert ability(fit, "B").value == pytest.approx(ability(plain, "B").value)


def test_the_reference_has_zero_and_no_error() -> None:
    fit = fit_preferences(ROUND, reference="C")
    assert (ability(fit, "C").value, ability(fit, "C").se) == (0.0, None)
    shifted = fit_preferences(ROUND, reference="A")
    assert ability(fit, "A").value == pytest.approx(-ability(shifted, "C").value)


@pytest.mark.parametrize("won", [1, 0])
def test_an_arm_that_won_or_lost_everything_is_not_estimable(won: int) -> None:
    fit = fit_preferences([*ROUND, *judged(("D", "A", won, 5), ("D", "B", won, 5))])
    assert (ability(fit, "D").value, ability(fit, "D").reason) == (None, Reason.NOT_ESTIMABLE)
    plain = fit_preferences(ROUND)
    assert ability(fit, "B").value == pytest.approx(ability(plain, "B").value)
    assert np.isnan(fit.win_probability[3, :3]).all()


def test_a_tie_makes_an_unbeaten_arm_estimable_to_davidson() -> None:
    fit = fit_preferences([*ROUND, *judged(("D", "A", 1, 5), ("D", "A", 0.5, 2))])
    assert ability(fit, "D").value is not None


def test_unconnected_arms_are_compared_among_themselves() -> None:
    island = judged(("X", "Y", 1, 6), ("X", "Y", 0, 2))
    fit = fit_preferences([*ROUND, *island], reference="A")
    assert ability(fit, "Y").contrast == "Y-X"
    assert ability(fit, "Y").value == pytest.approx(-np.log(3))
    assert ability(fit, "B").contrast == "B-A"
    assert np.isnan(fit.win_probability[0, 3])
    assert fit.win_probability[3, 4] == pytest.approx(0.75)


def test_nobody_compared_anything() -> None:
    fit = fit_preferences([])
    assert fit.abilities == ()
    assert fit.tie is None


def test_a_side_that_always_wins_leaves_no_finite_position_effect() -> None:
    fit = fit_preferences(judged(("A", "B", 1, 5), ("B", "A", 1, 5)), model="bradley_terry", position=True)
    assert {estimate.reason for estimate in (ability(fit, "B"), fit.position)} == {Reason.NOT_ESTIMABLE}


@pytest.mark.parametrize("wrong", [("A", "B", 0.7, 1), ("A", "A", 1, 1), ("A", "B", 1, -1)])
def test_an_impossible_comparison_is_refused(wrong: tuple[str, str, float, int]) -> None:
    with pytest.raises(ValueError, match="two arms"):
        fit_preferences(judged(wrong))
