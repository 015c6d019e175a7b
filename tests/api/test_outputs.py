"""Model outputs over the API: asked for once, watched arm by arm, tried again."""

from __future__ import annotations

from typing import Any

import pytest

from readerstudy.audit.models import Event
from readerstudy.generation.models import Generation
from readerstudy.studies.models import Arm, Role, Study
from tests import factories
from tests.api.programs import Program, coordinator_of, member_of, program_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def wanting(db: None) -> Study:
    """Images and arms, and no output yet."""
    study = factories.make_study()
    for _number in range(2):
        factories.make_arm(study)
    for _number in range(3):
        factories.make_case(study)
    return study


@pytest.fixture
def program(wanting: Study) -> Program:
    return coordinator_of(wanting)


@pytest.fixture
def address(wanting: Study) -> str:
    return f"studies/{wanting.key}/generations/"


def test_starting_twice_asks_for_each_output_once(wanting: Study, program: Program, address: str) -> None:
    first, second = program.post(address), program.post(address)
    assert (first.status_code, first.json()) == (202, {"added": 6})
    assert (second.status_code, second.json()) == (202, {"added": 0})
    assert Generation.objects.of(wanting).count() == 6
    assert Event.objects.filter(verb="generation.queue", actor=wanting.created_by).count() == 1


def test_a_start_rings_for_a_worker(
    program: Program, address: str, bells: list[str], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        program.post(address)
    assert set(bells) == {"readerstudy.generation.tasks.generate"}


def test_progress_is_told_for_each_arm_and_labels_what_is_simulated(
    wanting: Study, program: Program, address: str
) -> None:
    arm = Arm.objects.filter(study=wanting)[0]
    cases = list(wanting.cases.order_by("position"))
    factories.make_output(arm, cases[0])
    factories.make_output(arm, cases[1], verdict="full_refusal")
    program.post(address)
    Generation.objects.filter(arm=arm, case=cases[2]).update(stage="failed", failure="The key is wrong.")
    told = program.get(address).json()
    counts = told["arms"][0]["counts"]
    assert (counts["wanted"], counts["done"], counts["refused"], counts["failed"]) == (3, 2, 1, 1)
    assert told["arms"][0]["arm"] == arm.name
    assert [row["is_simulated"] for row in told["arms"]] == [True, True]
    assert (told["total"]["queued"], told["is_active"], told["is_held"]) == (3, True, False)
    assert told["failures"] == [{"sentence": "The key is wrong.", "count": 1}]


def test_failed_outputs_are_tried_again_once(wanting: Study, program: Program, address: str) -> None:
    program.post(address)
    Generation.objects.filter(case__code="C001").update(stage="failed", failure="The vendor was down.")
    assert program.post(f"{address}retry/").json() == {"retried": 2}
    assert program.post(f"{address}retry/").json() == {"retried": 0}
    assert not Generation.objects.filter(stage="failed").exists()


def test_nothing_is_sent_before_a_person_has_looked(wanting: Study, program: Program, address: str) -> None:
    factories.make_case(wanting, confirmed=False)
    response = program.post(address)
    assert response.status_code == 409
    assert "1 image is not confirmed yet." in response.json()["error"]
    assert not Generation.objects.exists()


@pytest.mark.parametrize("path", ["", "retry/"])
def test_a_locked_study_takes_no_more_outputs(running: Study, path: str) -> None:
    response = coordinator_of(running).post(f"studies/{running.key}/generations/{path}")
    assert response.status_code == 409
    assert response.json()["error"].startswith("This study is locked")


def test_a_body_that_nobody_asked_for_is_not_even_read(
    wanting: Study, program: Program, address: str
) -> None:
    headers = {"Authorization": f"Bearer {program.secret}"}
    response = program.client.post(
        f"/api/v1/{address}", b"{not JSON", content_type="application/json", headers=headers
    )
    assert response.status_code == 202


def test_progress_needs_no_more_queries_however_many_outputs_there_are(
    study: Study, django_assert_max_num_queries: Any
) -> None:
    program = program_of(member_of(study, Role.RESEARCHER))

    def queries(path: str) -> int:
        with django_assert_max_num_queries(60) as counted:
            assert program.get(path).status_code == 200
        return len(counted)

    paths = [f"studies/{study.key}/generations/", f"studies/{study.key}/"]
    before = [queries(path) for path in paths][1:] + [queries(path) for path in paths]
    arm = factories.make_arm(study)
    for _number in range(5):
        factories.make_output(arm, factories.make_case(study))
    queries(paths[1])  # what the stations keep in the cache is there from now on
    assert all(queries(path) <= count for path, count in zip(paths, before[1:], strict=True))
