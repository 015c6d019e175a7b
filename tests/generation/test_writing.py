"""People write texts: case by case, saved while they type, and finished through the same steps as any output."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from readerstudy.audit.models import Event
from readerstudy.generation import actions
from readerstudy.generation.bringing.writing import next_case, series_of
from readerstudy.generation.models import Draft, Generation, Interpretation, RecordedOutput
from readerstudy.generation.policies import GenerationError
from readerstudy.studies.models import Arm, Role, Study
from readerstudy.studies.policies import StudyError
from tests.factories import (
    make_arm,
    make_case,
    make_image,
    make_member,
    make_running_study,
    make_study,
    make_user,
)

pytestmark = pytest.mark.django_db

TEXT = "The heart is enlarged. No effusion."


@pytest.fixture
def people() -> Arm:
    """A human arm of a study with three cases."""
    study = make_study(title="Radiographs and reports")
    make_arm(study, name="Secret model arm")
    arm = make_arm(study, name="Secret people arm", kind="human", connection="", model="", is_simulated=False)
    for _number in range(3):
        make_case(
            study, clinical_text="Cough for two weeks.", label="abnormal label", strata={"site": "stratum X"}
        )
    return arm


@pytest.fixture
def writer(people: Arm) -> Client:
    client = Client()
    client.force_login(make_member(people.study, Role.WRITER).user)
    return client


def url(arm: Arm, name: str, *more: object) -> str:
    return reverse(f"generation:{name}", args=[arm.study.key, *more])


def test_a_finished_text_goes_the_way_of_every_output(
    people: Arm, writer: Client, work: Callable[[], int]
) -> None:
    page = url(people, "finish_text", 1, "C001")
    response = writer.post(page, {"text": TEXT, "finish": "1"})
    assert response.headers["Location"] == url(people, "go_on_writing", 1)
    output = RecordedOutput.objects.get()
    assert (output.text, output.file_sha256) == (TEXT, "")
    assert output.by == make_by(writer)
    assert work() == 1
    interpretation = Interpretation.objects.get()
    assert (interpretation.text, interpretation.verdicts.get().verdict) == (TEXT, "answer")
    assert Event.objects.filter(verb="text.finish", actor=output.by).exists()


def make_by(client: Client) -> object:
    from readerstudy.accounts.models import User

    return User.objects.get(pk=client.session["_auth_user_id"])


def test_what_is_typed_is_kept_and_only_its_writer_sees_it(people: Arm, writer: Client) -> None:
    answer = writer.post(url(people, "keep_draft", 1, "C001"), {"text": "The heart", "token": "t1"}).json()
    assert answer["token"] == "t1"
    assert answer["saved_at"]
    assert "The heart</textarea>" in writer.get(url(people, "write_case", 1, "C001")).content.decode()
    other = Client()
    other.force_login(make_member(people.study, Role.WRITER).user)
    assert "The heart</textarea>" not in other.get(url(people, "write_case", 1, "C001")).content.decode()
    assert not RecordedOutput.objects.exists()


def test_without_a_script_the_draft_is_saved_by_its_button(people: Arm, writer: Client) -> None:
    response = writer.post(
        url(people, "finish_text", 1, "C001"), {"text": "The heart", "keep": "1"}, follow=True
    )
    assert "Your draft is saved." in response.content.decode()
    assert Draft.objects.get().text == "The heart"


def test_a_writer_sees_images_and_clinical_text_and_nothing_that_tells_of_others(
    people: Arm, writer: Client
) -> None:
    make_output_of_model(people.study)
    for page in (url(people, "write"), url(people, "write_case", 1, "C001")):
        shown = writer.get(page).content.decode()
        for secret in ("Secret", "abnormal label", "stratum X", "sim-alpha", "A model wrote this"):
            assert secret not in shown
    assert "Cough for two weeks." in shown
    assert "<rs-viewer" in shown


def make_output_of_model(study: Study) -> None:
    from tests.factories import make_output

    make_output(study.arms.get(kind="model"), study.cases.all()[0], text="A model wrote this.")


@pytest.mark.parametrize(
    ("product", "status"), [("meta", 200), ("preview", 200), ("full-0", 200), ("full-x", 404)]
)
def test_images_come_as_readers_see_them(people: Arm, writer: Client, product: str, status: int) -> None:
    response = writer.get(url(people, "writing_image", "C001", "current", product))
    assert response.status_code == status
    assert not response.has_header("Content-Disposition")


def test_images_that_nobody_confirmed_and_cases_outside_the_study_are_not_found(
    people: Arm, writer: Client
) -> None:
    case = people.study.cases.get(code="C003")
    make_image(case, slot="prior", confirmed=False)
    assert writer.get(url(people, "writing_image", "C003", "prior", "preview")).status_code == 404
    assert (
        writer.get(url(people, "write_case", 1, "C003")).status_code == 404
    )  # not all of its images are confirmed
    people.study.cases.filter(code="C002").update(purpose="example")
    for name, more in (("write_case", (1, "C002")), ("writing_image", ("C002", "current", "preview"))):
        assert writer.get(url(people, name, *more)).status_code == 404


@pytest.mark.parametrize("who", ["reader", "researcher", "adjudicator", "stranger"])
def test_nobody_else_gets_a_case_an_image_or_a_place_to_write(people: Arm, who: str) -> None:
    client = Client()
    client.force_login(make_user() if who == "stranger" else make_member(people.study, Role(who)).user)
    for name, more in (
        ("write", ()),
        ("go_on_writing", (1,)),
        ("write_case", (1, "C001")),
        ("writing_image", ("C001", "current", "preview")),
    ):
        assert client.get(url(people, name, *more)).status_code == 404
    for name in ("keep_draft", "finish_text"):
        assert client.post(url(people, name, 1, "C001"), {"text": TEXT, "finish": "1"}).status_code == 404
    assert not Draft.objects.exists()
    assert not RecordedOutput.objects.exists()


def test_the_next_case_is_one_that_nobody_else_has_begun(people: Arm) -> None:
    first, second = (make_member(people.study, Role.WRITER).user for _number in range(2))
    cases = list(people.study.cases.order_by("position"))
    actions.save_draft(arm=people, case=cases[0], text="Begun", by=first)
    assert next_case(people, first) == cases[0]
    assert next_case(people, second) == cases[1]
    for case in cases[1:]:
        actions.finish_text(arm=people, case=case, text=TEXT, by=second)
    assert next_case(people, second) == cases[0]  # what is left is offered although somebody has begun it
    actions.finish_text(arm=people, case=cases[0], text=TEXT, by=second)
    assert next_case(people, first) is None
    assert series_of(people.study, first)[0].is_complete


def test_a_second_text_for_a_case_is_refused_and_what_was_typed_is_shown(people: Arm, writer: Client) -> None:
    case = people.study.cases.get(code="C001")
    actions.finish_text(arm=people, case=case, text=TEXT, by=people.study.created_by)
    response = writer.post(url(people, "finish_text", 1, "C001"), {"text": "My own text", "finish": "1"})
    assert response.status_code == 409
    assert "This case has its text already" in response.content.decode()
    assert "My own text</textarea>" in response.content.decode()
    assert writer.post(url(people, "keep_draft", 1, "C001"), {"text": "x"}).status_code == 409
    assert RecordedOutput.objects.get().text == TEXT


@pytest.mark.parametrize(
    ("text", "told"), [("  \n", "There is no text yet"), ("x" * 100_001, "longer than 100000")]
)
def test_an_empty_or_endless_text_is_refused(people: Arm, text: str, told: str) -> None:
    case = people.study.cases.get(code="C001")
    with pytest.raises(GenerationError, match=told):
        actions.finish_text(arm=people, case=case, text=text, by=people.study.created_by)
    assert not Generation.objects.exists()


def test_a_locked_study_takes_no_text() -> None:
    study = make_running_study(cases=1, arms=1, readers=1)
    with pytest.raises(StudyError, match="locked"):
        actions.finish_text(arm=study.arms.get(), case=study.cases.get(), text=TEXT, by=study.created_by)


def test_texts_are_not_typed_for_an_arm_of_a_model(people: Arm) -> None:
    with pytest.raises(GenerationError, match="whose texts people write"):
        actions.save_draft(
            arm=people.study.arms.get(kind="model"),
            case=people.study.cases.get(code="C001"),
            text=TEXT,
            by=people.study.created_by,
        )


def test_a_coordinator_sees_names_and_a_writer_numbers(people: Arm, writer: Client) -> None:
    make_arm(people.study, name="Other people", kind="human", connection="", model="", is_simulated=False)
    assert "Series 2" in writer.get(url(people, "write")).content.decode()
    coordinator = Client()
    coordinator.force_login(people.study.created_by)
    assert "Secret people arm" in coordinator.get(url(people, "write")).content.decode()


def test_the_overview_says_how_many_texts_are_missing(people: Arm) -> None:
    coordinator = Client()
    coordinator.force_login(people.study.created_by)
    shown = coordinator.get(reverse("studies:detail", args=[people.study.key])).content.decode()
    assert "“Secret people arm” lacks the texts for 3 cases" in shown
    assert url(people, "write") in shown
