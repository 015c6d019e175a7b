"""The files to take away: whole, coded, pseudonymous, blinded where they must be, and the same for the same data."""

from __future__ import annotations

import csv
import hashlib
import io
import itertools
import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import time_machine
import yaml
from django.core.cache import cache
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse

from readerstudy.analysis.actions import LOOKS, freeze_report
from readerstudy.analysis.exports import description
from readerstudy.analysis.exports.catalogue import everything, files_of, tables_of
from readerstudy.analysis.exports.tables import Source
from readerstudy.audit.models import Event
from readerstudy.reading.models import RatingEvent
from readerstudy.studies.models import Membership, Role, Study
from tests import factories
from tests.analysis import worlds

pytestmark = pytest.mark.django_db
ALL = {
    "events.csv",
    "ratings.csv",
    "wide/correctness.csv",
    "readers.csv",
    "sessions.csv",
    "cases.csv",
    "allocation.csv",
    "audit.csv",
    "outputs.csv",
    "generations.csv",
    "verdicts.csv",
    "codebook.csv",
    "study.yaml",
    "design.json",
    "report.json",
}


@pytest.fixture(autouse=True)
def _empty_cache() -> None:
    cache.clear()


def contents(study: Study) -> dict[str, bytes]:
    source = Source(study)
    report = freeze_report(study=study, by=None)
    return {file.name: b"".join(file.chunks(source)) for file in files_of(source, report)}


@pytest.fixture(scope="module")
def taken(rated_study: Study) -> dict[str, bytes]:
    return contents(rated_study)


def table(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode(), newline="")))


def client_of(study: Study, role: Role = Role.RESEARCHER) -> Client:
    client = Client()
    client.force_login(Membership.objects.filter(study=study, role=role).order_by("pk")[0].user)
    return client


def sent(response: Any) -> bytes:
    return b"".join(response.streaming_content)


def test_everything_is_there(taken: dict[str, bytes]) -> None:
    assert set(taken) >= ALL
    assert all(taken.values())


def test_every_event_has_a_row_and_the_final_ones_are_the_ratings(rated_study: Study) -> None:
    with transaction.atomic():
        seat, output = worlds.output_of(rated_study, seat=1, case=0, arm=0)
        criterion = seat.study.rubrics.get().criteria.get(key="correctness")
        worlds.rate(seat, output, criterion, "2")
        worlds.rate(seat, output, criterion, "")
        rows = table(contents(rated_study)["events.csv"])
        transaction.set_rollback(True)
    assert len(rows) == RatingEvent.objects.filter(allocation__plan__study=rated_study).count() + 2
    own = [
        row
        for row in rows
        if (row["reader"], row["case"], row["arm"], row["criterion"])
        == ("R01", output.allocation.case.code, "Alpha", "correctness")
    ]
    assert [(row["value"], row["final"]) for row in own] == [(own[0]["value"], "0"), ("2", "0"), ("", "1")]
    assert own[0]["given_at"] <= own[1]["given_at"] <= own[2]["given_at"]


def test_final_events_say_what_the_long_table_says(taken: dict[str, bytes]) -> None:
    final = {
        (row["reader"], row["case"], row["arm"], row["criterion"]): row["value"]
        for row in table(taken["events.csv"])
        if row["final"] == "1"
    }
    rated = {
        (row["reader"], row["case"], row["arm"], row["criterion"]): row["value"]
        for row in table(taken["ratings.csv"])
        if row["events"] != "0"
    }
    assert final == rated


def test_a_wide_table_holds_each_readers_answer_in_its_column(taken: dict[str, bytes]) -> None:
    wide = {(row["case"], row["arm"]): row for row in table(taken["wide/harm.csv"])}
    assert len(wide) == 12
    for row in table(taken["ratings.csv"]):
        if row["criterion"] == "harm":
            assert wide[row["case"], row["arm"]][row["reader"]] == row["value"]


def test_readers_go_by_pseudonyms_and_no_address_or_file_name_leaves(
    rated_study: Study, taken: dict[str, bytes]
) -> None:
    assert [row["reader"] for row in table(taken["readers.csv"])] == ["R01", "R02", "R03"]
    people = Membership.objects.filter(study=rated_study).select_related("user")
    words = {row.user.email for row in people} | {"@example.org"}
    for name, content in taken.items():
        for word in words:
            assert word.encode() not in content, name


def test_no_cell_is_a_formula(rated_study: Study, taken: dict[str, bytes]) -> None:
    assert b"=HYPERLINK" in taken["events.csv"]
    for name, content in taken.items():
        if name.endswith(".csv"):
            for row in csv.reader(io.StringIO(content.decode(), newline="")):
                assert not any(re.match(r"[=+@\t\r\n]|-(?!\d)", cell) for cell in row), name
    book = workbook_of(rated_study)
    sheets = [book.read(name).decode() for name in book.namelist() if name.startswith("xl/worksheets/")]
    assert len(sheets) == len(tables_of(Source(rated_study)))
    assert not any("<f>" in sheet or "<f " in sheet or "hyperlink" in sheet for sheet in sheets)


def workbook_of(study: Study) -> zipfile.ZipFile:
    return zipfile.ZipFile(
        io.BytesIO(sent(client_of(study).get(reverse("analysis:file", args=[study.key, "tables.xlsx"]))))
    )


def test_the_workbook_has_the_tables_cells_numbers_as_numbers(
    rated_study: Study, taken: dict[str, bytes]
) -> None:
    book = workbook_of(rated_study)
    names = re.findall(r'<sheet name="([^"]+)"', book.read("xl/workbook.xml").decode())
    assert names[:3] == ["events", "ratings", "wide correctness"]
    sheet = book.read(f"xl/worksheets/sheet{names.index('readers') + 1}.xml").decode()
    assert re.search(r'<c r="A2"[^>]*t="inlineStr"><is><t>' + rated_study.key, sheet)
    planned = table(taken["readers.csv"])[0]["planned"]
    assert f'<c r="O2"><v>{planned}</v></c>' in sheet


def test_generations_tell_model_prompt_and_tokens_once_the_study_is_unblinded(
    taken: dict[str, bytes],
) -> None:
    rows = table(taken["generations.csv"])
    assert [row["arm"] for row in rows[:2]] == ["Alpha", "Beta"]
    assert rows[0]["source"] == "model"
    assert rows[0]["prompt"]
    assert rows[1]["source"] == "imported"
    assert len(rows) == 12
    assert all(len(row["text_sha256"]) == 64 for row in rows)


def test_every_verdict_has_a_row_and_one_stands(taken: dict[str, bytes]) -> None:
    rows = table(taken["verdicts.csv"])
    standing = [row for row in rows if row["standing"] == "1"]
    assert len(standing) == 12
    judged = {(row["case"], row["arm"]): row["refusal_verdict"] for row in table(taken["outputs.csv"])}
    assert {(row["case"], row["arm"]): row["verdict"] for row in standing} == judged


def test_the_codebook_names_every_column_of_every_table(taken: dict[str, bytes]) -> None:
    told = {(row["applies_to"], row["column"]) for row in table(taken["codebook.csv"])}
    for name, content in taken.items():
        if name.endswith(".csv") and name != "codebook.csv":
            for column in next(csv.reader(io.StringIO(content.decode(), newline=""))):
                assert (name, column) in told or ("", column) in told, (name, column)
    assert all(row["meaning"] for row in table(taken["codebook.csv"]))


def test_the_protocol_is_a_protocol_file(taken: dict[str, bytes]) -> None:
    told = yaml.safe_load(taken["study.yaml"])
    assert [arm["name"] for arm in told["arms"]] == ["Alpha", "Beta"]


def test_the_allocation_tells_order_letters_and_times(rated_study: Study, taken: dict[str, bytes]) -> None:
    rows = table(taken["allocation.csv"])
    assert len(rows) == 3 * 6 * 2
    assert {row["letter"] for row in rows} == {"A", "B"}
    first = [row for row in rows if row["reader"] == "R01"]
    assert [int(row["position"]) for row in first] == sorted(int(row["position"]) for row in first)


def test_the_audit_trail_is_whole_and_chained(rated_study: Study, taken: dict[str, bytes]) -> None:
    rows = table(taken["audit.csv"])
    by_stream: dict[str, list[dict[str, str]]] = {}
    for row in rows:
        by_stream.setdefault(row["stream"], []).append(row)
    for chain in by_stream.values():
        assert [int(row["position"]) for row in chain] == list(range(1, len(chain) + 1))
        assert [row["previous"] for row in chain[1:]] == [row["digest"] for row in chain[:-1]]
    assert {"study", "study/reader/1"} <= set(by_stream)
    assert {row["by"] for row in by_stream["study/reader/1"]} == {"R01"}


def test_the_archive_names_each_file_with_its_checksum(rated_study: Study) -> None:
    client = client_of(rated_study)
    packed = zipfile.ZipFile(
        io.BytesIO(sent(client.get(reverse("analysis:file", args=[rated_study.key, "everything.zip"]))))
    )
    assert packed.testzip() is None
    names = set(packed.namelist())
    assert names >= ALL | {"tables.xlsx", "manifest.json", "SHA256SUMS"}
    for line in packed.read("SHA256SUMS").decode().splitlines():
        digest, name = line.split("  ")
        assert hashlib.sha256(packed.read(name)).hexdigest() == digest
    told = json.loads(packed.read("manifest.json"))
    assert told["study_manifest_sha256"] == rated_study.manifest_sha256
    assert told["report_input_sha256"] == json.loads(packed.read("report.json"))["input_sha256"]
    assert {each["name"] for each in told["files"]} == names - {"manifest.json", "SHA256SUMS"}


def test_a_download_does_not_change_the_next_and_the_trail_stays_a_chain(rated_study: Study) -> None:
    client = client_of(rated_study)
    address = reverse("analysis:file", args=[rated_study.key, "everything.zip"])
    first, second = (sent(client.get(address)) for _time in range(2))
    assert first == second
    rows = table(zipfile.ZipFile(io.BytesIO(first)).read("audit.csv"))
    own = [row for row in rows if row["stream"] == "study"]
    assert [int(row["position"]) for row in own] == list(range(1, len(own) + 1))
    assert own[-1]["deed"] not in LOOKS
    assert Event.objects.of_study(rated_study.pk).filter(verb__in=LOOKS).count() > 2


@pytest.fixture
def _frozen_clock() -> Iterator[None]:
    with time_machine.travel("2026-03-04T05:06:07Z", tick=False):
        yield


def make_again() -> bytes:
    """The same study made afresh, other primary keys included, and all its files but the audit trail."""
    with transaction.atomic():
        study = worlds.make_rated_study(readers=2, questions=("correctness", "sign"), named=True)
        source = Source(study)
        files = [file for file in files_of(source, None) if file.name != "audit.csv"]
        made = b"".join(b"\0".join([file.name.encode(), *file.chunks(source)]) for file in files)
        transaction.set_rollback(True)
    return made


@pytest.mark.usefixtures("_frozen_clock")
def test_two_databases_with_the_same_data_give_the_same_bytes(
    monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = tmp_path
    monkeypatch.setattr("readerstudy.studies.models.study.secrets.randbits", lambda _bits: 12345)
    monkeypatch.setattr("readerstudy.studies.models.study.secrets.choice", lambda among: among[0])
    made = []
    for _database in range(2):
        monkeypatch.setattr(factories, "_numbers", itertools.count(100_000))
        made.append(make_again())
    first, second = made
    assert len(first) > 10_000
    assert hashlib.sha256(first).hexdigest() == hashlib.sha256(second).hexdigest()


def test_the_same_study_gives_the_same_archive_at_another_time_and_in_another_order_on_disk(
    rated_study: Study,
) -> None:
    report = freeze_report(study=rated_study, by=None)
    first = b"".join(everything(Source(rated_study), report))
    with time_machine.travel("2031-01-01T00:00:00Z"), connection.cursor() as cursor:
        for name, column in (
            ("reading_rating", "value"),
            ("reading_reading", "shown_at"),
            ("reading_session", "seat_id"),
        ):
            cursor.execute(
                f"UPDATE {name} SET {column} = {column} WHERE id % 2 = 0"
            )  # moves the rows on disk
        second = b"".join(everything(Source(rated_study), report))
    assert first == second


def test_while_blinded_no_file_tells_which_arm_is_which() -> None:
    study = worlds.make_rated_study(readers=1, questions=("correctness",))
    with transaction.atomic():
        blinded = worlds.make_open_study(readers=2, questions=("correctness",), named=False)
        worlds.read_everything(Membership.objects.readers(blinded)[0], worlds.known_rating)
        told = contents(blinded)
    assert study.pk != blinded.pk
    for name, content in told.items():
        if name != "study.yaml" and not name.startswith(
            "methods"
        ):  # these name the arms, and never by their codes
            for word in (b"Alpha", b"Beta", b"sim-alpha", b"simulated-openai"):
                assert word not in content, (name, word)
    assert {row["arm"] for row in table(told["outputs.csv"])} == {"X", "Y"}
    for row in table(told["generations.csv"]):
        assert not any(
            row[name] for name in ("source", "asked_model", "seconds", "input_tokens", "cost", "prompt")
        )
    details = {row["stream"]: row for row in table(told["audit.csv"])}
    assert not details["study"]["details"]


def test_while_blinded_the_protocol_keeps_the_seed_of_the_allocation(
    rated_study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = description.data_of(rated_study)
    monkeypatch.setattr(
        description, "data_of", lambda _study: {**plain, "allocation": {"plan": "crossed", "seed": 7}}
    )
    source = Source(rated_study)
    assert yaml.safe_load(description.protocol(source))["allocation"] == {"plan": "crossed", "seed": 7}
    object.__setattr__(source.shown, "is_blinded", True)
    assert yaml.safe_load(description.protocol(source))["allocation"] == {"plan": "crossed"}


@pytest.mark.parametrize("role", [Role.RESEARCHER, Role.COORDINATOR, Role.ADJUDICATOR])
def test_the_page_lists_every_file_with_a_sentence(rated_study: Study, role: Role) -> None:
    client = client_of(rated_study, role)
    page = client.get(reverse("analysis:files", args=[rated_study.key])).content.decode()
    for name in ALL | {"tables.xlsx", "everything.zip"}:
        assert f'href="{reverse("analysis:file", args=[rated_study.key, name])}"' in page
    assert page.count("<dd>") >= len(ALL)
    assert "style=" not in page


def test_readers_and_strangers_reach_no_file(rated_study: Study) -> None:
    stranger = Client()
    stranger.force_login(factories.make_user())
    for client in (client_of(rated_study, Role.READER), stranger):
        assert client.get(reverse("analysis:files", args=[rated_study.key])).status_code == 404
        assert client.get(reverse("analysis:file", args=[rated_study.key, "events.csv"])).status_code == 404


def test_each_download_is_written_down_and_unknown_names_are_404(rated_study: Study) -> None:
    client = client_of(rated_study)
    response = client.get(reverse("analysis:file", args=[rated_study.key, "wide/harm.csv"]))
    assert response["Content-Disposition"].endswith('-wide-harm.csv"')
    assert sent(response)
    event = Event.objects.of_study(rated_study.pk).filter(verb="ratings.export").latest("pk")
    assert event.data == {"interim": True, "file": "wide/harm.csv"}
    for name in ("nothing.csv", "../settings.py", "wide/none.csv"):
        assert client.get(f"/studies/{rated_study.key}/report/files/{name}").status_code == 404


def test_the_command_writes_what_the_page_has(rated_study: Study, tmp_path: Path) -> None:
    out = io.StringIO()
    call_command("export_study", rated_study.key, str(tmp_path / "all"), stdout=out)
    written = {
        path.relative_to(tmp_path / "all").as_posix()
        for path in (tmp_path / "all").rglob("*")
        if path.is_file()
    }
    assert written >= ALL | {"tables.xlsx"}
    assert f"{len(written)} files" in out.getvalue()
    call_command("export_study", rated_study.key, str(tmp_path), zip=True, stdout=io.StringIO())
    assert (
        zipfile.ZipFile(tmp_path / "everything.zip").read("events.csv")
        == (tmp_path / "all/events.csv").read_bytes()
    )
    with pytest.raises(CommandError, match="no study"):
        call_command("export_study", "nobody", str(tmp_path))
