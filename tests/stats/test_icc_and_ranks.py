"""Where intraclass correlations and concordance are undefined."""

import pytest

from readerstudy.stats.estimate import Caution, Reason
from readerstudy.stats.icc import FORMS, all_icc, icc, mean_squares
from readerstudy.stats.ranks import kendall_w
from readerstudy.stats.ratings import read_scores


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([[None, None]], Reason.NO_RATINGS),
        ([[1], [2]], Reason.ONE_READER),
        ([[1, None], [2, None]], Reason.ONE_READER),
        ([[1, 2]], Reason.ONE_CASE),
        ([[1, None], [None, 2], [3, 4]], Reason.INCOMPLETE),
        ([[2, 2], [2, 2], [2, 2]], Reason.NO_VARIATION),
    ],
)
def test_undefined_figures_say_why(rows: list[list[int | None]], reason: Reason) -> None:
    assert {estimate.reason for estimate in all_icc(read_scores(rows))} == {reason}
    assert kendall_w(read_scores(rows)).reason is reason


def test_incomplete_cases_are_left_out_and_said() -> None:
    rows = [[1, 2], [4, 5], [None, 9], [3, 3], [5, 6]]
    for estimate in (icc(read_scores(rows)), kendall_w(read_scores(rows))):
        assert (estimate.n_cases, estimate.n_ratings, estimate.n_missing) == (4, 8, 1)
        assert Caution.CASES_LEFT_OUT in estimate.cautions


def test_readers_who_never_differ_have_an_icc_of_one_and_no_interval() -> None:
    for estimate in all_icc(read_scores([[1, 1], [2, 2], [4, 4]])):
        assert estimate.value == pytest.approx(1.0)
        assert (estimate.ci, estimate.reason) == (None, Reason.ZERO_VARIANCE)


def test_a_constant_difference_between_readers_costs_agreement_only() -> None:
    scores = read_scores([[1, 3], [2, 4], [4, 6], [7, 9]])
    assert icc(scores, form="3,1").value == pytest.approx(1.0)
    assert icc(scores, form="2,1").value < 0.9


def test_limits_enclose_the_value() -> None:
    scores = read_scores(
        [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
    )
    for form in FORMS:
        estimate = icc(scores, form=form)
        assert estimate.ci[0] < estimate.value < estimate.ci[1]


def test_mean_squares_need_complete_scores() -> None:
    with pytest.raises(ValueError, match="without a blank"):
        mean_squares(read_scores([[1, 2], [None, 3]]))


def test_reversed_readers_have_no_concordance() -> None:
    assert kendall_w(read_scores([[1, 3], [2, 2], [3, 1]])).value == pytest.approx(0.0)
