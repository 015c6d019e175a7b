"""Refusals that the protocol scores as the worst of the scale: what is set, where it counts, and that it is said."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest

from readerstudy.analysis.document import document_of
from readerstudy.analysis.report import build_report
from readerstudy.analysis.table import LongTable
from readerstudy.analysis.worst import worst_of
from readerstudy.reading.models import Allocation
from readerstudy.studies.models import Criterion, Membership, RefusalPolicy, Study
from tests.analysis import worlds

pytestmark = pytest.mark.django_db
QUESTIONS = ("correctness", "harm", "sign", "main-error", "minutes")


def all_best(seat: int, case: int, arm: int, key: str) -> str:
    return {"correctness": "5", "harm": "0", "sign": "1", "main-error": "none", "minutes": "0"}[key]


def rows_of(study: Study, **wanted: str) -> list[dict[str, str]]:
    content = b"".join(LongTable.of(study).csv()).decode()
    rows = list(csv.DictReader(io.StringIO(content, newline="")))
    return [row for row in rows if all(row[name] == value for name, value in wanted.items())]


@pytest.mark.parametrize(
    ("fields", "worst"),
    [
        ({"kind": "likert", "direction": "higher", "options": [{"value": "1"}, {"value": "5"}]}, 1.0),
        ({"kind": "likert", "direction": "lower", "options": [{"value": "0"}, {"value": "2"}]}, 2.0),
        ({"kind": "likert", "direction": "none", "options": [{"value": "0"}, {"value": "2"}]}, None),
        ({"kind": "yes_no", "direction": "higher", "options": [{"value": "1"}, {"value": "0"}]}, 0.0),
        ({"kind": "number", "direction": "higher", "minimum": -3, "maximum": 9}, -3),
        ({"kind": "number", "direction": "lower", "minimum": -3, "maximum": 9}, 9),
        ({"kind": "number", "direction": "lower", "minimum": 0}, None),
        ({"kind": "single_choice", "options": [{"value": "a"}, {"value": "b"}]}, None),
        ({"kind": "free_text"}, None),
    ],
)
def test_the_worst_is_the_bad_end_of_the_scale_where_it_has_one(
    fields: dict[str, Any], worst: float | None
) -> None:
    assert worst_of(Criterion(**fields)) == worst


@pytest.fixture
def study() -> Study:
    return worlds.make_rated_study(questions=QUESTIONS, rates=all_best, refusal_policy=RefusalPolicy.WORST)


def test_readers_do_not_see_a_refusal_and_each_gets_the_worst_value(study: Study) -> None:
    assert Allocation.objects.filter(seat__study=study).count() == 3 * (12 - 3)
    for key, value, acceptable in (("correctness", "1", "0"), ("harm", "2", "0"), ("sign", "0", "0")):
        hidden = rows_of(study, criterion=key, shown="0")
        assert len(hidden) == 3 * 3
        for row in hidden:
            assert (row["value"], row["score"], row["scored"]) == (value, value, "rule")
            assert (row["acceptable"], row["acceptable_as_intended"], row["events"]) == (acceptable, "0", "0")
    assert {row["scored"] for row in rows_of(study, criterion="correctness", shown="1")} == {"reader"}


def test_a_question_without_a_bad_end_stays_without_a_value(study: Study) -> None:
    for row in rows_of(study, criterion="main-error", shown="0"):
        assert (row["value"], row["scored"]) == ("", "")


def test_means_count_the_worst_values_and_agreement_does_not(study: Study) -> None:
    report = build_report(study)
    question = report["criteria"][0]
    means = {
        (row["arm"], row["refusals"]): row
        for row in question["estimates"]
        if row["estimator"] == "mean_score" and row["variant"] == "rrrc"
    }
    assert means["Alpha", "as_intended"]["value"] == pytest.approx((5 * 5 + 1) / 6)
    assert means["Beta", "as_intended"]["value"] == pytest.approx((4 * 5 + 2) / 6)
    assert means["Alpha", "as_intended"]["n_ratings"] == 18
    assert means["Alpha", "conditional"]["value"] == 5.0
    assert {row["n_ratings"] for row in question["agreement"] if row["arm"] == "Alpha"} == {15}
    assert question["counts"]["scored_by_rule"] == 9
    assert report["counts"]["scored_by_rule"] == sum(
        row["counts"]["scored_by_rule"] for row in report["criteria"]
    )
    no_value = next(row for row in report["criteria"] if row["key"] == "main-error")
    assert no_value["counts"]["scored_by_rule"] == 0


def test_the_report_says_in_words_how_many_values_no_reader_gave(study: Study) -> None:
    words = repr(document_of(json.loads(json.dumps(build_report(study)))))
    assert "9 values more were set by the protocol" in words
    assert "scores each as the worst of every scale that has a bad end" in words
    assert "refusals scored as the worst of the scale" in words
    assert "There is something to rate for “Alpha” 5 of 6 cases and “Beta” 4 of 6 cases" in words


def test_a_reader_who_has_not_begun_gets_no_values() -> None:
    study = worlds.make_open_study(questions=("correctness",), refusal_policy=RefusalPolicy.WORST)
    worlds.read_everything(Membership.objects.get(study=study, seat=1), all_best)
    assert {row["reader"] for row in rows_of(study, scored="rule")} == {"R01"}


def test_other_policies_set_no_value() -> None:
    for policy in (RefusalPolicy.SHOWN, RefusalPolicy.HIDDEN):
        study = worlds.make_rated_study(questions=("correctness",), rates=all_best, refusal_policy=policy)
        assert not rows_of(study, scored="rule")
        report = build_report(study)
        assert report["counts"]["scored_by_rule"] == 0
        refusals = {
            row["refusals"] for row in report["criteria"][0]["estimates"] if row["estimator"] == "mean_score"
        }
        assert refusals == {"conditional"}
