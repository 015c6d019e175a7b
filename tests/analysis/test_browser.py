"""The report in a real browser, and its download opened from disk."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page

from readerstudy.studies.models import Study
from tests.analysis import worlds
from tests.conftest import Visit

pytestmark = pytest.mark.django_db(transaction=True)
SIZES = [(1366, 768), (768, 1024)]
SHOW_EVERY_PICTURE = """async () => {
  const shown = [...document.images].filter((image) => image.checkVisibility());
  for (const image of shown) { image.loading = "eager"; }
  await Promise.all(shown.map((image) => image.decode()));
  return shown.map((image) => image.naturalWidth);
}"""


@pytest.fixture
def study(transactional_db: None) -> Study:
    return worlds.make_rated_study()


@pytest.fixture
def researcher(study: Study) -> Client:
    client = Client()
    client.force_login(study.memberships.get(role="researcher").user)
    return client


@pytest.fixture
def open_page(visit: Visit, study: Study) -> Visit:
    """Pages of the study's researcher."""
    return partial(visit, study.memberships.get(role="researcher").user)


def sideways(page: Page) -> int:
    """By how many pixels the page is wider than its window."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


@pytest.mark.parametrize(("size", "scheme"), list(zip(SIZES, ("light", "dark"), strict=True)))
def test_the_report_is_whole_at_every_size_in_light_and_dark(
    open_page: Callable[..., Page], study: Study, size: tuple[int, int], scheme: str
) -> None:
    viewport = {"width": size[0], "height": size[1]}
    page = open_page(reverse("analysis:report", args=[study.key]), viewport=viewport, color_scheme=scheme)
    assert page.evaluate(SHOW_EVERY_PICTURE) == [808] * 16
    assert sideways(page) == 0
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_a_figure_opened_by_itself_keeps_its_colours(open_page: Callable[..., Page], study: Study) -> None:
    """The policy forbids inline style, so a figure that relied on it would be black here."""
    page = open_page(reverse("analysis:figure", args=[study.key, "forest-correctness", "svg"]))
    colours = page.evaluate(
        "[...document.querySelectorAll('path')].map((path) => getComputedStyle(path).stroke)"
    )
    assert "rgb(0, 114, 178)" in colours


def test_the_download_opens_from_disk_without_a_network(
    open_page: Callable[..., Page], study: Study, researcher: Client, tmp_path: Path
) -> None:
    saved = tmp_path / "report.html"
    saved.write_bytes(researcher.get(reverse("analysis:html", args=[study.key])).content)
    page = open_page(saved.as_uri(), viewport={"width": 1366, "height": 768}, offline=True)
    assert page.evaluate(SHOW_EVERY_PICTURE) == [808] * 16
    assert sideways(page) == 0
    assert page.locator("h1").inner_text() == study.title


@pytest.mark.parametrize("name", ["files", "analyse"])
def test_what_is_taken_away_and_any_table_fit_both_sizes_and_are_accessible(
    open_page: Callable[..., Page], study: Study, name: str, tmp_path: Path
) -> None:
    table = tmp_path / "ratings.csv"
    rows = [
        f"R{reader},C{case},quality,{(reader + case) % 5 + 1}" for reader in range(3) for case in range(8)
    ]
    table.write_text("\n".join(["reader,case,criterion,value", *rows]) + "\n")
    for (width, height), scheme in zip(SIZES, ("light", "dark"), strict=True):
        path = reverse("analyse") if name == "analyse" else reverse("analysis:files", args=[study.key])
        page = open_page(path, viewport={"width": width, "height": height}, color_scheme=scheme)
        if name == "analyse":
            page.get_by_label("Ratings", exact=True).set_input_files(table)
            page.get_by_role("button", name="Analyse").click()
            page.get_by_role("link", name="Download as JSON").wait_for()
        assert sideways(page) == 0
        assert Axe().run(page).response["violations"] == []


def test_a_click_brings_the_archive(open_page: Callable[..., Page], study: Study, tmp_path: Path) -> None:
    page = open_page(reverse("analysis:report", args=[study.key]))
    page.get_by_role("link", name="Take away").click()
    with page.expect_download() as coming:
        page.get_by_role("link", name="everything.zip").click()
    coming.value.save_as(tmp_path / "everything.zip")
    assert coming.value.suggested_filename == f"{study.key}-everything.zip"
    assert "report.json" in zipfile.ZipFile(tmp_path / "everything.zip").namelist()
