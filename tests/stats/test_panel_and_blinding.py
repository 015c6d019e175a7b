"""Panels of readers, the side of the screen, and guesses of the source."""

import numpy as np
import pytest

from readerstudy.stats.alignment import win_rate
from readerstudy.stats.blinding import bang_index, bang_index_of_counts, james_index
from readerstudy.stats.estimate import Caution, Reason
from readerstudy.stats.inference import Inference
from readerstudy.stats.intervals import wilson
from readerstudy.stats.panel import at_least, outcomes, side_effect
from readerstudy.stats.ratings import read_scores

WINS = [[1, 1, 1], [1, 0.5, 0], [0, 0, 0], [0.5, 0.5, 0.5], [1, 0, 0], [0, 0, 1], [1, 1, 0.5], [0, 0.5, 1]]
CRISP = np.array([[82, 25, 170], [27, 29, 83]])
NINETY = Inference(level=0.9)


def test_the_share_of_cases_is_counted_for_every_number_of_readers() -> None:
    lines = at_least(read_scores(WINS))
    assert [line.variant for line in lines] == ["at_least_1_of_3", "at_least_2_of_3", "at_least_3_of_3"]
    assert [line.category for line in lines] == [1, 2, 3]
    assert [line.value for line in lines] == [7 / 8, 5 / 8, 3 / 8]
    assert lines[1].ci == wilson(5, 8)
    strict = at_least(read_scores(WINS), or_equate=False)
    assert [line.value for line in strict] == [6 / 8, 2 / 8, 1 / 8]


def test_cases_with_fewer_readers_are_left_out_and_said() -> None:
    lines = at_least(read_scores([*WINS, [1, None, None], [None, None, None]]))
    assert [line.n_cases for line in lines] == [8, 8, 8]
    assert Caution.CASES_LEFT_OUT in lines[0].cautions
    assert Caution.CASES_LEFT_OUT not in at_least(read_scores([*WINS, [None, None, None]]))[0].cautions
    assert at_least(read_scores([[None]]))[0].reason is Reason.NO_RATINGS


def test_wins_ties_and_losses_add_up_and_give_the_win_rate() -> None:
    wins = read_scores(WINS)
    won, tied, lost = (line.value for line in outcomes(wins))
    assert won + tied + lost == pytest.approx(1.0)
    assert won + tied / 2 == pytest.approx(win_rate(wins).value)


def test_a_side_that_always_wins_the_same_share_is_tested_against_half() -> None:
    wins = read_scores(WINS)
    side = side_effect(wins)
    plain = win_rate(wins)
    assert (side.value, side.se) == (pytest.approx(plain.value), pytest.approx(plain.se))
    assert side.ci == pytest.approx(plain.ci)
    assert side.statistic == pytest.approx((plain.value - 0.5) / plain.se)
    assert side.category == "left"


def test_bang_reproduces_the_published_indices() -> None:
    # Bang et al. 2004, CRISP trial: .21 (.15, .26) under treatment and .01 (-.07, .10) under placebo, 90 %.
    treatment = bang_index_of_counts(82, 25, 170, inference=NINETY)
    placebo = bang_index_of_counts(29, 27, 83, inference=NINETY)
    assert [round(number, 2) for number in (treatment.value, *treatment.ci)] == [0.21, 0.15, 0.26]
    assert [round(number, 2) for number in (placebo.value, *placebo.ci)] == [0.01, -0.07, 0.1]


def test_james_reproduces_the_published_index() -> None:
    # Bang et al. 2004, CRISP trial: .75; the delta method equals a jackknife of the 416 people.
    index = james_index(CRISP)
    assert round(index.value, 2) == 0.75
    left_out = np.array(
        [
            james_index(CRISP - np.eye(6)[cell].reshape(2, 3)).value
            for cell in range(6)
            for _ in range(CRISP.ravel()[cell])
        ]
    )
    jackknife = np.sqrt(415 / 416 * ((left_out - left_out.mean()) ** 2).sum())
    assert index.se == pytest.approx(jackknife, rel=1e-2)


def test_the_ends_of_the_james_index() -> None:
    assert james_index(np.array([[0, 0, 9], [0, 0, 9]])).value == 1.0
    assert james_index(np.array([[9, 0, 0], [0, 9, 0]])).value == pytest.approx(0.0)
    assert james_index(np.array([[25, 25, 0], [25, 25, 0]])).value == pytest.approx(0.5)
    assert james_index(np.array([[9, 0, 0], [9, 0, 0]])).value == pytest.approx(0.5)
    assert james_index(np.array([[9, 0, 1], [0, 0, 0]])).reason is Reason.NO_VARIATION
    assert james_index(np.zeros((2, 3))).reason is Reason.NO_GUESSES
    with pytest.raises(ValueError, match="one column more"):
        james_index(np.zeros((2, 2)))


def test_guesses_of_several_readers_have_the_interval_of_the_crossed_design() -> None:
    generator = np.random.default_rng(1)
    guesses = generator.choice([-1.0, 0.0, 1.0], size=(40, 4), p=[0.2, 0.3, 0.5])
    several = bang_index(read_scores(guesses))
    assert several.value == pytest.approx(guesses.mean())
    assert (several.ci_method, several.variant) == ("crossed moment components, Hillis df, t", "bang")
    assert bang_index(read_scores(guesses), variant="frrc").variant == "bang_frrc"
    single = bang_index(read_scores(guesses[:, :1]))
    assert single.ci_method == "Bang 2004, normal"
    assert bang_index(read_scores([[None]])).reason is Reason.NO_GUESSES
