"""Every benchmark can still make the study that it measures, one case large; a rule of the product may forbid it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings

from benchmarks import __main__ as bench
from benchmarks import allocation, generation, reading, report, uploads, viewer
from readerstudy.reading.models import Allocation, Rating
from readerstudy.studies.lifecycle import State
from readerstudy.studies.models import Study

STUDIES: dict[str, Callable[[], object]] = {
    "allocation": lambda: allocation.make_study(readers=2, cases=1),
    "generation": lambda: generation.a_study(1),
    "reading": lambda: reading.make_room(cases=1, readers=1),
    "report": lambda: report.make_study(readers=2, ratings=2 * report.ARMS * report.CRITERIA),
    "uploads": uploads.make_study,
    "viewer": lambda: viewer.make_study(cases=1),
}
WITHOUT_A_STUDY = {"agreement", "ingest", "mrmc"}
WITH_THAT_OF_GENERATION = {"limits", "soak"}


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """As small an image as the benchmark can do with."""
    monkeypatch.setattr(viewer, "HEIGHT", 64)
    monkeypatch.setattr(viewer, "WIDTH", 48)


@pytest.mark.django_db
@pytest.mark.parametrize("name", STUDIES)
def test_its_study_can_be_made(name: str) -> None:
    STUDIES[name]()
    study = Study.objects.get()
    if name in {"reading", "viewer", "report"}:
        assert study.state == State.RUNNING
        assert Allocation.objects.filter(plan__study=study).exists()
    if name == "report":
        assert Rating.objects.count() == 2 * report.ARMS * report.CRITERIA


@pytest.mark.django_db
def test_an_allocation_is_drawn_stored_and_proved() -> None:
    found = allocation.time_all(allocation.make_study(readers=2, cases=4))
    assert found["presentations"] > 0
    assert found["follows_seed"]
    assert found["keeps_promises"]


def test_every_benchmark_is_looked_at_here() -> None:
    assert set(bench.NAMES) <= {*STUDIES, *WITHOUT_A_STUDY, *WITH_THAT_OF_GENERATION}


@pytest.mark.parametrize("name", [*bench.NAMES, "soak", "interval_coverage"])
def test_it_can_be_imported_by_itself(name: str) -> None:
    """As `make bench` starts it, before Django is set up."""
    done = subprocess.run(
        [sys.executable, "-c", f"import benchmarks.{name}"],
        cwd=Path(settings.BASE_DIR),
        env={"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
