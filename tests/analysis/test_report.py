"""Every number of a report equals one computed from the exported CSV by other means than the product's own."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from pathlib import Path
from typing import Any

import krippendorff
import numpy as np
import pytest
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.proportion import proportion_confint

from readerstudy.analysis.evidence import seed_of
from readerstudy.analysis.exports.catalogue import streamed
from readerstudy.analysis.report import build_report
from readerstudy.analysis.table import LongTable
from readerstudy.stats.agreement import gwet_ac, krippendorff_alpha, percent_agreement
from readerstudy.stats.analyse.plan import Declared, Plan
from readerstudy.stats.analyse.reference import Reference
from readerstudy.stats.analyse.resolve import resolved
from readerstudy.stats.analyse.table import read_table
from readerstudy.stats.inference import Inference
from readerstudy.stats.ratings import Ratings
from readerstudy.stats.scale import Kind, Scale
from readerstudy.studies.models import Study
from tests.analysis import oracle, worlds

pytestmark = pytest.mark.django_db

SCORED = ("correctness", "harm", "sign", "minutes")
CUT = ("correctness", "harm", "sign")
ARMS = ("Alpha", "Beta")
SCALES = {
    "correctness": Scale((1.0, 2.0, 3.0, 4.0, 5.0), ordered=True),
    "harm": Scale((0.0, 1.0, 2.0), ordered=True),
    "sign": Scale((0.0, 1.0)),
    "main-error": Scale(("none", "missed", "invented")),
}


@pytest.fixture(scope="module")
def exported(rated_study: Study) -> bytes:
    return b"".join(LongTable.of(rated_study).csv())


@pytest.fixture(scope="module")
def rows(exported: bytes) -> list[oracle.Row]:
    return oracle.read(exported)


@pytest.fixture(scope="module")
def report(rated_study: Study) -> dict[str, Any]:
    return build_report(rated_study)


def criterion(report: dict[str, Any], key: str) -> dict[str, Any]:
    return next(row for row in report["criteria"] if row["key"] == key)


def figure(found: list[dict[str, Any]], **wanted: object) -> dict[str, Any]:
    """The one figure with these fields."""
    [row] = [row for row in found if all(row[name] == value for name, value in wanted.items())]
    return row


def assert_interval(row: dict[str, Any], interval: tuple[float, float]) -> None:
    assert row["ci"] == pytest.approx(interval, abs=1e-9)


@pytest.mark.parametrize("arm", ARMS)
@pytest.mark.parametrize("key", SCORED)
def test_the_mean_of_answered_outputs_and_both_intervals(report: Any, rows: Any, key: str, arm: str) -> None:
    ratings = oracle.numbers(oracle.chosen(rows, criterion=key, arm=arm, declined="0"), "score")
    wanted = {"arm": arm, "estimator": "mean_score", "refusals": "conditional"}
    wide = figure(criterion(report, key)["estimates"], variant="rrrc", **wanted)
    narrow = figure(criterion(report, key)["estimates"], variant="frrc", **wanted)
    assert wide["value"] == narrow["value"] == pytest.approx(oracle.mean(ratings), abs=1e-12)
    assert_interval(wide, oracle.crossed_interval(ratings))
    assert_interval(narrow, oracle.fixed_interval(ratings))
    assert (wide["n_cases"], wide["n_readers"], wide["n_ratings"]) == (
        len({case for case, _reader, _value in ratings}),
        len({reader for _case, reader, _value in ratings}),
        len(ratings),
    )
    planned = oracle.chosen(rows, criterion=key, arm=arm, declined="0")
    assert wide["n_missing"] == len(planned) - len(ratings)


@pytest.mark.parametrize("arm", ARMS)
@pytest.mark.parametrize("key", CUT)
@pytest.mark.parametrize(
    ("refusals", "column", "declined"),
    [("as_intended", "acceptable_as_intended", {}), ("conditional", "acceptable", {"declined": "0"})],
)
def test_the_share_acceptable_with_refusals_both_ways(
    report: Any, rows: Any, key: str, arm: str, refusals: str, column: str, declined: dict[str, str]
) -> None:
    ratings = oracle.numbers(oracle.chosen(rows, criterion=key, arm=arm, **declined), column)
    wanted = {"arm": arm, "estimator": "proportion_acceptable", "refusals": refusals}
    wide = figure(criterion(report, key)["estimates"], variant="rrrc", **wanted)
    narrow = figure(criterion(report, key)["estimates"], variant="frrc", **wanted)
    assert wide["value"] == narrow["value"] == pytest.approx(oracle.mean(ratings), abs=1e-12)
    assert_interval(wide, oracle.crossed_interval(ratings, (0, 1)))
    assert_interval(narrow, oracle.fixed_interval(ratings, (0, 1)))
    assert wide["n_ratings"] == len(ratings)


@pytest.mark.parametrize("key", SCORED)
def test_differences_between_arms_are_paired_by_reader_and_case(report: Any, rows: Any, key: str) -> None:
    alpha = oracle.chosen(rows, criterion=key, arm="Alpha", declined="0")
    beta = oracle.chosen(rows, criterion=key, arm="Beta", declined="0")
    pairs = oracle.paired(alpha, beta, "score")
    row = figure(
        criterion(report, key)["differences"],
        contrast=["Alpha", "Beta"],
        estimator="mean_score",
        variant="rrrc",
        refusals="conditional",
    )
    assert row["value"] == pytest.approx(oracle.mean(pairs), abs=1e-12)
    assert_interval(row, oracle.crossed_interval(pairs))
    assert row["n_ratings"] == len(pairs)
    assert row["p_adjusted"] is None  # one comparison needs no adjustment


def test_differences_as_intended_count_refusals_as_failures(report: Any, rows: Any) -> None:
    alpha = oracle.chosen(rows, criterion="correctness", arm="Alpha")
    beta = oracle.chosen(rows, criterion="correctness", arm="Beta")
    pairs = oracle.paired(alpha, beta, "acceptable_as_intended")
    row = figure(
        criterion(report, "correctness")["differences"],
        estimator="proportion_acceptable",
        variant="rrrc",
        refusals="as_intended",
    )
    assert row["value"] == pytest.approx(oracle.mean(pairs), abs=1e-12)
    assert_interval(row, oracle.crossed_interval(pairs, (-1, 1)))


def test_refusal_rates_have_exact_intervals_and_their_verdicts(report: Any, rows: Any) -> None:
    for entry in report["refusals"]:
        outputs = {row["case"]: row for row in oracle.chosen(rows, arm=entry["arm"])}
        refused = sum(row["declined"] == "1" for row in outputs.values())
        assert (entry["declined"], entry["responses"]) == (refused, len(outputs))
        assert entry["rate"]["value"] == refused / len(outputs)
        assert_interval(entry["rate"], proportion_confint(refused, len(outputs), method="beta"))
        assert entry["rate"]["ci_method"] == "Clopper-Pearson exact"
        verdicts = Counter(row["refusal_verdict"] for row in outputs.values())
        assert {row["verdict"]: row["count"] for row in entry["verdicts"]} == verdicts


@pytest.mark.parametrize("arm", [None, *ARMS])
@pytest.mark.parametrize("key", ["correctness", "harm", "sign", "main-error", "minutes"])
def test_agreement_by_other_programs(report: Any, rows: Any, key: str, arm: str | None) -> None:
    wanted = oracle.chosen(rows, criterion=key, **({"arm": arm} if arm else {}))
    codes = {"none": "0", "missed": "1", "invented": "2"}
    coded = [{**row, "coded": codes.get(row["value"], row["value"])} for row in wanted]
    ratings = oracle.matrix(coded, "coded")
    level = {"correctness": "ordinal", "harm": "ordinal", "minutes": "interval"}.get(key, "nominal")
    found = criterion(report, key)["agreement"]
    blank = [[np.nan if value is None else value for value in line] for line in ratings]
    alpha = figure(found, arm=arm, estimator="krippendorff_alpha")
    assert alpha["variant"] == level
    assert alpha["value"] == pytest.approx(krippendorff.alpha(blank, level_of_measurement=level), abs=1e-9)
    if key == "minutes":
        return
    assert figure(found, arm=arm, estimator="percent_agreement")["value"] == pytest.approx(
        oracle.percent_agreement(ratings), abs=1e-12
    )
    categories = {"correctness": range(1, 6), "harm": range(3), "sign": range(2), "main-error": range(3)}[key]
    quadratic = key in ("correctness", "harm")
    assert figure(found, arm=arm, estimator="gwet_ac")["value"] == pytest.approx(
        oracle.gwet(ratings, [float(category) for category in categories], quadratic=quadratic), abs=1e-9
    )


def exported_ratings(exported: bytes, path: Path, key: str, arm: str | None) -> Ratings:
    path.write_bytes(exported)
    (cells,) = (cells for cells in read_table(path).cells if cells.criterion == key)
    scale = SCALES.get(key)
    kind = Kind.ORDINAL if scale is not None and scale.ordered else Kind.NOMINAL
    declared = Declared(kind=kind, categories=None if scale is None else scale.categories)
    return resolved(cells, declared, Reference(), Plan()).ratings(arm)


@pytest.mark.parametrize("arm", [None, *ARMS])
@pytest.mark.parametrize("key", ["correctness", "harm", "sign", "main-error"])
def test_agreement_intervals_follow_from_the_export_and_the_printed_seed(
    report: Any, exported: bytes, rated_study: Study, tmp_path: Path, key: str, arm: str | None
) -> None:
    """The statistical core, which has its own certified answers, is given the CSV and nothing else."""
    ratings = exported_ratings(exported, tmp_path / "ratings.csv", key, arm)
    inference = Inference(seed=report["inference"]["seed"], resamples=report["inference"]["resamples"])
    ordered = key in ("correctness", "harm")
    expected = [
        percent_agreement(ratings, inference=inference),
        krippendorff_alpha(ratings, metric="ordinal" if ordered else "nominal", inference=inference),
        gwet_ac(ratings, weights="quadratic" if ordered else "unweighted", inference=inference),
    ]
    for estimate in expected:
        row = figure(criterion(report, key)["agreement"], arm=arm, estimator=estimate.estimator)
        assert row["value"] == pytest.approx(estimate.value, abs=1e-12)
        assert row["ci_method"] == estimate.ci_method
        assert (row["n_cases"], row["n_readers"], row["n_ratings"]) == (
            estimate.n_cases,
            estimate.n_readers,
            estimate.n_ratings,
        )
        if estimate.ci is None:
            assert row["ci"] is None
        else:
            assert row["ci"] == pytest.approx(estimate.ci, abs=1e-9)
    assert report["inference"]["seed"] == seed_of(rated_study) != rated_study.seed


def test_a_pooled_bootstrap_draws_whole_cases_from_the_printed_seed(report: Any, rows: Any) -> None:
    """Percent agreement over both arms, resampled by hand: cases with all their outputs."""
    wanted = oracle.chosen(rows, criterion="sign")
    cases = sorted({row["case"] for row in wanted})
    shares = {}
    for case in cases:
        for arm in ARMS:
            given = [row["value"] for row in wanted if row["case"] == case and row["arm"] == arm]
            pairs = [(a, b) for place, a in enumerate(given) for b in given[place + 1 :]]
            shares[case, arm] = sum(a == b for a, b in pairs) / len(pairs)
    by_case = np.array([sum(shares[case, arm] for arm in ARMS) for case in cases])
    generator = np.random.Generator(np.random.PCG64(report["inference"]["seed"]))
    drawn = generator.integers(0, len(cases), size=(2000, len(cases)))
    values = by_case[drawn].sum(axis=1) / (2 * len(cases))
    row = figure(criterion(report, "sign")["agreement"], arm=None, estimator="percent_agreement")
    assert row["ci_method"] == "case-cluster bootstrap, percentile"
    assert_interval(row, tuple(np.quantile(values, [0.025, 0.975])))


def test_accuracy_of_the_arms_own_labels_with_and_without_refusals(report: Any, rows: Any) -> None:
    found = report["classification"]
    assert (found["labels"], found["positive"], found["n_references"]) == (
        ["abnormal", "normal"],
        "abnormal",
        5,
    )
    named = {  # what the texts in worlds.TEXTS say at their end
        "Alpha": ["normal", "abnormal", None, "abnormal", None],
        "Beta": ["normal", "normal", None, "normal", None],
    }
    truth = worlds.REFERENCES[:5]
    for arm, labels in named.items():
        right = [label == true for label, true in zip(labels, truth, strict=True)]
        answered = [place for place, label in enumerate(labels) if label is not None]
        for refusals, places in (("as_intended", range(5)), ("conditional", answered)):
            for estimator, classes in (
                ("accuracy", {"normal", "abnormal"}),
                ("sensitivity", {"abnormal"}),
                ("specificity", {"normal"}),
            ):
                chosen = [right[place] for place in places if truth[place] in classes]
                row = figure(found["estimates"], arm=arm, refusals=refusals, estimator=estimator)
                assert row["value"] == sum(chosen) / len(chosen)
                assert_interval(row, proportion_confint(sum(chosen), len(chosen), method="wilson"))
                assert row["ci_method"] == "Wilson score"
    assert [(entry["declined"], entry["without_label"]) for entry in found["arms"]] == [(1, 1), (2, 0)]
    assert {row["reference"] for row in rows} == set(worlds.REFERENCES)


def test_arms_are_compared_in_accuracy_by_mcnemars_exact_test(report: Any) -> None:
    row = figure(report["classification"]["differences"], refusals="as_intended")
    # Alpha right on cases 1 and 2, Beta on cases 1 and 4: one case each way.
    assert row["value"] == 0
    assert row["p"] == mcnemar([[1, 1], [1, 2]], exact=True).pvalue == 1.0
    assert row["n_cases"] == 5


@pytest.mark.parametrize("arm", ARMS)
@pytest.mark.parametrize("key", ["correctness", "harm", "sign", "main-error"])
def test_distributions_are_counts_of_answered_outputs(report: Any, rows: Any, key: str, arm: str) -> None:
    entry = figure(criterion(report, key)["distribution"], arm=arm)
    wanted = oracle.chosen(rows, criterion=key, arm=arm)
    answered = Counter(row["value"] for row in wanted if row["declined"] == "0" and row["value"])
    assert {option["value"]: option["count"] for option in entry["options"] if option["count"]} == answered
    n = sum(answered.values())
    assert [option["share"] for option in entry["options"]] == [
        pytest.approx(answered[option["value"]] / n) for option in entry["options"]
    ]
    assert entry["n"] == n
    assert entry["n_refused"] == sum(row["declined"] == "1" for row in wanted)
    blank = [row for row in wanted if row["declined"] == "0" and not row["value"]]
    assert entry["n_cannot_judge"] == sum(row["cannot_judge"] == "1" for row in blank)
    assert entry["n_missing"] == sum(row["cannot_judge"] == "0" for row in blank)


def test_counts_of_what_was_planned_and_what_is_missing(report: Any, rows: Any) -> None:
    required = [row for row in rows if row["criterion"] != "remark"]
    counts = report["counts"]
    assert counts["planned"] == len(required) == 6 * 2 * 3 * 5
    assert counts["rated"] == sum(row["value"] != "" for row in required)
    assert counts["cannot_judge"] == sum(row["cannot_judge"] == "1" for row in required) == 1
    assert counts["not_given"] == 1
    assert counts["missing_share"] == 2 / 180
    assert counts["ratings"] == sum(row["value"] != "" for row in rows)
    assert (counts["cases"], counts["arms"], counts["readers"], counts["outputs"]) == (6, 2, 3, 12)
    assert counts["readers_simulated"] == 1


def test_overlap_counts_the_outputs_that_two_readers_share(report: Any, rows: Any) -> None:
    found = criterion(report, "correctness")["overlap"]
    given = [row for row in oracle.chosen(rows, criterion="correctness") if row["value"]]
    rated = {
        reader: {(row["case"], row["arm"]) for row in oracle.chosen(given, reader=reader)}
        for reader in found["readers"]
    }
    assert found["counts"] == [[len(rated[a] & rated[b]) for b in found["readers"]] for a in found["readers"]]
    assert (found["least"], found["most"]) == (11, 12)


def test_a_report_is_plain_json_without_nan_and_names_its_method(report: Any) -> None:
    text = json.dumps(report, allow_nan=False)
    assert json.loads(text) == report
    assert set(report["software"]) == {"readerstudy", "report", "python", "numpy", "scipy"}
    for entry in report["criteria"]:
        for row in [*entry["estimates"], *entry["differences"], *entry["agreement"]]:
            assert row["n_ratings"] is not None
            assert (row["ci"] is None) or row["ci_method"]
            assert (row["ci"] is not None) or row["reason_sentence"]


def test_simulated_and_recorded_are_said_of_every_arm_and_reader(report: Any, rows: Any) -> None:
    assert [(arm["simulated"], arm["recorded"]) for arm in report["arms"]] == [(True, False), (False, True)]
    assert [reader["simulated"] for reader in report["readers"]] == [False, False, True]
    for row in rows:
        assert row["output_simulated"] == ("1" if row["arm"] == "Alpha" else "0")
        assert row["output_recorded"] == ("1" if row["arm"] == "Beta" else "0")
        assert row["reader_simulated"] == ("1" if row["reader"] == "R03" else "0")


def test_the_codebook_explains_every_column_and_every_option(rated_study: Study, exported: bytes) -> None:
    book = list(
        csv.DictReader(io.StringIO(b"".join(streamed(rated_study, "codebook.csv")).decode(), newline=""))
    )
    assert set(book[0]) == {"column", "applies_to", "meaning", "unit", "coding", "values"}
    header = exported.decode().splitlines()[0].split(",")
    assert {row["column"] for row in book if row["meaning"]} >= set(header)
    values = {
        row["applies_to"]: row["values"] for row in book if row["column"] == "value" and row["applies_to"]
    }
    assert values["correctness"].startswith("1 = Mostly wrong; 2 = Several errors")
    assert values["minutes"] == "0 to 30"
    assert next(row["values"] for row in book if row["column"] == "stratum_site") == "north; south"
    assert "apostrophe" in book[0]["coding"]
