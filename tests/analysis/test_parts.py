"""The further parts of the report, each counted once more from the exported table or by another program."""

from __future__ import annotations

import itertools
import statistics
from collections import Counter, defaultdict
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score, roc_auc_score
from statsmodels.stats.proportion import proportion_confint

from readerstudy.analysis.answers import answers_of
from readerstudy.analysis.document import document_of
from readerstudy.analysis.evidence import gather
from readerstudy.analysis.narrow import narrowed
from readerstudy.analysis.report import build_report, part_report
from readerstudy.analysis.table import LongTable, label_of
from readerstudy.reading.models import Allocation, Reading
from readerstudy.studies.lifecycle import State
from readerstudy.studies.models import Study
from tests import factories
from tests.analysis import oracle, worlds
from tests.analysis.test_endpoints import CHOICE, PREFER, SURE, each_case, say, study_of
from tests.analysis.test_report import figure

pytestmark = pytest.mark.django_db
ARMS = ("Alpha", "Beta")
CODES = {"none": 0, "missed": 1, "invented": 2}


@pytest.fixture(scope="module")
def rows(rated_study: Study) -> list[oracle.Row]:
    return oracle.read(b"".join(LongTable.of(rated_study).csv()))


@pytest.fixture(scope="module")
def report(rated_study: Study) -> dict[str, Any]:
    return build_report(rated_study)


def given(rows: list[oracle.Row], key: str, **wanted: str) -> dict[str, dict[tuple[str, str], str]]:
    """By reader the answer to each output."""
    found: dict[str, dict[tuple[str, str], str]] = defaultdict(dict)
    for row in oracle.chosen(rows, criterion=key, **wanted):
        if row["value"]:
            found[row["reader"]][row["case"], row["arm"]] = row["value"]
    return found


@pytest.mark.parametrize("key", ["correctness", "harm", "sign", "main-error"])
def test_kappa_of_every_two_readers_and_their_mean(report: Any, rows: Any, key: str) -> None:
    weights = "quadratic" if key in ("correctness", "harm") else None
    (entry,) = (each for each in report["kappas"] if each["criterion"] == key)
    readers, answers, expected = entry["pairs"]["readers"], given(rows, key), []
    labels = {"correctness": "12345", "harm": "012", "sign": "01", "main-error": tuple(CODES)}[key]
    for first, second in itertools.combinations(range(len(readers)), 2):
        one, other = answers[readers[first]], answers[readers[second]]
        shared = sorted(set(one) & set(other))
        kappa = cohen_kappa_score(
            [one[each] for each in shared],
            [other[each] for each in shared],
            weights=weights,
            labels=list(labels),
        )
        assert entry["pairs"]["kappa"][first][second] == pytest.approx(kappa, abs=1e-12)
        assert entry["pairs"]["kappa"][second][first] == entry["pairs"]["kappa"][first][second]
        assert entry["pairs"]["shared"][first][second] == len(shared)
        alike = sum(one[each] == other[each] for each in shared) / len(shared)
        assert entry["pairs"]["agreed"][first][second] == pytest.approx(alike)
        expected.append(kappa)
    row = figure(entry["estimates"], arm=None)
    assert row["value"] == pytest.approx(statistics.mean(expected), abs=1e-12)


def test_disagreement_is_the_mean_distance_of_two_readers(report: Any, rows: Any) -> None:
    spans = {"correctness": 4.0, "harm": 2.0, "sign": 1.0, "minutes": 30.0}
    expected: dict[str, list[float]] = defaultdict(list)
    for key in ("correctness", "harm", "sign", "main-error", "minutes"):
        by_case: dict[str, list[float]] = defaultdict(list)
        answers = given(rows, key)
        for output in sorted({each for own in answers.values() for each in own}):
            said = [own[output] for own in answers.values() if output in own]
            pairs = list(itertools.combinations(said, 2))
            apart = [
                float(a != b) if key == "main-error" else abs(float(a) - float(b)) / spans[key]
                for a, b in pairs
            ]
            if pairs:
                by_case[output[0]].append(sum(apart) / len(apart))
        for case, values in by_case.items():
            expected[case].append(sum(values) / len(values))
    found = report["disagreement"]["cases"]
    assert {each["case"] for each in found} == set(expected)
    for each in found:
        assert each["by_question"] == pytest.approx(expected[each["case"]], abs=1e-12)
        assert each["value"] == pytest.approx(statistics.mean(expected[each["case"]]), abs=1e-12)
    values = [each["value"] for each in found]
    assert values == sorted(values, reverse=True)


def test_each_stratum_has_the_figures_of_its_own_cases(report: Any, rows: Any) -> None:
    (stratum,) = report["strata"]
    assert stratum["name"] == "site"
    for level in stratum["levels"]:
        mine = oracle.chosen(rows, stratum_site=level["level"])
        assert level["n_cases"] == len({row["case"] for row in mine})
        for arm in ARMS:
            ratings = oracle.numbers(
                oracle.chosen(mine, criterion="correctness", arm=arm), "acceptable_as_intended"
            )
            row = figure(level["estimates"], about="correctness", arm=arm)
            assert (row["estimator"], row["refusals"]) == ("proportion_acceptable", "as_intended")
            assert row["value"] == pytest.approx(oracle.mean(ratings), abs=1e-12)
            assert row["n_ratings"] == len(ratings)
    north = next(level for level in stratum["levels"] if level["level"] == "north")
    row = figure(north["estimates"], about="labels", arm="Alpha", refusals="as_intended")
    assert row["value"] == pytest.approx(2 / 3)  # right, right, refused
    assert row["ci"] == pytest.approx(proportion_confint(2, 3, method="wilson"))


def test_what_the_arms_said_is_counted_by_what_is_true(report: Any) -> None:
    alpha, beta = (each for each in report["confusion"] if each["criterion"] is None)
    assert alpha["labels"] == ["abnormal", "normal"]
    assert alpha["columns"] == ["abnormal", "normal", "refused", "unlabelled"]
    assert alpha["counts"] == [[1, 0, 1, 1], [1, 1, 0, 0]]
    assert beta["counts"] == [[0, 1, 2], [0, 2, 0]]
    assert alpha["n"] == beta["n"] == 5


def test_times_are_those_of_the_readings(rated_study: Study, report: Any) -> None:
    readings = Reading.objects.filter(allocation__plan__study=rated_study, submitted_at__isnull=False)
    seconds = [(each.submitted_at - each.shown_at).total_seconds() for each in readings if each.submitted_at]
    whole = report["times"]["all"]
    assert whole["value"] == pytest.approx(statistics.median(seconds))
    assert whole["quartiles"] == pytest.approx(np.quantile(seconds, [0.25, 0.75]))
    assert whole["n_ratings"] == len(seconds)
    assert sum(row["n_ratings"] for row in report["times"]["arms"]) == len(seconds)
    assert sum(row["hours"] for row in report["times"]["readers"]) == pytest.approx(sum(seconds) / 3600)
    assert sum(step["n"] for step in report["times"]["steps"]) == len(seconds)
    assert report["times"]["steps"][0]["first"] == 1


def test_drift_is_computed_from_the_order_of_reading(report: Any, rows: Any) -> None:
    """Least squares with a mean for each reader and output, by numpy's own solver."""
    mine = [
        row
        for row in oracle.chosen(rows, criterion="correctness", declined="0")
        if row["score"] and row["position"]
    ]
    readers = sorted({row["reader"] for row in mine})
    outputs = sorted({(row["case"], row["arm"]) for row in mine})
    design = np.array(
        [
            [float(row["position"])]
            + [float(row["reader"] == name) for name in readers]
            + [float((row["case"], row["arm"]) == name) for name in outputs]
            for row in mine
        ]
    )
    slope = np.linalg.lstsq(design, np.array([float(row["score"]) for row in mine]), rcond=None)[0][0]
    row = figure(report["drift"], about="correctness", variant="order")
    assert row["value"] == pytest.approx(slope, abs=1e-9)
    assert row["n_ratings"] == len(mine)
    assert row["n_cases"] == len({each["case"] for each in mine})
    assert {each["variant"] for each in report["drift"] if each["about"] == "seconds"} == {
        "learning",
        "fatigue",
    }


@pytest.fixture
def compared() -> Study:
    """Two readers prefer Arm 1 on two cases, tie on one and prefer Arm 2 on the last; one ties once more."""
    study = study_of(PREFER, endpoints=[], plan={"plan": "crossed", "outputs": "pairs", "seed": 1})
    for allocation in each_case(study):
        letters = {output.arm.name: output.letter for output in allocation.outputs.select_related("arm")}
        code, seat = allocation.case.code, allocation.seat.seat
        better = "Arm 1" if code in ("C001", "C002") else "Arm 2"
        tied = code == "C003" or (seat == 2 and code == "C002")
        say(allocation, "better", "0" if tied else "-1" if letters[better] == "A" else "1")
    Study.objects.filter(pk=study.pk).update(state=State.UNBLINDED)
    return study


def test_comparisons_are_won_tied_and_lost(compared: Study) -> None:
    (entry,) = build_report(compared)["preferences"]
    (pair,) = entry["pairs"]
    assert pair["contrast"] == ["Arm 1", "Arm 2"]
    assert pair["refusals"] == "conditional"
    shares = {row["category"]: row["value"] for row in pair["outcomes"]}
    assert shares == {"win": pytest.approx(3 / 8), "tie": pytest.approx(3 / 8), "loss": pytest.approx(2 / 8)}
    assert pair["win_rate"]["value"] == pytest.approx((3 + 1.5) / 8)
    # Case 1: both readers prefer Arm 1; case 2: one prefers, one equates; case 3: both equate; case 4: none.
    assert [row["value"] for row in pair["at_least"]] == [pytest.approx(3 / 4), pytest.approx(3 / 4)]
    assert [row["value"] for row in pair["other_at_least"]] == [pytest.approx(3 / 4), pytest.approx(2 / 4)]
    assert pair["at_least"][0]["ci"] == pytest.approx(proportion_confint(3, 4, method="wilson"))
    assert pair["by_reader"] == [
        {"reader": "R01", "win": 2, "tie": 1, "loss": 1},
        {"reader": "R02", "win": 1, "tie": 2, "loss": 1},
    ]
    document = document_of(build_report(compared))
    assert document.summary[0].sentence.startswith(
        "“Arm 1” against “Arm 2”: won 0.375, tied 0.375, lost 0.250"
    )
    tables = [table for section in document.sections for table in section.tables]
    assert all(group.rows for table in tables for group in table.groups), "no table is a head alone"


def test_the_side_is_told_apart_from_the_arm(compared: Study) -> None:
    (entry,) = build_report(compared)["preferences"]
    scores = [
        record.score
        for each in answers_of(LongTable.of(compared), ["better"])["better"]
        for record in each.records
    ]
    won = [1.0 if score < 0 else 0.5 if score == 0 else 0.0 for score in scores if score is not None]
    assert entry["left"]["value"] == pytest.approx(sum(won) / len(won))


def test_a_refusal_loses_whatever_was_rated(compared: Study) -> None:
    from readerstudy.analysis.estimates.preferences import preferences

    evidence = gather(compared)
    first = next(pk for pk, arm in evidence.table.arms.items() if arm.name == "Arm 1")
    evidence.outputs[first].declined[evidence.cases.index("C001")] = True
    (entry,) = preferences(evidence)
    by_reading = {pair["refusals"]: pair for pair in entry["pairs"]}
    # Arm 1 refused the case that both readers gave it: two wins become losses, or drop out.
    counted = {
        name: Counter({kind: sum(row[kind] for row in pair["by_reader"]) for kind in ("win", "tie", "loss")})
        for name, pair in by_reading.items()
    }
    assert counted["as_intended"] == Counter(win=1, tie=3, loss=4)
    assert counted["conditional"] == Counter(win=1, tie=3, loss=2)


def test_curves_of_readers_and_the_area_of_all() -> None:
    declared = [
        {"name": "auc", "statistic": "auc", "criterion": "sure"},
        {"name": "right", "statistic": "accuracy", "criterion": "sick"},
    ]
    study = study_of(
        CHOICE, SURE, endpoints=declared, plan={"plan": "crossed", "outputs": "pairs", "seed": 1}
    )
    truth, signed = [], defaultdict[int, list[float]](list)
    for allocation in each_case(study):
        label, seat = allocation.case.reference.label, allocation.seat.seat or 0
        said = (
            "abnormal"
            if (label == "abnormal") != (allocation.case.code == "C002" and seat == 2)
            else "normal"
        )
        sure = 1 + (allocation.case.position + seat) % 4
        say(allocation, "sick", said)
        say(allocation, "sure", str(sure))
        truth.append((seat, label == "abnormal"))
        signed[seat].append(float(sure if said == "abnormal" else -sure))
    report = build_report(study)
    (entry,) = report["roc"]
    arms = [arm for arm in entry["arms"] if arm["curves"]]
    found = {row["reader"]: row["value"] for arm in arms for row in arm["estimates"]}
    assert set(found) == {"R01", "R02"}
    for seat, scores in signed.items():
        own = [is_sick for reader, is_sick in truth if reader == seat]
        assert found[f"R0{seat}"] == pytest.approx(roc_auc_score(own, scores))
    assert arms[0]["average"]["area"] == pytest.approx(statistics.mean(found.values()))
    matrices = [each for each in report["confusion"] if each["criterion"] == "sick"]
    assert sum(sum(row) for each in matrices for row in each["counts"]) == len(truth)
    wrong = sum(each["counts"][0][1] + each["counts"][1][0] for each in matrices)
    assert wrong == 1


def test_a_part_has_the_figures_of_its_cases_readers_and_arm(rated_study: Study, rows: Any) -> None:
    evidence = gather(rated_study)
    cases = frozenset(pk for pk, case in evidence.table.cases.items() if case.strata["site"] == "south")
    readers = frozenset(list(evidence.table.readers)[:2])
    (arm,) = [pk for pk, row in evidence.table.arms.items() if row.name == "Beta"]
    part = part_report(narrowed(evidence, cases=cases, readers=readers, arms={arm}))
    (criterion,) = [each for each in part["criteria"] if each["key"] == "correctness"]
    mine = [
        row
        for row in oracle.chosen(rows, criterion="correctness", arm="Beta", stratum_site="south")
        if row["reader"] in ("R01", "R02")
    ]
    ratings = oracle.numbers(oracle.chosen(mine, declined="0"), "score")
    row = figure(criterion["estimates"], estimator="mean_score", variant="rrrc", refusals="conditional")
    assert row["value"] == pytest.approx(oracle.mean(ratings), abs=1e-12)
    assert (row["arm"], row["n_ratings"], row["n_readers"]) == ("Beta", len(ratings), 2)
    assert criterion["differences"] == []
    (refusals,) = part["refusals"]
    assert (refusals["declined"], refusals["responses"]) == (1, 3)
    assert part["counts"]["cases"] == 3


def test_an_output_may_name_a_label_that_no_case_of_a_part_has(rated_study: Study) -> None:
    evidence = gather(rated_study)
    cases = frozenset(pk for pk, case in evidence.table.cases.items() if label_of(case) == "normal")
    found = part_report(narrowed(evidence, cases=cases))["classification"]
    row = figure(found["estimates"], estimator="accuracy", arm="Alpha", refusals="conditional")
    assert (row["value"], row["n_cases"]) == (0.5, 2), "one of two normal cases was called abnormal"
    sensitivity = figure(found["estimates"], estimator="sensitivity", arm="Alpha", refusals="conditional")
    assert sensitivity["value"] is None
    assert sensitivity["reason"]


def test_the_whole_as_a_part_is_the_whole(rated_study: Study, report: Any) -> None:
    evidence = gather(rated_study)
    part = part_report(narrowed(evidence))
    for name in ("criteria", "endpoints", "refusals", "classification", "counts", "times"):
        assert part[name] == report[name]


def test_readers_who_see_an_output_twice_are_compared_with_themselves() -> None:
    plan = {"plan": "crossed", "outputs": "one_arm", "repeats": {"share": 0.5, "fewest": 1, "distance": 1}}
    question = {**CHOICE, "applies_to": "output"}
    study = study_of(question, endpoints=[], plan=plan)
    seen: dict[tuple[int, str, int], int] = Counter()
    for allocation in sorted(each_case(study), key=lambda each: (each.seat.seat, each.position)):
        for output in allocation.outputs.all():
            key = (allocation.seat.seat or 0, allocation.case.code, output.arm_id)
            seen[key] += 1
            changed = seen[key] == 2 and allocation.seat.seat == 2
            say(allocation, "sick", "abnormal" if changed else "normal", output)
    twice = [key for key, count in seen.items() if count > 1]
    assert twice
    assert Allocation.objects.filter(plan__study=study, kind="repeat").exists()
    (entry,) = build_report(study)["repeats"]
    by_reader = {row["reader"]: row for row in entry["estimates"] if row["variant"] == "percent_agreement"}
    assert by_reader["R01"]["value"] == 1.0
    assert by_reader["R02"]["value"] == 0.0
    assert by_reader["R01"]["n_cases"] == len({case for seat, case, _arm in twice if seat == 1})
    assert by_reader[None]["value"] == pytest.approx(0.5)


def test_a_model_stands_beside_the_readers() -> None:
    """Two readers always say what the model says, the third one the contrary; the model refuses the last case."""
    options = [{"value": "n", "label": "Normal"}, {"value": "a", "label": "Abnormal"}]
    study = factories.make_study()
    arm = factories.make_arm(study, name="Alpha")
    factories.make_criterion(
        study, key="finding", kind="single_choice", options=options, acceptable_from=None
    )
    for place in range(5):
        label, refuses = "abnormal" if place % 2 else "normal", place == 4
        text = "I cannot help." if refuses else f"Classification: {label}"
        case = factories.make_case(study, label=label)
        factories.make_output(arm, case, text=text, verdict="full_refusal" if refuses else "answer")
    seats = [factories.make_reader(study) for _number in range(3)]
    factories.freeze(study)
    factories.name_arms(worlds.actions.start_study(study=study, by=study.created_by))
    for seat in seats:
        worlds.read_everything(seat, lambda at, case, _arm, _key: "na"[(case % 2) ^ (at == 3)])
    report = build_report(study)
    (entry,) = report["experts"]
    found = {row["about"]: row["value"] for row in entry["estimates"]}
    assert found["mean"] == pytest.approx(1 / 3)  # 1, 1 and -1
    contrary = (0 - 0.48) / (1 - 0.48)  # three cases of one answer and two of the other, never the same
    assert found["between_readers"] == pytest.approx((1 + 2 * contrary) / 3)
    assert found["difference"] == pytest.approx(found["mean"] - found["between_readers"])
    assert found["majority"] == 1.0
    assert (entry["n_labels"], entry["n_refused"]) == (4, 1)
    advantage = {row["reader"]: row["value"] for row in entry["alt_test"]["estimates"] if row["reader"]}
    # Against the first two the model is as near to the others but where it refused; against the third always nearer.
    assert advantage == {"R01": 0.8, "R02": 0.8, "R03": 0.8}
    words = repr(document_of(report))
    assert "Alternative annotator test" in words
    assert "“Alpha”: mean kappa with a reader 0.333" in words


def test_where_no_question_offers_the_labels_nothing_is_compared(report: Any) -> None:
    assert report["experts"] == []
