"""What must hold of agreement coefficients on any data."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from readerstudy.stats import agreement
from readerstudy.stats.alignment import mean_score
from readerstudy.stats.estimate import Estimate
from readerstudy.stats.icc import icc
from readerstudy.stats.inference import Inference
from readerstudy.stats.ranks import kendall_w, mean_ranks
from readerstudy.stats.ratings import Ratings, read_ratings, read_scores
from readerstudy.stats.scale import Kind
from tests.stats import datasets

Q = 4
FEW = Inference(resamples=100)
LINEARISED = Inference(method="linearised")
COEFFICIENTS = [
    agreement.percent_agreement,
    agreement.gwet_ac,
    agreement.fleiss_kappa,
    agreement.conger_kappa,
    agreement.brennan_prediger,
    agreement.light_kappa,
]
quick = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def matrices(missing: bool = True) -> st.SearchStrategy[np.ndarray[Any, Any]]:
    cells = st.sampled_from([np.nan, 1.0, 2.0, 3.0, 4.0] if missing else [1.0, 2.0, 3.0, 4.0])
    shapes = st.tuples(st.integers(2, 12), st.integers(2, 4))
    return shapes.flatmap(lambda shape: arrays.arrays(float, shape, elements=cells, fill=st.nothing()))


def ordinal(matrix: np.ndarray[Any, Any], **names: Any) -> Ratings:
    return read_ratings(matrix, categories=range(1, Q + 1), kind=Kind.ORDINAL, **names)


def all_estimates(ratings: Ratings) -> list[Estimate]:
    estimates = [
        agreement.krippendorff_alpha(ratings, metric=metric, inference=LINEARISED)
        for metric in agreement.METRICS
    ]
    for weights in agreement.WEIGHTS:
        estimates += [function(ratings, weights=weights, inference=LINEARISED) for function in COEFFICIENTS]
    return estimates + agreement.specific_agreement(ratings, inference=LINEARISED)


def assert_same(first: Estimate, second: Estimate) -> None:
    assert (first.reason, first.cautions) == (second.reason, second.cautions)
    assert first.value == pytest.approx(second.value, abs=1e-9)
    assert first.se == pytest.approx(second.se, abs=1e-7)
    assert (first.ci or ()) == pytest.approx(second.ci or (), abs=1e-6)
    assert (first.n_cases, first.n_ratings) == (second.n_cases, second.n_ratings)


@quick
@given(matrices(), st.randoms(use_true_random=False))
def test_the_order_of_outputs_and_readers_changes_nothing(matrix: Any, random: Any) -> None:
    rows, columns = list(range(matrix.shape[0])), list(range(matrix.shape[1]))
    random.shuffle(rows)
    random.shuffle(columns)
    shuffled = matrix[np.ix_(rows, columns)]
    for first, second in zip(all_estimates(ordinal(matrix)), all_estimates(ordinal(shuffled)), strict=True):
        assert_same(first, second)


@quick
@given(matrices(), st.permutations(range(Q)))
def test_relabelling_and_reordering_categories_changes_nothing_nominal(matrix: Any, order: Any) -> None:
    plain = read_ratings(matrix, categories=[1.0, 2.0, 3.0, 4.0])
    names = np.array(["p", "q", "r", "s"], dtype=object)
    codes = np.where(np.isnan(matrix), 1.0, matrix).astype(int) - 1
    texts = np.where(np.isnan(matrix), None, names[np.array(order)][codes])
    relabelled = read_ratings(texts, categories=["s", "q", "p", "r"])
    functions = [*COEFFICIENTS, agreement.krippendorff_alpha]
    for function in functions:
        assert_same(
            function(plain, inference=LINEARISED),
            function(relabelled, inference=LINEARISED),
        )


@quick
@given(matrices())
def test_bootstrap_intervals_do_not_depend_on_the_order_of_rows_and_columns(matrix: Any) -> None:
    inference = Inference(resamples=100, method="bootstrap", seed=3)
    turned = ordinal(matrix[::-1, ::-1])
    for function in (agreement.gwet_ac, agreement.fleiss_kappa, agreement.krippendorff_alpha):
        first, second = function(ordinal(matrix), inference=inference), function(turned, inference=inference)
        assert (first.ci or ()) == pytest.approx(second.ci or (), abs=1e-9)


@quick
@given(matrices(missing=False))
def test_a_reader_agrees_perfectly_with_a_copy_of_themselves(matrix: Any) -> None:
    twice = ordinal(matrix[:, [0, 0]])
    for function in (*COEFFICIENTS, agreement.krippendorff_alpha):
        value = function(twice, inference=LINEARISED).value
        assert value is None or value == pytest.approx(1.0, abs=1e-9)


@quick
@given(matrices(missing=False))
def test_doubling_every_reader_leaves_the_category_shares_and_moves_agreement_up(matrix: Any) -> None:
    once = agreement.percent_agreement(ordinal(matrix)).value
    twice = agreement.percent_agreement(ordinal(np.hstack([matrix, matrix]))).value
    assert once is not None
    assert twice is not None
    readers = matrix.shape[1]
    # Of the pairs of 2m columns, m join a reader with their copy; the others repeat the m(m-1)/2 pairs.
    assert twice == pytest.approx((2 * (readers - 1) * once + 1) / (2 * readers - 1), abs=1e-9)


@quick
@given(matrices())
def test_coefficients_never_exceed_one_and_are_never_nan(matrix: Any) -> None:
    for estimate in all_estimates(ordinal(matrix)):
        json.dumps(estimate.as_dict(), allow_nan=False)
        assert estimate.value is not None or estimate.reason is not None
        if estimate.value is not None:
            assert estimate.value <= 1.0 + 1e-12
        if estimate.ci is not None:
            assert estimate.ci[0] <= estimate.ci[1] <= 1.0


@quick
@given(
    arrays.arrays(
        float,
        st.tuples(st.integers(3, 12), st.just(3)),
        elements=st.sampled_from([1.0, 2.0]),
        fill=st.nothing(),
    )
)
def test_weights_do_nothing_on_two_categories(matrix: Any) -> None:
    binary = read_ratings(matrix, categories=[1, 2], kind=Kind.ORDINAL)
    for function in COEFFICIENTS:
        plain = function(binary, inference=LINEARISED).value
        for weights in agreement.WEIGHTS:
            graded = function(binary, weights=weights, inference=LINEARISED).value
            assert graded == pytest.approx(plain, abs=1e-12)


@quick
@given(matrices())
def test_brennan_prediger_is_the_free_marginal_kappa(matrix: Any) -> None:
    observed = agreement.percent_agreement(ordinal(matrix)).value
    free = agreement.brennan_prediger(ordinal(matrix)).value
    expected = None if observed is None else (observed - 1 / Q) / (1 - 1 / Q)
    assert free == pytest.approx(expected, abs=1e-12)


@quick
@given(matrices(missing=False))
def test_alpha_is_fleiss_kappa_with_the_small_sample_term(matrix: Any) -> None:
    kappa = agreement.fleiss_kappa(ordinal(matrix)).value
    alpha = agreement.krippendorff_alpha(ordinal(matrix), inference=LINEARISED).value
    expected = None if kappa is None else 1 - (1 - kappa) * (1 - 1 / matrix.size)
    assert alpha == pytest.approx(expected, abs=1e-9)


def test_quadratic_kappa_nears_the_intraclass_correlation_on_many_cases() -> None:
    matrix = datasets.random_matrix(4, outputs=5000, readers=2, categories=5)
    ratings = read_ratings(matrix, categories=range(1, 6), kind=Kind.ORDINAL)
    kappa = agreement.cohen_kappa(ratings, "R1", "R2", weights="quadratic").value
    assert kappa == pytest.approx(icc(read_scores(matrix), form="2,1").value, abs=1e-3)


def test_an_untied_concordance_is_the_mean_rank_correlation() -> None:
    generator = np.random.default_rng(5)
    values = generator.random((9, 4)) + generator.random((9, 1))
    ranks, ties = mean_ranks(values)
    correlations = np.corrcoef(ranks.T)[np.triu_indices(4, k=1)]
    assert not ties.any()
    assert kendall_w(read_scores(values)).value == pytest.approx((1 + 3 * correlations.mean()) / 4, abs=1e-12)


@quick
@given(matrices())
def test_the_crossed_mean_does_not_depend_on_order(matrix: Any) -> None:
    first, second = mean_score(read_scores(matrix)), mean_score(read_scores(matrix[::-1, ::-1]))
    assert first.value == pytest.approx(second.value, abs=1e-12)
    assert first.se == pytest.approx(second.se, abs=1e-9)
    assert first.reason == second.reason
