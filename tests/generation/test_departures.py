"""What left: every class of bytes is counted from the calls themselves, by provider and in all."""

from __future__ import annotations

import csv
import hashlib
import io
import uuid
from datetime import UTC, datetime

import pytest
from django.test import Client
from django.urls import reverse

from readerstudy.cases.models import Case, Rendition
from readerstudy.generation.leaving.departed import departures_of
from readerstudy.generation.models import Attempt, Generation, Trial
from readerstudy.studies.models import Arm, Study
from tests.factories import make_arm, make_case, make_output, make_prompt, make_study

pytestmark = pytest.mark.django_db


@pytest.fixture
def study() -> Study:
    study = make_study()
    make_case(study, clinical_text="Cough.")
    make_case(study)
    make_case(study)
    Case.objects.filter(code="C003").update(purpose="example")
    return study


def sent_of(case: Case, slot: str = "current") -> dict[str, str]:
    rendition = Rendition.objects.get(image__case=case, kind="display")
    return {"slot": slot, "sha256": rendition.sha256}


def call(arm: Arm | None, case: Case, *, trial: Trial | None = None, **facts: object) -> Attempt:
    row = Generation.objects.create(arm=arm, trial=trial, case=case)
    wanted = {
        "connection": "simulated-openai",
        "asked_model": "sim-alpha",
        "words_bytes": 100,
        "outcome": "answered",
    }
    return Attempt.objects.create(
        generation=row,
        number=1,
        key=uuid.uuid4().hex,
        images=[sent_of(case)],
        sent={"temperature": 0},
        **{**wanted, **facts},
    )


def sizes(study: Study, place: int = 0) -> list[tuple[int, int | None]]:
    return [(found.calls, found.size) for found in departures_of(study)[place].classes]


def test_nothing_has_left_before_the_first_call(study: Study) -> None:
    paper = make_arm(study, kind="imported", connection="", model="")
    make_output(paper, study.cases.get(code="C001"))
    assert departures_of(study) == []


def test_images_words_and_texts_are_counted_with_their_bytes(study: Study) -> None:
    arm, cases = make_arm(study), {case.code: case for case in study.cases.all()}
    size = Rendition.objects.get(image__case=cases["C001"], kind="display").size
    call(arm, cases["C001"])
    second = call(
        make_arm(study, connection="simulated-gemini"), cases["C001"], connection="simulated-gemini"
    )
    Attempt.objects.filter(pk=second.pk).update(started_at=datetime(2026, 1, 2, tzinfo=UTC))
    whole, gemini, openai = departures_of(study)
    images, examples, words, texts, *_rest = whole.classes
    assert (images.calls, images.size) == (2, 2 * size)
    assert (examples.calls, examples.size) == (0, 0)
    assert (words.calls, words.size) == (2, 200)
    assert (texts.calls, texts.details) == (2, "Of 1 case")
    assert (gemini.connection, openai.connection) == ("simulated-gemini", "simulated-openai")
    assert (whole.first, whole.calls, gemini.calls, openai.calls) == (gemini.first, 2, 1, 1)
    assert {image.image_set for image in whole.images} == {"Made"}
    assert images.details.endswith("image sets: Made")


def test_images_of_examples_stand_apart(study: Study) -> None:
    case, example = study.cases.get(code="C002"), study.cases.get(code="C003")
    attempt = call(make_arm(study), case)
    Attempt.objects.filter(pk=attempt.pk).update(images=[sent_of(example, "example"), sent_of(case)])
    images, examples, *_rest = departures_of(study)[0].classes
    assert (images.calls, examples.calls) == (1, 1)


def test_trials_and_lost_calls_count_and_calls_that_were_never_sent_do_not(study: Study) -> None:
    case = study.cases.get(code="C002")
    trial = Trial.objects.create(
        study=study,
        prompt=make_prompt(study),
        connection="simulated-openai",
        model="sim-alpha",
        created_by=study.created_by,
    )
    call(None, case, trial=trial, outcome="lost")
    call(make_arm(study), case, outcome="failed", error_code="unsupported_image")
    assert departures_of(study)[0].calls == 1


def test_the_provider_at_the_time_of_the_call_counts(study: Study) -> None:
    arm = make_arm(study)
    call(arm, study.cases.get(code="C002"))
    Arm.objects.filter(pk=arm.pk).update(connection="simulated-gemini")
    assert [each.connection for each in departures_of(study)] == ["", "simulated-openai"]


def rows(client: Client, study: Study, name: str) -> list[dict[str, str]]:
    response = client.get(reverse(f"generation:{name}", args=[study.key]))
    content = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(content, newline="")))


def test_the_page_and_both_tables_say_the_same(study: Study) -> None:
    client = Client()
    client.force_login(study.created_by)
    address = reverse("generation:departures", args=[study.key])
    assert "Nothing has left this site" in client.get(address).content.decode()
    case = study.cases.get(code="C001")
    call(make_arm(study), case)
    shown = client.get(address).content.decode()
    assert "All providers together" in shown
    assert "What never leaves" in shown
    classes = rows(client, study, "departures_csv")
    assert {row["provider"] for row in classes} == {"Simulated vendor (OpenAI format)"}
    [image] = rows(client, study, "departed_images")
    stored = Rendition.objects.get(image__case=case, kind="display")
    assert (image["sha256"], image["bytes"], image["times"]) == (stored.sha256, str(stored.size), "1")
    assert len(image["sha256"]) == len(hashlib.sha256().hexdigest())
