"""What a stratum's levels tell of questions without a score, counted by hand."""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest
from statsmodels.stats.proportion import proportion_confint

from readerstudy.analysis.document import document_of
from readerstudy.analysis.report import build_report
from readerstudy.cases.models import Case
from readerstudy.reading.models import Allocation
from readerstudy.studies.models import Study
from tests import factories
from tests.analysis.test_endpoints import CHOICE, PREFER, SURE, each_case, say, study_of
from tests.analysis.test_report import figure
from tests.analysis.test_scripts import agrees

pytestmark = pytest.mark.django_db
ERROR = {
    "key": "error",
    "kind": "single_choice",
    "question": "What is the main error?",
    "applies_to": "output",
    "options": [{"value": value, "label": value.title()} for value in ("none", "missed", "invented")],
    "direction": "none",
}
COUNT = {
    "key": "count",
    "kind": "integer",
    "question": "How many?",
    "applies_to": "case",
    "minimum": 0,
    "maximum": 9,
    "direction": "none",
}
PAIRS = {"plan": "crossed", "outputs": "pairs", "seed": 1}
SITES = {"C001": "north", "C002": "north", "C003": "north", "C004": "south"}
Heard = dict[str, dict[str, list[Any]]]


def placed(study: Study) -> None:
    for code, site in SITES.items():
        Case.objects.filter(study=study, code=code).update(strata={"site": site})


def answered_study(readers: int) -> tuple[Study, Heard]:
    """A study whose every question is answered, and by level what was said to each question."""
    study = study_of(
        PREFER, CHOICE, ERROR, COUNT, SURE, endpoints=[], plan=PAIRS, readers=readers, before_lock=placed
    )
    heard: Heard = defaultdict(lambda: defaultdict(list))
    for allocation in each_case(study):
        answer(allocation, heard[SITES[allocation.case.code]])
    return factories.name_arms(study), heard


def answer(allocation: Allocation, heard: dict[str, list[Any]]) -> None:
    turn = allocation.case.position * 5 + (allocation.seat.seat or 0) * 3
    won = (1.0, 0.5, 0.0, 1.0)[turn % 4]
    letters = {output.arm.name: output for output in allocation.outputs.select_related("arm")}
    sign = -1 if letters["Arm 1"].letter == "A" else 1
    say(allocation, "better", str(int(sign * (2 * won - 1))))
    heard["better"].append((allocation.case.code, won))
    for key, value in (("sick", ("normal", "abnormal")[turn % 2]), ("count", str(turn % 7)), ("sure", "3")):
        say(allocation, key, value)
        heard[key].append(value)
    for place, (name, output) in enumerate(sorted(letters.items())):
        value = ("none", "missed", "invented")[(turn + place * turn) % 3]
        say(allocation, "error", value, output)
        heard[f"error {name}"].append(value)


@pytest.mark.parametrize("readers", [1, 3])
def test_each_level_has_shares_means_and_preferences(readers: int) -> None:
    study, heard = answered_study(readers)
    (stratum,) = build_report(study)["strata"]
    assert {level["level"] for level in stratum["levels"]} == set(heard)
    for level in stratum["levels"]:
        said, rows = heard[level["level"]], level["estimates"]
        shares(rows, "sick", said["sick"], arm="", values=("normal", "abnormal"))
        for arm in ("Arm 1", "Arm 2"):
            shares(rows, "error", said[f"error {arm}"], arm=arm, values=("none", "missed", "invented"))
        mean = figure(rows, about="count", arm="")
        counts = [int(value) for value in said["count"]]
        assert (mean["value"], mean["n_ratings"]) == (pytest.approx(sum(counts) / len(counts)), len(counts))
        preferred(rows, said["better"], readers)


def shares(rows: Any, about: str, said: list[str], *, arm: str, values: tuple[str, ...]) -> None:
    counts = Counter(said)
    for value in values:
        row = figure(rows, about=about, arm=arm, category=value)
        assert (row["estimator"], row["refusals"]) == ("category_share", "conditional")
        assert row["value"] == pytest.approx(counts[value] / len(said), abs=1e-12)
        assert row["n_ratings"] == len(said)
        if row["n_readers"] == 1:
            expected = proportion_confint(counts[value], len(said), method="wilson")
            assert row["ci"] == pytest.approx(expected, abs=1e-9)


def preferred(rows: Any, said: list[tuple[str, float]], readers: int) -> None:
    won = [each for _case, each in said]
    rate = figure(rows, about="better", category=None)
    assert rate["contrast"] == ["Arm 1", "Arm 2"]
    assert rate["value"] == pytest.approx(sum(won) / len(won), abs=1e-12)
    assert rate["p"] is None
    cases = {case for case, _won in said}
    for contrast, lost in ((["Arm 1", "Arm 2"], 0.0), (["Arm 2", "Arm 1"], 1.0)):
        for k in range(1, readers + 1):
            row = figure(rows, about="better", category=k, contrast=contrast)
            support = Counter(case for case, each in said if each != lost)
            held = sum(support[case] >= k for case in cases)
            assert row["value"] == pytest.approx(held / len(cases))
            assert row["ci"] == pytest.approx(proportion_confint(held, len(cases), method="wilson"))
            assert row["panel"] == readers


def test_the_page_says_what_each_row_is_of() -> None:
    study, _heard = answered_study(3)
    (section,) = (each for each in document_of(build_report(study)).sections if each.slug == "strata")
    titles = [group.title for table in section.tables for group in table.groups]
    assert "Which is better?: win rate, a refusal loses" in titles
    assert (
        "Which is better?: share of cases where at least 2 of 3 readers prefer it or find both equal"
        in titles
    )
    assert "What is the main error?: share of “Missed”, refusals left out" in titles
    assert "How many?: mean score, refusals left out" in titles
    cells = {row[1].text for table in section.tables for group in table.groups for row in group.rows}
    assert cells == {"Arm 1", "Arm 2", "All readings", "Arm 1 against Arm 2", "Arm 2 against Arm 1"}


@pytest.mark.parametrize("readers", [1, 3])
def test_the_script_reproduces_every_level(tmp_path: Path, readers: int) -> None:
    study, _heard = answered_study(readers)
    (stratum,) = agrees(study, tmp_path)["strata"]
    assert {row["about"] for row in stratum["levels"][0]["estimates"]} >= {"better", "sick", "error", "count"}
