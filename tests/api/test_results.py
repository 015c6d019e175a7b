"""Readings, ratings and the report over the API: the console's own numbers and bytes."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest

from readerstudy.analysis.actions import freeze_report
from readerstudy.analysis.models import Report
from readerstudy.analysis.table import LongTable
from readerstudy.api.pages import LongPages
from readerstudy.audit.models import Event
from readerstudy.cases.models import Case
from readerstudy.studies.models import Membership, Role, Study
from tests import factories
from tests.api.programs import Program, body_of, member_of, program_of, rate_some

pytestmark = pytest.mark.django_db


@pytest.fixture
def researcher(running: Study) -> Program:
    return program_of(member_of(running, Role.RESEARCHER))


def test_a_study_tells_its_state_counts_and_what_is_missing(study: Study) -> None:
    told = program_of(member_of(study, Role.RESEARCHER)).get(f"studies/{study.key}/").json()
    assert (told["key"], told["state"], told["is_demo"], told["locked_at"]) == (
        study.key,
        "draft",
        False,
        None,
    )
    assert told["counts"] == {
        "files": 2,
        "files_unfinished": 0,
        "files_refused": 0,
        "cases": 2,
        "images": 2,
        "images_unconfirmed": 0,
        "arms": 2,
        "criteria": 1,
        "readers": 2,
    }
    assert {"sign": "ok", "text": "2 arms are defined"} in told["readiness"]
    study.memberships.filter(role=Role.READER).update(removed_at=study.created_at)
    program = program_of(member_of(study, Role.RESEARCHER))
    assert {"sign": "bad", "text": "No reader is invited."} in program.get(f"studies/{study.key}/").json()[
        "readiness"
    ]


def test_progress_shows_every_reader_by_pseudonym_and_no_person(running: Study, researcher: Program) -> None:
    response = researcher.get(f"studies/{running.key}/readings/progress/")
    rows = response.json()["results"]
    assert [(row["reader"], row["submitted"], row["allocated"]) for row in rows] == [
        ("R01", 2, 4),
        ("R02", 0, 4),
    ]
    assert [row["last_rating_at"] is None for row in rows] == [False, True]
    for seat in Membership.objects.readers(running).select_related("user"):
        assert seat.user.email not in response.content.decode()
        assert str(seat.user) not in response.content.decode()


def test_a_reader_sees_the_own_progress_and_no_other(running: Study) -> None:
    for number, seat in enumerate(Membership.objects.readers(running).select_related("user", "study")):
        rows = program_of(seat).get(f"studies/{running.key}/readings/progress/").json()["results"]
        assert [(row["reader"], row["submitted"]) for row in rows] == [(seat.pseudonym, [2, 0][number])]


def test_whoever_reads_and_coordinates_gets_what_the_tokens_role_allows(running: Study) -> None:
    seat = Membership.objects.readers(running).select_related("user", "study")[0]
    as_coordinator = factories.make_member(running, Role.COORDINATOR, seat.user)
    address = f"studies/{running.key}/readings/progress/"
    assert len(program_of(seat).get(address).json()["results"]) == 1
    assert len(program_of(as_coordinator).get(address).json()["results"]) == 2


def test_the_csv_is_the_long_table_byte_for_byte(running: Study, researcher: Program) -> None:
    response = researcher.get(f"studies/{running.key}/ratings.csv")
    assert response.streaming
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Content-Disposition"] == f'attachment; filename="{running.key}-ratings.csv"'
    assert body_of(response) == b"".join(LongTable.of(running).csv())


def test_the_json_rows_are_the_rated_rows_of_the_csv(running: Study, researcher: Program) -> None:
    text = body_of(researcher.get(f"studies/{running.key}/ratings.csv")).decode()
    rated = [row for row in csv.DictReader(io.StringIO(text, newline="")) if row["rated_at"]]
    rows = researcher.get(f"studies/{running.key}/ratings/").json()["results"]
    assert len(rows) == len(rated) == 2

    def as_cell(value: Any) -> str:
        if isinstance(value, bool | float):
            return str(int(value))
        return "" if value is None else str(value)

    def place(row: dict[str, Any]) -> tuple[str, ...]:
        return row["reader"], row["case"], row["arm"], row["criterion"]

    for row, line in zip(sorted(rows, key=place), sorted(rated, key=place), strict=True):
        cells = {name: as_cell(value) for name, value in row.items()}
        assert cells == {name: line[name] for name in cells}


def test_a_case_that_was_left_out_is_in_no_export(running: Study, researcher: Program, forge: Any) -> None:
    case = Case.objects.filter(allocations__reading__submitted_at__isnull=False)[0]
    forge(
        f"UPDATE cases_case SET left_out_at = now(), left_out_by_id = {running.created_by_id} WHERE id = {case.pk}"
    )
    rows = researcher.get(f"studies/{running.key}/ratings/").json()["results"]
    assert case.code not in [row["case"] for row in rows]


def test_ratings_come_in_pages_without_gaps(running: Study, researcher: Program, monkeypatch: Any) -> None:
    rate_some(running, readings=4)
    monkeypatch.setattr(LongPages, "page_size", 3)
    page = researcher.get(f"studies/{running.key}/ratings/").json()
    assert (len(page["results"]), page["previous"]) == (3, None)
    last = researcher.get(page["next"]).json()
    assert (len(last["results"]), last["next"]) == (1, None)
    seen = {json.dumps(row) for row in page["results"] + last["results"]}
    assert len(seen) == 4


def test_ratings_of_another_study_are_in_no_export(running: Study, researcher: Program) -> None:
    other = factories.make_running_study(cases=1, arms=2, readers=1)
    rate_some(other)
    assert len(researcher.get(f"studies/{running.key}/ratings/").json()["results"]) == 2
    assert other.key not in body_of(researcher.get(f"studies/{running.key}/ratings.csv")).decode()


def test_simulated_readers_and_outputs_are_labelled_in_every_row(researcher: Program, running: Study) -> None:
    seat = Membership.objects.readers(running)[0]
    seat.user.is_simulated = True
    seat.user.save(update_fields=["is_simulated"])
    rows = researcher.get(f"studies/{running.key}/ratings/").json()["results"]
    assert {(row["reader_simulated"], row["output_simulated"], row["output_recorded"]) for row in rows} == {
        (True, True, False)
    }
    progress = researcher.get(f"studies/{running.key}/readings/progress/").json()["results"]
    assert [row["is_simulated"] for row in progress] == [True, False]


def test_the_report_is_the_frozen_one_and_the_same_for_the_same_data(
    running: Study, researcher: Program
) -> None:
    frozen = freeze_report(study=running, by=None)
    address = f"studies/{running.key}/report/"
    first, second = researcher.get(address), researcher.get(address)
    assert first.content == second.content
    told = first.json()
    assert told["content"] == frozen.content
    assert (told["input_sha256"], told["seed"], told["is_interim"]) == (
        frozen.input_sha256,
        frozen.seed,
        True,
    )
    assert Report.objects.count() == 1


def test_before_the_first_rating_there_is_no_report(study: Study) -> None:
    response = program_of(member_of(study, Role.RESEARCHER)).get(f"studies/{study.key}/report/")
    assert response.status_code == 404
    assert response.json() == {"error": "There is no report yet, because no reader has given a rating."}
    assert not Report.objects.exists()


def test_an_interim_look_over_the_api_is_audited_once(running: Study, researcher: Program) -> None:
    for _time in range(2):
        researcher.get(f"studies/{running.key}/report/")
    looks = Event.objects.filter(verb="report.interim_look")
    assert [event.actor_id for event in looks] == [member_of(running, Role.RESEARCHER).user_id]


@pytest.mark.parametrize("path", ["ratings/", "readings/progress/"])
def test_results_need_the_same_queries_however_many_there_are(
    running: Study, researcher: Program, path: str, django_assert_max_num_queries: Any
) -> None:
    def queries() -> int:
        with django_assert_max_num_queries(40) as counted:
            assert researcher.get(f"studies/{running.key}/{path}").status_code == 200
        return len(counted)

    queries()
    before = queries()
    rate_some(running, readings=4)
    assert queries() == before
