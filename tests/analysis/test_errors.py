"""Errors in pieces of texts, counted by hand: two arms beside each other, and kinds of errors by reader."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from statsmodels.stats.contingency_tables import mcnemar

from readerstudy.analysis.document import document_of
from readerstudy.analysis.report import build_report
from readerstudy.cases.models import Case
from readerstudy.generation.models import Interpretation
from readerstudy.reading.actions import rate, show_reading
from readerstudy.reading.models import Allocation
from readerstudy.reading.scales import check_answer
from readerstudy.stats.intervals import holm
from readerstudy.studies.models import Arm, Criterion, Study
from tests import factories
from tests.analysis import test_endpoints as endpoints
from tests.analysis.test_scripts import agrees

pytestmark = pytest.mark.django_db
WRONG = {
    "key": "wrong",
    "kind": "grid",
    "question": "What is wrong with each sentence?",
    "applies_to": "sentence",
    "options": [
        {"value": "none", "label": "Nothing", "significance": "none"},
        {"value": "place", "label": "Wrong place", "significance": "error"},
        {"value": "other", "label": "Something else", "significance": "error"},
    ],
    "acceptable": ["none"],
    "high_quality": ["none"],
}
MATTERS = {
    "key": "matters",
    "kind": "grid",
    "question": "Does it matter?",
    "applies_to": "sentence",
    "options": [{"value": "yes", "label": "Matters"}, {"value": "no", "label": "Does not matter"}],
    "acceptable": ["no"],
    "high_quality": ["no"],
    "direction": "lower",
    "when": [{"criterion": "wrong", "is": ["place", "other"]}],
}
FOUND = {
    "C001": ((1, 0), (1, 0)),
    "C002": ((1, 1), (0, 1)),
    "C003": ((0, 0), (0, 0)),
    "C004": ((1, 0), (0, 0)),
}
"""For each case what the first and the second reader found in the first and in the second arm; C001's errors matter."""


def piece(allocation: Allocation, arm: str, key: str, part: str, value: str) -> None:
    seat, output = allocation.seat, allocation.outputs.get(arm__name=arm)
    show_reading(seat=seat, allocation=allocation)
    criterion = Criterion.objects.of(seat.study).get(key=key)
    said = {
        "criterion": criterion,
        "answer": check_answer(criterion, value, cannot_judge=False),
        "part": part,
    }
    rate(seat=seat, allocation=allocation, output=output, token=uuid.uuid4(), by=seat.user, **said)


def study_of_errors(found: Mapping[str, Any] = FOUND, **options: Any) -> Study:
    plan = {"plan": "crossed", "outputs": "together", "seed": 1}
    study = endpoints.study_of(WRONG, MATTERS, endpoints=[], plan=plan, **options)
    for allocation in endpoints.each_case(study):
        code = allocation.case.code
        for number, wrong in enumerate(found[code][(allocation.seat.seat or 0) - 1], 1):
            arm = f"Arm {number}"
            piece(allocation, arm, "wrong", "s1", "none")
            piece(allocation, arm, "wrong", "s2", "place" if wrong else "none")
            if wrong:
                piece(allocation, arm, "matters", "s2", "yes" if code == "C001" else "no")
    return factories.name_arms(study)


def counts(table: Mapping[str, Any]) -> list[int]:
    return [table[name] for name in ("both", "first_only", "second_only", "neither")]


def test_two_by_two_of_readings_and_of_cases_with_the_exact_test(tmp_path: Path) -> None:
    found = {each["criterion"]: each["pairs"] for each in agrees(study_of_errors(), tmp_path)["errors"]}
    ((pair,), (significant,)) = found["wrong"], found["matters"]
    assert pair["contrast"] == ["Arm 1", "Arm 2"]
    assert [row["count"] for row in pair["readings"]] == [1, 3, 1, 3]
    assert pair["readings"][0]["value"] == pytest.approx(1 / 8)
    assert pair["difference"]["value"] == pytest.approx((4 - 2) / 8)
    by_rule = {each["rule"]: each for each in pair["cases"]}
    assert counts(by_rule["any"]) == [1, 2, 0, 1]
    assert counts(by_rule["most"]) == [0, 1, 0, 1]
    assert (by_rule["any"]["split"], by_rule["most"]["split"]) == (0, 2)
    exact = mcnemar([[1, 2], [0, 1]], exact=True)
    assert by_rule["any"]["tests"][0]["p"] == pytest.approx(exact.pvalue)
    # Without an error there is no question whether it matters, and that counts as none that does.
    assert [row["count"] for row in significant["readings"]] == [0, 2, 0, 6]


def test_a_refused_output_has_an_error_or_its_case_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(factories, "make_output", refusing(factories.make_output))
    entry = agrees(study_of_errors(), tmp_path)["errors"][0]
    told = {pair["refusals"]: [row["count"] for row in pair["readings"]] for pair in entry["pairs"]}
    assert told == {"as_intended": [1, 3, 3, 1], "conditional": [1, 3, 1, 1]}


def refusing(make: Callable[..., Interpretation]) -> Callable[..., Interpretation]:
    """As `make`, but the second arm declines the third case."""

    def made(arm: Arm, case: Case, **options: Any) -> Interpretation:
        refuses = (arm.name, case.code) == ("Arm 2", "C003")
        return make(arm, case, **{**options, "verdict": "full_refusal"} if refuses else options)

    return made


def only_in_intensive_care(study: Study) -> None:
    condition = {"stratum": "site", "is": ["icu"]}
    Criterion.objects.of(study).filter(key="wrong").update(when=[condition])


def test_a_question_may_hang_on_a_stratum(tmp_path: Path) -> None:
    entry = agrees(study_of_errors(before_lock=only_in_intensive_care), tmp_path)["errors"][0]
    assert [row["count"] for row in entry["pairs"][0]["readings"]] == [1, 3, 1, 3]


def test_without_a_discordant_case_the_report_says_why_there_is_no_test() -> None:
    content = build_report(study_of_errors(dict.fromkeys(FOUND, ((1, 1), (1, 1)))))
    (section,) = [each for each in document_of(content).sections if each.slug == "errors-wrong"]
    exact = section.tables[2].groups[0].rows[1]
    assert exact[3].text.startswith("not estimable: The two arms never differ")


def test_pairs_of_three_arms_are_one_family(tmp_path: Path) -> None:
    found = {code: tuple((*own, 1 - own[0]) for own in told) for code, told in FOUND.items()}
    (entry, _matters) = agrees(study_of_errors(found, arms=3), tmp_path)["errors"]
    assert [pair["contrast"] for pair in entry["pairs"]] == [
        ["Arm 1", "Arm 2"],
        ["Arm 1", "Arm 3"],
        ["Arm 2", "Arm 3"],
    ]
    exact = [pair["cases"][0]["tests"][0] for pair in entry["pairs"]]
    assert [row["p_adjusted"] for row in exact] == pytest.approx(holm([row["p"] for row in exact]))


def test_the_report_has_the_table_of_two_by_two() -> None:
    content = build_report(study_of_errors())
    (section,) = [each for each in document_of(content).sections if each.slug == "errors-wrong"]
    readings, square, tests = section.tables
    assert readings.groups[0].title == "“Arm 1” first, “Arm 2” second; refusals left out"
    cells = [[cell.text for cell in row] for row in square.groups[0].rows]
    assert cells == [["First: an error", "1", "2"], ["First: none", "0", "1"]]
    assert tests.groups[0].rows[1][0].text == "McNemar, exact: cases with an error found by any reader"


def test_errors_are_counted_by_reader_kind_and_significance(tmp_path: Path) -> None:
    report = agrees(study_of_errors(), tmp_path)
    found, matters = report["kinds"]
    assert matters["judged"][0]["pieces"] == [4, 2]
    counts = {(row["reader"], row["kind"], row["significance"]): row["counts"] for row in found["rows"]}
    assert counts == {
        (None, "place", "yes"): [2, 0],
        (None, "place", "no"): [2, 2],
        ("R01", "place", "yes"): [1, 0],
        ("R01", "place", "no"): [2, 1],
        ("R02", "place", "yes"): [1, 0],
        ("R02", "place", "no"): [0, 1],
    }
    assert found["judged"][0] == {"reader": None, "outputs": [8, 8], "pieces": [16, 16]}
    (section,) = [each for each in document_of(report).sections if each.slug == "kinds-wrong"]
    (table,) = section.tables
    assert [cell.text for cell in table.head] == ["Kind", "Significance", "Arm 1", "Arm 2"]
    assert [group.title for group in table.groups] == ["All readers", "R01", "R02"]
    assert [cell.text for cell in table.groups[1].rows[0]] == ["Wrong place", "Matters", "1", "0"]


def test_a_kind_without_its_significance_is_counted_as_not_stated() -> None:
    study = endpoints.study_of(
        WRONG, MATTERS, endpoints=[], plan={"plan": "crossed", "outputs": "together", "seed": 1}
    )
    for allocation in endpoints.each_case(study)[:1]:
        piece(allocation, "Arm 1", "wrong", "s1", "other")
    content = build_report(factories.name_arms(study))
    (entry,) = content["kinds"]
    assert [(row["reader"], row["significance"], row["counts"]) for row in entry["rows"]] == [
        (None, None, [1, 0]),
        ("R01", None, [1, 0]),
    ]
    (section,) = [each for each in document_of(content).sections if each.slug == "kinds-wrong"]
    assert section.tables[0].groups[0].rows[0][1].text == "not stated"
