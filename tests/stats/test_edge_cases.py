"""What the estimators do where others divide by zero, guess or stay silent."""

import pytest

from readerstudy.stats import agreement
from readerstudy.stats.alignment import mean_score, proportion_acceptable
from readerstudy.stats.estimate import Caution, Reason
from readerstudy.stats.inference import Inference
from readerstudy.stats.intervals import proportion, wilson
from readerstudy.stats.ratings import Ratings, RatingsError, read_ratings, read_scores
from readerstudy.stats.scale import Kind, ScaleError
from tests.stats import datasets

COEFFICIENTS = {
    "percent_agreement": agreement.percent_agreement,
    "fleiss_kappa": agreement.fleiss_kappa,
    "gwet_ac1": agreement.gwet_ac,
    "brennan_prediger": agreement.brennan_prediger,
    "krippendorff_alpha_nominal": agreement.krippendorff_alpha,
}
EXPECTED = [(name, figure) for name, case in datasets.edge_cases().items() for figure in case["expect"]]
FEW = Inference(resamples=200)


def edge(name: str) -> Ratings:
    case = datasets.edge_cases()[name]
    return read_ratings(case["ratings"], categories=case["scale"])


@pytest.mark.parametrize(("name", "figure"), EXPECTED)
def test_a_small_matrix_gives_its_value_or_a_reason(name: str, figure: str) -> None:
    estimate = COEFFICIENTS[figure](edge(name), inference=FEW)
    expected = datasets.edge_cases()[name]["expect"][figure]
    if expected is None:
        assert estimate.value is None
        assert estimate.reason is not None
    else:
        assert estimate.value == pytest.approx(expected, abs=1e-9)


def test_one_category_throughout_leaves_kappa_and_alpha_without_variation() -> None:
    for function in (agreement.fleiss_kappa, agreement.krippendorff_alpha, agreement.conger_kappa):
        assert function(edge("single_category"), inference=FEW).reason is Reason.NO_VARIATION


@pytest.mark.parametrize("name", ["single_category", "perfect_varied"])
@pytest.mark.parametrize("figure", ["percent_agreement", "gwet_ac1", "brennan_prediger"])
def test_perfect_agreement_has_no_interval(name: str, figure: str) -> None:
    estimate = COEFFICIENTS[figure](edge(name))
    assert (estimate.value, estimate.se, estimate.ci) == (1.0, 0.0, None)
    assert estimate.reason is Reason.ZERO_VARIANCE


def test_perfect_agreement_has_no_bootstrap_interval() -> None:
    estimate = agreement.krippendorff_alpha(read_ratings([[1, 1], [2, 2], [3, 3]] * 20))
    assert estimate.value == 1.0
    assert estimate.ci is None
    assert estimate.reason is Reason.ZERO_VARIANCE


def test_one_reader_and_no_overlap_give_different_reasons() -> None:
    assert agreement.gwet_ac(edge("one_rater")).reason is Reason.ONE_READER
    assert agreement.gwet_ac(edge("no_overlap")).reason is Reason.NO_OVERLAP


def test_an_empty_matrix_has_no_ratings() -> None:
    blank = read_ratings([[None, None], [None, None]], categories=[1, 2])
    for function in COEFFICIENTS.values():
        assert function(blank).reason is Reason.NO_RATINGS
    assert agreement.light_kappa(blank).reason is Reason.NO_RATINGS


def test_an_empty_matrix_without_a_declared_scale_has_no_ratings_either() -> None:
    blank = read_ratings([[None, None]])
    for kind in (Kind.NOMINAL, Kind.ORDINAL):
        reasons = {estimate.reason for estimate in agreement.agreement_estimates(blank, kind=kind)}
        assert reasons == {Reason.NO_RATINGS, Reason.NO_OVERLAP}
    assert agreement.fleiss_null_test(blank).reason is Reason.NO_RATINGS


def test_the_null_test_of_fleiss_needs_equally_many_ratings() -> None:
    assert agreement.fleiss_null_test(edge("two_items")).value is not None
    unequal = read_ratings([[1, 2, 1], [2, 2, None]], categories=[1, 2])
    assert agreement.fleiss_null_test(unequal).reason is Reason.UNEQUAL_READERS
    assert agreement.fleiss_null_test(edge("single_category")).reason is Reason.NO_VARIATION


def test_equal_marginals_keep_their_degree_of_freedom() -> None:
    # Cohen 1960: proportions of 3 by 3; R irr drops the equal marginal and finds 12.8 of 13.5135.
    table = [[88, 14, 18], [10, 40, 10], [2, 6, 12]]
    test = agreement.stuart_maxwell(
        agreement.ratings_from_table(table, categories=["a", "b", "c"]), "R1", "R2"
    )
    assert test.df == 2
    assert test.statistic == pytest.approx(13.5135, abs=1e-4)


def test_readers_without_a_disagreement_have_no_test_of_marginals() -> None:
    test = agreement.stuart_maxwell(edge("perfect_varied"), "R1", "R2")
    assert test.reason is Reason.NO_DISCORDANT_PAIRS


def test_fewer_than_ten_cases_are_flagged() -> None:
    assert Caution.FEW_CASES in agreement.gwet_ac(edge("two_items")).cautions
    assert Caution.FEW_CASES not in agreement.gwet_ac(datasets.ratings("fleiss1971")).cautions


def test_a_reader_without_ratings_does_not_count() -> None:
    estimate = agreement.fleiss_kappa(edge("rater_all_missing"))
    assert (estimate.n_readers, estimate.n_ratings, estimate.n_missing) == (2, 8, 0)


def test_an_unrated_output_counts_as_missing_but_changes_nothing() -> None:
    estimate = agreement.fleiss_kappa(edge("empty_item"))
    assert (estimate.n_cases, estimate.n_ratings, estimate.n_missing) == (3, 9, 3)


def test_text_labels_need_a_declared_order_for_an_ordered_coefficient() -> None:
    texts = read_ratings([["poor", "fair"], ["good", "good"], ["fair", "fair"]])
    with pytest.raises(ScaleError, match="declared order"):
        agreement.krippendorff_alpha(texts, metric="ordinal")
    with pytest.raises(ScaleError, match="declared order"):
        agreement.gwet_ac(texts, weights="quadratic")
    assert agreement.krippendorff_alpha(texts, inference=FEW).value is not None


def test_text_labels_with_a_declared_order_stand_at_their_places() -> None:
    order = ["poor", "fair", "good"]
    rows = [["poor", "fair"], ["good", "good"], ["fair", "fair"], ["good", "poor"]]
    numbers = [[order.index(label) + 1 for label in row] for row in rows]
    worded = read_ratings(rows, categories=order, kind=Kind.ORDINAL)
    numbered = read_ratings(numbers, categories=[1, 2, 3], kind=Kind.ORDINAL)
    for metric in ("ordinal", "interval"):
        assert (
            agreement.krippendorff_alpha(worded, metric=metric, inference=FEW).value
            == agreement.krippendorff_alpha(numbered, metric=metric, inference=FEW).value
        )


def test_a_nominal_text_scale_has_no_order_even_when_declared() -> None:
    texts = read_ratings([["a", "b"], ["b", "b"]], categories=["a", "b"], kind=Kind.NOMINAL)
    with pytest.raises(ScaleError):
        agreement.krippendorff_alpha(texts, metric="ordinal")


def test_a_ratio_coefficient_needs_numbers_of_zero_or_more() -> None:
    with pytest.raises(ScaleError, match="zero or more"):
        agreement.krippendorff_alpha(read_ratings([[-1, 1], [2, 2]]), metric="ratio")


def test_a_label_outside_the_scale_is_refused_with_output_and_reader() -> None:
    with pytest.raises(RatingsError, match=r'Reader "Noor".*output "case2".*"6"'):
        read_ratings(
            [[1, 2], [1, 6]], categories=range(1, 6), units=["case1", "case2"], readers=["Ida", "Noor"]
        )


def test_a_pair_without_overlap_has_no_kappa_and_no_case() -> None:
    ratings = read_ratings([[1, None, 1], [2, None, 2], [None, 1, 1], [None, 2, 1]], categories=[1, 2])
    pair = agreement.cohen_kappa(ratings, "R1", "R2")
    assert (pair.value, pair.n_cases, pair.reason) == (None, 0, Reason.NO_OVERLAP)
    light = agreement.light_kappa(ratings)
    assert light.value is not None
    assert Caution.PAIRS_LEFT_OUT in light.cautions


def test_no_trial_has_no_proportion() -> None:
    assert wilson(0, 0) is None
    estimate = proportion("refusal_rate", 0, 0)
    assert (estimate.value, estimate.reason) == (None, Reason.NO_OUTPUTS)


def test_each_case_rated_once_takes_readers_as_clusters_and_says_so() -> None:
    rows = [[1 if column == row % 3 else None for column in range(3)] for row in range(12)]
    rows[0][0] = 5
    estimate = mean_score(read_scores(rows))
    assert estimate.ci_method == "reader-cluster, t"
    assert estimate.df == 2


def test_one_reader_speaks_for_no_other_reader() -> None:
    scores = read_scores([[1], [0], [1], [1], [0]])
    random = proportion_acceptable(scores)
    assert (random.value, random.ci, random.reason) == (0.6, None, Reason.ONE_READER)
    fixed = proportion_acceptable(scores, variant="frrc")
    assert fixed.ci is not None
    assert fixed.reason is None


def test_a_warning_is_given_when_one_category_holds_more_than_nine_tenths() -> None:
    rare = read_ratings([[1, 1]] * 19 + [[1, 2]], categories=[1, 2])
    assert agreement.prevalent_category(rare) == (1, 0.975)
    assert Caution.HIGH_PREVALENCE in agreement.fleiss_kappa(rare).cautions
    even = read_ratings([[1, 1]] * 9 + [[2, 2]], categories=[1, 2])
    assert agreement.prevalent_category(even) is None
    assert Caution.HIGH_PREVALENCE not in agreement.fleiss_kappa(even).cautions


def test_a_guessed_scale_is_flagged_where_unused_categories_matter() -> None:
    guessed = read_ratings([[1, 2], [2, 2], [1, 1]])
    assert Caution.SCALE_NOT_DECLARED in agreement.gwet_ac(guessed).cautions
    assert Caution.SCALE_NOT_DECLARED not in agreement.fleiss_kappa(guessed).cautions
