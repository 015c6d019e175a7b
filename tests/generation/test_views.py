"""The Outputs station: who may enter, what its buttons do, and how hostile text is shown."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from readerstudy.accounts.models import User
from readerstudy.generation.models import Generation, Hold, Interpretation, RecordedOutput, RefusalVerdict
from readerstudy.studies.actions import add_member
from readerstudy.studies.models import Arm, Role, Study
from tests.factories import make_arm, make_case, make_output, make_user
from tests.generation.replies import an_error, answer, fail

pytestmark = pytest.mark.django_db

HOSTILE = "<script>alert(1)</script> <img src=x onerror=alert(1)> [link](javascript:alert(1)) \u202etxet"


@pytest.fixture
def client(study: Study) -> Client:
    client = Client()
    client.force_login(study.created_by)
    return client


@pytest.fixture
def paper(study: Study) -> Arm:
    return make_arm(study, name="Paper", kind="imported", connection="", model="", is_simulated=False)


def url(study: Study, name: str, *args: Any) -> str:
    return reverse(f"generation:{name}", args=[study.key, *args])


def page(client: Client, study: Study, name: str = "outputs", query: str = "", *args: Any) -> str:
    response = client.get(url(study, name, *args) + query)
    assert response.status_code == 200
    return response.content.decode()


# --- Who may enter -------------------------------------------------------------------------------------------
ADDRESSES = [
    ("outputs", "get", 200),
    ("progress", "get", 200),
    ("texts", "get", 200),
    ("import", "get", 200),
    ("costs", "get", 200),
    ("limits", "get", 200),
    ("attempts", "get", 200),
    ("attempt", "get", 200),
    ("try_cases", "post", 302),
    ("set_budget", "post", 302),
    ("set_price", "post", 422),
    ("start", "post", 302),
    ("retry", "post", 302),
    ("hold", "post", 302),
    ("release", "post", 302),
    ("judge", "post", 302),
    ("confirm_import", "post", 302),
]


@pytest.mark.parametrize(
    "who", ["coordinator", "reader", "researcher", "adjudicator", "stranger", "staff", "nobody"]
)
@pytest.mark.parametrize(("name", "method", "status"), ADDRESSES)
def test_only_the_studys_coordinators_enter(
    study: Study, paper: Arm, who: str, name: str, method: str, status: int
) -> None:
    output = make_output(study.arms.first(), study.cases.first())
    numbers = numbers_of(name, paper, output)
    before = (Generation.objects.count(), RefusalVerdict.objects.count(), Hold.objects.count())
    client = Client()
    if who != "nobody":
        client.force_login(person(study, who))
    response = getattr(client, method)(
        url(study, name, *numbers), {"verdict": "answer"} if method == "post" else {}
    )
    if who == "coordinator":
        assert response.status_code == status
    elif who == "nobody":
        assert response.status_code == 302
        assert "/accounts/login/" in response["Location"]
    else:
        assert response.status_code == 404
    if who != "coordinator":
        assert (Generation.objects.count(), RefusalVerdict.objects.count(), Hold.objects.count()) == before


def numbers_of(name: str, paper: Arm, output: Interpretation) -> list[int]:
    """What an address has beside the study's key."""
    of_output = {"judge": [output.pk], "attempt": [output.attempt_id]}
    return {"import": [paper.pk], "confirm_import": [paper.pk], **of_output}.get(name, [])


def person(study: Study, who: str) -> User:
    if who == "coordinator":
        return study.created_by
    user = make_user(is_staff=who == "staff", is_superuser=who == "staff")
    if who in Role.values:
        add_member(study=study, user=user, role=Role(who), by=study.created_by)
    return user


@pytest.mark.parametrize(("name", "method", "_status"), ADDRESSES)
def test_the_other_method_is_refused(
    study: Study, client: Client, paper: Arm, name: str, method: str, _status: int
) -> None:
    output = make_output(study.arms.first(), study.cases.first())
    numbers = numbers_of(name, paper, output)
    other = "put" if name == "import" else {"get": "post", "post": "get"}[method]
    assert getattr(client, other)(url(study, name, *numbers)).status_code == 405


def test_the_output_and_arm_of_another_study_are_not_found(study: Study, client: Client, paper: Arm) -> None:
    from tests.generation.conftest import make_wanting_study

    other = make_wanting_study(cases=1, arms=1)
    foreign = make_output(other.arms.first(), other.cases.first())
    foreign_arm = make_arm(other, name="Paper", kind="imported", connection="", model="")
    assert client.post(url(study, "judge", foreign.pk), {"verdict": "deferral"}).status_code == 404
    assert client.get(url(study, "import", foreign_arm.pk)).status_code == 404
    assert client.get(url(study, "import", study.arms.first().pk)).status_code == 404


# --- Calls ---------------------------------------------------------------------------------------------------
def test_the_page_says_what_the_button_will_do_before_it_is_pressed(study: Study, client: Client) -> None:
    shown = page(client, study)
    assert "Make the missing 4 outputs" in shown
    assert "4 calls to Simulated vendor (OpenAI format)" in shown
    assert 'class="badge simulated"' in shown
    client.post(url(study, "start"))
    assert Generation.objects.count() == 4
    assert "Make the missing" not in page(client, study)


def test_a_double_press_asks_once(study: Study, client: Client) -> None:
    client.post(url(study, "start"))
    client.post(url(study, "start"))
    assert Generation.objects.count() == 4


def test_what_stands_in_the_way_is_said_beside_a_button_that_cannot_be_pressed(
    study: Study, client: Client
) -> None:
    make_case(study, confirmed=False)
    shown = page(client, study)
    assert re.search(r'<button[^>]*id="start"[^>]* disabled', shown)
    assert "1 image is not confirmed yet" in shown
    assert reverse("cases:images", args=[study.key]) in shown
    response = client.post(url(study, "start"), follow=True)
    assert "1 image is not confirmed yet" in response.content.decode()
    assert not Generation.objects.exists()


def test_the_page_asks_again_only_while_something_is_under_way(study: Study, client: Client) -> None:
    poll = f'hx-get="{url(study, "progress")}" hx-trigger="every 2s"'
    assert poll not in page(client, study)
    client.post(url(study, "start"))
    assert poll in page(client, study)
    partial = page(client, study, "progress")
    assert poll in partial
    assert "<html" not in partial
    while row := Generation.objects.claim_next(seconds=60):
        answer(row)
    assert poll not in page(client, study, "progress")


def test_failures_are_shown_with_their_sentence_and_can_be_tried_again(study: Study, client: Client) -> None:
    client.post(url(study, "start"))
    while row := Generation.objects.claim_next(seconds=60):
        fail(row, an_error(retry="never"))
    shown = page(client, study)
    assert shown.count("2 × “sim” failed on its side (HTTP 500).") == 2
    assert "Retry 4 failed" in shown
    client.post(url(study, "retry"))
    assert Generation.objects.filter(stage="queued").count() == 4


def test_a_pause_is_shown_and_ended_by_buttons(study: Study, client: Client) -> None:
    client.post(url(study, "start"))
    client.post(url(study, "hold"))
    shown = page(client, study)
    assert "paused" in shown
    assert "Go on" in shown
    assert "hx-trigger" not in shown
    client.post(url(study, "release"))
    assert Hold.objects.filter(ended_at=None).count() == 0


def test_a_study_without_images_is_told_where_to_begin(client: Client) -> None:
    from tests.factories import make_study

    study = make_study()
    client.force_login(study.created_by)
    shown = page(client, study)
    assert "No output can be made yet" in shown
    assert reverse("studies:add_arm", args=[study.key]) in shown


# --- Texts and verdicts ----------------------------------------------------------------------------------------
def test_model_text_is_shown_as_text(study: Study, client: Client) -> None:
    make_output(study.arms.first(), study.cases.first(), text=HOSTILE)
    shown = page(client, study, "texts")
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown
    assert "<script>alert" not in shown
    assert "onerror=alert(1)&gt;" in shown
    assert 'dir="auto"' in shown
    assert 'href="javascript' not in shown


def test_a_long_text_is_folded_and_whole(study: Study, client: Client) -> None:
    make_output(study.arms.first(), study.cases.first(), text="word " * 600 + "the end")
    shown = page(client, study, "texts")
    assert "<details><summary>All of it" in shown
    assert "the end" in shown


def test_the_address_holds_what_is_shown(study: Study, client: Client) -> None:
    first, second = study.arms.all()
    case = study.cases.first()
    make_output(first, case, text="An answer.")
    make_output(second, case, text="A refusal.", verdict="full_refusal")
    for query, shown, hidden in [
        ("?verdict=flagged", "A refusal.", "An answer."),
        ("?verdict=declined", "A refusal.", "An answer."),
        ("?verdict=answer", "An answer.", "A refusal."),
        (f"?arm={first.pk}", "An answer.", "A refusal."),
    ]:
        text = page(client, study, "texts", query)
        assert shown in text
        assert hidden not in text
    for query in ("", "?verdict=nonsense", "?arm=x&page=99"):
        text = page(client, study, "texts", query)
        assert "An answer." in text
        assert "A refusal." in text
    assert "No output fits this choice" in page(client, study, "texts", f"?arm={first.pk}&verdict=empty")


def test_pages_keep_the_filter(study: Study, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("readerstudy.generation.views.texts.TEXTS_PER_PAGE", 1)
    arm = study.arms.first()
    for case in study.cases.all():
        make_output(arm, case)
    assert f"?arm={arm.pk}&amp;page=2" in page(client, study, "texts", f"?arm={arm.pk}")


def test_reading_a_page_costs_the_same_however_many_outputs(study: Study, client: Client) -> None:
    costs = []
    page(client, study, "texts")  # what the stations keep in the cache is there from now on
    for arm in study.arms.all():
        for case in study.cases.all():
            make_output(arm, case)
        with CaptureQueriesContext(connection) as queries:
            page(client, study, "texts")
        costs.append(len(queries))
    assert costs[0] == costs[1]


def test_a_verdict_is_stored_and_leads_back_to_where_it_was_given(study: Study, client: Client) -> None:
    output = make_output(study.arms.first(), study.cases.first(), verdict="deferral")
    back = url(study, "texts") + "?verdict=flagged#output-1"
    response = client.post(url(study, "judge", output.pk), {"verdict": "answer", "back": back})
    assert response["Location"] == back
    assert RefusalVerdict.objects.all().standing().get().by == study.created_by
    shown = page(client, study, "texts")
    assert "automatic: deferral" in shown


@pytest.mark.parametrize(
    "back", ["https://elsewhere.example/", "//elsewhere.example", "javascript:alert(1)", ""]
)
def test_a_verdict_never_leads_to_another_site(study: Study, client: Client, back: str) -> None:
    output = make_output(study.arms.first(), study.cases.first())
    response = client.post(url(study, "judge", output.pk), {"verdict": "answer", "back": back})
    assert response["Location"] == url(study, "texts")


def test_a_verdict_outside_the_list_is_refused(study: Study, client: Client) -> None:
    output = make_output(study.arms.first(), study.cases.first())
    response = client.post(url(study, "judge", output.pk), {"verdict": "brilliant"}, follow=True)
    assert "Nothing was stored." in response.content.decode()
    assert RefusalVerdict.objects.count() == 1


# --- Outputs made elsewhere --------------------------------------------------------------------------------------
def upload(client: Client, study: Study, arm: Arm, text: str, name: str = "outputs.csv") -> Any:
    return client.post(url(study, "import", arm.pk), {"file": SimpleUploadedFile(name, text.encode())})


def test_an_import_is_shown_first_and_stored_when_confirmed(study: Study, client: Client, paper: Arm) -> None:
    shown = upload(client, study, paper, f"case,text\nC001,{HOSTILE.replace(',', ' ')}\n").content.decode()
    assert "1 output would be stored" in shown
    assert "1 case stays without an output: C002" in shown
    assert "<script>alert" not in shown
    assert not RecordedOutput.objects.exists()
    signed = re.search(r'name="file" value="([^"]+)"', shown)
    assert signed is not None
    response = client.post(url(study, "confirm_import", paper.pk), {"file": signed[1]}, follow=True)
    assert "1 output is imported." in response.content.decode()
    again = client.post(url(study, "confirm_import", paper.pk), {"file": signed[1]}, follow=True)
    assert "it was stored already" in again.content.decode()
    assert RecordedOutput.objects.count() == 1
    assert Generation.objects.get().arm == paper


def test_a_bad_file_is_refused_line_by_line(study: Study, client: Client, paper: Arm) -> None:
    response = upload(client, study, paper, "case,text\nC001,Clear.\nC009,Clear.\nC001,Cloudy.\n")
    assert response.status_code == 422
    shown = response.content.decode()
    assert "2 things are wrong with this file" in shown
    assert "Line 3: No case or file of this study is called “C009”." in shown
    assert "Line 4: This case already has an output in line 2." in shown
    assert 'name="file" value=' not in response.content.decode()


@pytest.mark.parametrize("forged", ["", "eyJ0ZXh0Ijog:forged", "x" * 50])
def test_a_preview_that_was_tampered_with_writes_nothing(
    study: Study, client: Client, paper: Arm, forged: str
) -> None:
    response = client.post(url(study, "confirm_import", paper.pk), {"file": forged}, follow=True)
    assert response.status_code == 200
    assert 'class="message error"' in response.content.decode()
    assert not RecordedOutput.objects.exists()


def test_a_preview_for_one_arm_does_not_serve_another(study: Study, client: Client, paper: Arm) -> None:
    other = make_arm(study, name="Other", kind="imported", connection="", model="")
    shown = upload(client, study, paper, "case,text\nC001,Clear.\n").content.decode()
    signed = re.search(r'name="file" value="([^"]+)"', shown)
    assert signed is not None
    client.post(url(study, "confirm_import", other.pk), {"file": signed[1]})
    assert not RecordedOutput.objects.exists()


def test_no_file_and_an_empty_file_are_told(study: Study, client: Client, paper: Arm) -> None:
    assert (
        "Choose a CSV, JSON Lines, Parquet or Arrow file first."
        in client.post(url(study, "import", paper.pk)).content.decode()
    )
    assert "This file is empty." in upload(client, study, paper, "").content.decode()


def test_recorded_outputs_are_labelled_wherever_they_appear(study: Study, client: Client, paper: Arm) -> None:
    make_output(paper, study.cases.first())
    for name in ("outputs", "texts"):
        assert "Recorded elsewhere" in page(client, study, name)


def test_a_locked_study_shows_its_outputs_and_offers_no_change(client: Client) -> None:
    from tests.factories import make_running_study

    study = make_running_study(cases=1, arms=1, readers=1)
    client.force_login(study.created_by)
    assert "<form" not in page(client, study).split('id="progress"')[1]
    shown = page(client, study, "texts")
    assert "Text 0 about C001." in shown
    assert 'name="verdict" aria-label' not in shown
    response = client.post(
        url(study, "judge", Interpretation.objects.get().pk), {"verdict": "deferral"}, follow=True
    )
    assert "This study is locked" in response.content.decode()
    assert RefusalVerdict.objects.count() == 1
