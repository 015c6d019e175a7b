"""How a study treats its images: who may say it, when, and what follows."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from django.test import Client

from readerstudy.audit.models import Event
from readerstudy.cases.actions.rules import save_image_rules
from readerstudy.cases.models import ImageRules, ShownAs, rules_of
from readerstudy.cases.policies import CasesError
from readerstudy.generation.models import Generation
from readerstudy.studies.models import Study
from readerstudy.studies.policies import StudyError
from tests.cases.pages import address, messages_of, text_of
from tests.factories import make_arm, make_case, make_output, make_running_study, make_study

USUAL = {"shown_as": "full", "side": "1024"}
Capture = Callable[..., AbstractContextManager[Any]]


def save(study: Study, **changes: Any) -> ImageRules:
    return save_image_rules(study=study, changes=changes, by=study.created_by)


def test_nobody_has_to_choose(study: Study) -> None:
    rules = rules_of(study)
    assert (rules.shown_as, rules.side, rules.keeps_age_and_sex, rules.keeps_originals) == (
        "full",
        1024,
        False,
        False,
    )


def test_a_change_is_stored_and_audited_with_what_it_was_before(study: Study) -> None:
    save(study, shown_as=ShownAs.NORMAL, side=512, keeps_age_and_sex=False)
    rules = ImageRules.objects.get(study=study)
    assert (rules.shown_as, rules.side) == ("normal", 512)
    event = Event.objects.get(verb="image_rules.change")
    assert event.actor == study.created_by
    assert event.data == {"shown_as": ["full", "normal"], "side": [1024, 512]}


def test_saving_the_same_again_says_nothing(study: Study) -> None:
    save(study, shown_as=ShownAs.SENT)
    save(study, shown_as=ShownAs.SENT)
    assert Event.objects.filter(verb="image_rules.change").count() == 1


def test_rules_of_a_locked_study_stay(db: None) -> None:
    study = make_running_study()
    with pytest.raises(StudyError, match="locked"):
        save(study, shown_as=ShownAs.SENT)
    assert not ImageRules.objects.filter(study=study).exists()


def test_originals_are_kept_only_with_a_key_to_encrypt_them(study: Study, settings: Any) -> None:
    settings.ORIGINALS_KEY = b""
    with pytest.raises(CasesError, match="no key"):
        save(study, keeps_originals=True)
    settings.ORIGINALS_KEY = b"k" * 32
    assert save(study, keeps_originals=True).keeps_originals


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"shown_as": "full"}, {"shown_as": "normal"}),
        ({"shown_as": "normal"}, {"shown_as": "sent"}),
        ({"shown_as": "normal", "side": 512}, {"side": 1024}),
    ],
)
def test_what_a_model_was_given_stays_what_readers_see(
    study: Study, before: dict[str, Any], after: dict[str, Any]
) -> None:
    save(study, **before)
    Generation.objects.create(arm=make_arm(study), case=make_case(study))
    with pytest.raises(CasesError, match="readers must see the same"):
        save(study, **after)


def test_what_does_not_concern_models_can_still_change_then(study: Study) -> None:
    make_output(make_arm(study), make_case(study))
    save(study, shown_as=ShownAs.SENT)
    save(study, shown_as=ShownAs.FULL, side=512)
    assert rules_of(study).side == 512


def test_the_page_saves_and_leads_on(coordinator: Client, study: Study) -> None:
    assert address("rules", study) in text_of(coordinator.get(address("images", study)))
    page = text_of(coordinator.get(address("rules", study)))
    assert address("tells", study) in page
    response = coordinator.post(address("rules", study), {"shown_as": "sent", "side": "1024"}, follow=True)
    assert messages_of(response) == ["The rules are saved."]
    assert rules_of(study).shown_as == "sent"


@pytest.mark.parametrize("side", ["255", "2049", "", "large"])
def test_a_side_out_of_bounds_is_explained(coordinator: Client, study: Study, side: str) -> None:
    response = coordinator.post(address("rules", study), {**USUAL, "side": side})
    assert response.status_code == 422
    assert "This is not saved yet" in text_of(response)
    assert "Choose a whole number of pixels between 256 and 2048." in text_of(response)
    assert not ImageRules.objects.exists()


def test_without_a_key_the_page_says_why_originals_cannot_be_kept(
    coordinator: Client, study: Study, settings: Any
) -> None:
    settings.ORIGINALS_KEY = b""
    assert "set ORIGINALS_KEY" in text_of(coordinator.get(address("rules", study)))
    coordinator.post(address("rules", study), {**USUAL, "keeps_originals": "on"})
    assert not rules_of(study).keeps_originals
    settings.ORIGINALS_KEY = b"k" * 32
    coordinator.post(address("rules", study), {**USUAL, "keeps_originals": "on"})
    assert rules_of(study).keeps_originals


def test_a_refusal_becomes_a_sentence_on_the_page(coordinator: Client, study: Study) -> None:
    make_output(make_arm(study), make_case(study))
    response = coordinator.post(address("rules", study), {**USUAL, "shown_as": "normal"}, follow=True)
    assert messages_of(response)[0].startswith("Models were already asked about these images")


def test_a_locked_study_shows_its_rules_and_no_form(client: Client, db: None) -> None:
    study = make_running_study()
    client.force_login(study.created_by)
    page = text_of(client.get(address("rules", study)))
    assert "its image rules no longer change" in page
    assert 'method="post" novalidate' not in page
    client.post(address("rules", study), {**USUAL, "shown_as": "sent"})
    assert rules_of(study).shown_as == "full"


def test_saving_rings_a_worker_only_where_something_is_to_be_made(
    study: Study, bells: list[tuple[Any, ...]], django_capture_on_commit_callbacks: Capture
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        save(study, shown_as=ShownAs.NORMAL)
    assert bells == []
    make_case(study)
    with django_capture_on_commit_callbacks(execute=True):
        save(study, side=256)
    assert [(name, args[0]) for name, args, _options in bells] == [
        ("readerstudy.cases.tasks.normalise", (study.pk,))
    ]


def test_strangers_learn_nothing_of_the_rules(client: Client, study: Study) -> None:
    client.force_login(make_study().created_by)
    for name in ("rules", "tells"):
        assert client.get(address(name, study)).status_code == 404
