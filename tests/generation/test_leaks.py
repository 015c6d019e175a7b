"""The scan of a study: what each arm's texts hold, and how well form tells the arms apart, before and after."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from readerstudy.generation import actions
from readerstudy.generation.blinding.leaks import leaks_of, table_of
from readerstudy.providers.texts import Kind, Rules
from readerstudy.studies.models import Study
from tests.factories import freeze, make_arm, make_case, make_output, make_study

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_remembered() -> None:
    cache.clear()


@pytest.fixture
def study() -> Study:
    """One arm writes plain lines, the other Markdown with a name in it; both say the same."""
    study = make_study()
    plain, marked = make_arm(study, name="Plain"), make_arm(study, name="Marked")
    for number in range(12):
        case, said = make_case(study), f"No effusion seen, {number} mm."
        make_output(plain, case, text=f"Findings\n- {said}")
        make_output(
            marked,
            case,
            text=f"Certainly! Here is the report:\n\n## Findings\n* **{said}**\n\nI am Gemini 1.5 Pro.",
        )
    return study


def found(study: Study, arm: str, kind: Kind) -> tuple[int, int]:
    [texts] = [each for each in leaks_of(study).arms if each.name == arm]
    return next(((each.raw, each.shown) for each in texts.found if each.kind == kind), (0, 0))


def test_each_kind_is_counted_as_it_came_and_as_it_is_shown(study: Study) -> None:
    assert found(study, "Marked", Kind.NAME) == (12, 0)
    assert found(study, "Marked", Kind.HEADING) == (12, 0)
    assert found(study, "Marked", Kind.OPENING) == (12, 0)
    assert found(study, "Marked", Kind.BULLET) == (12, 12)
    assert found(study, "Plain", Kind.NAME) == (0, 0)
    labels = [row.label for row in table_of(leaks_of(study))]
    assert "headings" in labels
    assert "formulas" not in labels, "what was found nowhere has no row"


def test_form_tells_the_arms_apart_until_it_is_levelled(study: Study) -> None:
    leaks = leaks_of(study)
    assert leaks.raw_style is not None
    assert leaks.raw_style.is_clear
    assert leaks.raw_style.strongest.value == 1
    assert leaks.length_ratio is not None
    assert leaks.length_ratio > 1


def test_levelled_texts_of_one_form_are_not_told_apart() -> None:
    study = make_study()
    arms = [make_arm(study, name="Plain"), make_arm(study, name="Marked")]
    for number in range(12):
        case = make_case(study)
        make_output(arms[0], case, text=f"Findings\n- No effusion, {number % 4} mm.")
        make_output(arms[1], case, text=f"## Findings\n* **No effusion, {number % 4} mm.**")
    leaks = leaks_of(study)
    assert leaks.raw_style is not None
    assert leaks.shown_style is not None
    assert leaks.raw_style.is_clear
    assert not leaks.shown_style.is_clear


def test_the_scan_follows_the_rules_and_reads_frozen_texts_too(study: Study) -> None:
    before = leaks_of(study)
    actions.save_rules(study=study, rules=Rules(names=False), by=study.created_by)
    assert found(study, "Marked", Kind.NAME) == (12, 12)
    actions.save_rules(study=study, rules=Rules(), by=study.created_by)
    freeze(study)
    assert leaks_of(study).arms == before.arms


def test_the_page_says_it_and_asks_for_a_yes(study: Study, settings: Any) -> None:
    client = Client()
    client.force_login(study.created_by)
    page = client.get(reverse("generation:leaks", args=[study.key])).content.decode()
    assert "names of models or makers" in page
    assert "12 texts are not approved" in page
    assert "12 → 0" in page
    empty = make_study(by=study.created_by)
    assert (
        "nothing to look at yet" in client.get(reverse("generation:leaks", args=[empty.key])).content.decode()
    )
    one = make_study(by=study.created_by)
    make_output(make_arm(one), make_case(one))
    assert "With one arm" in client.get(reverse("generation:leaks", args=[one.key])).content.decode()
