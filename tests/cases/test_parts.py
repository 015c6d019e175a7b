"""Parts of large files: how they lie in the storage, what the sweep ends, broken connections, two senders at once."""

from __future__ import annotations

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
from readerstudy.studies.models import Study
from tests.cases.files import png, receive
from tests.cases.pages import address
from tests.cases.sending import BODY, encoded, head, parts_in_storage, send
from tests.factories import make_study

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("attested")]

PATIENCE = 30


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
