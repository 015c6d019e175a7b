"""From sign-in to a locked study of two arms: a template, forty images, and at most sixty clicks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from readerstudy.demo.people import COORDINATOR
from readerstudy.imaging.phantoms import draw_chest, draw_fundus, encode_png
from tests.journeys.clicks import Clicks
from tests.journeys.people import Person

MOST_CLICKS = 60
IMAGES = 40
OUTPUTS = 2 * IMAGES
SLOW = 120_000
ARMS = ("Model Alpha", "Model Beta")


def forty_images(folder: Path) -> list[Path]:
    """Drawn radiographs and fundus photographs, one half called real and the other synthetic in `labels_of`."""
    files = []
    for number in range(IMAGES):
        draw = draw_chest if number % 2 else draw_fundus
        files.append(folder / f"image-{number:02d}.png")
        files[-1].write_bytes(encode_png(draw(seed=number, size=128)))
    return files


def labels_of(files: list[Path], folder: Path) -> Path:
    table = folder / "labels.csv"
    rows = [
        f"{file.name},{'synthetic' if number >= IMAGES // 2 else 'real'},"
        f"{'synthetic' if number >= IMAGES // 2 else 'real'},{'lung' if number % 2 else 'fundus'}"
        for number, file in enumerate(files)
    ]
    table.write_text("\n".join(["file,reference,origin,imaging", *rows]))
    return table


def test_sixty_clicks_from_sign_in_to_a_locked_study(
    arrive: Callable[..., Person], tmp_path: Path, pictures: Path
) -> None:
    files = forty_images(tmp_path)
    coordinator = arrive()
    clicks = Clicks.of(coordinator.context)
    page = coordinator.page
    coordinator.sign_in(COORDINATOR)
    start_from_the_template(page)
    bring_images(page, files)
    say_what_they_are(page, labels_of(files, tmp_path))
    say_that_nothing_is_of_a_patient(page)
    enter_the_decision(page)
    invite_two(page)
    make_outputs(page)
    judged = confirm_verdicts(coordinator)
    approve_and_freeze(page)
    lock(coordinator, pictures)
    assert clicks.count <= MOST_CLICKS, clicks.deeds
    assert clicks.deeds["press"] > 20, "The counting itself is broken."
    assert clicks.keys == judged


def station(page: Page, name: str) -> None:
    page.get_by_role("navigation", name="Stations of this study").get_by_role("link", name=name).click()


def step(page: Page, name: str) -> None:
    page.get_by_role("navigation", name="Steps of the outputs").get_by_role("link", name=name).click()


def start_from_the_template(page: Page) -> None:
    page.get_by_role("link", name="Start from a template").click()
    page.get_by_role("link", name="T01").click()
    page.get_by_role("button", name="Start from this template").click()
    expect(page.get_by_text("2 arms are defined")).to_be_visible()
    expect(page.get_by_text("5 questions are set")).to_be_visible()


def bring_images(page: Page, files: list[Path]) -> None:
    page.get_by_role("link", name="Add images").click()
    page.get_by_label("I attest").check()
    page.get_by_role("button", name="Go on to the upload").click()
    page.set_input_files("#files", files)
    expect(page.locator("#fates")).to_contain_text(f"{IMAGES} rendered", timeout=SLOW)
    page.get_by_role("link", name="Show the new images").click()
    while page.get_by_label("I have looked at these").count():
        page.get_by_label("I have looked at these").check()
        page.get_by_role("button", name="Confirm all").click()
        expect(page.get_by_text("Every image on this page is confirmed.")).to_be_visible()


def say_what_they_are(page: Page, table: Path) -> None:
    page.get_by_role("link", name="Labels").click()
    page.set_input_files("input[type=file]", table)
    page.get_by_role("button", name="Check this table").click()
    page.get_by_role("button", name=f"Write the labels of {IMAGES} cases").click()
    expect(page.get_by_text("each with a reference standard")).to_be_visible()


def say_that_nothing_is_of_a_patient(page: Page) -> None:
    """The images are drawn, so they may go to a provider."""
    station(page, "Settings")
    page.get_by_label("This study contains patient data").uncheck()
    page.get_by_role("button", name="Save").click()


def enter_the_decision(page: Page) -> None:
    station(page, "Ethics")
    page.get_by_label("Ethics board and its number").fill("University hospital, 2026-117")
    page.get_by_label("Its decision").select_option("approved")
    page.get_by_role("button", name="Save").click()


def invite_two(page: Page) -> None:
    station(page, "Readers")
    page.get_by_label("E-mail addresses").fill("first@forty.example\nsecond@forty.example")
    page.get_by_role("button", name="Send invitations").click()
    expect(page.get_by_text("2 people are invited.")).to_be_visible()


def make_outputs(page: Page) -> None:
    station(page, "Outputs")
    page.get_by_role("button", name=f"Make the missing {OUTPUTS} outputs").click()
    expect(page.locator("#progress")).to_contain_text(f"{OUTPUTS} of {OUTPUTS} made", timeout=SLOW)


def confirm_verdicts(coordinator: Person) -> int:
    """One key for each output that the rules flagged or the sample drew; returns how many there were."""
    page, judged = coordinator.page, 0
    step(page, "Confirm")
    while page.locator(".verdict-keys").count():
        answers = "Most likely" in page.locator(".written").inner_text()
        with page.expect_navigation():  # the next one is whole, its keys are bound
            coordinator.press("1" if answers else "4")
        judged += 1
    expect(page.get_by_text("Nothing waits for your verdict")).to_be_visible()
    return judged


def approve_and_freeze(page: Page) -> None:
    page.get_by_role("link", name="Go on to what gives arms away").click()
    for name in ARMS:
        page.get_by_role("link", name=f"Look and approve {name}").click()
        if page.get_by_label("Why these places may stay").count():
            page.get_by_label("Why these places may stay").fill("Refusals speak of themselves.")
        page.get_by_role("button", name="Approve").click()
        expect(page.get_by_text(f"The texts of “{name}” are approved.")).to_be_visible()
    step(page, "Freeze")
    page.get_by_role("button", name=f"Freeze {OUTPUTS} outputs").click()
    expect(page.get_by_text("Everything is frozen.")).to_be_visible()


def lock(coordinator: Person, pictures: Path) -> None:
    page = coordinator.page
    station(page, "Plan")
    page.get_by_role("link", name="Balance").click()
    coordinator.photograph(pictures, "balance-before-the-lock")
    station(page, "Overview")
    coordinator.photograph(pictures, "ready-to-lock")
    page.get_by_role("link", name="Sign and lock").click()
    coordinator.photograph(pictures, "lock-with-all-checks-passed")
    page.get_by_label("What your signature means").select_option("approved")
    page.get_by_label("Your password, once more").fill(COORDINATOR.password)
    page.get_by_role("button", name="Sign and lock").click()
    expect(page.locator(".badge.locked")).to_be_visible()
