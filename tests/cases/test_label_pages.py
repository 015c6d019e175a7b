"""The page of labels: shown first, written when confirmed."""

from __future__ import annotations

import csv
import io
import random
from typing import Any

import pytest
from django.test import Client

from readerstudy.audit.models import Event
from readerstudy.cases import actions
from readerstudy.cases.forms import PreviewForm
from readerstudy.cases.models import ReferenceStandard
from readerstudy.studies.models import Study
from tests.cases.files import sent, table
from tests.cases.pages import address, messages_of, text_of
from tests.factories import make_case, make_study


def preview(coordinator: Client, study: Study, content: bytes) -> Any:
    return coordinator.post(address("labels", study), {"table": sent(content, "labels.csv")})


def test_labels_are_shown_before_they_are_written(coordinator: Client, study: Study) -> None:
    make_case(study, label="normal")
    make_case(study)
    content = table([["case", "label", "sex"], ["C001", "normal", "F"], ["C002", "pneumonia", ""]])
    response = preview(coordinator, study, content)
    page = text_of(response)
    assert response.status_code == 200
    assert "2 cases will change" in page
    assert "+ pneumonia" in page
    assert "+ normal" not in page
    assert ReferenceStandard.objects.count() == 1
    signed = response.context["signed"]
    confirmed = coordinator.post(address("confirm_labels", study), {"table": signed}, follow=True)
    assert messages_of(confirmed) == ["The labels of 2 cases are stored."]
    assert ReferenceStandard.objects.count() == 2
    again = coordinator.post(address("confirm_labels", study), {"table": signed}, follow=True)
    assert messages_of(again) == ["These labels are already stored."]
    assert Event.objects.filter(verb="labels.import").count() == 1


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"case,label\nC009,x\n", "Line 2: No case or file of this study is called “C009”."),
        (b"case,label,label\nC001,x,y\n", "Line 1: Two columns are called “label”. Rename or delete one."),
        ("case,label\nC001,ä\n".encode("cp1252"), "There is a character that is not UTF-8."),
    ],
)
def test_a_bad_table_shows_its_problems_and_no_button_to_write(
    coordinator: Client, study: Study, content: bytes, sentence: str
) -> None:
    make_case(study)
    response = preview(coordinator, study, content)
    page = text_of(response)
    assert response.status_code == 422
    assert sentence in page
    assert "One thing in this table is wrong" in page
    assert address("confirm_labels", study) not in page
    assert not ReferenceStandard.objects.exists()


def test_only_the_first_hundred_problems_are_shown(coordinator: Client, study: Study) -> None:
    make_case(study)
    content = table([["case", "label"], *([f"X{number}", "a"] for number in range(150))])
    page = text_of(preview(coordinator, study, content))
    assert "150 things in this table are wrong" in page
    assert "And 50 more." in page


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({}, "Choose a CSV file first."),
        ({"table": sent(b"", "x.csv")}, "This table is empty. Its first line must name the columns."),
    ],
)
def test_a_missing_or_empty_table_says_so_at_the_field(
    coordinator: Client, study: Study, body: dict[str, Any], sentence: str
) -> None:
    make_case(study)
    assert sentence in text_of(coordinator.post(address("labels", study), body))


def test_a_preview_that_was_changed_or_belongs_elsewhere_is_refused(
    coordinator: Client, study: Study
) -> None:
    make_case(study)
    signed = preview(coordinator, study, b"case,label\nC001,normal\n").context["signed"]
    other = make_study(by=study.created_by)
    make_case(other)
    for target, body in ((study, f"{signed}x"), (other, signed), (study, "")):
        response = coordinator.post(address("confirm_labels", target), {"table": body}, follow=True)
        assert len(messages_of(response)) == 1
    assert not ReferenceStandard.objects.exists()


def test_a_table_whose_case_was_left_out_since_is_refused_whole(coordinator: Client, study: Study) -> None:
    first, _second = make_case(study), make_case(study)
    content = b"case,label\nC001,normal\nC002,normal\n"
    signed = preview(coordinator, study, content).context["signed"]
    actions.leave_out(study=study, cases=[first], by=study.created_by)
    response = coordinator.post(address("confirm_labels", study), {"table": signed}, follow=True)
    assert messages_of(response)[0].startswith("Nothing was written")
    assert not ReferenceStandard.objects.exists()


def test_the_largest_table_survives_the_way_through_the_page(coordinator: Client, study: Study) -> None:
    make_case(study)
    alphabet = "".join(chr(sign) for sign in range(33, 127) if chr(sign) not in '",;')
    dice = random.Random(1)
    columns = [f"s{number}" for number in range(58)]
    wide = [["case", *columns], ["C001", *("".join(dice.choices(alphabet, k=200)) for _name in columns)]]
    assert preview(coordinator, study, table(wide)).status_code == 200
    text = "".join(dice.choices(alphabet, k=1_900_000))
    signed = PreviewForm(study=study).sign(text.encode())
    response = coordinator.post(address("confirm_labels", study), {"table": signed}, follow=True)
    assert messages_of(response)[0].startswith("Nothing was written")


def test_the_cases_can_be_downloaded_filled_in_and_uploaded_again(coordinator: Client, study: Study) -> None:
    make_case(study, label="normal", clinical_text="=1+1", strata={"sex": "F"})
    make_case(study)
    content = b"".join(coordinator.get(address("label_table", study)).streaming_content)
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    assert rows == [
        ["case", "file", "reference", "clinical_text", "sex"],
        ["C001", "C001.png", "normal", "'=1+1", "F"],
        ["C002", "C002.png", "", "", ""],
    ]
    filled = content.replace(b"C002.png,,", b"C002.png,nodule,").replace(b"'=1+1", b"")
    assert "1 case will change" in text_of(preview(coordinator, study, filled))


def test_clinical_text_and_labels_are_shown_as_text(coordinator: Client, study: Study) -> None:
    make_case(study)
    page = text_of(preview(coordinator, study, b"case,label,text\nC001,<b>x</b>,<img src=x>\n"))
    assert "<img src=x>" not in page
    assert "&lt;b&gt;x&lt;/b&gt;" in page
