"""Whether the right answer is among the first k: of rankings and of told places, counted by hand."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from readerstudy.analysis.document import document_of
from readerstudy.stats.inference import Inference
from readerstudy.stats.ratings import Scores
from readerstudy.stats.top import top_shares
from readerstudy.studies.protocol.endpoints import endpoint_problems
from tests import factories
from tests.analysis import test_endpoints as endpoints
from tests.analysis.test_errors import refusing
from tests.analysis.test_scripts import agrees

PLACE = {
    "key": "rank",
    "kind": "integer",
    "question": "At which place?",
    "applies_to": "output",
    "direction": "none",
    "minimum": 0,
    "maximum": 4,
}
ORDER = {
    "key": "order",
    "kind": "ranking",
    "question": "Rank them.",
    "applies_to": "case",
    "direction": "none",
    "options": [{"value": name, "label": name.title()} for name in ("normal", "abnormal", "unclear")],
}
TOLD = {"C001": 1, "C002": 0, "C003": 2, "C004": 4}


def test_shares_by_hand_and_the_bootstrap_of_cases() -> None:
    """Of ten cases two are at the first, three at the second place; the interval is that of drawing whole cases."""
    values = np.array([1, 1, 2, 2, 2, 0, 0, 5, 7, 0], dtype=float)[:, np.newaxis]
    scores = Scores(values=values, units=tuple("abcdefghij"), readers=("R01",))
    first, second = top_shares(scores, most=2, inference=Inference(resamples=10_000, seed=3))
    assert (first.value, second.value) == (0.2, 0.5)
    draws = np.random.default_rng(0).binomial(10, 0.5, size=200_000) / 10
    assert second.ci == pytest.approx(np.quantile(draws, [0.025, 0.975]), abs=0.1)
    assert second.se == pytest.approx((0.5 * 0.5 / 10) ** 0.5, rel=0.03)


@pytest.mark.django_db
def test_places_that_readers_told_with_a_refusal_that_names_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(factories, "make_output", refusing(factories.make_output))
    declared = [{"name": "top", "statistic": "top_k", "criterion": "rank"}]
    study = endpoints.study_of(
        PLACE, endpoints=declared, plan={"plan": "crossed", "outputs": "one_at_a_time"}
    )
    for allocation in endpoints.each_case(study):
        endpoints.say(allocation, "rank", str(TOLD[allocation.case.code]), allocation.outputs.get())
    report = agrees(factories.name_arms(study), tmp_path)
    rows = report["endpoints"][0]["estimates"]
    found = {(row["arm"], row["variant"], row["category"]): row["value"] for row in rows}
    assert [found["Arm 1", "conditional", k] for k in (1, 2, 3, 4)] == [0.25, 0.5, 0.5, 0.75]
    assert [found["Arm 2", "as_intended", k] for k in (1, 2, 3, 4)] == [0.25, 0.25, 0.25, 0.5]
    assert [found["Arm 2", "conditional", k] for k in (1, 2)] == pytest.approx([1 / 3, 1 / 3])
    assert ("Arm 1", "as_intended", 1) not in found
    group = document_of(report).sections[0].tables[0].groups[0]
    assert group.title == "top: share with the right answer among the first k"
    assert [row[0].text for row in group.rows[3:5]] == [
        "Arm 1, among the first 4",
        "Arm 2, among the first 1, a refusal names nothing",
    ]


@pytest.mark.django_db
def test_rankings_are_compared_with_the_reference(tmp_path: Path) -> None:
    """The first reader ranks the abnormal first, the second the unclear before both; half of the cases are normal."""
    declared = [{"name": "top", "statistic": "top_k", "criterion": "order"}]
    study = endpoints.study_of(ORDER, endpoints=declared, plan={"plan": "crossed", "outputs": "one_arm"})
    said = {1: ["abnormal", "normal", "unclear"], 2: ["unclear", "normal", "abnormal"]}
    for allocation in endpoints.each_case(study):
        endpoints.say(allocation, "order", json.dumps(said[allocation.seat.seat or 0]))
    rows = agrees(study, tmp_path)["endpoints"][0]["estimates"]
    # At the first place 2 of 8; among the first two all of the first reader's, and the second's two normal ones.
    assert [(row["category"], row["value"]) for row in rows] == [(1, 2 / 8), (2, 6 / 8)]


def test_a_share_among_the_first_needs_a_place() -> None:
    endpoint = {"name": "top", "statistic": "top_k", "criterion": "rank"}
    assert list(endpoint_problems(endpoint, {"rank": PLACE}, set())) == []
    ((path, sentence),) = endpoint_problems(endpoint, {"rank": {**PLACE, "kind": "likert"}}, set())
    assert path == ("criterion",)
    assert sentence.startswith("The share among the first k needs a place.")
