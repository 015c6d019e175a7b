"""Every template runs from its file to its report: drawn images, simulated outputs, simulated readers."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from readerstudy.analysis.document import document_of
from readerstudy.analysis.models import Report
from readerstudy.audit.record import verify
from readerstudy.demo.dry_run import Run, dry_run
from readerstudy.demo.dry_run.table import HEAD, line_of, stages
from readerstudy.generation.models import Generation, Stage
from readerstudy.reading.models import Allocation, Rating
from readerstudy.reading.proof import flaws_of
from readerstudy.studies.lifecycle import State
from readerstudy.studies.models import Arm, Criterion, Study
from readerstudy.studies.protocol.document import Document
from readerstudy.studies.protocol.exporting import data_of
from tests import factories

pytestmark = pytest.mark.django_db
STAGES = dict(stages())
ROOT = Path(__file__).parents[2]
TABLE = (ROOT / "docs" / "reference" / "templates-run.md").read_text()
FILES = ROOT / "fixtures" / "templates"
MADE = ("blank", "identical", "known_bad")


@pytest.mark.parametrize("name", STAGES)
def test_a_template_runs_and_its_report_has_what_it_promises(name: str) -> None:
    run = dry_run(STAGES[name], by=factories.make_user())
    study = run.study
    assert not Allocation.objects.filter(plan__study=study, reading__submitted_at=None).exists()
    assert {arm.is_simulated for arm in Arm.objects.with_outputs(study)} <= {True}
    assert study.is_demo
    assert [each.statistic for each in run.promised if not each.is_there] == []
    assert [f"{each.name}: {each.statistic}" for each in run.promised if not each.is_computed] == []
    assert [each.statistic for each in run.promised] == [
        each["statistic"] for each in STAGES[name].data["endpoints"]
    ]
    rated = set(Rating.objects.filter(allocation__plan__study=study).values_list("criterion__key", flat=True))
    must = {each.key for each in Criterion.objects.of(study) if each.is_required and not each.when}
    assert must <= rated
    assert list(flaws_of(study)) == []
    assert list(checks_in(run)) == checks_of(STAGES[name])
    told = document_of(Report.objects.get(study=study).content)
    assert any(label == "Simulated readers" for label, _sentence in told.notices)
    assert line_of(name, run) in TABLE, f"docs/reference/templates-run.md should say:\n{line_of(name, run)}"


def checks_of(document: Document) -> list[tuple[str, int, int, int]]:
    """Each kind of made check with how many a reader gets: the attentive one passes them, the careless one fails."""
    section = document.data["allocation"].get("checks", {})
    wanted = [(kind, section[kind]) for kind in MADE if kind in section]
    return [(kind, n, 0, 0) for kind, n in wanted] + [(kind, 0, n, 0) for kind, n in wanted]


def checks_in(run: Run) -> Iterator[tuple[str, int, int, int]]:
    """What the report tells of them by reader: kind, passed, failed, not scored."""
    for row in Report.objects.get(study=run.study).content["checks"]:
        yield row["made_of"], row["passed"], row["failed"], row["not_scored"]


def test_every_kind_of_made_check_is_in_a_template() -> None:
    used = {kind for document in STAGES.values() for kind, *_counts in checks_of(document)}
    assert used == set(MADE)


def test_the_table_has_every_template_once() -> None:
    lines = [line for line in TABLE.splitlines() if line.startswith("| T")]
    assert [line.split(" | ")[0].removeprefix("| ") for line in lines] == list(STAGES)
    assert all(line in TABLE for line in HEAD)


class TestCommand:
    def test_a_file_becomes_a_closed_study_with_its_report(self) -> None:
        owner = factories.make_user()
        out = io.StringIO()
        path = FILES / "T05" / "study.yaml"
        call_command("simulate", str(path), by=owner.email, cases=4, readers=3, seed=7, stdout=out)
        study = Study.objects.get()
        assert (study.state, study.created_by) == (State.CLOSED, owner)
        assert "2 of 2 promised statistics are in the report." in out.getvalue()
        assert study.key in out.getvalue()
        assert not Generation.objects.exclude(stage=Stage.DONE).exists()
        assert data_of(study)["cases"]["count"] == 4
        assert verify()[1] == []

    def test_what_was_only_tried_leaves_nothing(self) -> None:
        owner = factories.make_user()
        out = io.StringIO()
        path = FILES / "T05" / "study.yaml"
        call_command("simulate", str(path), by=owner.email, cases=4, discard=True, stdout=out)
        assert "promised statistics are in the report" in out.getvalue()
        assert not Study.objects.exists()

    def test_a_wrong_file_and_an_unknown_key_are_refused_in_a_sentence(self, tmp_path: Path) -> None:
        owner = factories.make_user()
        wrong = tmp_path / "study.yaml"
        wrong.write_text("format: 2\n")
        with pytest.raises(CommandError, match="line 1, format: This must be 1"):
            call_command("simulate", str(wrong), by=owner.email)
        with pytest.raises(CommandError, match="no such file"):
            call_command("simulate", "nowhere")
        with pytest.raises(CommandError, match="--by EMAIL"):
            call_command("simulate", str(FILES / "T05" / "study.yaml"), by="nobody@example.org")
