"""The two-way bootstrap of preferences."""

import numpy as np
import pytest

from readerstudy.stats.estimate import Reason
from readerstudy.stats.inference import Inference
from readerstudy.stats.preference import Comparison, fit_preferences
from readerstudy.stats.preference_bootstrap import TWO_WAY, bootstrap_preferences

FEW = Inference(resamples=400, seed=3)
STRENGTH = {"A": 0.0, "B": 0.6, "C": 1.0}


def study(
    seed: int = 1, *, cases: int = 60, readers: int = 6, taste: float = 0.0, side: float = 0.0
) -> list[Comparison]:
    """Every reader judges one pair of each case; ``taste`` is how far readers differ about B and C."""
    generator = np.random.default_rng(seed)
    own = {f"r{at}": generator.normal(scale=taste) for at in range(readers)}
    judged = []
    for case in range(cases):
        for reader, liking in own.items():
            left, right = generator.permutation(list(STRENGTH))[:2]
            lead = STRENGTH[left] - STRENGTH[right] + side + liking * ((left != "A") - float(right != "A"))
            chance = np.exp([lead / 2, -lead / 2, -0.5])
            wins = generator.choice([1.0, 0.0, 0.5], p=chance / chance.sum())
            judged.append(
                Comparison(
                    left=str(left), right=str(right), left_wins=float(wins), case=f"c{case}", reader=reader
                )
            )
    return judged


@pytest.mark.parametrize("model", ["davidson", "bradley_terry"])
def test_values_stay_and_independent_comparisons_keep_about_their_error(model: str) -> None:
    judged = study()
    plain = fit_preferences(judged, model=model, inference=FEW)
    drawn = bootstrap_preferences(judged, model=model, inference=FEW)
    assert [line.value for line in drawn.abilities] == [line.value for line in plain.abilities]
    assert drawn.abilities[0].se is None
    for own, other in zip(drawn.abilities[1:], plain.abilities[1:], strict=True):
        # Drawing readers and cases apart counts the error of a single comparison up to three times.
        assert other.se * 0.9 < own.se < other.se * 2.0
        assert own.ci[0] < own.value < own.ci[1]
        assert (own.ci_method, own.seed, own.resamples) == (TWO_WAY, 3, 400)
    assert (drawn.win_probability[1, 0], drawn.arms) == (plain.win_probability[1, 0], plain.arms)


def test_readers_of_different_taste_make_the_interval_longer() -> None:
    judged = study(taste=1.5, readers=5)
    plain, drawn = fit_preferences(judged, inference=FEW), bootstrap_preferences(judged, inference=FEW)
    assert drawn.abilities[1].se > 2.0 * plain.abilities[1].se


def test_the_side_and_ties_are_drawn_too() -> None:
    judged = study(side=0.5)
    drawn = bootstrap_preferences(judged, position=True, inference=FEW)
    assert drawn.position.ci[0] < drawn.position.value < drawn.position.ci[1]
    assert drawn.tie.ci_method == TWO_WAY


def test_the_same_seed_gives_the_same_interval_whatever_the_order() -> None:
    judged = study(cases=20)
    one = bootstrap_preferences(judged, inference=FEW)
    other = bootstrap_preferences(judged[::-1], inference=FEW)
    assert one.abilities[1].ci == pytest.approx(other.abilities[1].ci, abs=1e-9)


def test_one_reader_or_one_case_has_no_interval() -> None:
    lone = [comparison for comparison in study() if comparison.reader == "r0"]
    line = bootstrap_preferences(lone, inference=FEW).abilities[1]
    assert (line.ci, line.se, line.reason) == (None, None, Reason.ONE_READER)
    assert line.value is not None


def test_an_unbeaten_arm_stays_not_estimable() -> None:
    judged = [
        Comparison(left="A", right="B", left_wins=wins, case=f"c{case}", reader=f"r{reader}")
        for case in range(6)
        for reader, wins in enumerate((1.0, 0.0, 1.0))
    ]
    judged += [
        Comparison(left="U", right="A", left_wins=1.0, case=f"c{case}", reader="r0") for case in range(6)
    ]
    lines = {line.arm: line for line in bootstrap_preferences(judged, inference=FEW).abilities}
    assert (lines["U"].value, lines["U"].reason) == (None, Reason.NOT_ESTIMABLE)


def test_an_ability_that_often_runs_off_has_no_interval() -> None:
    judged = [
        Comparison(left="A", right="B", left_wins=float(case > 0), case=f"c{case}", reader=f"r{case % 3}")
        for case in range(12)
    ]
    line = bootstrap_preferences(judged, model="bradley_terry", inference=FEW).abilities[1]
    assert (line.ci, line.reason) == (None, Reason.UNSTABLE_RESAMPLING)


def test_nothing_to_compare_is_the_plain_answer() -> None:
    assert bootstrap_preferences([]).abilities == ()
