"""Thousands of files and large ones, sent from a real browser: nothing twice, and nothing lost with a connection."""

from __future__ import annotations

import base64
import hashlib
import itertools
import os
import random
import signal
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser, BrowserContext, Page, Request, expect

from readerstudy.cases import actions
from readerstudy.cases.models import Fate, Transfer, Upload
from readerstudy.demo.processes import answers, free_port, wait_until, web_command
from readerstudy.studies.models import Study
from tests.cases.files import png
from tests.engines import Broker, Workshop, open_workshop
from tests.factories import make_study

pytestmark = pytest.mark.django_db(transaction=True)

MB = 1024 * 1024
PATIENCE = 60
SLOW = 12 * MB  # bytes a second: slow enough to be caught in the middle


@pytest.fixture
def study(transactional_db: None, bells: list[Any]) -> Study:
    study = make_study()
    actions.attest(study=study, by=study.created_by)
    return study


@dataclass
class Coordinator:
    """The study's coordinator at the Images station, and every request that the page has made."""

    context: BrowserContext
    page: Page
    address: str
    requests: list[Request] = field(default_factory=list)

    def sign_in(self, study: Study) -> None:
        client = Client()
        client.force_login(study.created_by)
        value = client.cookies["sessionid"].value
        self.context.add_cookies([{"name": "sessionid", "value": value, "url": self.address}])

    def open(self, study: Study) -> Page:
        self.page.goto(f"{self.address}{reverse('cases:images', args=[study.key])}")
        if self.page.locator("summary", has_text="Add images").count():
            self.page.get_by_text("Add images").click()
        return self.page

    def asked(self, method: str, ending: str = "/") -> list[Request]:
        return [
            one for one in self.requests if one.method == method and one.url.split("?")[0].endswith(ending)
        ]

    def slow_down(self) -> None:
        limits = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": SLOW}
        self.context.new_cdp_session(self.page).send("Network.emulateNetworkConditions", limits)


def arrive(browser: Browser, address: str, study: Study, **options: Any) -> Coordinator:
    context = browser.new_context(viewport={"width": 1366, "height": 768}, **options)
    someone = Coordinator(context, context.new_page(), address)
    someone.page.on("request", lambda request: someone.requests.append(request))
    someone.page.on("dialog", lambda dialog: dialog.accept())
    someone.sign_in(study)
    return someone


@pytest.fixture
def coordinator(
    browser: Browser, plain_file_names: None, live_server: Any, study: Study
) -> Iterator[Coordinator]:
    someone = arrive(browser, live_server.url, study)
    yield someone
    someone.context.close()


def large_file(folder: Path, size: int = 40 * MB) -> Path:
    path = folder / "large.dcm"
    path.write_bytes(os.urandom(size))
    return path


def small_files(folder: Path, count: int, *, twins: int) -> Path:
    """A folder of `count` pictures of which the last `twins` are copies of the first ones."""
    folder.mkdir()
    for number in range(count):
        seed = number if number < count - twins else number - (count - twins)
        (folder / f"scan-{number:04d}.png").write_bytes(png(seed, side=8))
    return folder


def wait_for_bytes(least: int) -> None:
    def there() -> bool:
        transfer = Transfer.objects.first()
        return transfer is not None and transfer.received >= least

    wait_until(there, seconds=PATIENCE, what=f"The arrival of {least} bytes")


def check_arrived(path: Path) -> None:
    upload = Upload.objects.get()
    assert upload.fate == Fate.RECEIVED
    assert upload.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def offsets(someone: Coordinator) -> list[int]:
    return [int(one.headers["upload-offset"]) for one in someone.asked("PATCH")]


@dataclass
class Site:
    """The web server as it is deployed, for a test that kills it."""

    workshop: Workshop
    port: int = field(default_factory=free_port)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        self.workshop.processes.start("web", *web_command(self.port))
        wait_until(
            lambda: answers(f"{self.address}/health/"), seconds=PATIENCE, what="The web server's start"
        )

    def kill(self) -> None:
        """Ends every one of its processes at once, as a power cut would."""
        web = self.workshop.processes.children.pop("web")
        os.killpg(web.pid, signal.SIGKILL)
        web.wait()


@pytest.fixture
def site(tmp_path: Path, settings: Any) -> Iterator[Site]:
    broker = Broker(tmp_path)
    assert broker.options
    shared = {"STATIC_ROOT": settings.STATIC_ROOT, "SECRET_KEY": settings.SECRET_KEY}
    with open_workshop(tmp_path, broker, **shared) as workshop:
        site = Site(workshop)
        site.start()
        yield site


def test_a_large_file_goes_on_where_a_killed_server_left_it(
    browser: Browser, site: Site, study: Study, tmp_path: Path
) -> None:
    path = large_file(tmp_path)
    someone = arrive(browser, site.address, study)
    page = someone.open(study)
    someone.slow_down()
    page.set_input_files("#files", path)
    wait_for_bytes(8 * MB)
    site.kill()
    expect(page.get_by_text("The connection failed; trying again in")).to_be_visible()
    kept = Transfer.objects.get().received
    before = len(offsets(someone))
    site.start()
    expect(page.get_by_text("All files are sent (1). Not accepted: 0.")).to_be_visible(
        timeout=PATIENCE * 1000
    )
    assert offsets(someone)[before] == kept
    assert offsets(someone) == sorted(offsets(someone))
    assert len(someone.asked("POST", "/transfers/")) == 1
    check_arrived(path)
    someone.context.close()


def test_a_large_file_is_paused_and_goes_on_after_a_reload(
    coordinator: Coordinator, study: Study, tmp_path: Path
) -> None:
    path = large_file(tmp_path)
    page = coordinator.open(study)
    coordinator.slow_down()
    page.set_input_files("#files", path)
    wait_for_bytes(8 * MB)
    page.get_by_role("button", name="Pause").click()
    expect(page.locator(".files.sent .fate")).to_have_text("paused")
    before = len(offsets(coordinator))
    page = coordinator.open(study)
    page.set_input_files("#files", path)
    expect(page.get_by_text("All files are sent (1). Not accepted: 0.")).to_be_visible(
        timeout=PATIENCE * 1000
    )
    (asked,) = coordinator.asked("HEAD")
    answer = asked.response()
    assert answer is not None
    assert offsets(coordinator)[before] == int(answer.headers["upload-offset"]) >= 8 * MB
    assert len(coordinator.asked("POST", "/transfers/")) == 1
    check_arrived(path)
    assert page.evaluate("Object.keys(localStorage).length") == 0


def test_pause_and_go_on_in_one_visit(coordinator: Coordinator, study: Study, tmp_path: Path) -> None:
    path = large_file(tmp_path, 24 * MB)
    page = coordinator.open(study)
    coordinator.slow_down()
    page.set_input_files("#files", path)
    wait_for_bytes(8 * MB)
    page.get_by_role("button", name="Pause").click()
    expect(page.locator(".files.sent .fate")).to_have_text("paused")
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_text("All files are sent (1). Not accepted: 0.")).to_be_visible(
        timeout=PATIENCE * 1000
    )
    check_arrived(path)


def test_a_folder_is_sent_once_and_a_rerun_sends_nothing(
    coordinator: Coordinator, study: Study, tmp_path: Path
) -> None:
    folder = small_files(tmp_path / "scans", 300, twins=30)
    page = coordinator.open(study)
    page.set_input_files("#folder", folder)
    expect(page.get_by_text("All files are sent (300). Not accepted: 0.")).to_be_visible(
        timeout=PATIENCE * 1000
    )
    assert len(coordinator.asked("POST", "/upload/")) == 270
    fates = Counter(Upload.objects.values_list("fate", flat=True))
    assert fates == {Fate.RECEIVED: 270, Fate.DUPLICATE: 30}, "of the twins only the names are noted"
    assert Upload.objects.filter(original_name="scans/scan-0000.png").exists()
    assert page.locator(".files.sent > li").count() == 200
    expect(page.get_by_text("100 more: 0 waiting,")).to_be_visible()
    page = coordinator.open(study)
    page.set_input_files("#folder", folder)
    expect(page.get_by_text("All files are sent (300). Not accepted: 0.")).to_be_visible(
        timeout=PATIENCE * 1000
    )
    assert len(coordinator.asked("POST", "/upload/")) == 270, "the rerun sent nothing"
    expect(page.locator(".files.sent > [data-state=known]")).to_have_count(200)
    assert Upload.objects.count() == 300


def test_what_goes_wrong_comes_first_in_a_long_list(
    coordinator: Coordinator, study: Study, tmp_path: Path
) -> None:
    folder = small_files(tmp_path / "scans", 250, twins=0)
    (folder / "scan-0100.png").write_bytes(b"")
    page = coordinator.open(study)
    page.set_input_files("#folder", folder)
    expect(page.get_by_text("All files are sent (250). Not accepted: 1.")).to_be_visible(
        timeout=PATIENCE * 1000
    )
    first = page.locator(".files.sent > li").first
    expect(first).to_contain_text("scan-0100.png")
    expect(first).to_contain_text("The file is empty. Copy or export it again.")


def test_one_file_is_not_sent_and_its_parts_are_forgotten(
    coordinator: Coordinator, study: Study, tmp_path: Path
) -> None:
    path = large_file(tmp_path)
    (tmp_path / "small.png").write_bytes(png(1))
    page = coordinator.open(study)
    coordinator.slow_down()
    page.set_input_files("#files", [path, tmp_path / "small.png"])
    wait_for_bytes(8 * MB)
    page.get_by_role("button", name="Do not send large.dcm").click()
    expect(page.get_by_text("All files are sent (1). Not accepted: 0.")).to_be_visible(
        timeout=PATIENCE * 1000
    )
    expect(page.locator(".files.sent > li", has_text="large.dcm")).to_contain_text("not sent")
    wait_until(lambda: not Transfer.objects.exists(), seconds=PATIENCE, what="Forgetting the transfer")
    assert Upload.objects.get().original_name == "small.png"


def test_another_file_with_the_same_bytes_takes_the_place_of_one_that_is_not_sent(
    coordinator: Coordinator, study: Study, tmp_path: Path
) -> None:
    path = large_file(tmp_path, 24 * MB)
    twin = tmp_path / "twin.dcm"
    twin.write_bytes(path.read_bytes())
    page = coordinator.open(study)
    coordinator.slow_down()
    page.set_input_files("#files", [path, twin])
    wait_for_bytes(8 * MB)
    page.get_by_role("button", name="Do not send large.dcm").click()
    expect(page.get_by_text("All files are sent (1). Not accepted: 0.")).to_be_visible(
        timeout=PATIENCE * 1000
    )
    assert Upload.objects.get().original_name == "twin.dcm"


def test_whoever_is_signed_out_signs_in_and_goes_on(
    coordinator: Coordinator, study: Study, tmp_path: Path
) -> None:
    (tmp_path / "scan.png").write_bytes(png(1))
    page = coordinator.open(study)
    Session.objects.all().delete()
    page.set_input_files("#files", tmp_path / "scan.png")
    expect(page.get_by_text("You are signed out.")).to_be_visible()
    coordinator.sign_in(study)
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_text("All files are sent (1). Not accepted: 0.")).to_be_visible()
    assert Upload.objects.get().fate == Fate.RECEIVED


def test_a_file_for_which_there_is_no_room_waits(
    coordinator: Coordinator, study: Study, tmp_path: Path, settings: Any
) -> None:
    settings.MAX_WAITING_BYTES = MB
    path = large_file(tmp_path, 17 * MB)
    page = coordinator.open(study)
    page.set_input_files("#files", path)
    expect(page.get_by_text("Wait until some are rendered, then press Try again.")).to_be_visible()
    settings.MAX_WAITING_BYTES = 100 * MB
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_text("All files are sent (1). Not accepted: 0.")).to_be_visible(
        timeout=PATIENCE * 1000
    )
    check_arrived(path)


def test_without_a_network_files_wait_and_go_on_by_themselves(
    coordinator: Coordinator, study: Study, tmp_path: Path
) -> None:
    (tmp_path / "scan.png").write_bytes(png(1))
    page = coordinator.open(study)
    coordinator.context.set_offline(True)
    page.set_input_files("#files", tmp_path / "scan.png")
    expect(page.get_by_text("The connection failed; trying again in")).to_be_visible()
    coordinator.context.set_offline(False)
    expect(page.get_by_text("All files are sent (1). Not accepted: 0.")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_list_is_accessible_and_works_by_keyboard(
    browser: Browser, plain_file_names: None, live_server: Any, study: Study, tmp_path: Path, scheme: str
) -> None:
    someone = arrive(browser, live_server.url, study, color_scheme=scheme)
    page = someone.open(study)
    someone.slow_down()
    (tmp_path / "empty.png").write_bytes(b"")
    page.set_input_files("#files", [large_file(tmp_path), tmp_path / "empty.png"])
    wait_for_bytes(8 * MB)
    page.get_by_role("button", name="Pause").press("Enter")
    expect(page.locator(".files.sent > li").first).to_contain_text("paused")
    expect(page.locator(".files.sent > li").last).to_contain_text("The file is empty.")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    stop = page.get_by_role("button", name="Do not send large.dcm")
    stop.focus()
    stop.press("Space")
    expect(page.get_by_text("All files are sent (1). Not accepted: 1.")).to_be_visible()
    someone.context.close()


# --- The hash --------------------------------------------------------------------------------------------------
HASH_PIECES = """async ([address, pieces]) => {
  const { Sha256 } = await import(address);
  const digest = new Sha256();
  for (const piece of pieces) digest.update(Uint8Array.from(atob(piece), (sign) => sign.charCodeAt(0)));
  return digest.hex();
}"""
CHOOSE_LATER = """() => {
  const post = Worker.prototype.postMessage;
  const held = [];
  Worker.prototype.postMessage = function (message) { held.push([this, message]); };
  window.release = () => held.forEach(([worker, message]) => post.call(worker, message));
}"""
HASH_BLOB = """async ([address, megabytes]) => {
  const { Hasher } = await import(address);
  const megabyte = new Uint8Array(1024 * 1024).fill(7);
  const blob = new Blob(Array.from({ length: megabytes }, () => megabyte));
  let steps = 0;
  const clock = setInterval(() => { steps += 1; }, 5);
  const sha256 = await new Promise((resolve) => new Hasher((id, hash) => resolve(hash)).hash(0, blob));
  clearInterval(clock);
  return { sha256, steps };
}"""


def test_the_hash_is_that_of_python(coordinator: Coordinator, study: Study, live_server: Any) -> None:
    page = coordinator.open(study)
    address = f"{live_server.url}/static/js/uploads/hash.js"
    drawn = random.Random(4)
    sizes = [0, 1, 55, 56, 57, 63, 64, 65, 119, 120, 121, 127, 128, 129, 4096, 1_000_003]
    for size in sizes + [drawn.randrange(5000) for _time in range(40)]:
        content = drawn.randbytes(size)
        cuts = sorted(drawn.randrange(size + 1) for _cut in range(drawn.randrange(4)))
        edges = [0, *cuts, size]
        pieces = [content[start:end] for start, end in itertools.pairwise(edges)]
        told = page.evaluate(HASH_PIECES, [address, [base64.b64encode(piece).decode() for piece in pieces]])
        assert told == hashlib.sha256(content).hexdigest(), (size, cuts)


def test_a_file_of_more_than_four_gigabits_is_hashed_beside_the_page(
    coordinator: Coordinator, study: Study, live_server: Any
) -> None:
    """Its length in bits has more than 32 binary digits; meanwhile the page's own clock goes on."""
    page = coordinator.open(study)
    told = page.evaluate(HASH_BLOB, [f"{live_server.url}/static/js/uploads/hash.js", 513])
    digest = hashlib.sha256()
    for _megabyte in range(513):
        digest.update(b"\7" * MB)
    assert told["sha256"] == digest.hexdigest()
    assert told["steps"] > 20


def test_a_file_that_is_gone_when_its_turn_comes_is_told(
    coordinator: Coordinator, study: Study, tmp_path: Path
) -> None:
    (tmp_path / "moved.png").write_bytes(png(1))
    page = coordinator.open(study)
    page.evaluate(CHOOSE_LATER)
    page.set_input_files("#files", tmp_path / "moved.png")
    (tmp_path / "moved.png").unlink()
    page.evaluate("window.release()")
    expect(page.get_by_text("This file could not be read. Choose it again.")).to_be_visible()
    assert not Upload.objects.exists()
