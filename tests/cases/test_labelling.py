"""Labels are written all or nothing, once, and only while the protocol is open."""

from __future__ import annotations

import pytest
from django.db import DataError, transaction

from readerstudy.audit.models import Event
from readerstudy.cases import actions
from readerstudy.cases.downloads import label_rows
from readerstudy.cases.labels import read_labels
from readerstudy.cases.models import Case, Fate, ReferenceStandard, Upload, as_label
from readerstudy.cases.policies import CasesError
from readerstudy.studies.actions import lock_protocol
from readerstudy.studies.models import Study
from tests.factories import make_case, make_image


@pytest.fixture
def three(study: Study) -> list[Case]:
    return [make_case(study) for _number in range(3)]


def write(study: Study, content: bytes) -> int:
    return actions.import_labels(study=study, table=read_labels(content), by=study.created_by)


def test_a_table_writes_references_texts_and_strata(study: Study, three: list[Case]) -> None:
    content = b"case,label,text,sex\nC001,normal,Cough,F\nC002,pneumonia,,\n"
    assert write(study, content) == 2
    first, second, third = Case.objects.of(study).select_related("reference")
    assert (first.reference.label, first.clinical_text, first.strata) == ("normal", "Cough", {"sex": "F"})
    assert (second.reference.label, second.clinical_text, second.strata) == ("pneumonia", "", {})
    assert not hasattr(third, "reference")
    assert list(Case.objects.of(study).without_reference()) == [third]


def test_a_reference_may_be_a_whole_report(study: Study, three: list[Case]) -> None:
    report = "FINDINGS: " + "The lungs are clear. " * 20 + "\n\nIMPRESSION: No finding."
    assert write(study, f'case,reference\nC001,"{report}"\n'.encode()) == 1
    stored = ReferenceStandard.objects.get()
    assert stored.label == report
    assert as_label(stored.label) == ""
    assert (len(stored.short), stored.short[:9], "\n" in stored.short) == (80, "FINDINGS:", False)
    assert [row[2] for row in label_rows(study)][:2] == ["reference", report]


def test_the_database_refuses_a_reference_beyond_all_bounds(study: Study, three: list[Case]) -> None:
    with pytest.raises(DataError, match="too long"), transaction.atomic():
        ReferenceStandard.objects.create(study=study, case=three[0], label="x" * 10_001)


def test_a_second_confirmation_changes_nothing_and_is_not_recorded(study: Study, three: list[Case]) -> None:
    content = b"case,label,sex\nC001,normal,F\n"
    assert (write(study, content), write(study, content)) == (1, 0)
    event = Event.objects.get(verb="labels.import")
    assert event.data["cases"] == 1
    assert event.data["strata"] == ["sex"]
    assert len(event.data["table_sha256"]) == 64


def test_a_later_table_corrects_what_it_names_and_keeps_the_rest(study: Study, three: list[Case]) -> None:
    write(study, b"case,label,sex,site\nC001,normal,F,north\n")
    write(study, b"case,label,sex\nC001,pneumonia,M\n")
    case = Case.objects.of(study).select_related("reference")[0]
    assert case.reference.label == "pneumonia"
    assert case.strata == {"sex": "M", "site": "north"}
    assert ReferenceStandard.objects.count() == 1


def test_one_unknown_case_means_that_nothing_is_written(study: Study, three: list[Case]) -> None:
    with pytest.raises(CasesError, match="Nothing was written"):
        write(study, b"case,label\nC001,normal\nSMITH_JOHN,normal\n")
    assert not ReferenceStandard.objects.exists()
    assert not Event.objects.filter(verb="labels.import").exists()


def test_the_refusal_does_not_quote_the_table(study: Study, three: list[Case]) -> None:
    with pytest.raises(CasesError) as caught:
        write(study, b"case,label\nSMITH_JOHN,normal\n")
    assert "SMITH" not in str(caught.value)


def test_a_locked_study_keeps_its_labels(study: Study, three: list[Case]) -> None:
    lock_protocol(study=study, manifest_sha256="0" * 64, by=study.created_by)
    with pytest.raises(CasesError, match="locked, so its labels can no longer change"):
        write(study, b"case,label\nC001,normal\n")


def test_a_case_that_is_left_out_is_unknown_to_tables(study: Study, three: list[Case]) -> None:
    actions.leave_out(study=study, cases=three[:1], by=study.created_by)
    plan = actions.plan_import(study, read_labels(b"case,label\nC001,normal\n"))
    assert [str(problem) for problem in plan.problems] == [
        "Line 2: No case or file of this study is called “C001”."
    ]


def test_the_name_of_a_duplicate_finds_the_case_of_its_twin(study: Study, three: list[Case]) -> None:
    twin = Upload.objects.get(image__case=three[1])
    Upload.objects.filter(pk=twin.pk).update(sha256="ab" * 32)
    Upload.objects.create(
        image_set=twin.image_set,
        original_name="again.png",
        sha256="ab" * 32,
        fate=Fate.DUPLICATE,
        reason="twin",
    )
    plan = actions.plan_import(study, read_labels(b"file,label\nagain.png,normal\n"))
    assert [change.code for change in plan.changes] == ["C002"]


def test_erased_names_match_no_more_and_codes_still_do(study: Study, three: list[Case]) -> None:
    assert actions.erase_names(study=study, by=study.created_by) == 3
    assert actions.erase_names(study=study, by=study.created_by) == 0
    assert set(Upload.objects.values_list("original_name", flat=True)) == {""}
    assert Event.objects.get(verb="upload.erase_names").data == {"names": 3, "folders": 0, "placements": 0}
    assert actions.plan_import(study, read_labels(b"file,label\nC001.png,normal\n")).problems
    assert write(study, b"case,label\nC001,normal\n") == 1


def test_cases_of_another_study_are_unknown(study: Study, three: list[Case]) -> None:
    from tests.factories import make_study

    other = make_study()
    assert actions.plan_import(other, read_labels(b"case,label\nC001,normal\n")).problems


def test_a_case_with_several_images_is_found_by_each_file(study: Study) -> None:
    case = make_case(study)
    prior = make_image(case, slot="prior")
    prior.uploads.update(original_name="earlier.png")
    plan = actions.plan_import(study, read_labels(b"file,label\nearlier.png,normal\n"))
    assert [change.code for change in plan.changes] == ["C001"]
