"""The confirmation queue in a real browser: one key a verdict, hostile text that does nothing, no script needed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from playwright.sync_api import Page, expect

from readerstudy.generation.models import RefusalVerdict
from readerstudy.studies.models import Study
from tests.conftest import Visit
from tests.factories import make_arm, make_case, make_output, make_study

pytestmark = pytest.mark.django_db(transaction=True)
HOSTILE = (
    "<img src=x onerror=\"document.title='hit'\"> [click](javascript:alert(1)) \u202etxet " + "long" * 400
)
OpenPage = Callable[..., Page]


@pytest.fixture
def study(transactional_db: None) -> Study:
    study = make_study()
    arm, case = make_arm(study), make_case(study)
    make_output(arm, case, text=HOSTILE, verdict="full_refusal")
    make_output(arm, make_case(study), text="No effusion.")
    return study


@pytest.fixture
def open_page(visit: Visit, study: Study) -> OpenPage:
    """Pages of the study's coordinator, on a tablet."""

    def open_at(name: str, *args: Any, **options: Any) -> Page:
        address = reverse(f"generation:{name}", args=[study.key, *args])
        return visit(study.created_by, address, **{"viewport": {"width": 768, "height": 1024}, **options})

    return open_at


def test_one_key_gives_a_verdict_and_hostile_text_does_nothing(open_page: OpenPage, study: Study) -> None:
    page = open_page("verdicts")
    expect(page.locator("#show-keys")).to_be_visible()
    page.keyboard.press("?")
    expect(page.locator("#verdict-help")).to_be_visible()
    page.keyboard.press("4")
    assert not RefusalVerdict.objects.filter(by=study.created_by).exists(), "the map is open"
    page.keyboard.press("Escape")
    assert [str(each["id"]) for each in Axe().run(page).response["violations"]] == []
    for _output in range(2):
        form = page.locator(".verdict-keys")
        before = form.get_attribute("action")
        assert page.title() != "hit"
        page.keyboard.press("4")
        expect(page.locator(f'.verdict-keys[action="{before}"]')).to_have_count(0)
    expect(page.get_by_text("Nothing waits for your verdict")).to_be_visible()
    given = RefusalVerdict.objects.filter(by=study.created_by)
    assert list(given.values_list("verdict", flat=True)) == ["full_refusal"] * 2


def test_the_page_of_an_arm_fits_and_runs_nothing(open_page: OpenPage, study: Study) -> None:
    page = open_page("levelled", study.arms.get().pk)
    page.get_by_text("As readers will see it").first.click()
    expect(page.locator(".changes del").first).to_contain_text("⟨U+202E⟩")
    expect(page.locator(".shown").first).to_contain_text("[click](javascript:alert(1)) txet")
    assert page.title() != "hit"
    assert page.locator("main a[href^=javascript], main img").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert [str(each["id"]) for each in Axe().run(page).response["violations"]] == []


def test_buttons_alone_are_enough(open_page: OpenPage, study: Study) -> None:
    page = open_page("verdicts", java_script_enabled=False)
    expect(page.locator("#show-keys")).to_be_hidden()
    page.get_by_role("button", name="off task").click()
    page.get_by_role("link", name="Undo: judge the last one again").click()
    expect(page.get_by_role("button", name="off task")).to_have_attribute("aria-pressed", "true")
