"""A coordinator builds a NERIF prompt, validates it, looks at what it costs, has outputs made, and freezes them."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import expect

from readerstudy.demo.people import COORDINATOR
from readerstudy.imaging.phantoms import draw_chest, encode_png
from tests.journeys.people import Person
from tests.journeys.test_a_whole_study import (
    approve_texts,
    confirm_verdicts,
    download,
    make_a_study,
    make_outputs,
)

SLOW = 60_000
CASES = [("abnormal" if number % 2 else "normal") for number in range(9)]
EXAMPLES, VALIDATION = range(2), range(2, 5)
ARMS = {"Scored by One": ("simulated-openai", "sim-alpha"), "Scored by Two": ("simulated-gemini", "sim-beta")}
OUTPUTS = len(ARMS) * (len(CASES) - len(EXAMPLES) - len(VALIDATION))


def test_from_a_prompt_to_frozen_outputs(
    arrive: Callable[..., Person], tmp_path: Path, pictures: Path
) -> None:
    coordinator = arrive()
    coordinator.sign_in(COORDINATOR)
    key = make_a_study(coordinator, "NERIF")
    bring_scored_images(coordinator, key, tmp_path)
    set_apart(coordinator, key)
    build_the_prompt(coordinator, key, pictures)
    try_it(coordinator, "sim-alpha", pictures)
    change_the_prompt(coordinator)
    try_it(coordinator, "sim-beta", pictures)
    for name, (provider, model) in ARMS.items():
        add_an_arm(coordinator, key, name, provider, model)
    look_at_costs(coordinator, key, pictures)
    make_outputs(coordinator, key, OUTPUTS, missing=2)
    confirm_verdicts(coordinator, key, tuple(ARMS))
    coordinator.photograph(pictures, "verdicts-done")
    for name in ARMS:
        approve_texts(coordinator, key, name)
    freeze(coordinator, key, pictures)


def bring_scored_images(coordinator: Person, key: str, folder: Path) -> None:
    """Nine drawn chests and a table with the level that people gave each."""
    page, archive, table = coordinator.page, folder / "chests.zip", folder / "levels.csv"
    with zipfile.ZipFile(archive, "w") as writing:
        for number, level in enumerate(CASES):
            chest = draw_chest(seed=number, lesion="nodule" if level == "abnormal" else "none", size=256)
            writing.writestr(f"chest-{number}.png", encode_png(chest))
    table.write_text(
        "file,reference\n" + "".join(f"chest-{number}.png,{level}\n" for number, level in enumerate(CASES))
    )
    coordinator.open(f"/studies/{key}/images/")
    page.get_by_label("I attest that names, dates and numbers of patients were removed").check()
    page.get_by_role("button", name="Go on to the upload").click()
    page.set_input_files("#files", archive)
    expect(page.locator("#fates")).to_contain_text(f"{len(CASES)} rendered", timeout=SLOW)
    coordinator.open(f"/studies/{key}/images/")
    page.get_by_label("I have looked at these").check()
    page.get_by_role("button", name=f"Confirm all {len(CASES)} images").click()
    coordinator.open(f"/studies/{key}/images/labels/")
    page.set_input_files("input[type=file]", table)
    page.get_by_role("button", name="Check this table").click()
    page.get_by_role("button", name=f"Write the labels of {len(CASES)} cases").click()


def set_apart(coordinator: Person, key: str) -> None:
    """Two cases become examples and three serve to try prompts out; neither is ever read."""
    page = coordinator.page
    for cases, purpose in ((EXAMPLES, "example"), (VALIDATION, "validation")):
        coordinator.open(f"/studies/{key}/images/purposes/")
        for number in cases:
            page.locator(".tile").nth(number).get_by_role("checkbox").check()
        page.get_by_label("The ticked cases are for").select_option(purpose)
        page.get_by_role("button", name="Store").click()
        expect(page.get_by_text("What the cases are for is stored.")).to_be_visible()


def build_the_prompt(coordinator: Person, key: str, pictures: Path) -> None:
    page = coordinator.page
    coordinator.open(f"/studies/{key}/prompts/")
    page.get_by_role("link", name="NERIF classification").click()
    page.get_by_label("Name", exact=True).fill("Chest levels")
    for number in EXAMPLES:
        page.locator(f"#id_examples-{number}-case").select_option(index=number + 1)
        page.locator(f"#id_examples-{number}-level").fill(CASES[number])
        page.locator(f"#id_examples-{number}-rationale").fill(
            "What can be seen fits the components of this level."
        )
    page.get_by_role("button", name="Show what a model would get").click()
    preview = page.locator("#preview")
    expect(preview).to_contain_text("What can be seen fits the components of this level.")
    expect(preview.locator("img")).to_have_count(len(EXAMPLES) + 1)
    coordinator.photograph(pictures, "prompt-preview")
    page.get_by_role("button", name="Save the prompt").click()
    expect(page.get_by_role("heading", name="Chest levels, version 1")).to_be_visible()


def try_it(coordinator: Person, model: str, pictures: Path) -> None:
    """The newest version on the validation cases; the page of the trial fills itself."""
    page = coordinator.page
    page.get_by_label("Provider").select_option("simulated-openai")
    page.get_by_label("Model", exact=True).fill(model)
    page.get_by_role("button", name=f"Try it on {len(VALIDATION)} cases").click()
    expect(page.get_by_role("heading", name="Agreement with the human level")).to_be_visible()
    expect(page.get_by_text("The model is being asked.")).to_have_count(0, timeout=SLOW)
    row = page.locator("#trial table").first.locator("tbody tr").first
    expect(row.locator("td").first).to_have_text(str(len(VALIDATION)))
    coordinator.photograph(pictures, "prompt-trial-done")
    page.get_by_role("link", name="Back to the prompt").click()


def change_the_prompt(coordinator: Person) -> None:
    """A saved version never changes; the next one says what is new and stands beside it with its own figures."""
    page = coordinator.page
    page.get_by_role("link", name="Edit as a new version").click()
    page.get_by_label("Notes").fill("Compare left with right. Do not count marks or writing as findings.")
    page.get_by_label("What changed").fill("Shorter notes")
    page.get_by_role("button", name="Save as the next version").click()
    expect(page.get_by_role("heading", name="Chest levels, version 2")).to_be_visible()
    page.get_by_role("button", name="Compare").click()
    expect(page.locator(".diff ins")).to_contain_text(["Compare left with right."])


def add_an_arm(coordinator: Person, key: str, name: str, provider: str, model: str) -> None:
    page = coordinator.page
    coordinator.open(f"/studies/{key}/arms/new/")
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Provider").select_option(provider)
    page.get_by_label("Model", exact=True).fill(model)
    page.get_by_label("Prompt", exact=True).select_option(index=1)
    page.get_by_role("button", name="Save the arm").click()
    expect(page.get_by_role("row", name=name).first).to_contain_text("Chest levels (2)")


def look_at_costs(coordinator: Person, key: str, pictures: Path) -> None:
    """Prices, a budget that is too small, three cases tried, and an estimate that rests on them."""
    page = coordinator.page
    for provider, model in ARMS.values():
        coordinator.open(f"/studies/{key}/outputs/costs/")
        page.locator("#id_price-which").select_option(label=f"{model} ({provider})")
        page.locator("#id_price-currency").fill("EUR")
        page.get_by_label("A million tokens sent").fill("2.5")
        page.get_by_label("A million tokens received").fill("10")
        page.get_by_role("button", name="Save the price").click()
    expect(page.get_by_text("about EUR")).to_be_visible()
    page.get_by_label("At most this many tokens").fill("10")
    page.get_by_role("button", name="Save the budget").click()
    page.get_by_role("button", name="Try 3 cases").click()
    coordinator.open(f"/studies/{key}/outputs/")
    expect(page.get_by_text("the budget in tokens is used up").first).to_be_visible(timeout=SLOW)
    coordinator.photograph(pictures, "outputs-budget-used-up")
    coordinator.open(f"/studies/{key}/outputs/costs/")
    page.get_by_label("At most this many tokens").fill("1000000")
    page.get_by_role("button", name="Save the budget").click()
    coordinator.open(f"/studies/{key}/outputs/")
    expect(page.locator("#progress")).to_contain_text(f"6 of {OUTPUTS} made", timeout=SLOW)
    coordinator.open(f"/studies/{key}/outputs/costs/")
    expect(page.locator("section[aria-labelledby=before]")).to_contain_text("3 outputs that are made")
    coordinator.photograph(pictures, "costs-after-three-cases")


def freeze(coordinator: Person, key: str, pictures: Path) -> None:
    """All outputs under one hash, in a manifest that can be taken away."""
    page = coordinator.page
    coordinator.open(f"/studies/{key}/outputs/freeze/")
    page.get_by_role("button", name=f"Freeze {OUTPUTS} outputs").click()
    expect(page.get_by_text("Everything is frozen.")).to_be_visible()
    coordinator.photograph(pictures, "frozen")
    manifest = json.loads(download(page, "Download the manifest 1"))
    assert len(manifest["outputs"]) == OUTPUTS
