"""How fast models wrote, counted once more from the calls."""

from __future__ import annotations

import csv
import io
import statistics
from pathlib import Path
from typing import Any

import pytest
from scipy import stats

from readerstudy.analysis.document import document_of
from readerstudy.analysis.evidence import gather
from readerstudy.analysis.exports.catalogue import streamed
from readerstudy.analysis.pace import Pace
from readerstudy.analysis.report import build_report
from readerstudy.generation.models import Attempt
from readerstudy.studies.models import Study
from tests import factories
from tests.analysis import worlds
from tests.analysis.test_scripts import agrees

pytestmark = pytest.mark.django_db


@pytest.fixture
def timed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every output but one was timed, each in its own time; the imported arm was not."""
    make = factories.make_output

    def made(arm: Any, case: Any, **fields: Any) -> Any:
        output = make(arm, case, **fields)
        if arm.kind == "model" and case.position != 2:
            seconds = 0.5 + case.position * 0.75
            Attempt.objects.filter(pk=output.attempt_id).update(
                seconds=seconds, characters=40 + 7 * case.position**2
            )
        return output

    monkeypatch.setattr(factories, "make_output", made)


def calls(study: Study) -> list[tuple[float, float]]:
    """Seconds and characters of the timed calls, as the exported table has them."""
    told = b"".join(streamed(study, "generations.csv")).decode()
    rows = [row for row in csv.DictReader(io.StringIO(told, newline="")) if row["seconds"]]
    assert {row["arm"] for row in rows} == {"Alpha"}
    return [(float(row["seconds"]), float(row["characters"])) for row in rows]


@pytest.mark.usefixtures("timed")
def test_medians_and_quartiles_of_every_timed_output(tmp_path: Path) -> None:
    study = worlds.make_rated_study(questions=("sign",))
    report, rows = agrees(study, tmp_path), calls(study)
    (entry,) = report["pace"]
    expected = {
        "characters_per_second": [characters / seconds for seconds, characters in rows],
        "seconds": [seconds for seconds, _characters in rows],
        "characters": [characters for _seconds, characters in rows],
    }
    assert len(rows) == 5
    assert [row["estimator"] for row in entry["estimates"]] == list(expected)
    for row in entry["estimates"]:
        values = expected[row["estimator"]]
        assert row["value"] == pytest.approx(statistics.median(values))
        assert row["quartiles"] == pytest.approx(stats.scoreatpercentile(values, [25, 75]).tolist())
        assert (row["n_ratings"], row["n_cases"]) == (5, 5)
        assert row["reason"] == "too_few"  # five outputs carry no 95 % interval of a median
    (section,) = (each for each in document_of(report).sections if each.slug == "pace")
    groups = [group.title for table in section.tables for group in table.groups]
    assert groups == ["Characters a second", "Seconds of the call", "Characters of the text"]


@pytest.mark.usefixtures("timed")
def test_nothing_is_told_while_blinded() -> None:
    study = worlds.make_open_study(named=False)
    blinded = build_report(study)
    assert blinded["pace"] == []
    assert "pace" not in {section.slug for section in document_of(blinded).sections}


@pytest.mark.usefixtures("timed")
def test_times_are_part_of_the_input(monkeypatch: pytest.MonkeyPatch) -> None:
    study = worlds.make_open_study()
    told = gather(study)
    assert len(told.pace.outputs) == 5
    first, *others = told.pace.outputs
    changed = Pace((first._replace(seconds=9.0), *others))
    monkeypatch.setattr(Pace, "of", lambda _table: changed)
    assert gather(study).sha256 != told.sha256
