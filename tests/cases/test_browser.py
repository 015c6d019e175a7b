"""The Images station in a real browser, with and without its script."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from playwright.sync_api import Page, expect

from readerstudy.cases import actions
from readerstudy.cases.models import Fate, Image, Upload
from readerstudy.cases.rendering import render_uploads
from readerstudy.studies.models import Study
from tests.cases.files import dicom, png, receive
from tests.conftest import Visit
from tests.factories import make_case, make_study

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def study(transactional_db: None, bells: list[Any]) -> Study:
    return make_study()


@pytest.fixture
def tolerated() -> tuple[str, ...]:
    return ("422",)


@pytest.fixture
def open_page(visit: Visit, study: Study) -> Visit:
    """Pages of the study's coordinator."""

    def open_at(name: str, **options: Any) -> Page:
        return visit(study.created_by, reverse(f"cases:{name}", args=[study.key]), **options)

    return open_at


def work_off() -> None:
    list(render_uploads(list(Upload.objects.waiting().values_list("pk", flat=True))))


def test_files_are_sent_rendered_looked_at_and_confirmed(
    open_page: Callable[..., Page], study: Study, tmp_path: Path
) -> None:
    for name, content in {"scan.dcm": dicom(), "words.dcm": b"just words", "empty.png": b""}.items():
        (tmp_path / name).write_bytes(content)
    page = open_page("images")
    page.set_input_files("#files", [tmp_path / name for name in ("scan.dcm", "words.dcm", "empty.png")])
    expect(page.get_by_text("All files are sent (3). Not accepted: 1.")).to_be_visible()
    fates = page.locator("#fates")
    expect(fates).to_contain_text("2 waiting")
    work_off()
    expect(fates).to_contain_text("1 rendered · 2 refused", timeout=10_000)
    expect(fates).to_contain_text("This is a text file, not an image. Leave it out.")
    page.get_by_role("link", name="Show the new images").click()
    expect(page.get_by_role("img", name="Image of case C001")).to_have_js_property("naturalWidth", 32)
    page.get_by_role("button", name="Confirm this image").click()
    assert Image.objects.unconfirmed().count() == 1, "the sentence is not ticked yet"
    page.get_by_label("I have looked at this image").check()
    page.get_by_role("button", name="Confirm this image").click()
    expect(page.get_by_text("1 image is confirmed.")).to_be_visible()
    assert Image.objects.get().confirmed_by == study.created_by


def test_a_file_that_is_already_here_is_not_sent_again(
    open_page: Callable[..., Page], study: Study, tmp_path: Path
) -> None:
    (tmp_path / "again.png").write_bytes(png())
    receive(study, png())
    page = open_page("images")
    page.get_by_text("Add images").click()
    page.set_input_files("#files", tmp_path / "again.png")
    expect(page.get_by_text("The same file is already in this study; it is kept once.").first).to_be_visible()
    noted = Upload.objects.order_by("pk").values_list("original_name", "fate", "stored")
    assert list(noted)[1:] == [("again.png", Fate.DUPLICATE, "")], "the name is noted, and nothing was sent"


def test_everything_works_without_a_script(
    open_page: Callable[..., Page], study: Study, tmp_path: Path
) -> None:
    for name, content in {
        "one.png": png(1),
        "two.png": png(2),
        "t.csv": b"case,label\nC001,normal\n",
    }.items():
        (tmp_path / name).write_bytes(content)
    page = open_page("images", java_script_enabled=False)
    page.set_input_files("#files", [tmp_path / "one.png", tmp_path / "two.png"])
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_text("2 files are received.")).to_be_visible()
    work_off()
    page.reload()
    page.locator("input[name=ticked]").first.check()
    page.get_by_role("button", name="Leave the ticked out").click()
    expect(page.get_by_text("1 case is left out")).to_be_visible()
    page.get_by_text("1 case is left out").click()
    page.get_by_role("button", name="Take C001 back").click()
    page.get_by_role("link", name="Labels").click()
    page.set_input_files("input[name=table]", tmp_path / "t.csv")
    page.get_by_role("button", name="Check this table").click()
    page.get_by_role("button", name="Write the labels of 1 case").click()
    expect(page.get_by_text("The labels of 1 case are stored.")).to_be_visible()
    page.get_by_role("link", name="All files").click()
    page.get_by_text("Erase the file names").click()
    page.get_by_role("button", name="Erase all file names").click()
    expect(page.get_by_text("2 file names are erased.")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_are_accessible(
    open_page: Callable[..., Page], study: Study, tmp_path: Path, scheme: str
) -> None:
    first, *_others = (make_case(study, confirmed=number > 2, label="normal") for number in range(5))
    actions.leave_out(study=study, cases=[first], by=study.created_by)
    reason = [{"code": "text_burned_in", "sentence": "The file says that text is burned into the picture."}]
    Image.objects.unconfirmed().update(needs_look=reason)
    receive(study, b"")
    receive(study, png())
    for name, table in (
        ("images", None),
        ("fates", None),
        ("labels", b"case,x\nC002,a\n"),
        ("labels", b"x\n"),
    ):
        page = open_page(name, color_scheme=scheme)
        if table is not None:
            (tmp_path / "t.csv").write_bytes(table)
            page.set_input_files("input[name=table]", tmp_path / "t.csv")
            page.get_by_role("button", name="Check this table").click()
            page.get_by_role("heading", name="1 case will change").or_(
                page.get_by_role("heading", name="One thing in this table is wrong")
            ).wait_for()
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
