"""ROC curves and their average."""

import numpy as np
import pytest
from sklearn.metrics import roc_curve

from readerstudy.stats.curves import average_curve, roc_curves
from readerstudy.stats.ratings import read_scores
from readerstudy.stats.roc import auc
from tests.stats.test_mrmc import TRUTH, reads


def test_each_curve_is_that_of_scikit_learn_and_has_the_reader_s_area() -> None:
    scores = reads()["A"]
    scores = scores.with_values(np.round(scores.values))
    areas = {line.reader: line.value for line in auc(scores, TRUTH)}
    abnormal = [TRUTH[case] for case in scores.units]
    for column, curve in enumerate(roc_curves(scores, TRUTH)):
        false, true, thresholds = roc_curve(abnormal, scores.values[:, column], drop_intermediate=False)
        assert curve.false_positive == pytest.approx(false)
        assert curve.true_positive == pytest.approx(true)
        assert curve.thresholds[1:] == pytest.approx(thresholds[1:])
        assert curve.area == pytest.approx(areas[curve.reader])


@pytest.mark.parametrize("digits", [0, 6])
def test_the_average_has_the_mean_area_and_rises(digits: int) -> None:
    scores = reads(seed=4)["A"]
    curves = roc_curves(scores.with_values(np.round(scores.values, digits)), TRUTH)
    average = average_curve(curves)
    assert average.area == pytest.approx(np.mean([curve.area for curve in curves]))
    assert (np.diff(average.true_positive) >= -1e-12).all()
    assert (np.diff(average.false_positive) >= 0).all()
    assert (average.false_positive[0], average.true_positive[0]) == (0.0, 0.0)
    assert (average.false_positive[-1], average.true_positive[-1]) == (1.0, 1.0)


def test_the_average_of_one_curve_is_that_curve() -> None:
    curve = roc_curves(reads()["A"], TRUTH)[0]
    average = average_curve([curve])
    points = set(zip(average.false_positive, average.true_positive, strict=True))
    corners = [at for at in range(len(curve.true_positive)) if _is_end(curve.false_positive, at)]
    assert {(curve.false_positive[at], curve.true_positive[at]) for at in corners} <= points


def _is_end(false: np.ndarray, at: int) -> bool:
    return at in (0, len(false) - 1) or false[at - 1] < false[at] or false[at] < false[at + 1]


def test_a_reader_with_one_class_has_no_curve() -> None:
    scores = read_scores([[1, 2], [3, None], [2, None]], units=["a", "b", "c"])
    curves = roc_curves(scores, {"a": True, "b": False, "c": False})
    assert [curve.reader for curve in curves] == ["R1"]
    assert average_curve([]) is None
