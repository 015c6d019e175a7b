"""Large files arrive in parts: what the tus protocol says, who may send, and what is refused in a sentence."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.test import Client

from readerstudy.audit.models import Event
from readerstudy.cases.models import Fate, Transfer, Upload
from readerstudy.studies.models import Role, Study
from tests.cases.files import png, receive
from tests.cases.pages import address
from tests.cases.sending import BODY, TUS, encoded, head, parts_in_storage, send
from tests.factories import make_member, make_study

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("attested")]


def test_the_server_says_what_it_knows(coordinator: Client, study: Study, settings: Any) -> None:
    settings.MAX_UPLOAD_BYTES = 5_000
    response = coordinator.options(address("start_transfer", study))
    assert response.status_code == 204
    assert response["Tus-Version"] == response["Tus-Resumable"] == "1.0.0"
    assert response["Tus-Extension"] == "creation,expiration,termination,checksum"
    assert response["Tus-Max-Size"] == "5000"
    assert response["Tus-Checksum-Algorithm"] == "sha1,sha256"


def test_a_file_in_parts_becomes_an_upload(
    coordinator: Client,
    study: Study,
    begin: Callable[..., Any],
    bells: list[Any],
    django_capture_on_commit_callbacks: Any,
) -> None:
    content = png(1, side=200)
    begun = begin(len(content), f"filename {encoded('scan.png')},path {encoded('left/scän.png')}")
    assert (begun.status_code, begun["Upload-Offset"], begun["Cache-Control"]) == (201, "0", "no-store")
    assert begun["Upload-Expires"].endswith("GMT")
    url = begun["Location"]
    with django_capture_on_commit_callbacks(execute=True):
        for start in range(0, len(content), 10_000):
            part = content[start : start + 10_000]
            assert head(coordinator, url)["Upload-Offset"] == str(start)
            assert send(coordinator, url, start, part)["Upload-Offset"] == str(start + len(part))
    upload = Upload.objects.get()
    assert (upload.fate, upload.original_name, upload.size) == (Fate.RECEIVED, "left/scän.png", len(content))
    assert upload.sha256 == hashlib.sha256(content).hexdigest()
    assert default_storage.open(upload.stored).read() == content
    assert len(bells) == 1
    assert parts_in_storage() == []
    told = coordinator.get(url).json()
    assert told == {
        "offset": len(content),
        "size": len(content),
        "id": upload.pk,
        "fate": "received",
        "reason": "",
        "sha256": upload.sha256,
    }
    assert Transfer.objects.get().original_name == "", "the upload's row has it, and can forget it"


def test_head_tells_what_was_announced_and_nothing_keeps_it(
    coordinator: Client, begin: Callable[..., Any]
) -> None:
    url = begin(10, f"filename {encoded('a.png')}")["Location"]
    response = head(coordinator, url)
    assert (response.status_code, response.content) == (200, b"")
    assert (response["Upload-Length"], response["Upload-Offset"]) == ("10", "0")
    assert response["Upload-Metadata"] == f"filename {encoded('a.png')}"
    assert (response["Cache-Control"], response["Tus-Resumable"]) == ("no-store", "1.0.0")


def test_a_finished_file_answers_as_finished_and_a_repeated_part_does_no_harm(
    coordinator: Client, begin: Callable[..., Any]
) -> None:
    content = png(2)
    url = begin(len(content))["Location"]
    assert send(coordinator, url, 0, content).status_code == 204
    again = send(coordinator, url, 0, content)
    assert (again.status_code, again["Upload-Offset"]) == (409, str(len(content)))
    assert send(coordinator, url, len(content), b"").status_code == 204
    assert head(coordinator, url)["Upload-Offset"] == str(len(content))
    assert Upload.objects.count() == 1


def test_a_file_that_is_already_here_is_told_and_kept_once(
    coordinator: Client, study: Study, begin: Callable[..., Any]
) -> None:
    first = receive(study, png(3))
    url = begin(first.size)["Location"]
    send(coordinator, url, 0, png(3))
    told = coordinator.get(url).json()
    assert (told["fate"], told["reason"]) == (
        "duplicate",
        "The same file is already in this study; it is kept once.",
    )


def test_an_empty_file_is_refused_at_once(coordinator: Client, begin: Callable[..., Any]) -> None:
    begun = begin(0)
    assert begun.status_code == 201
    told = coordinator.get(begun["Location"]).json()
    assert (told["fate"], told["reason"]) == ("refused", "The file is empty. Copy or export it again.")


@pytest.mark.parametrize(
    ("size", "metadata", "headers", "status"),
    [
        ("", "", {}, 400),
        ("-1", "", {}, 400),
        ("1e9", "", {}, 400),
        ("9" * 30, "", {}, 400),
        ("10", "", {"Upload-Defer-Length": "1"}, 400),
        ("10", "filename not*base64", {}, 400),
        ("10", "filename /w==", {}, 400),
        ("10", "filename YQ==,filename YQ==", {}, 400),
        ("10", "ümlaut YQ==", {}, 400),
        ("10", ",", {}, 400),
        ("10", "", {"Tus-Resumable": "0.2.2"}, 412),
        ("10", "", {"Tus-Resumable": ""}, 412),
        ("10", "is_confidential", {}, 201),
    ],
)
def test_a_beginning_that_is_not_right_is_refused_in_a_sentence(
    begin: Callable[..., Any], size: str, metadata: str, headers: dict[str, str], status: int
) -> None:
    response = begin(size, metadata, **headers)
    assert response.status_code == status
    assert response["Tus-Resumable"] == "1.0.0"
    if status != 201:
        assert response.json()["error"].endswith(".")
        assert not Transfer.objects.exists()
    assert (response.get("Tus-Version") == "1.0.0") == (status == 412)


@pytest.mark.parametrize(
    ("offset", "content", "headers", "status"),
    [
        ("", b"x", {}, 400),
        ("x", b"x", {}, 400),
        ("5", b"x", {}, 409),
        ("0", b"x" * 11, {}, 413),
        ("0", b"x", {"Tus-Resumable": "2.0.0"}, 412),
        ("0", b"x", {"Upload-Checksum": "crc32 AAAA"}, 400),
        ("0", b"x", {"Upload-Checksum": "sha1 no*base64"}, 400),
    ],
)
def test_a_part_that_is_not_right_changes_nothing(
    coordinator: Client,
    begin: Callable[..., Any],
    offset: str,
    content: bytes,
    headers: dict[str, str],
    status: int,
) -> None:
    url = begin(10)["Location"]
    response = send(coordinator, url, offset, content, **headers)
    assert response.status_code == status
    assert response.json()["error"].endswith(".")
    assert (response.get("Upload-Offset") == "0") == (status == 409)
    assert head(coordinator, url)["Upload-Offset"] == "0"
    assert parts_in_storage() == []


def test_a_part_of_another_type_or_without_its_length_is_refused(
    coordinator: Client, begin: Callable[..., Any]
) -> None:
    url = begin(10)["Location"]
    said = {**TUS, "Upload-Offset": "0"}
    wrong = coordinator.generic("PATCH", url, b"x", content_type="application/json", headers=said)
    assert wrong.status_code == 415
    endless = coordinator.generic(
        "PATCH",
        url,
        b"x",
        content_type=BODY,
        headers=said,
        CONTENT_LENGTH="",
        HTTP_TRANSFER_ENCODING="chunked",
    )
    assert endless.status_code == 411


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_bytes_count_only_with_their_checksum(
    coordinator: Client, begin: Callable[..., Any], algorithm: str
) -> None:
    url = begin(10)["Location"]
    digest = hashlib.new(algorithm, b"01234").digest()
    said = {"Upload-Checksum": f"{algorithm} {base64.b64encode(digest).decode()}"}
    changed = send(coordinator, url, 0, b"01235", **said)
    assert (changed.status_code, head(coordinator, url)["Upload-Offset"]) == (460, "0")
    assert parts_in_storage() == []
    assert send(coordinator, url, 0, b"01234", **said)["Upload-Offset"] == "5"


def test_a_method_may_be_named_in_a_header_and_others_are_not_known(
    coordinator: Client, begin: Callable[..., Any]
) -> None:
    url = begin(10)["Location"]
    said = {**TUS, "Upload-Offset": "0", "X-HTTP-Method-Override": "PATCH"}
    assert coordinator.generic("POST", url, b"0123", content_type=BODY, headers=said).status_code == 204
    assert Transfer.objects.get().received == 4
    unknown = coordinator.put(url, headers=TUS)
    assert (unknown.status_code, unknown["Allow"]) == (405, "HEAD, GET, PATCH, DELETE")


def test_a_file_is_given_up(
    coordinator: Client, begin: Callable[..., Any], django_capture_on_commit_callbacks: Any
) -> None:
    url = begin(10)["Location"]
    send(coordinator, url, 0, b"0123")
    with django_capture_on_commit_callbacks(execute=True):
        assert coordinator.delete(url, headers=TUS).status_code == 204
    assert parts_in_storage() == []
    for response in (head(coordinator, url), send(coordinator, url, 4, b"4"), coordinator.get(url)):
        assert response.status_code == 404
    assert Event.objects.filter(verb="transfer.give_up").count() == 1


def test_a_large_file_does_not_begin_where_there_is_no_room(
    study: Study, begin: Callable[..., Any], settings: Any
) -> None:
    settings.MAX_UPLOAD_BYTES = 6 * 2**20
    settings.MAX_WAITING_BYTES = 10 * 2**20
    assert begin(settings.MAX_UPLOAD_BYTES + 1).json() == {
        "error": "The file is larger than 6 MB, the most this site accepts."
    }
    assert begin(6 * 2**20).status_code == 201
    full = begin(6 * 2**20)
    assert (full.status_code, full["Retry-After"]) == (413, "60")
    assert full.json()["error"].startswith("Files of 6 MB already wait in this study")
    assert begin(2**20).status_code == 201
    Transfer.objects.all().delete()
    Upload.objects.filter(pk=receive(study, png(4)).pk).update(size=5 * 2**20)
    assert begin(6 * 2**20).status_code == 413, "what waits for a worker takes room as well"
    Upload.objects.update(fate=Fate.REFUSED, reason="Done.")
    assert begin(6 * 2**20).status_code == 201


@pytest.mark.parametrize(
    ("kind", "status"),
    [("reader", 404), ("researcher", 404), ("adjudicator", 404), ("stranger", 404), ("", 302)],
)
def test_coordinators_alone_get_in(study: Study, begin: Callable[..., Any], kind: str, status: int) -> None:
    url, client = begin(10)["Location"], Client()
    if kind:
        client.force_login(
            make_study().created_by if kind == "stranger" else make_member(study, Role(kind)).user
        )
    said = {**TUS, "Upload-Length": "10", "Upload-Offset": "0"}
    asked = [("OPTIONS", address("start_transfer", study)), ("POST", address("start_transfer", study))]
    asked += [(method, url) for method in ("HEAD", "GET", "PATCH", "DELETE")]
    asked += [("POST", address("known", study))]
    answers = [client.generic(method, where, headers=said).status_code for method, where in asked]
    assert answers == [status] * len(asked)
    assert Transfer.objects.count() == 1


def test_another_site_cannot_send_in_a_coordinators_name(study: Study, begin: Callable[..., Any]) -> None:
    url, client = begin(10)["Location"], Client(enforce_csrf_checks=True)
    client.force_login(study.created_by)
    assert send(client, url, 0, b"x").status_code == 403
    assert client.delete(url, headers=TUS).status_code == 403
    assert Transfer.objects.get().received == 0


def test_only_who_began_goes_on(coordinator: Client, study: Study, begin: Callable[..., Any]) -> None:
    url = begin(10)["Location"]
    other = Client()
    other.force_login(make_member(study, Role.COORDINATOR).user)
    assert [head(other, url).status_code, send(other, url, 0, b"x").status_code] == [404, 404]
    elsewhere = url.replace(study.key, make_study(by=study.created_by).key)
    assert head(coordinator, elsewhere).status_code == 404


def test_nothing_begins_without_a_word_about_names_or_in_a_locked_study(study: Study) -> None:
    other = Client()
    other.force_login(make_member(study, Role.COORDINATOR).user)

    def begin(metadata: str) -> Any:
        said = {**TUS, "Upload-Length": "10", "Upload-Metadata": metadata}
        return other.generic("POST", address("start_transfer", study), headers=said)

    refused = begin("")
    assert (refused.status_code, Transfer.objects.count()) == (409, 0)
    assert "State first" in refused.json()["error"]
    assert begin(f"attested {encoded('true')}").status_code == 201
    Study.objects.filter(pk=study.pk).update(state="running")
    assert begin("").json()["error"].startswith("This study is locked")


def test_a_file_that_arrived_in_a_study_locked_meanwhile_is_told_why(
    coordinator: Client, study: Study, begin: Callable[..., Any]
) -> None:
    url = begin(4)["Location"]
    Study.objects.filter(pk=study.pk).update(state="running")
    response = send(coordinator, url, 0, b"0123")
    assert response.status_code == 409
    assert "Upload-Offset" not in response
    assert response.json()["error"].startswith("This study is locked")
    assert not Upload.objects.exists()
