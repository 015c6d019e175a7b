"""Copies of a study: everything of its protocol and nothing that was collected, with a guard for what is new."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.db import models
from django.test import Client
from django.urls import reverse

from readerstudy.audit.models import Event
from readerstudy.cases.models import Case, ImageRules
from readerstudy.generation.models import Generation, Sampling, TextRules
from readerstudy.reading.models import AllocationPlan
from readerstudy.studies import actions
from readerstudy.studies.actions.copying import copy_study
from readerstudy.studies.copying import COPIED, NOT_PROTOCOL, values_of
from readerstudy.studies.models import Arm, Criterion, Design, Membership, PromptVersion, Study
from tests import factories

pytestmark = pytest.mark.django_db

ELSEWHERE = frozenset({"studies.Study"})


def points_at_a_study(model: type[models.Model]) -> bool:
    return any(field.is_relation and field.related_model is Study for field in model._meta.concrete_fields)


def test_every_model_of_a_study_is_copied_or_left_for_a_reason() -> None:
    """Whoever adds a model of a study decides here whether a copy takes it along: see `studies/copying.py`."""
    of_a_study = {model._meta.label for model in apps.get_models() if points_at_a_study(model)}
    assert of_a_study | ELSEWHERE | {"studies.Criterion"} == set(COPIED) | set(NOT_PROTOCOL)
    assert not set(COPIED) & set(NOT_PROTOCOL)
    assert all(NOT_PROTOCOL.values())


@pytest.mark.parametrize("label", sorted(COPIED))
def test_every_field_of_a_protocol_model_is_copied_or_left(label: str) -> None:
    """Whoever adds a field to a protocol model decides here whether a copy takes it along."""
    fields = {field.name for field in apps.get_model(label)._meta.concrete_fields}
    declared = COPIED[label]
    assert fields == declared.copied | declared.left
    assert not declared.copied & declared.left


@pytest.fixture
def study() -> Study:
    """A running study whose protocol says something in every part."""
    study = factories.make_study(
        question="Which is better?",
        instructions="Read.",
        consent_text="I agree.",
        refusal_policy="worst",
        positive_label="abnormal",
        show_boxes=True,
    )
    prompt = factories.make_prompt(study, name="P", task="Say.", role="You are a doctor.")
    factories.make_arm(study, name="One", prompt=prompt, parameters={"seed": 7}, replicates=2)
    human = {"connection": "", "model": "", "is_simulated": False}
    factories.make_arm(study, name="Two", kind="human", **human)
    factories.make_criterion(study, key="correctness", help="How so.")
    factories.make_criterion(study, key="sign", kind="yes_no", acceptable_from=1)
    allocation = {"plan": "crossed", "repeats": {"share": 0.1}}
    actions.set_section(study=study, name="allocation", content=allocation, by=study.created_by)
    ethics = {"decision": "approved", "board": "REC 1"}
    actions.set_section(study=study, name="ethics", content=ethics, by=study.created_by)
    ImageRules.objects.create(study=study, shown_as="normal", side=512, keeps_age_and_sex=True)
    TextRules.objects.create(study=study, number=1, document={"bullets": True}, created_by=study.created_by)
    Sampling.objects.create(study=study, share=25, fewest=4, people=2)
    factories.make_case(study)
    factories.make_reader(study)
    study.refresh_from_db()
    return study


def test_a_copy_has_the_whole_protocol(study: Study) -> None:
    made = copy_study(study=study, title="Once more", by=study.created_by)
    assert values_of(made) == values_of(study)
    assert [_plain(row) for row in Criterion.objects.of(made)] == [
        _plain(row) for row in Criterion.objects.of(study)
    ]
    arms = Arm.objects.filter(study=made).order_by("position")
    assert [_plain(arm, "prompt") for arm in arms] == [
        _plain(arm, "prompt") for arm in Arm.objects.filter(study=study).order_by("position")
    ]
    assert arms[0].prompt is not None
    assert arms[0].prompt.study == made
    assert arms[0].prompt.document == PromptVersion.objects.get(study=study, name="P").document
    assert Design.objects.of(made).section("allocation")["repeats"] == {"share": 0.1}
    for model in (ImageRules, TextRules, Sampling):
        assert _plain(model.objects.get(study=made)) == _plain(model.objects.get(study=study))


def _plain(row: models.Model, *without: str) -> dict[str, Any]:
    return {name: value for name, value in values_of(row).items() if name not in without}


def test_a_copy_begins_as_a_draft_of_its_own_with_nobody_and_nothing_collected(study: Study) -> None:
    factories.make_output(Arm.objects.filter(study=study)[0], Case.objects.get(study=study))
    made = copy_study(study=study, title="Once more", by=study.created_by)
    assert (made.state, made.title, made.copied_from, made.is_demo) == ("draft", "Once more", study, False)
    assert made.contains_patient_data
    assert made.key != study.key
    assert made.seed != study.seed
    assert [member.role for member in Membership.objects.filter(study=made)] == ["coordinator"]
    assert not Case.objects.filter(study=made).exists()
    assert not Generation.objects.filter(arm__study=made).exists()
    assert not AllocationPlan.objects.filter(study=made).exists()
    assert "ethics" not in Design.objects.of(made).document


def test_a_copy_of_a_locked_study_is_open_and_tells_where_it_comes_from() -> None:
    study = factories.make_running_study(cases=1, readers=1)
    client = Client()
    client.force_login(study.created_by)
    sent = {"title": "Second study"}
    response = client.post(reverse("studies:copy", args=[study.key]), sent, follow=True)
    made = Study.objects.get(title="Second study")
    assert f"<dd>{study.title}</dd>" in response.content.decode()
    assert Event.objects.of_study(made.pk).get(verb="study.copy").data == {"from": study.key}
    factories.make_criterion(made, key="another")
    assert client.post(reverse("studies:copy", args=[study.key]), {"title": ""}).status_code == 422
