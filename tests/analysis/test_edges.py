"""What a report says where there is little or nothing to say: never a number that is none."""

from __future__ import annotations

import json
from typing import Any

import pytest

from readerstudy.analysis.document import document_of
from readerstudy.analysis.evidence import gather
from readerstudy.analysis.report import build_report, report_of
from readerstudy.generation.models import Generation
from readerstudy.studies.models import Criterion, Membership, RefusalPolicy, Study
from tests import factories
from tests.analysis import worlds

pytestmark = pytest.mark.django_db
ONE = ("correctness",)
RRRC = {"variant": "rrrc"}


def estimates(report: dict[str, Any], **wanted: object) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = report["criteria"][0]["estimates"]
    return [row for row in found if all(row[name] == value for name, value in wanted.items())]


def values(report: dict[str, Any], refusals: str) -> list[float | None]:
    """The shares acceptable of both arms."""
    wanted = {"estimator": "proportion_acceptable", "refusals": refusals, "variant": "rrrc"}
    return [row["value"] for row in estimates(report, **wanted)]


def assert_readable(report: dict[str, Any]) -> None:
    """It is plain JSON, and its words hold no number that is none."""
    text = json.dumps(report, allow_nan=False)
    words = repr(document_of(json.loads(text)))
    assert "nan" not in words.lower().replace("finance", "")
    assert "None" not in words


def all_five(seat: int, case: int, arm: int, key: str) -> str:
    return "5"


def test_hidden_refusals_count_as_failures_for_every_reader_with_ratings() -> None:
    study = worlds.make_rated_study(questions=ONE, rates=all_five, refusal_policy=RefusalPolicy.HIDDEN)
    report = build_report(study)
    assert values(report, "as_intended") == [5 / 6, 4 / 6]
    assert values(report, "conditional") == [1.0, 1.0]
    for row in estimates(report, refusals="as_intended", variant="rrrc"):
        assert (row["n_ratings"], row["n_missing"]) == (18, 0)
    for row, answered in zip(estimates(report, estimator="mean_score", variant="rrrc"), (5, 4), strict=True):
        assert (row["value"], row["n_ratings"], row["n_missing"]) == (5.0, 3 * answered, 0)
    assert report["counts"]["outputs_hidden"] == 3
    assert report["counts"]["planned"] == 3 * (12 - 3)
    assert [arm["declined"] for arm in report["refusals"]] == [1, 2]
    assert_readable(report)


def test_shown_refusals_count_as_failures_however_they_were_rated() -> None:
    study = worlds.make_rated_study(questions=ONE, rates=all_five)
    report = build_report(study)
    assert values(report, "as_intended") == [5 / 6, 4 / 6]
    assert values(report, "conditional") == [1.0, 1.0]
    assert report["counts"]["outputs_hidden"] == 0


def test_a_reader_who_has_not_begun_changes_no_figure() -> None:
    study = worlds.make_open_study(questions=ONE, refusal_policy=RefusalPolicy.HIDDEN)
    for seat in Membership.objects.readers(study)[:2]:
        worlds.read_everything(seat, all_five)
    report = build_report(study)
    assert values(report, "as_intended") == [5 / 6, 4 / 6]
    assert {row["n_readers"] for row in estimates(report, **RRRC)} == {2}
    assert (report["counts"]["readers"], report["counts"]["readers_rating"]) == (3, 2)
    assert "2 of 3 readers" in repr(document_of(report))


def test_one_reader_has_values_but_speaks_for_no_other() -> None:
    report = build_report(worlds.make_rated_study(readers=1, questions=ONE))
    for row in estimates(report, variant="rrrc"):
        assert row["value"] is not None
        assert row["ci"] is None
        assert row["reason"] == "one_reader"
        assert row["reason_sentence"].startswith("Only one reader gave ratings")
    assert any(row["ci"] for row in estimates(report, variant="frrc"))
    for row in report["criteria"][0]["agreement"]:
        assert (row["value"], row["reason"]) == (None, "one_reader")
    assert_readable(report)
    assert "not estimable: Only one reader gave ratings" in repr(document_of(report))


def test_without_a_rating_every_figure_says_why_it_is_missing() -> None:
    report = build_report(worlds.make_open_study())
    for entry in report["criteria"]:
        for row in [*entry["estimates"], *entry["differences"], *entry["agreement"]]:
            assert row["value"] is None
            assert row["ci"] is None
            assert row["reason_sentence"]
    assert report["counts"]["ratings"] == 0
    assert report["counts"]["missing_share"] == 1.0
    assert [arm["rate"]["value"] for arm in report["refusals"]] == [1 / 6, 2 / 6]  # outputs are there already
    assert_readable(report)


def test_a_draft_with_nothing_at_all_has_a_report_too() -> None:
    study = factories.make_study()
    report = build_report(study)
    assert report["counts"]["missing_share"] is None
    assert report["classification"] is None
    assert_readable(report)


def test_ratings_that_are_all_the_same_leave_no_interval_and_no_alpha() -> None:
    report = build_report(worlds.make_rated_study(questions=ONE, rates=all_five))
    mean = estimates(report, estimator="mean_score", variant="rrrc")[0]
    assert (mean["value"], mean["ci"], mean["reason"]) == (5.0, None, "zero_variance")
    entry = report["criteria"][0]
    alpha = next(row for row in entry["agreement"] if row["estimator"] == "krippendorff_alpha")
    assert (alpha["value"], alpha["reason"]) == (None, "no_variation")
    assert entry["prevalence"] == {"value": "5", "label": "Nothing wrong", "share": 1.0}
    assert "holds 1.000 of all ratings" in repr(document_of(report))
    assert_readable(report)


def test_nobody_could_judge_anything() -> None:
    report = build_report(worlds.make_rated_study(questions=ONE, rates=lambda *_place: worlds.CANNOT))
    assert {row["value"] for row in estimates(report)} == {None}
    assert report["counts"]["cannot_judge"] == 36
    assert_readable(report)


def test_a_withdrawn_rating_counts_as_missing_and_is_said() -> None:
    study = worlds.make_rated_study(readers=2, questions=ONE)
    seat, output = worlds.output_of(study, seat=1, case=0, arm=0)
    before = estimates(build_report(study), estimator="mean_score", variant="rrrc", arm="Alpha")[0]
    worlds.rate(seat, output, Criterion.objects.of(study).get(), "")
    report = build_report(study)
    after = estimates(report, estimator="mean_score", variant="rrrc", arm="Alpha")[0]
    assert after["n_ratings"] == before["n_ratings"] - 1
    assert after["n_missing"] == before["n_missing"] + 1
    assert (report["counts"]["withdrawn"], report["counts"]["not_given"]) == (1, 0)
    assert "1 taken back" in repr(document_of(report))


def test_one_arm_has_nothing_to_differ_from() -> None:
    study = factories.make_study()
    arm = factories.make_arm(study)
    factories.make_criterion(study)
    for _place in range(3):
        factories.make_output(arm, factories.make_case(study))
    for _seat in range(2):
        factories.make_reader(study)
    factories.freeze(study)
    study = factories.name_arms(worlds.actions.start_study(study=study, by=study.created_by))
    for seat in Membership.objects.readers(study):
        worlds.read_everything(seat, worlds.known_rating)
    report = build_report(study)
    assert report["criteria"][0]["differences"] == []
    assert [row["arm"] for row in report["criteria"][0]["agreement"]] == [None, None, None]
    assert_readable(report)


def test_three_arms_are_compared_in_pairs_with_p_after_holm() -> None:
    study = factories.make_ready_study(cases=4, arms=3, readers=3)
    study = factories.name_arms(worlds.actions.start_study(study=study, by=study.created_by))
    for seat in Membership.objects.readers(study):
        worlds.read_everything(seat, lambda seat, case, arm, key: str(1 + (seat + 2 * case + 3 * arm) % 5))
    report = build_report(study)
    rows = [
        row
        for row in report["criteria"][0]["differences"]
        if row["estimator"] == "mean_score" and row["variant"] == "rrrc"
    ]
    assert [row["contrast"] for row in rows] == [["Arm 1", "Arm 2"], ["Arm 1", "Arm 3"], ["Arm 2", "Arm 3"]]
    raw = sorted(row["p"] for row in rows if row["p"] is not None)
    assert min(row["p_adjusted"] for row in rows if row["p"] is not None) == pytest.approx(
        min(1.0, raw[0] * len(raw))
    )
    assert_readable(report)


def test_failures_of_infrastructure_stand_apart_from_refusals() -> None:
    study = factories.make_study()
    arm, cases = factories.make_arm(study), [factories.make_case(study) for _place in range(4)]
    made = factories.make_output(arm, cases[0])
    made.generation.attempts.create(number=2, key="x" * 8, outcome="failed", error_code="rate_limited")
    factories.make_output(arm, cases[1], verdict="error")
    Generation.objects.create(case=cases[2], arm=arm, stage="failed", failure="The vendor was down.")
    Generation.objects.create(case=cases[3], arm=arm)
    [entry] = build_report(study)["refusals"]
    assert (entry["failures"], entry["waiting"], entry["calls_lost"]) == (2, 1, 1)
    assert (entry["declined"], entry["responses"]) == (0, 1)
    assert (entry["rate"]["value"], entry["rate"]["n_missing"]) == (0.0, 2)
    assert {row["verdict"]: row["count"] for row in entry["verdicts"]} == {"answer": 1, "error": 1}


def test_a_number_with_many_values_is_shown_in_ranges() -> None:
    study = worlds.make_rated_study(
        questions=("minutes",), rates=lambda seat, case, arm, key: str(seat * 6 + case + arm / 2)
    )
    report = build_report(study)
    [alpha, beta] = report["criteria"][0]["distribution"]
    assert [option["value"] for option in alpha["options"]][:2] == ["0 to 3", "3 to 6"]
    assert sum(option["count"] for option in alpha["options"]) == alpha["n"] == 15
    assert sum(option["share"] for option in beta["options"]) == pytest.approx(1.0)


def test_evidence_is_read_at_the_state_the_study_has_now() -> None:
    study = worlds.make_rated_study(readers=1, questions=ONE)
    stale = Study.objects.get(pk=study.pk)
    Study.objects.filter(pk=study.pk).update(state="closed")
    assert report_of(gather(stale))["is_interim"] is False
