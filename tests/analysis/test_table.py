"""The long table: one row a reader, case, arm, question and repeat, in a fixed order, streamed."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from itertools import islice
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from psycopg import ServerCursor

from readerstudy.analysis import table as long_table
from readerstudy.analysis.table import LongTable
from readerstudy.reading.models import Reading
from readerstudy.studies.models import Criterion, Membership, RefusalPolicy, Study
from tests import factories
from tests.analysis import oracle, worlds

pytestmark = pytest.mark.django_db
ONE = ("correctness",)


def exported(study: Study) -> bytes:
    return b"".join(LongTable.of(study).csv())


def rows_of(study: Study, **wanted: str) -> list[oracle.Row]:
    return oracle.chosen(oracle.read(exported(study)), **wanted)


def test_every_planned_reading_has_one_row_for_each_question(rated_study: Study) -> None:
    rows = rows_of(rated_study)
    keys = [tuple(row[name] for name in ("reader", "case", "arm", "criterion", "repeat")) for row in rows]
    assert len(keys) == len(set(keys)) == 3 * 6 * 2 * 6
    assert {row["study"] for row in rows} == {rated_study.key}
    assert {row["repeat"] for row in rows} == {"1"}


def test_rows_stand_in_the_order_of_reader_case_arm_and_question(rated_study: Study) -> None:
    questions = [criterion.key for criterion in Criterion.objects.of(rated_study)]
    order = [
        (row["reader"], row["case"], row["arm"], questions.index(row["criterion"]))
        for row in rows_of(rated_study)
    ]
    assert order == sorted(order)


def test_the_same_data_give_the_same_bytes(rated_study: Study) -> None:
    assert exported(rated_study) == exported(rated_study)


def test_a_row_tells_all_that_is_known_of_its_rating(rated_study: Study) -> None:
    [row] = rows_of(rated_study, reader="R02", case="C004", arm="Beta", criterion="correctness")
    assert row["value"] == row["score"] == worlds.known_rating(2, 3, 1, "correctness")
    reading = Reading.objects.get(
        allocation__seat__seat=2, allocation__case__code="C004", allocation__outputs__arm__name="Beta"
    )
    assert row["position"] == str(reading.allocation.position)
    assert row["letter"] == reading.allocation.outputs.get().letter
    assert row["rated_at"].endswith("Z")
    assert "T" in row["rated_at"]
    known = {"kind": "likert", "acceptable": "1", "acceptable_as_intended": "1", "cannot_judge": "0"}
    known |= {"refusal_verdict": "answer", "declined": "0", "shown": "1", "period": "1", "submitted": "1"}
    known |= {"events": "1", "protocol_version": "1", "reader_specialty": "radiology", "reader_years": "12"}
    known |= {"reference": "normal", "stratum_site": "south"}
    assert {name: row[name] for name in known} == known


def test_cannot_judge_is_no_value_and_said_so(rated_study: Study) -> None:
    [row] = rows_of(rated_study, reader="R01", case="C006", arm="Beta", criterion="correctness")
    assert (row["value"], row["score"], row["acceptable"]) == ("", "", "")
    assert (row["cannot_judge"], row["events"]) == ("1", "1")


def test_a_rating_that_was_never_given_is_an_empty_row(rated_study: Study) -> None:
    [row] = rows_of(rated_study, reader="R02", case="C005", arm="Alpha", criterion="harm")
    assert (row["value"], row["cannot_judge"], row["events"], row["rated_at"]) == ("", "0", "0", "")
    assert row["protocol_version"] == ""
    assert row["submitted"] == "0"  # a required question is open


def test_the_newest_event_stands_and_all_are_counted() -> None:
    study = worlds.make_open_study(readers=1, questions=ONE)
    seat, output = worlds.output_of(study, seat=1, case=0, arm=0)
    for value in ("2", "5", "3"):
        worlds.rate(seat, output, Criterion.objects.of(study).get(), value)
    [row] = rows_of(study, case="C001", arm="Alpha")
    assert (row["value"], row["events"]) == ("3", "3")


def test_a_withdrawn_rating_is_missing() -> None:
    study = worlds.make_open_study(readers=1, questions=ONE)
    seat, output = worlds.output_of(study, seat=1, case=0, arm=0)
    for value in ("2", ""):
        worlds.rate(seat, output, Criterion.objects.of(study).get(), value)
    [row] = rows_of(study, case="C001", arm="Alpha")
    assert (row["value"], row["score"], row["acceptable"], row["events"]) == ("", "", "", "2")


def test_hidden_refusals_have_rows_for_every_reader() -> None:
    study = worlds.make_rated_study(questions=ONE, refusal_policy=RefusalPolicy.HIDDEN)
    rows = rows_of(study)
    assert len(rows) == 3 * 6 * 2
    hidden = [row for row in rows if row["shown"] == "0"]
    assert [(row["reader"], row["case"], row["arm"]) for row in hidden] == [
        (reader, case, arm)
        for reader in ("R01", "R02", "R03")
        for case, arm in (("C003", "Alpha"), ("C003", "Beta"), ("C005", "Beta"))
    ]
    for row in hidden:
        assert (row["value"], row["letter"], row["position"], row["events"]) == ("", "", "", "0")
        assert (row["declined"], row["acceptable"], row["acceptable_as_intended"]) == ("1", "", "0")


def test_a_reader_without_ratings_has_no_failures_either() -> None:
    study = worlds.make_open_study(questions=ONE, refusal_policy=RefusalPolicy.HIDDEN)
    worlds.read_everything(Membership.objects.get(study=study, seat=1), worlds.known_rating)
    rows = rows_of(study)
    assert {row["acceptable_as_intended"] for row in rows if row["reader"] != "R01"} == {""}
    assert {row["acceptable_as_intended"] for row in rows if row["reader"] == "R01"} == {"", "0", "1"}


def test_a_shown_refusal_is_a_failure_once_it_was_read() -> None:
    study = worlds.make_open_study(readers=1, questions=ONE)
    seat, refused = worlds.output_of(study, seat=1, case=2, arm=0)
    _seat, answered = worlds.output_of(study, seat=1, case=0, arm=0)
    criterion = Criterion.objects.of(study).get()
    worlds.rate(seat, answered, criterion, "5")
    assert [row["acceptable_as_intended"] for row in rows_of(study, declined="1")] == ["", "", ""]
    worlds.rate(seat, refused, criterion, "5")
    [row] = rows_of(study, case="C003", arm="Alpha")
    assert (row["acceptable"], row["acceptable_as_intended"]) == ("1", "0")


def test_a_refusal_that_the_reader_could_not_judge_is_a_failure_too() -> None:
    def rates(seat: int, case: int, arm: int, key: str) -> str:
        return worlds.CANNOT if (case, arm) == (2, 0) else "5"

    study = worlds.make_rated_study(readers=1, questions=ONE, rates=rates)
    [row] = rows_of(study, case="C003", arm="Alpha")
    assert (row["cannot_judge"], row["acceptable"], row["acceptable_as_intended"]) == ("1", "", "0")


def test_without_a_declared_cut_nothing_is_acceptable_or_not() -> None:
    study = worlds.make_rated_study(readers=1, questions=("minutes",))
    for row in rows_of(study):
        assert (row["acceptable"], row["acceptable_as_intended"]) == ("", "")


def test_what_readers_and_coordinators_write_never_becomes_a_formula() -> None:
    study = factories.make_study(title="=1+1")
    arm = factories.make_arm(study, name="@cmd")
    factories.make_criterion(study, key="remark", kind="free_text", acceptable_from=None)
    factories.make_criterion(study, key="change", kind="number", acceptable_from=None)
    case = factories.make_case(study, label="+positive", strata={"=site": "-north", "plain": "-3"})
    factories.make_output(arm, case)
    factories.make_reader(study)
    factories.freeze(study)
    study = factories.name_arms(worlds.actions.start_study(study=study, by=study.created_by))
    seat, output = worlds.output_of(study, seat=1, case=0, arm=0)
    remark, change = Criterion.objects.of(study)
    worlds.rate(seat, output, remark, '=HYPERLINK("http://x","y")')
    worlds.rate(seat, output, change, "-2.5")
    header, first, second = list(csv.reader(io.StringIO(exported(study).decode(), newline="")))
    written = dict(zip(header, first, strict=True))
    assert written["value"] == '\'=HYPERLINK("http://x","y")'
    assert (written["arm"], written["reference"]) == ("'@cmd", "'+positive")
    assert (written["stratum_=site"], written["stratum_plain"]) == ("'-north", "-3")
    assert dict(zip(header, second, strict=True))["value"] == "-2.5"
    assert not any(cell.startswith(("=", "+", "@", "\t", "\r")) for cell in (*header, *first, *second))


def test_a_second_presentation_of_an_output_is_the_second_repeat(forge: Any) -> None:
    study = worlds.make_rated_study(readers=1, questions=ONE)
    _seat, output = worlds.output_of(study, seat=1, case=0, arm=0)
    forge(
        "INSERT INTO reading_allocation (plan_id, seat_id, case_id, kind, check_kind, batch, period, position, key, "
        "case_key) SELECT plan_id, seat_id, case_id, 'repeat', '', 0, 2, 99, 'again', case_key FROM reading_allocation "
        f"WHERE id = {output.allocation_id}"
    )
    forge(
        "INSERT INTO reading_allocatedoutput (allocation_id, arm_id, interpretation_id, letter, side, copy) "
        f"SELECT a.id, {output.arm_id}, {output.interpretation_id}, 'A', 0, 0 "
        "FROM reading_allocation a WHERE a.key = 'again'"
    )
    rows = rows_of(study, case="C001", arm="Alpha")
    assert [(row["repeat"], row["period"], row["value"]) for row in rows] == [
        ("1", "1", rows[0]["value"]),
        ("2", "2", ""),
    ]


def test_rows_come_in_portions_and_only_when_asked_for(
    rated_study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(long_table, "ROWS_AT_ONCE", 10)
    fetched: list[int] = []
    stream = _counting(LongTable.of(rated_study), fetched)
    assert next(stream).startswith(b"study,reader,case")
    assert fetched == []  # the header asks for no row
    list(islice(stream, 2))
    assert fetched == [10, 10]
    stream.close()
    assert len(fetched) == 2  # 216 rows are there; an abandoned download reads no further


def test_the_cursor_is_the_servers(rated_study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    """A named cursor lives in PostgreSQL, which hands over one portion at a time."""
    opened: list[Any] = []
    chunked_cursor = connection.chunked_cursor

    def noted() -> Any:
        opened.append(chunked_cursor())
        return opened[-1]

    monkeypatch.setattr(connection, "chunked_cursor", noted)
    monkeypatch.setattr(long_table, "ROWS_AT_ONCE", 7)
    assert len(next(LongTable.of(rated_study).portions())) == 7
    rows = opened[-1].cursor
    assert isinstance(rows, ServerCursor)
    assert rows.name


def test_the_number_of_queries_does_not_depend_on_the_number_of_ratings(rated_study: Study) -> None:
    small = worlds.make_open_study(readers=1, questions=ONE)
    with CaptureQueriesContext(connection) as few:
        exported(small)
    with CaptureQueriesContext(connection) as many:
        exported(rated_study)
    assert len(few) == len(many)


def _counting(table: LongTable, fetched: list[int]) -> Iterator[bytes]:
    """The table's CSV, noting how many rows each portion brought."""
    portions = LongTable.portions

    def counted(self: LongTable) -> Iterator[list[long_table.Record]]:
        for portion in portions(self):
            fetched.append(len(portion))
            yield portion

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(LongTable, "portions", counted)
        yield from table.csv()
