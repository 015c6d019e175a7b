"""Pages speak to doctors: questions by their words, answers by their labels, settings by the names on their forms."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from readerstudy.studies.actions import save_criterion
from readerstudy.studies.life_forms import WordingForm
from readerstudy.studies.models import Arm, Criterion, Study
from readerstudy.studies.question_lists import line_of
from readerstudy.studies.rubrics.documents import from_document
from readerstudy.studies.rubrics.examples import example_of
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def study() -> Study:
    return factories.make_ready_study(cases=1)


def page(study: Study, name: str) -> str:
    client = Client()
    client.force_login(study.created_by)
    return " ".join(client.get(reverse(f"studies:{name}", args=[study.key])).content.decode().split())


def test_an_arm_s_parameters_are_called_as_on_its_form(study: Study) -> None:
    parameters = {"temperature": 0.5, "max_output_tokens": 600}
    Arm.objects.filter(study=study).update(parameters=parameters)
    told = page(study, "arms")
    assert "Temperature: 0.5, Most tokens in an answer: 600" in told
    assert "max_output_tokens" not in told


@pytest.mark.parametrize(
    ("kind", "values"),
    [("likert", ["1", "2", "3", "4", "5"]), ("yes_no", ["", ""]), ("single_choice", ["", "", ""])],
)
def test_the_numbers_of_a_scale_are_told_and_no_other_value(kind: str, values: list[str]) -> None:
    line = line_of({"key": "one", "cannot_judge": "no", **example_of(kind)}, [])
    assert [value for value, _label in line.answers] == values
    assert all(label for _value, label in line.answers)


def test_an_amendment_shows_each_text_under_the_question_it_belongs_to(study: Study) -> None:
    question = {**example_of("likert"), "key": "twin", "question": Criterion.objects.of(study)[0].question}
    save_criterion(study=study, fields=from_document(question), by=study.created_by)
    groups = WordingForm(study=study).groups()
    asked = [str(criterion.question) for criterion in Criterion.objects.of(study)]
    assert [name for name, _fields in groups if name] == asked
    first = next(fields for name, fields in groups if name)
    assert [str(field.label) for field in first][:3] == ["Question", "Explanation", "Option 1"]
