"""Large files over the API: what a tus client does, with a token."""

from __future__ import annotations

import base64
import hashlib
import os
from typing import Any

import pytest

from readerstudy.cases import actions
from readerstudy.cases.models import Transfer, Upload
from readerstudy.studies.models import Role, Study
from tests import factories
from tests.api.programs import ROOT, Program, Sending, member_of, program_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def transfers(study: Study) -> str:
    actions.attest(study=study, by=study.created_by)
    return f"studies/{study.key}/transfers/"


def begin(program: Program, address: str, size: int, metadata: str = "") -> Any:
    said = {"Upload-Length": str(size), "Upload-Metadata": metadata}
    return program.send("POST", address, Sending(headers=said))


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def test_a_client_sends_a_file_in_parts_and_learns_its_fate(
    study: Study,
    coordinator: Program,
    transfers: str,
    bells: list[str],
    django_capture_on_commit_callbacks: Any,
) -> None:
    content = os.urandom(300_000)
    begun = begin(coordinator, transfers, len(content), f"path {encoded('left/1.dcm')}")
    assert begun.status_code == 201
    url = begun["Location"]
    assert url.startswith(f"{ROOT}{transfers}")
    with django_capture_on_commit_callbacks(execute=True):
        for start in (0, 100_000, 200_000):
            at = coordinator.send("HEAD", url, Sending())
            assert (at.status_code, at["Upload-Offset"], at["Cache-Control"]) == (200, str(start), "no-store")
            part = Sending(content[start : start + 100_000], {"Upload-Offset": str(start)})
            assert coordinator.send("PATCH", url, part).status_code == 204
    upload = Upload.objects.latest("pk")
    assert (upload.original_name, upload.image_set.created_by) == ("left/1.dcm", study.created_by)
    told = coordinator.get(url).json()
    assert told["sha256"] == hashlib.sha256(content).hexdigest()
    assert (told["id"], told["fate"], told["offset"]) == (upload.pk, "received", len(content))
    assert bells == ["readerstudy.cases.tasks.ingest"]


def test_a_client_asks_what_the_server_knows(study: Study, coordinator: Program, transfers: str) -> None:
    response = coordinator.send("OPTIONS", transfers, Sending())
    assert (response.status_code, response["Tus-Version"]) == (204, "1.0.0")
    reader = program_of(member_of(study, Role.READER))
    assert reader.send("OPTIONS", transfers, Sending()).status_code == 403
    assert Program().send("OPTIONS", transfers, Sending()).status_code == 401


def test_a_client_behind_a_proxy_names_its_method_in_a_header(coordinator: Program, transfers: str) -> None:
    url = begin(coordinator, transfers, 10)["Location"]
    part = Sending(b"0123", {"Upload-Offset": "0", "X-HTTP-Method-Override": "PATCH"})
    assert coordinator.send("POST", url, part)["Upload-Offset"] == "4"
    wrong = coordinator.send("POST", url, Sending(b"", {"X-HTTP-Method-Override": "BREW"}))
    assert wrong.status_code == 405


def test_a_client_gives_up(coordinator: Program, transfers: str) -> None:
    url = begin(coordinator, transfers, 10)["Location"]
    assert coordinator.send("DELETE", url, Sending()).status_code == 204
    assert coordinator.send("HEAD", url, Sending()).status_code == 404


def test_a_client_attests_with_the_metadata(study: Study) -> None:
    other = program_of(factories.make_member(study, Role.COORDINATOR))
    address = f"studies/{study.key}/transfers/"
    assert begin(other, address, 10).status_code == 409
    assert begin(other, address, 10, f"attested {encoded('true')}").status_code == 201


def test_a_transfer_belongs_to_its_study_and_to_whoever_began_it(
    study: Study, coordinator: Program, transfers: str
) -> None:
    url = begin(coordinator, transfers, 10)["Location"]
    colleague = program_of(factories.make_member(study, Role.COORDINATOR))
    stranger = program_of(member_of(factories.make_study(), Role.COORDINATOR))
    for program in (colleague, stranger):
        part = Sending(b"0123", {"Upload-Offset": "0"})
        assert program.send("PATCH", url, part).status_code == 404
        assert program.get(url).status_code == 404
    assert Transfer.objects.get().received == 0


def test_refusals_speak_tus_and_are_sentences(coordinator: Program, transfers: str) -> None:
    url = begin(coordinator, transfers, 10)["Location"]
    old = coordinator.send("HEAD", url, Sending(headers={"Tus-Resumable": "0.9"}))
    assert (old.status_code, old["Tus-Version"]) == (412, "1.0.0")
    behind = coordinator.send("PATCH", url, Sending(b"x", {"Upload-Offset": "3"}))
    assert (behind.status_code, behind["Upload-Offset"], behind["Tus-Resumable"]) == (409, "0", "1.0.0")
    assert behind.json()["error"].endswith(".")
