"""Cases are there to be read, as examples, or to try prompts out; a picture is one of these and never another."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from readerstudy.audit.models import Event
from readerstudy.audit.sentences import sentence
from readerstudy.cases.actions import import_labels, set_purpose
from readerstudy.cases.labels import read_labels
from readerstudy.cases.models import Case, Purpose, Rendition
from readerstudy.cases.policies import CasesError
from readerstudy.providers.prompts import Example
from readerstudy.studies.models import Study
from readerstudy.studies.policies import StudyError
from readerstudy.studies.stations import readiness
from tests.cases.pages import address, messages_of, text_of
from tests.factories import make_arm, make_case, make_output, make_prompt, make_running_study


def change(study: Study, purpose: Purpose, *cases: Case) -> int:
    return set_purpose(study=study, cases=cases, purpose=purpose, by=study.created_by)


def test_cases_set_apart_are_not_read_and_the_change_is_audited(study: Study) -> None:
    first, second = make_case(study), make_case(study)
    assert change(study, Purpose.EXAMPLE, first) == 1
    assert change(study, Purpose.EXAMPLE, first) == 0
    assert list(Case.objects.of(study)) == [second]
    assert list(Case.objects.kept(study)) == [first, second]
    event = Event.objects.get(verb="case.purpose")
    assert event.data == {"cases": ["C001"], "purpose": "example"}
    assert sentence(event) == "Changed what 1 case is there for: C001"


def test_a_case_with_an_output_stays_what_it_is(study: Study) -> None:
    case = make_case(study)
    make_output(make_arm(study, kind="imported", model="", connection=""), case)
    with pytest.raises(CasesError, match="C001"):
        change(study, Purpose.VALIDATION, case)


def test_a_case_that_a_prompt_in_use_names_stays_an_example(study: Study) -> None:
    case, other = make_case(study), make_case(study)
    change(study, Purpose.EXAMPLE, case, other)
    make_prompt(study, name="P", examples=(Example(case.code, "normal"),))
    with pytest.raises(CasesError, match="“P \\(1\\)”"):
        change(study, Purpose.STUDY, case)
    assert change(study, Purpose.STUDY, other) == 1
    make_prompt(study, name="P")
    assert change(study, Purpose.STUDY, case) == 1


@pytest.mark.parametrize("elsewhere", [Purpose.STUDY, Purpose.VALIDATION])
def test_a_picture_is_never_an_example_and_something_else(study: Study, elsewhere: Purpose) -> None:
    first, second = make_case(study), make_case(study)
    show_the_same(first, second)
    change(study, elsewhere, second)
    with pytest.raises(CasesError, match="C001"):
        change(study, Purpose.EXAMPLE, first)
    first.refresh_from_db()
    assert first.purpose == Purpose.STUDY
    assert change(study, Purpose.EXAMPLE, first, second) == 2


@pytest.mark.django_db
def test_a_locked_study_keeps_its_purposes() -> None:
    study = make_running_study()
    case = Case.objects.of(study)[0]
    with pytest.raises(StudyError, match="locked"):
        change(study, Purpose.EXAMPLE, case)
    with pytest.raises(IntegrityError, match="locked"), transaction.atomic():
        Case.objects.filter(pk=case.pk).update(purpose=Purpose.EXAMPLE)


def test_labels_cover_cases_that_are_set_apart(study: Study) -> None:
    case = make_case(study)
    change(study, Purpose.VALIDATION, case)
    table = read_labels(b"case,reference\nC001,normal\n")
    assert import_labels(study=study, table=table, by=study.created_by) == 1
    case.refresh_from_db()
    assert case.reference.label == "normal"


def test_the_overview_counts_what_is_set_apart(study: Study) -> None:
    change(study, Purpose.EXAMPLE, make_case(study))
    texts = [line.text for line in readiness(study)]
    assert "Every case is set apart for prompts, so there is none to read." in texts
    assert "Set apart for prompts: examples 1, validation cases 0" in texts


def test_the_page_changes_what_is_ticked(coordinator: Client, study: Study) -> None:
    _first, second = make_case(study, label="normal"), make_case(study)
    page = address("purposes", study)
    told = text_of(coordinator.get(page))
    assert told.count('type="checkbox"') == 2
    answer = coordinator.post(page, {"cases": [second.pk], "purpose": "validation"}, follow=True)
    assert messages_of(answer) == ["What the cases are for is stored."]
    assert "Trying prompts out: 1" in text_of(answer)
    second.refresh_from_db()
    assert second.purpose == Purpose.VALIDATION


def test_a_case_with_outputs_changes_only_among_what_readers_read(study: Study) -> None:
    case = make_case(study)
    make_output(make_arm(study), case)
    for purpose in (Purpose.PRACTICE, Purpose.CHECK, Purpose.LATER, Purpose.STUDY):
        assert change(study, purpose, case) == 1
    with pytest.raises(CasesError, match="C001"):
        change(study, Purpose.EXAMPLE, case)


def test_nothing_ticked_says_what_to_do(coordinator: Client, study: Study) -> None:
    make_case(study)
    answer = coordinator.post(address("purposes", study), {"purpose": "example"})
    assert answer.status_code == 422
    assert "No case is ticked" in text_of(answer)


def test_an_empty_study_is_told_to_add_images_first(coordinator: Client, study: Study) -> None:
    assert "There are no cases yet" in text_of(coordinator.get(address("purposes", study)))


def show_the_same(first: Case, second: Case) -> None:
    """The second case gets one more frame, with the pixels of the first."""
    frame = Rendition.objects.get(image__case=first, kind="full")
    frame.pk, frame.image, frame.frame = None, second.images.get(), 1
    frame.save(force_insert=True)
