"""What an estimate promises whoever prints it."""

import json
import pkgutil
import subprocess
import sys

import numpy as np
import pytest

from readerstudy import stats
from readerstudy.stats.estimate import Caution, Estimate, Reason, Sample
from readerstudy.stats.inference import t_uncertainty
from readerstudy.stats.ratings import RatingsError, overlap, read_ratings, read_scores
from readerstudy.stats.scale import Kind, Scale, ScaleError

KEYS = [
    "estimator",
    "variant",
    "criterion",
    "arm",
    "contrast",
    "reader",
    "category",
    "value",
    "se",
    "ci",
    "level",
    "ci_method",
    "p",
    "statistic",
    "df",
    "n_cases",
    "n_readers",
    "n_ratings",
    "n_missing",
    "seed",
    "resamples",
    "reason",
    "cautions",
]


def test_an_estimate_is_plain_json() -> None:
    estimate = Estimate(
        estimator="icc",
        variant="2,1",
        value=np.float64(0.5),  # type: ignore[arg-type]  # numpy numbers reach it in practice
        ci=(0.1, np.float64(0.9)),
        category=np.int64(3),  # type: ignore[arg-type]  # numpy numbers reach it in practice
        cautions=(Caution.FEW_CASES,),
    ).with_sample(Sample(n_cases=6, n_readers=4, n_ratings=24))
    plain = json.loads(json.dumps(estimate.as_dict(), allow_nan=False))
    assert list(plain) == KEYS
    assert (plain["value"], plain["ci"], plain["category"], plain["cautions"]) == (
        0.5,
        [0.1, 0.9],
        3,
        ["few_cases"],
    )


def test_an_undefined_estimate_is_null_with_its_reason() -> None:
    plain = Estimate.undefined("gwet_ac", Reason.NO_OVERLAP, variant="linear").as_dict()
    assert (plain["value"], plain["reason"], plain["variant"]) == (None, "no_overlap", "linear")


def test_an_undefined_estimate_needs_a_reason() -> None:
    with pytest.raises(ValueError, match="no reason"):
        Estimate(estimator="icc")


@pytest.mark.parametrize("wrong", [{"value": float("nan")}, {"value": 1.0, "se": float("inf")}])
def test_no_figure_is_ever_nan_or_infinite(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="finite"):
        Estimate(estimator="icc", **wrong)


def test_no_limit_is_ever_infinite() -> None:
    with pytest.raises(ValueError, match="finite"):
        Estimate(estimator="icc", value=1.0, ci=(0.0, float("inf")))


@pytest.mark.parametrize("code", [*Reason, *Caution])
def test_every_code_has_a_sentence(code: Reason | Caution) -> None:
    assert code.sentence[0].isupper()
    assert code.sentence.endswith(".")


def test_labels_are_added_without_losing_others() -> None:
    estimate = Estimate(estimator="win_rate", value=0.5, reader="R1").labelled(
        contrast="A-B", criterion="better"
    )
    assert (estimate.contrast, estimate.criterion, estimate.reader) == ("A-B", "better", "R1")


def test_a_normal_interval_prints_no_degrees_of_freedom() -> None:
    uncertainty = t_uncertainty(1.0, 0.5, np.inf, level=0.95, method="m")
    assert uncertainty.df is None
    assert uncertainty.ci == pytest.approx((1 - 0.98, 1 + 0.98), abs=1e-3)


def test_overlap_counts_shared_outputs() -> None:
    ratings = read_ratings([[1, 1, None], [2, None, 1], [1, 2, None]], categories=[1, 2])
    assert overlap(ratings).tolist() == [[3, 2, 1], [2, 2, 0], [1, 0, 1]]


@pytest.mark.parametrize("rows", [[[1, 2], [1]], [[1], [1, 2]]])
def test_a_ragged_matrix_is_refused(rows: list[list[int]]) -> None:
    with pytest.raises(RatingsError, match="differ in length"):
        read_ratings(rows, categories=[1, 2])


def test_names_that_do_not_fit_are_refused() -> None:
    with pytest.raises(RatingsError, match="do not fit"):
        read_scores([[1, 2]], readers=["Ida"])
    with pytest.raises(RatingsError, match="do not fit"):
        read_scores([[1, 2]], cases=["a", "b"])
    with pytest.raises(RatingsError, match="two columns"):
        read_scores([[1, 2]], readers=["Ida", "Ida"])


@pytest.mark.parametrize("value", ["much", float("inf")])
def test_a_score_that_is_no_finite_number_is_refused(value: object) -> None:
    with pytest.raises(RatingsError):
        read_scores([[1, value]])


@pytest.mark.parametrize("categories", [[1], [1, 2, 1], [1, 1.0]])
def test_a_scale_needs_two_different_categories(categories: list[float]) -> None:
    with pytest.raises(ScaleError):
        Scale.of_kind(Kind.NOMINAL, categories)


def test_an_observed_scale_orders_numbers_and_not_texts() -> None:
    assert Scale.observed([10, 2, 2.5]).categories == (2, 2.5, 10)
    assert Scale.observed([10, 2]).ordered
    assert not Scale.observed(["b", "a"]).ordered
    assert not Scale.observed(["b", "a"]).declared


@pytest.mark.parametrize(
    ("label", "code"), [(1, 0), (1.0, 0), ("1", 0), ("2.0", 1), ("x", None), ("nan", None)]
)
def test_a_number_is_found_by_its_text(label: object, code: int | None) -> None:
    assert Scale.of_kind(Kind.ORDINAL, [1, 2]).code(label) == code


def test_the_room_needs_no_framework_and_loads_scipy_only_when_it_computes() -> None:
    names = [name for _, name, _ in pkgutil.walk_packages(stats.__path__, "readerstudy.stats.")]
    script = (
        f"import importlib, sys; [importlib.import_module(name) for name in {names!r}]; print(*sys.modules)"
    )
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert "readerstudy.stats.mrmc" in names
    assert not {"django", "scipy", "statsmodels", "pandas", "krippendorff"} & set(loaded.split())
