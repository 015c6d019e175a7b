"""A model's labels beside those of experts."""

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from readerstudy.stats.agreement import light_kappa
from readerstudy.stats.estimate import Reason
from readerstudy.stats.inference import Inference
from readerstudy.stats.intervals import wilson
from readerstudy.stats.model_agreement import model_agreement, strict_majority
from readerstudy.stats.ratings import Ratings, RatingsError, read_ratings
from readerstudy.stats.scale import Kind

FEW = Inference(resamples=400)


def study(seed: int = 1, cases: int = 60, readers: int = 4) -> tuple[Ratings, dict[str, int]]:
    generator = np.random.default_rng(seed)
    truth = generator.integers(1, 5, (cases, 1))
    noise = generator.choice([-1, 0, 1], (cases, readers + 1), p=[0.2, 0.6, 0.2])
    values = np.clip(truth + noise, 1, 4)
    names = [f"case{row:02d}" for row in range(cases)]
    ratings = read_ratings(values[:, 1:], categories=range(1, 5), kind=Kind.ORDINAL, units=names)
    return ratings, dict(zip(names, values[:, 0].tolist(), strict=True))


@pytest.mark.parametrize("weights", ["unweighted", "quadratic"])
def test_the_model_has_a_kappa_with_each_expert_and_their_mean(weights: str) -> None:
    ratings, labels = study()
    found = model_agreement(ratings, labels, model="model:x", weights=weights, inference=FEW)
    own = [labels[case] for case in ratings.units]
    options = {"weights": None if weights == "unweighted" else weights, "labels": [1, 2, 3, 4]}
    expected = [cohen_kappa_score(own, ratings.codes[:, column] + 1, **options) for column in range(4)]
    assert [line.value for line in found.by_reader] == pytest.approx(expected)
    assert [line.reader for line in found.by_reader] == [f"model:x|R{n}" for n in (1, 2, 3, 4)]
    assert found.mean.value == pytest.approx(np.mean(expected))
    assert found.between_readers.value == light_kappa(ratings, weights=weights).value
    assert found.difference.value == pytest.approx(found.mean.value - found.between_readers.value)
    assert found.difference.ci[0] < found.difference.value < found.difference.ci[1]
    assert (found.difference.contrast, found.difference.ci_method) == (
        "model:x-readers",
        "case bootstrap, percentile",
    )


def test_a_model_that_copies_an_expert_does_as_well_as_that_expert() -> None:
    ratings, _ = study()
    labels = {case: int(code) + 1 for case, code in zip(ratings.units, ratings.codes[:, 0], strict=True)}
    found = model_agreement(ratings, labels, inference=FEW)
    assert found.by_reader[0].value == pytest.approx(1.0)
    assert (found.leave_one_out[0].value, found.leave_one_out[0].p) == (0.0, None)
    assert found.leave_one_out[-1].contrast == "model-readers"


def test_the_strict_majority_leaves_ties_out_and_counts_them() -> None:
    ratings = read_ratings(
        [["a", "a", "b"], ["a", "b", None], ["b", "b", "b"], ["a", None, None], [None, None, None]],
        categories=["a", "b"],
        units=list("12345"),
    )
    assert strict_majority(ratings.codes, 2).tolist() == [0, -1, 1, 0, -1]
    found = model_agreement(ratings, {"1": "a", "2": "a", "3": "a", "4": "a", "5": "a"}, inference=FEW)
    assert (found.majority.value, found.majority.n_cases, found.majority.n_missing) == (2 / 3, 3, 1)
    assert found.majority.ci == wilson(2, 3)


def test_each_expert_left_out_is_judged_by_the_others() -> None:
    ratings = read_ratings(
        [["a", "a", "b"], ["b", "a", "a"], ["b", "b", "b"], ["a", "b", "b"]],
        categories=["a", "b"],
        units=list("1234"),
    )
    found = model_agreement(ratings, dict.fromkeys("1234", "a"), inference=FEW)
    # Without R1 the others agree on cases 2 (a), 3 (b) and 4 (b): the model has one right, R1 one.
    first = found.leave_one_out[0]
    assert (first.contrast, first.n_cases, first.value) == ("model-R1", 3, 0.0)
    third = found.leave_one_out[2]
    assert (third.n_cases, third.value) == (2, pytest.approx(0.5 - 0.5))


def test_the_order_of_cases_changes_nothing() -> None:
    ratings, labels = study(3)
    order = np.random.default_rng(0).permutation(len(ratings.units))
    shuffled = Ratings(
        codes=ratings.codes[order],
        scale=ratings.scale,
        units=tuple(ratings.units[row] for row in order),
        readers=ratings.readers,
    )
    one, other = (
        model_agreement(ratings, labels, inference=FEW),
        model_agreement(shuffled, labels, inference=FEW),
    )
    assert one.majority == other.majority
    assert one.difference.value == pytest.approx(other.difference.value)


def test_what_cannot_be_said_has_a_reason() -> None:
    ratings, labels = study(cases=12, readers=1)
    found = model_agreement(ratings, labels, inference=FEW)
    assert (found.difference.value, found.difference.reason) == (None, Reason.ONE_READER)
    assert found.leave_one_out[-1].reason is Reason.NO_MAJORITY
    nothing = model_agreement(ratings, {}, inference=FEW)
    assert (nothing.mean.reason, nothing.majority.reason) == (Reason.NO_OVERLAP, Reason.NO_MAJORITY)


def test_nobody_and_nothing_have_reasons_too() -> None:
    ratings, labels = study(cases=6, readers=2)
    nobody = Ratings(codes=ratings.codes[:, :0], scale=ratings.scale, units=ratings.units, readers=())
    found = model_agreement(nobody, labels, inference=FEW)
    assert (found.by_reader, found.mean.value, found.leave_one_out[0].value) == ((), None, None)
    blank = read_ratings([[None, None]], units=["case00"])
    assert model_agreement(blank, {}, inference=FEW).majority.reason is Reason.NO_MAJORITY


def test_a_label_off_the_scale_and_a_case_with_two_outputs_are_refused() -> None:
    ratings, labels = study(cases=4)
    with pytest.raises(RatingsError, match='case "case01"'):
        model_agreement(ratings, labels | {"case01": 9})
    doubled = read_ratings([[1, 2], [2, 2]], categories=[1, 2], units=["x|A", "x|B"], cases=["x", "x"])
    with pytest.raises(RatingsError, match="two outputs"):
        model_agreement(doubled, {"x": 1})
