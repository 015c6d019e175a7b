"""The adjudicator's screen in a browser: the keys of the reading page, and what readers drew on the image."""

from __future__ import annotations

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from readerstudy.reading.models import Adjudication, Settlement
from tests.conftest import Visit
from tests.reading.disputes import GAP, make_adjudicator, make_disputed, read_all, rules
from tests.reading.test_adjudication_protocol import BOX, FAR_BOX, make_findings, read_findings

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_disagreement_is_settled_with_two_keys(visit: Visit) -> None:
    study = make_disputed(section=rules(GAP, by="panel"))
    read_all(study, [{("C001", 0): "1", ("C002", 0): "1"}, {("C001", 0): "5", ("C002", 0): "5"}])
    seat = make_adjudicator(study)
    page = visit(seat.user, reverse("reading:adjudicate", args=[study.key]))
    page.get_by_role("button", name="Begin with the first case").press("Enter")
    page.wait_for_selector("#reading[data-ready]")
    expect(page.get_by_role("heading", name="Disagreement 1 of 2")).to_be_visible()
    expect(
        page.get_by_role("list", name="What the readers answered").get_by_text("Mostly wrong")
    ).to_be_visible()
    page.keyboard.press("3")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Disagreement 2 of 2")).to_be_visible()
    page.keyboard.press("2")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Nothing waits to be settled")).to_be_visible()
    assert list(Settlement.objects.order_by("pk").values_list("value", flat=True)) == ["3", "2"]
    assert Adjudication.objects.waiting().count() == 0


def test_what_a_reader_drew_can_be_shown_and_is_never_taken_for_ones_own(visit: Visit) -> None:
    study = make_findings()
    read_findings(study, ("1", BOX), ("1", FAR_BOX))
    seat = make_adjudicator(study)
    page = visit(seat.user, reverse("reading:adjudicate", args=[study.key]))
    page.get_by_role("button", name="Begin with the first case").click()
    page.wait_for_selector("#reading[data-ready]")
    show = page.get_by_role("button", name="Show on the image: First reader")
    show.click()
    expect(show).to_have_attribute("aria-pressed", "true")
    marks = page.evaluate("document.querySelector('rs-viewer').marks.map(({kind, label}) => [kind, label])")
    assert marks == [["box", "1"]]
    assert page.locator("#reading .criterion[data-kind=box]").get_attribute("data-value") == ""
    show.click()
    assert page.evaluate("document.querySelector('rs-viewer').marks.length") == 0
    assert not Settlement.objects.exists()
