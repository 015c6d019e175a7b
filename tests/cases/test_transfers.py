"""Large files arrive in parts: the tus protocol, a broken connection, two senders at once, room, and an end."""

from __future__ import annotations

import base64
import hashlib
import os
import socket
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.files.storage import default_storage
from django.db import connection
from django.test import Client
from django.utils import timezone

from readerstudy.audit.models import Event
from readerstudy.cases import actions
from readerstudy.cases.actions import transfers
from readerstudy.cases.models import Fate, Transfer, Upload
from readerstudy.cases.policies import CasesError
from readerstudy.cases.streams import open_chained, store_pieces
from readerstudy.demo.processes import wait_until
from readerstudy.studies.models import Role, Study
from tests.cases.files import png, receive
from tests.cases.pages import address
from tests.factories import make_member, make_study

pytestmark = pytest.mark.django_db

TUS = {"Tus-Resumable": "1.0.0"}
BODY = "application/offset+octet-stream"
PATIENCE = 30


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.fixture(autouse=True)
def attested(study: Study) -> None:
    actions.attest(study=study, by=study.created_by)


@pytest.fixture
def begin(coordinator: Client, study: Study, bells: list[Any]) -> Callable[..., Any]:
    """Announces a file; returns the answer."""

    def post(size: object, metadata: str = "", **headers: str) -> Any:
        said = {**TUS, "Upload-Length": str(size), "Upload-Metadata": metadata, **headers}
        return coordinator.generic("POST", address("start_transfer", study), headers=said)

    return post


def send(client: Client, url: str, offset: object, content: bytes, **headers: str) -> Any:
    said = {**TUS, "Upload-Offset": str(offset), **headers}
    length = {} if content else {"CONTENT_TYPE": BODY, "CONTENT_LENGTH": "0"}
    return client.generic("PATCH", url, content, content_type=BODY, headers=said, **length)


def head(client: Client, url: str) -> Any:
    return client.head(url, headers=TUS)


def parts_in_storage() -> list[str]:
    try:
        return default_storage.listdir(transfers.ARRIVING)[1]
    except FileNotFoundError:
        return []


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


def test_many_tiny_parts_end(
    coordinator: Client, begin: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transfers, "MOST_PARTS", 2)
    url = begin(10)["Location"]
    assert [send(coordinator, url, at, b"x").status_code for at in range(3)] == [204, 204, 422]
    assert len(parts_in_storage()) == 2


def test_a_part_larger_than_memory_should_hold_is_stored_in_pieces(
    coordinator: Client, begin: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    monkeypatch.setattr(transfers, "PART", 4_000)
    content = os.urandom(10_000)
    url = begin(20_000)["Location"]
    assert send(coordinator, url, 0, content).status_code == 204
    assert [size for _name, size in Transfer.objects.get().parts] == [4000, 4000, 2000]


def test_the_sweep_ends_what_nobody_goes_on_with(
    coordinator: Client, study: Study, begin: Callable[..., Any], django_capture_on_commit_callbacks: Any
) -> None:
    url, fresh = begin(10)["Location"], begin(10)["Location"]
    send(coordinator, url, 0, b"0123")
    day_ago = timezone.now() - timedelta(hours=24, seconds=1)
    Transfer.objects.filter(key=url.split("/")[-2]).update(touched_at=day_ago)
    assert [head(coordinator, url).status_code, send(coordinator, url, 4, b"4").status_code] == [410, 410]
    with django_capture_on_commit_callbacks(execute=True):
        transfers.forget_transfers()
    assert [head(coordinator, each).status_code for each in (url, fresh)] == [404, 200]
    assert parts_in_storage() == []
    assert Event.objects.filter(verb="transfer.expire", actor=None).count() == 1


def test_the_sweep_finishes_what_a_killed_server_left_whole(
    coordinator: Client,
    begin: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
) -> None:
    content = png(5)
    url, other = begin(len(content))["Location"], begin(4)["Location"]

    def die(**_arguments: object) -> Upload:
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(transfers, "receive_upload", die)
        for each, sent in ((other, b"lost"), (url, content)):
            with pytest.raises(MemoryError):
                send(coordinator, each, 0, sent)
    assert coordinator.get(url).json()["fate"] == ""
    default_storage.delete(Transfer.objects.get(size=4).parts[0][0])
    Transfer.objects.update(touched_at=timezone.now() - timedelta(minutes=2))
    with django_capture_on_commit_callbacks(execute=True):
        transfers.forget_transfers()
    assert coordinator.get(url).json()["fate"] == "received"
    assert coordinator.get(other).json()["fate"] == "", "one whose bytes are gone keeps no other back"


def test_the_sweep_deletes_parts_that_no_row_names(
    coordinator: Client, begin: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    send(coordinator, begin(10)["Location"], 0, b"0123")
    store_pieces(transfers.ARRIVING, [b"stray"])
    transfers.forget_transfers()
    assert len(parts_in_storage()) == 2, "it may be written down in a moment"
    monkeypatch.setattr(transfers, "STRAY_AFTER", timedelta(0))
    transfers.forget_transfers()
    assert parts_in_storage() == [Transfer.objects.get().parts[0][0].rpartition("/")[2]]


def test_the_sweep_deletes_parts_of_uploads_and_old_rows(
    coordinator: Client, begin: Callable[..., Any], django_capture_on_commit_callbacks: Any
) -> None:
    content = png(6)
    send(
        coordinator, begin(len(content))["Location"], 0, content
    )  # its commit, and so the deletion, never comes
    assert len(parts_in_storage()) == 1
    transfers.forget_transfers()
    assert parts_in_storage() == []
    Transfer.objects.update(touched_at=timezone.now() - timedelta(hours=25))
    with django_capture_on_commit_callbacks(execute=True):
        transfers.forget_transfers()
    assert (Transfer.objects.count(), Upload.objects.count()) == (0, 1)


def test_nothing_of_a_file_is_written_into_the_audit_or_into_names(
    coordinator: Client, study: Study, begin: Callable[..., Any], caplog: Any
) -> None:
    url = begin(9, f"filename {encoded('MUSTER_ERIKA_1957.dcm')}")["Location"]
    send(coordinator, url, 0, b"0123")
    told = [str(event.data) + event.subject for event in Event.objects.all()] + parts_in_storage() + [url]
    assert "MUSTER" not in "".join(told) + caplog.text


def test_erasing_names_erases_those_of_files_on_their_way(study: Study, begin: Callable[..., Any]) -> None:
    begin(9, f"filename {encoded('MUSTER_ERIKA_1957.dcm')}")
    actions.erase_names(study=study, by=study.created_by)
    assert Transfer.objects.get().original_name == ""


def test_stored_parts_are_read_as_one_file() -> None:
    pieces = [os.urandom(size) for size in (1, 70_000, 3, 300_000)]
    parts = [store_pieces("arriving", [piece]) for piece in pieces]
    whole = b"".join(pieces)
    with open_chained(parts) as content:
        assert content.size == len(whole)
        assert b"".join(content.chunks(1000)) == whole
        for at in (0, 1, 70_000, 70_001, 70_004, len(whole)):
            content.seek(at)
            assert content.read(50) == whole[at : at + 50]
        content.seek(-3, os.SEEK_END)
        assert content.read() == whole[-3:]
    default_storage.delete(parts[1][0])
    with open_chained(parts) as broken, pytest.raises(OSError):
        broken.read()


def test_the_page_learns_which_files_are_here(coordinator: Client, study: Study) -> None:
    here, refused = receive(study, png(7)), receive(study, png(8))
    Upload.objects.filter(pk=refused.pk).update(fate=Fate.REFUSED, reason="Broken.")
    elsewhere = make_study()
    actions.attest(study=elsewhere, by=elsewhere.created_by)
    other = receive(elsewhere, png(9))
    body = {"sha256": [here.sha256, refused.sha256, other.sha256, "0" * 64]}
    response = coordinator.post(address("known", study), body, content_type="application/json")
    assert response.json() == {"known": [here.sha256]}


def test_another_name_of_a_known_file_is_noted_once(coordinator: Client, study: Study) -> None:
    here = receive(study, png(7), "a.png")
    body = {"sha256": [here.sha256, here.sha256, "0" * 64], "path": ["ward/b.png", "a.png", "c.png"]}
    for _again in range(2):
        response = coordinator.post(address("known", study), body, content_type="application/json")
        assert response.json() == {"known": [here.sha256]}
    noted = Upload.objects.exclude(pk=here.pk).values_list("original_name", "fate", "size")
    assert list(noted) == [("ward/b.png", Fate.DUPLICATE, here.size)]


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{",
        "[]",
        '{"sha256": [], "path": ["x"]}',
        '{"sha256": [], "path": 1}',
        '{"sha256": "x"}',
        '{"sha256": ["x"]}',
        '{"sha256": [1]}',
        "[" * 100_000,
    ],
)
def test_a_question_that_is_not_right_is_refused(coordinator: Client, study: Study, body: str) -> None:
    response = coordinator.post(address("known", study), body, content_type="application/json")
    assert response.status_code == 400
    assert response.json()["error"].endswith(".")


def test_no_more_hashes_than_are_looked_up_at_once(coordinator: Client, study: Study) -> None:
    for count, status in ((500, 200), (501, 400)):
        body = {"sha256": ["0" * 64] * count}
        response = coordinator.post(address("known", study), body, content_type="application/json")
        assert response.status_code == status


# --- Real connections ------------------------------------------------------------------------------------------
class Line:
    """A connection to the server that a test feeds and breaks by hand."""

    def __init__(self, server: str, client: Client) -> None:
        host, port = urlsplit(server).netloc.split(":")
        self.socket = socket.create_connection((host, int(port)), timeout=PATIENCE)
        self.head = (
            f"Host: {host}\r\nCookie: sessionid={client.cookies['sessionid'].value}; csrftoken={'b' * 32}\r\n"
        )
        self.head += f"X-CSRFToken: {'b' * 32}\r\nTus-Resumable: 1.0.0\r\nContent-Type: {BODY}\r\n"

    def begin_part(self, url: str, offset: int, length: int) -> None:
        said = (
            f"PATCH {url} HTTP/1.1\r\n{self.head}Upload-Offset: {offset}\r\nContent-Length: {length}\r\n\r\n"
        )
        self.socket.sendall(said.encode())

    def feed(self, content: bytes) -> None:
        self.socket.sendall(content)

    def status(self) -> int:
        return int(self.socket.makefile("rb").readline().split()[1])

    def cut(self) -> None:
        self.socket.close()


@pytest.fixture
def transfer(transactional_db: None, study: Study, attested: None) -> Transfer:
    content = 1_000_000
    return transfers.start_transfer(study=study, name="large.dcm", size=content, by=study.created_by)


@pytest.mark.django_db(transaction=True)
def test_what_has_arrived_when_a_connection_breaks_counts(
    live_server: Any, bells: list[Any], coordinator: Client, study: Study, transfer: Transfer
) -> None:
    content = os.urandom(1_000_000)
    url = address("transfer", study, transfer.key)
    line = Line(live_server.url, coordinator)
    line.begin_part(url, 0, 1_000_000)
    line.feed(content[:600_000])
    line.cut()
    wait_until(
        lambda: Transfer.objects.get().received == 600_000, seconds=PATIENCE, what="Storing what had arrived"
    )
    line = Line(live_server.url, coordinator)
    line.begin_part(url, 600_000, 400_000)
    line.feed(content[600_000:])
    assert line.status() == 204
    line.cut()
    upload = Upload.objects.get()
    assert upload.sha256 == hashlib.sha256(content).hexdigest()
    assert parts_in_storage() == []


@pytest.mark.django_db(transaction=True)
def test_of_two_senders_at_once_one_is_told_where_to_go_on(
    live_server: Any, bells: list[Any], coordinator: Client, study: Study, transfer: Transfer
) -> None:
    url = address("transfer", study, transfer.key)
    slow, quick = (Line(live_server.url, coordinator) for _line in range(2))
    slow.begin_part(url, 0, 500_000)
    slow.feed(b"s" * 400_000)
    quick.begin_part(url, 0, 300_000)
    quick.feed(b"q" * 300_000)
    assert quick.status() == 204
    slow.feed(b"s" * 100_000)
    assert slow.status() == 409
    for line in (slow, quick):
        line.cut()
    assert Transfer.objects.get().received == 300_000
    assert len(parts_in_storage()) == 1


@pytest.mark.django_db(transaction=True)
def test_a_file_is_made_an_upload_once_whoever_asks(
    bells: list[Any], study: Study, transfer: Transfer, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = os.urandom(transfer.size)
    position = 0

    def read(size: int) -> bytes:
        nonlocal position
        position += size
        return content[position - size : position]

    whole = transfers.take_part(transfer=transfer, offset=0, read=read)
    begun, go_on = threading.Event(), threading.Event()
    receive_upload = transfers.receive_upload

    def slowly(**arguments: Any) -> Upload:
        begun.set()
        assert go_on.wait(PATIENCE)
        return receive_upload(**arguments)

    monkeypatch.setattr(transfers, "receive_upload", slowly)
    told: list[object] = []

    def finish() -> None:
        told.append(transfers.finish_transfer(transfer=whole).upload_id)
        connection.close()

    first = threading.Thread(target=finish)
    first.start()
    assert begun.wait(PATIENCE)
    with pytest.raises(CasesError, match="is being checked"):
        transfers.finish_transfer(transfer=whole)
    with pytest.raises(CasesError, match="is being checked"):
        transfers.give_up_transfer(transfer=whole, by=study.created_by)
    go_on.set()
    first.join()
    assert told == [Upload.objects.get().pk]
    assert transfers.finish_transfer(transfer=whole).upload_id == Upload.objects.get().pk
