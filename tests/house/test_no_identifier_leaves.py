"""A hospital's files full of identifiers go all the way, and nothing of them is found anywhere but where coordinators
may see a file's name; once that is erased, nowhere at all.

Real web requests, a real worker, Redis with every command recorded, and every byte sent to the vendor.
"""

from __future__ import annotations

import base64
import hashlib
import io
import re
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import redis
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from readerstudy.cases import actions
from readerstudy.cases.models import Case, Fate, Image, ImageRules, Rendition, RenditionKind, Upload
from readerstudy.demo.processes import wait_until
from readerstudy.generation.actions import queue_generations
from readerstudy.generation.models import Attempt, Generation, Stage
from readerstudy.reading.actions import start_study
from readerstudy.reading.models import Allocation
from readerstudy.studies.models import Role, Study
from tests import factories
from tests.cases.files import dicom, png
from tests.engines import Broker, Workshop, dump, open_redis, open_vendor, open_workshop
from tests.generation.conftest import offers_at
from tests.house.relay import Relay, open_relay
from tests.imaging.test_leaks import (
    COLOUR,
    SPELLINGS,
    marked_dicom,
    marked_jpeg,
    marked_png,
    marked_tiff,
    marked_webp,
)

NAME = "ZQXSMITHJOHN"
PATIENCE = 120
BODY = re.compile(rb'\\"body\\": \\"([A-Za-z0-9+/=]+)|"body": ?"([A-Za-z0-9+/=]+)')


@dataclass
class Seen:
    """Everything that could be found outside the coordinator's own pages, by where it was."""

    places: dict[str, bytes] = field(default_factory=dict)

    def add(self, place: str, content: bytes) -> None:
        self.places[f"{len(self.places)} {place}"] = content

    def leaks(self) -> list[str]:
        return [
            place
            for place, content in self.places.items()
            if any(spelling in content or spelling in place.encode() for spelling in SPELLINGS)
        ]


@contextmanager
def every_command(url: str) -> Iterator[list[bytes]]:
    """What Redis was told, command by command, with the bodies of messages decoded."""
    told: list[bytes] = []
    listener: Any = redis.Redis.from_url(url, socket_timeout=None)
    with listener.monitor() as monitor:

        def listen() -> None:
            for command in monitor.listen():
                told.append(command["command"].encode())
                if command["command"] == "ECHO end":
                    return

        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        try:
            yield told
        finally:
            redis.Redis.from_url(url).echo("end")
            thread.join(timeout=PATIENCE)
    told += [base64.b64decode(one or two) for content in list(told) for one, two in BODY.findall(content)]


def files() -> dict[str, bytes]:
    """By path: every kind of file, each full of the marker."""
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.comment = NAME.encode()
        archive.writestr(f"{NAME}/case 1/current.png", png(7, texts={NAME: NAME}))
        archive.writestr(f"{NAME}.txt", NAME)
        archive.writestr(f"{NAME}.csv", f"file,case,slot\n{NAME}.webp,{NAME} 9,prior\n")
    return {
        f"{NAME}/{NAME}_1957.dcm": marked_dicom(),
        f"{NAME}/prior.png": marked_png(COLOUR),
        f"{NAME}.jpg": marked_jpeg(COLOUR),
        f"{NAME}.webp": marked_webp(COLOUR),
        f"{NAME}.tif": marked_tiff(COLOUR),
        f"{NAME} half.dcm": marked_dicom()[:5000],
        f"{NAME} slice.dcm": dicom(
            3,
            modality="CT",
            PatientName=NAME,
            PatientAge="061Y",
            SeriesInstanceUID="1.2.3.4",
            SeriesDescription=NAME,
            ImagePositionPatient=[0, 0, 1],
            ImageOrientationPatient=[1, 0, 0, 0, 1, 0],
        ),
        f"{NAME}.zip": inner.getvalue(),
    }


@pytest.fixture
def study(transactional_db: None) -> Study:
    study = factories.make_study(instructions="Judge the text.")
    ImageRules.objects.create(study=study, keeps_age_and_sex=True)
    factories.make_arm(study, connection="simulated-openai")
    factories.make_arm(study, connection="simulated-gemini", model="sim-beta")
    factories.make_criterion(study)
    return study


def test_no_identifier_leaves(study: Study, client: Client, tmp_path: Path, settings: Any) -> None:
    seen = Seen()
    with (
        open_redis(tmp_path / "redis") as url,
        every_command(url) as told,
        open_vendor(tmp_path) as vendor,
        open_relay(vendor.url) as relay,
    ):
        broker, settings.CONNECTIONS = Broker(tmp_path, url), offers_at(relay.url)
        with broker.heard_here(), open_workshop(tmp_path, broker, vendor=relay.url) as workshop:
            go_all_the_way(study, client, workshop, seen)
        seen.add("the log of the processes", workshop.log().encode())
        look_at_requests(relay, seen)
        check_that_readers_see_what_models_got(relay)
    for number, content in enumerate(told):
        seen.add(f"command {number} to the broker", content)
    look_at_disk(tmp_path, seen)
    assert seen.leaks() == []
    assert NAME.encode() in dump(), "names stand where coordinators see them, until they are erased"
    actions.erase_names(study=study, by=study.created_by)
    seen.add("the dump of the database", dump())
    assert seen.leaks() == []
    check_that_it_looked_everywhere(seen, relay, told)


def go_all_the_way(study: Study, client: Client, workshop: Workshop, seen: Seen) -> None:
    workshop.start_worker()
    upload(study, client)
    wait_until(lambda: not Upload.objects.of(study).unfinished().exists(), seconds=PATIENCE, what="Rendering")
    fates = list(Upload.objects.of(study).values_list("fate", flat=True))
    assert fates.count(Fate.RENDERED) == 7, dict(Upload.objects.values_list("original_name", "reason"))
    images = list(Image.objects.of(study))
    look_before_the_yes(study, client, images, seen)
    actions.confirm_images(images=images, by=study.created_by)
    queue_generations(study=study, by=study.created_by)
    open_rows = Generation.objects.of(study).filter(stage__in=[Stage.QUEUED, Stage.RUNNING])
    wait_until(lambda: not open_rows.exists(), seconds=PATIENCE, what="The outputs")
    seat = factories.make_reader(study)
    researcher = factories.make_member(study, role=Role.RESEARCHER)
    factories.freeze(study)
    start_study(study=study, by=study.created_by)
    read(study, seat.user, seen)
    look_at_report(study, researcher.user, seen)


def upload(study: Study, client: Client) -> None:
    client.force_login(study.created_by)
    address = reverse("cases:upload", args=[study.key])
    for path, content in files().items():
        sent = SimpleUploadedFile(path.rsplit("/", maxsplit=1)[-1], content)
        response = client.post(address, {"file": sent, "path": path}, HTTP_ACCEPT="application/json")
        assert response.status_code == 201, response.content


def look_before_the_yes(study: Study, client: Client, images: list[Image], seen: Seen) -> None:
    """Bytes and headers of what a coordinator looks at: they are clean already."""
    for image in images:
        response = client.get(reverse("cases:thumbnail", args=[study.key, image.key]))
        note(seen, "a coordinator's preview", response)


def read(study: Study, user: Any, seen: Seen) -> None:
    reader = Client()
    reader.force_login(user)
    note(seen, "the reader's start", reader.get(reverse("reading:start", args=[study.key])))
    for allocation in Allocation.objects.filter(seat__study=study):
        note(seen, "a case", reader.get(reverse("reading:read", args=[study.key, allocation.key])))
        for image in Image.objects.filter(case=allocation.case):
            for product in ("meta", "preview", "full-0"):
                address = reverse("reading:image", args=[study.key, allocation.case_key, image.slot, product])
                note(seen, f"an image's {product}", reader.get(address))


def look_at_report(study: Study, user: Any, seen: Seen) -> None:
    researcher = Client()
    researcher.force_login(user)
    for name in ("report", "ratings", "codebook", "html", "json"):
        note(seen, f"the report's {name}", researcher.get(reverse(f"analysis:{name}", args=[study.key])))


def note(seen: Seen, place: str, response: Any) -> None:
    """Status, headers and body of a response."""
    content = b"".join(response) if response.streaming else response.content
    assert response.status_code == 200, (place, content[:300])
    seen.add(f"headers of {place}", str(response.headers).encode())
    seen.add(place, content)


def look_at_requests(relay: Relay, seen: Seen) -> None:
    for request in relay.sent:
        seen.add("a request to the vendor", request)
        for image in images_in(request):
            seen.add("an image sent to the vendor", image)


def check_that_readers_see_what_models_got(relay: Relay) -> None:
    """The hashes beside each attempt are those of the bytes on the wire, and of what is stored for readers."""
    noted = {image["sha256"] for attempt in Attempt.objects.all() for image in attempt.images}
    stored = Rendition.objects.current().filter(kind=RenditionKind.DISPLAY).values_list("sha256", flat=True)
    wire = {hashlib.sha256(image).hexdigest() for request in relay.sent for image in images_in(request)}
    assert noted == wire == set(stored)


def images_in(request: bytes) -> list[bytes]:
    """The images of a request in either wire format."""
    found = re.findall(rb'"(?:data:image/[a-z]+;base64,)?([A-Za-z0-9+/_-]{80,}={0,2})"', request)
    plain = [encoded.translate(bytes.maketrans(b"-_", b"+/")) for encoded in found]
    return [base64.b64decode(encoded) for encoded in plain]


def look_at_disk(folder: Path, seen: Seen) -> None:
    """Storage, logs, workrooms, the broker's folders: names of files and what is in them."""
    for path in folder.rglob("*"):
        seen.add(f"the name of a file: {path.relative_to(folder)}", b"")
        if path.is_file():
            seen.add(f"a file: {path.relative_to(folder)}", path.read_bytes())


def check_that_it_looked_everywhere(seen: Seen, relay: Relay, told: list[bytes]) -> None:
    cases = Case.objects.count()
    kinds = [place.split(" ", 1)[1] for place in seen.places]
    assert kinds.count("a request to the vendor") == len(relay.sent) == 2 * cases
    assert kinds.count("an image sent to the vendor") >= 2 * cases
    assert kinds.count("an image's full-0") >= cases
    assert any(b"readerstudy.cases.tasks.ingest" in content for content in told)
    assert any(content.startswith(b"[[") for content in told), "bodies of messages were decoded"
    assert any(kind.startswith("a file: media/renditions/") for kind in kinds)
    assert "the report's ratings" in kinds
    assert b"cases_image" in seen.places[next(place for place in seen.places if "dump" in place)]
