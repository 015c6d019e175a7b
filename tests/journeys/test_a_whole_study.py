"""From upload to report in a real browser: a coordinator, two readers and a researcher, against the running site.

Nothing is prepared and no record is touched from inside: what they see and download is all there is.
"""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from statistics import mean
from typing import Any

import krippendorff
import numpy as np
from PIL import Image
from playwright.sync_api import Page, expect

from readerstudy.demo.people import COORDINATOR
from readerstudy.imaging.phantoms import draw_chest, draw_fundus, encode_dicom
from tests.analysis import oracle
from tests.journeys.people import Person
from tests.journeys.site import Demo

SLOW = 60_000
CASES = 6
RATED = {
    "R01": ["4", "5", "3", "2", "5", "4", "1", "5", "4", "3", "2", "5"],
    "R02": ["5", "4", "3", "3", "4", "4", "2", "5", "5", "3", "1", "4"],
}


def zip_of_mixed_files(folder: Path) -> Path:
    """Three DICOM and three PNG in a folder of a zip from a Mac, one text that calls itself DICOM, one empty file."""
    path = folder / "images.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(3):
            chest = draw_chest(seed=number, lesion="none" if number else "nodule", size=256)
            archive.writestr(f"set/SMITH_JOHN_{number}.dcm", encode_dicom(chest))
            archive.writestr(f"set/eye-{number}.png", png_of(draw_fundus(seed=number, size=256).pixels))
        archive.writestr("set/notes.dcm", "just words")
        archive.writestr("set/nothing.png", "")
        archive.writestr("__MACOSX/set/._eye-0.png", "resource fork")
    return path


def png_of(pixels: Any) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.asarray(pixels)).save(buffer, "PNG")
    return buffer.getvalue()


LABELS = (
    "file,reference,site\nSMITH_JOHN_0.dcm,abnormal,north\nSMITH_JOHN_1.dcm,normal,north\n"
    "SMITH_JOHN_2.dcm,normal,south\neye-0.png,normal,south\neye-1.png,normal,south\neye-2.png,normal,south\n"
)


def test_from_upload_to_report(
    arrive: Callable[..., Person], demo: Demo, tmp_path: Path, pictures: Path
) -> None:
    coordinator = arrive()
    coordinator.sign_in(COORDINATOR)
    key = make_a_study(coordinator)
    upload_and_confirm(coordinator, key, zip_of_mixed_files(tmp_path))
    label(coordinator, key, tmp_path, pictures)
    ask(coordinator, key)
    compare(coordinator, key)
    make_outputs(coordinator, key)
    freeze_outputs(coordinator, key, ("Journey One", "Journey Two"))
    invite(coordinator, key)
    start(coordinator, key)
    for seat, values in RATED.items():
        reader = read(arrive, demo, seat, values)
        finish(reader, pictures)
    expect_progress(coordinator, key)
    check_report(arrive, demo, key)
    close(coordinator, key)
    unblind(coordinator, key)


def make_a_study(coordinator: Person, title: str = "Journey") -> str:
    page = coordinator.page
    page.get_by_role("link", name="New study").click()
    page.get_by_label("Title").fill(title)
    page.get_by_role("button", name="Make the study").click()
    expect(page.get_by_text("No arm is defined, so there is nothing to compare.")).to_be_visible()
    expect(page.get_by_role("button", name="Sign and lock")).to_be_disabled()
    return page.url.rstrip("/").rsplit("/", 1)[1]


def upload_and_confirm(coordinator: Person, key: str, archive: Path) -> None:
    page = coordinator.page
    coordinator.open(f"/studies/{key}/images/")
    page.get_by_label("I attest that names, dates and numbers of patients were removed").check()
    page.get_by_role("button", name="Go on to the upload").click()
    page.set_input_files("#files", archive)
    fates = page.locator("#fates")
    expect(fates).to_contain_text("6 rendered", timeout=SLOW)
    expect(fates).to_contain_text("2 refused")
    expect(fates).to_contain_text("This is a text file, not an image. Leave it out.")
    coordinator.open(f"/studies/{key}/images/")
    page.get_by_label("I have looked at these").check()
    page.get_by_role("button", name=f"Confirm all {CASES} images").click()
    expect(page.get_by_text("Every image on this page is confirmed.")).to_be_visible()


def label(coordinator: Person, key: str, folder: Path, pictures: Path) -> None:
    page, table = coordinator.page, folder / "labels.csv"
    coordinator.expect_refusal(422)
    table.write_text(LABELS.replace("eye-2", "eye-9"))
    coordinator.open(f"/studies/{key}/images/labels/")
    page.set_input_files("input[type=file]", table)
    page.get_by_role("button", name="Check this table").click()
    expect(page.get_by_text("Line 7")).to_be_visible()
    expect(page.get_by_text("Nothing was written.")).to_be_visible()
    coordinator.photograph(pictures, "labels-refused")
    table.write_text(LABELS)
    page.set_input_files("input[type=file]", table)
    page.get_by_role("button", name="Check this table").click()
    coordinator.photograph(pictures, "labels-preview")
    page.get_by_role("button", name=f"Write the labels of {CASES} cases").click()
    expect(
        page.get_by_text("each with a reference standard").or_(page.get_by_text("Every case has"))
    ).to_be_visible()


def ask(coordinator: Person, key: str) -> None:
    page = coordinator.page
    coordinator.open(f"/studies/{key}/questions/new/")
    page.get_by_role("link", name="Scale with worded anchors").click()
    page.get_by_label("Question", exact=True).fill("Correctness")
    page.get_by_role("button", name="Save the question").click()
    expect(page.get_by_role("link", name="Correctness")).to_be_visible()
    page.get_by_role("link", name="Add a question after the last case").click()
    page.get_by_role("link", name="Yes or no").click()
    page.get_by_label("Question", exact=True).fill("Did something not work?")
    page.get_by_role("button", name="Save the question").click()
    expect(page.get_by_role("link", name="Did something not work?")).to_be_visible()


def compare(coordinator: Person, key: str) -> None:
    page = coordinator.page
    coordinator.open(f"/studies/{key}/prompts/new/")
    page.get_by_label("Name", exact=True).fill("Findings")
    page.get_by_label("Task", exact=True).fill("Describe the findings. End with “Classification: …”.")
    page.get_by_role("button", name="Save the prompt").click()
    for name, provider, model in (
        ("Journey One", "simulated-openai", "sim-alpha"),
        ("Journey Two", "simulated-gemini", "sim-beta"),
    ):
        coordinator.open(f"/studies/{key}/arms/new/")
        page.get_by_label("Name", exact=True).fill(name)
        page.get_by_label("Provider").select_option(provider)
        page.get_by_label("Model", exact=True).fill(model)
        page.get_by_label("Prompt", exact=True).select_option(index=1)
        page.get_by_role("button", name="Save the arm").click()
        expect(page.get_by_role("link", name=name, exact=True)).to_be_visible()


def make_outputs(coordinator: Person, key: str, count: int = 12, missing: int | None = None) -> None:
    page = coordinator.page
    coordinator.open(f"/studies/{key}/outputs/")
    page.get_by_role("button", name=f"Make the missing {missing or count} outputs").click()
    expect(page.locator("#progress")).to_contain_text(f"{count} of {count} made", timeout=SLOW)


def freeze_outputs(coordinator: Person, key: str, arms: tuple[str, ...], count: int = 12) -> None:
    """Confirms each flagged output by one key, says yes to every arm, and freezes."""
    confirm_verdicts(coordinator, key, arms)
    for name in arms:
        approve_texts(coordinator, key, name)
    coordinator.open(f"/studies/{key}/outputs/freeze/")
    coordinator.page.get_by_role("button", name=f"Freeze {count} outputs").click()
    expect(coordinator.page.get_by_text("Everything is frozen.")).to_be_visible()


def confirm_verdicts(coordinator: Person, key: str, arms: tuple[str, ...]) -> None:
    """One key for each output that waits: answered where it classifies, as it was asked to. No arm is named."""
    page = coordinator.page
    coordinator.open(f"/studies/{key}/outputs/verdicts/")
    while page.locator(".verdict-keys").count():
        seen = page.locator("main").inner_text()
        assert not [name for name in (*arms, "sim-") if name in seen]
        answers = "Classification" in page.locator(".written").inner_text()
        with page.expect_navigation():  # the next one is whole, its keys are bound
            coordinator.press("1" if answers else "4")
    expect(page.get_by_text("Nothing waits for your verdict")).to_be_visible()


def approve_texts(coordinator: Person, key: str, name: str) -> None:
    page = coordinator.page
    coordinator.open(f"/studies/{key}/outputs/leaks/")
    page.get_by_role("link", name=f"Look and approve {name}").click()
    if page.get_by_label("Why these places may stay").count():
        page.get_by_label("Why these places may stay").fill("Refusals speak of themselves.")
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_text(f"The texts of “{name}” are approved.")).to_be_visible()


def invite(coordinator: Person, key: str) -> None:
    page = coordinator.page
    coordinator.open(f"/studies/{key}/readers/")
    page.get_by_label("E-mail addresses").fill("first@journey.example\nsecond@journey.example")
    page.get_by_role("button", name="Send invitations").click()
    expect(page.get_by_text("2 people are invited.")).to_be_visible()
    page.get_by_label("E-mail addresses").fill("researcher@journey.example")
    page.get_by_label("Role").select_option("researcher")
    page.get_by_role("button", name="Send invitations").click()
    expect(page.get_by_text("1 person is invited.")).to_be_visible()


def start(coordinator: Person, key: str) -> None:
    page = coordinator.page
    coordinator.open(f"/studies/{key}/")
    page.get_by_role("link", name="Sign and lock").click()
    sign(page, "Sign and lock")
    expect(page.locator(".badge.locked")).to_be_visible()
    expect(page.get_by_text("Journey coordinator: “I approve this”")).to_be_visible()
    page.get_by_role("button", name="Open the reading").click()
    expect(page.locator(".badge.running")).to_be_visible()


def sign(page: Page, deed: str) -> None:
    """Fills in a signature and does the deed."""
    page.get_by_label("Your name, as it is to be printed").fill("Journey coordinator")
    page.get_by_label("What your signature means").select_option("approved")
    page.get_by_label("Your password, once more").fill(COORDINATOR.password)
    page.get_by_role("button", name=deed).click()


def read(arrive: Callable[..., Person], demo: Demo, seat: str, values: list[str]) -> Person:
    """A reader comes by the link in the mail and rates every case with two key presses."""
    address = {"R01": "first@journey.example", "R02": "second@journey.example"}[seat]
    reader = accept(arrive, demo, address)
    page = reader.page
    page.get_by_role("link", name="Journey").click()
    page.get_by_role("button", name="I agree").click()
    page.get_by_role("link", name="Begin with the first case").click()
    for number, value in enumerate(values, start=1):
        expect(page.get_by_role("heading", name=f"Case {number} of {len(values)}")).to_be_visible()
        assert "sim-alpha" not in page.content()
        expect(page.locator(".criterion[data-active]")).to_be_visible()
        reader.press(value)
        expect(page.locator("rs-outbox")).to_contain_text("saved")
        if number == 3:
            stop_and_come_back(reader)
        reader.press("Enter")
    expect(page.get_by_role("heading", name="All cases are done")).to_be_visible()
    return reader


def finish(reader: Person, pictures: Path) -> None:
    """The last questions, sent empty first; then the signature, for which there is a certificate."""
    page = reader.page
    page.get_by_role("link", name="Last questions").click()
    reader.expect_refusal(422)
    page.get_by_role("button", name="Finish").click()
    expect(page.get_by_text("Something is still open")).to_be_visible()
    reader.photograph(pictures, "last-questions")
    page.get_by_text("No", exact=True).click()
    page.get_by_role("button", name="Finish").click()
    expect(page.get_by_role("heading", name="All done")).to_be_visible()
    reader.photograph(pictures, "all-done")
    page.get_by_role("button", name="Sign", exact=True).click()
    reader.photograph(pictures, "signed")
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Certificate of participation (PDF)").click()
    assert waiting.value.path().read_bytes().startswith(b"%PDF-")


def stop_and_come_back(reader: Person) -> None:
    page = reader.page
    reader.press("Escape")
    expect(page.get_by_text("Everything is saved. You can go on where you stopped.")).to_be_visible()
    page.get_by_role("link", name="Go on with case 3").click()
    expect(page.get_by_role("heading", name="Case 3 of 12")).to_be_visible()
    expect(page.locator(".criterion input:checked")).to_have_count(1)
    expect(page.locator(".rd-foot .open")).to_have_text("all answered")


def accept(arrive: Callable[..., Person], demo: Demo, address: str) -> Person:
    found = re.search(r"http://\S+", demo.mail_to(address))
    assert found is not None
    person = arrive()
    for _visit in range(2):  # the second time is the person; the first was the scanner of the mail server
        person.open(found.group())
    page = person.page
    page.get_by_role("button", name="Accept the invitation").click()
    page.get_by_label("Your name").fill(address.split("@")[0].capitalize())
    page.get_by_label("Specialty").fill("radiology")
    page.get_by_label("Years of experience").fill("11")
    page.get_by_role("button", name="Save and go on").click()
    return person


def expect_progress(coordinator: Person, key: str) -> None:
    coordinator.open(f"/studies/{key}/readers/")
    board = coordinator.page.locator("#board")
    for seat in RATED:
        expect(board.get_by_role("row", name=seat)).to_contain_text("12 / 12")


def check_report(arrive: Callable[..., Person], demo: Demo, key: str) -> None:
    """The numbers on the page are those computed by hand from the CSV that stands beside them."""
    researcher = accept(arrive, demo, "researcher@journey.example")
    page = researcher.page
    page.get_by_role("link", name="Journey").click()
    rows = list(csv.DictReader(io.StringIO(download(page, "Ratings (CSV)"))))
    report = json.loads(download(page, "Report (JSON)"))
    given = {(row["reader"], int(row["position"])): row["value"] for row in rows if row["value"]}
    for seat, values in RATED.items():
        assert [given[seat, position] for position in range(1, 13)] == values
    text = page.inner_text("article")
    assert "Journey One" not in page.content()
    for arm in ("X", "Y"):
        check_arm(oracle.chosen(rows, arm=arm), text)
    check_agreement(rows, text)
    assert str(report).count("SMITH") == 0
    assert "SMITH" not in page.content()


def check_arm(rows: list[dict[str, str]], text: str) -> None:
    """Mean of the answered outputs with its interval, and the share acceptable of all of them."""
    answered = oracle.numbers(oracle.chosen(rows, declined="0"), "score")
    low, high = oracle.crossed_interval(answered)
    assert f"{oracle.mean(answered):.3f}" in text
    assert f"{low:.3f} to {high:.3f}" in text
    acceptable = mean(float(row["score"]) >= 4 and row["declined"] == "0" for row in rows)
    assert f"{acceptable:.3f}" in text


def check_agreement(rows: list[dict[str, str]], text: str) -> None:
    """Between the two readers, over every output that both judged."""
    given = {(row["reader"], row["case"], row["arm"]): int(row["value"]) for row in rows}
    units = sorted({(case, arm) for _reader, case, arm in given})
    first, second = ([given[seat, *unit] for unit in units] for seat in RATED)
    same = mean(one == other for one, other in zip(first, second, strict=True))
    alpha = krippendorff.alpha([first, second], value_domain=range(1, 6), level_of_measurement="ordinal")
    assert f"{same:.3f}" in text
    assert f"{alpha:.3f}" in text


def download(page: Page, name: str) -> str:
    with page.expect_download() as waiting:
        page.get_by_role("link", name=name, exact=True).click()
    return waiting.value.path().read_text()


def close(coordinator: Person, key: str) -> None:
    page = coordinator.page
    coordinator.open(f"/studies/{key}/")
    page.get_by_role("link", name="Close for good").click()
    page.get_by_label("Why").fill("Every reader has read every case.")
    page.get_by_role("button", name="Close for good").click()
    expect(page.locator(".badge.closed")).to_be_visible()


def unblind(coordinator: Person, key: str) -> None:
    """The data are locked, then the arms are named: both signed."""
    page = coordinator.page
    coordinator.open(f"/studies/{key}/")
    page.get_by_role("link", name="Sign and lock the data").click()
    sign(page, "Sign and lock the data")
    expect(page.locator(".badge.data_locked")).to_be_visible()
    coordinator.open(f"/studies/{key}/report/")
    expect(page.get_by_text("Journey One")).to_have_count(0)
    coordinator.open(f"/studies/{key}/life/unblind/")
    page.get_by_label("Why").fill("As the protocol foresees.")
    sign(page, "Sign and unblind")
    expect(page.locator(".badge.unblinded")).to_be_visible()
    coordinator.open(f"/studies/{key}/report/")
    expect(page.get_by_text("Journey One").first).to_be_visible()
