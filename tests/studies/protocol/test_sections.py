"""A section of a protocol is checked as part of the whole before it is stored."""

from __future__ import annotations

from typing import Any

import pytest

from readerstudy.audit.models import Event
from readerstudy.studies.actions import DesignRefused, change_study, set_section
from readerstudy.studies.lifecycle import State
from readerstudy.studies.models import Design, Study
from readerstudy.studies.policies import StudyError
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def study() -> Study:
    return factories.make_study()


def put(study: Study, name: str, content: Any) -> Any:
    set_section(study=study, name=name, content=content, by=study.created_by)
    return Design.objects.of(Study.objects.get(pk=study.pk)).section(name)


def refused(study: Study, name: str, content: Any) -> list[str]:
    with pytest.raises(DesignRefused) as refusal:
        set_section(study=study, name=name, content=content, by=study.created_by)
    assert not Event.objects.filter(verb="design.change").exists()
    return [str(problem) for problem in refusal.value.problems]


def test_a_section_is_stored_and_the_change_is_written_down(study: Study) -> None:
    plan = {"plan": "split_plot", "groups": 2}
    assert put(study, "allocation", plan) == plan
    event = Event.objects.get(verb="design.change")
    assert event.data == {"section": "allocation", "old": {}, "new": plan}
    put(study, "allocation", plan)
    assert Event.objects.filter(verb="design.change").count() == 1


def test_a_section_of_the_wrong_form_is_refused_by_its_field(study: Study) -> None:
    assert refused(study, "allocation", {"plan": "sideways"}) == [
        'allocation.plan: "sideways" is not one of the choices: crossed, split_plot, overlap, incomplete_blocks.'
    ]
    assert "“colour” is not known here" in refused(study, "display", {"colour": "red"})[0]
    with pytest.raises(StudyError, match="no section “arms”"):
        set_section(study=study, name="arms", content=[], by=study.created_by)


def test_a_section_that_does_not_fit_the_rest_is_refused(study: Study) -> None:
    sentences = refused(study, "endpoints", [{"name": "Right", "statistic": "kappa", "criterion": "absent"}])
    assert sentences == [
        "endpoints[1].criterion: No question has the key “absent”. Name one of the criteria."
    ]
    put(study, "strata", [{"name": "origin", "levels": ["real", "synthetic"]}])
    put(study, "cases", {"table": [{"code": "C001", "strata": {"origin": "real"}}]})
    assert "There is no stratum “origin”" in refused_later(study, "strata", [])[0]


def refused_later(study: Study, name: str, content: Any) -> list[str]:
    with pytest.raises(DesignRefused) as refusal:
        set_section(study=study, name=name, content=content, by=study.created_by)
    return [str(problem) for problem in refusal.value.problems]


def test_a_problem_that_is_there_already_does_not_stand_in_the_way_of_another_section(study: Study) -> None:
    Design.objects.create(study=study, document={"phases": {"break_minutes": 1}})
    assert put(study, "readers", {"count": 3}) == {"count": 3}
    assert "too small" in refused_later(study, "phases", {"break_minutes": 1})[0]


def test_what_is_a_column_of_the_study_stands_in_one_place(study: Study) -> None:
    put(study, "study", {"title": "Another", "question": "Who is right?", "hypotheses": ["The first."]})
    put(study, "cases", {"count": 4, "labels": ["ill", "well"], "positive": "ill"})
    put(study, "texts", {"en": {"instructions": "Look.", "consent": "I agree.", "tutorial": ["One."]}})
    study.refresh_from_db()
    found = (study.title, study.positive_label, study.instructions, study.consent_text)
    assert found == ("Another", "ill", "Look.", "I agree.")
    change_study(study=study, changes={"title": "A third", "instructions": "Listen."}, by=study.created_by)
    design = Design.objects.of(Study.objects.get(pk=study.pk))
    assert design.section("study") == {
        "title": "A third", "question": "Who is right?", "hypotheses": ["The first."]
    }  # fmt: skip
    assert design.section("texts")["en"] == {
        "instructions": "Listen.", "consent": "I agree.", "tutorial": ["One."]
    }  # fmt: skip


def test_texts_stay_in_their_language_when_the_study_gets_another(study: Study) -> None:
    put(study, "texts", {"en": {"instructions": "Look."}, "de": {"instructions": "Schau."}})
    put(study, "study", {"title": "Studie", "question": "Wer?", "language": "de"})
    study.refresh_from_db()
    assert study.instructions == "Schau."
    texts = Design.objects.of(study).section("texts")
    assert texts["en"]["instructions"] == "Look."


def test_a_section_that_is_emptied_is_gone(study: Study) -> None:
    put(study, "readers", {"count": 3})
    assert put(study, "readers", {}) == {}
    assert "readers" not in Design.objects.get(study=study).document


def test_a_locked_protocol_keeps_its_sections() -> None:
    study = factories.make_study()
    Study.objects.filter(pk=study.pk).update(state=State.CLOSED)
    with pytest.raises(StudyError, match="locked"):
        set_section(study=study, name="readers", content={"count": 3}, by=study.created_by)
