"""Templates in the browser: what each is for, the very reading screen, and a draft at one click."""

from __future__ import annotations

from html import unescape
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from readerstudy.audit.models import Event
from readerstudy.cases.models import Case
from readerstudy.studies.actions.files import load_protocol
from readerstudy.studies.lifecycle import State
from readerstudy.studies.models import ProtocolFile, Role, Study
from readerstudy.studies.protocol import read
from readerstudy.studies.protocol.exporting import canonical, data_of
from readerstudy.studies.protocol.library import criteria_of, template, templates
from readerstudy.studies.protocol.writing import written
from tests import factories
from tests.studies.protocol.test_reading import SMALLEST

pytestmark = pytest.mark.django_db
TEMPLATES = {each.code: each for each in templates()}
STAGES = [(each.code, name) for each in TEMPLATES.values() for name in each.stages]


@pytest.fixture
def client() -> Client:
    browser = Client()
    browser.force_login(factories.make_user())
    return browser


def page_of(client: Client, name: str, *arguments: Any, **query: str) -> str:
    response = client.get(reverse(name, args=arguments), query)
    assert response.status_code == 200
    return unescape(response.content.decode())


def test_the_gallery_says_what_every_template_is_for(client: Client) -> None:
    page = page_of(client, "studies:gallery")
    for code, found in TEMPLATES.items():
        assert f"{code} · {found.study.data['study']['title']}" in page
        assert reverse("studies:template", args=[code]) in page


@pytest.mark.parametrize("code", TEMPLATES)
def test_a_template_has_its_page_with_screen_source_and_start(client: Client, code: str) -> None:
    page = page_of(client, "studies:template", code)
    assert "What is reported" in page
    assert TEMPLATES[code].study.data["study"]["source"] in page
    for stage in TEMPLATES[code].stages:
        assert reverse("reading:preview", args=[code, stage]) in page
        assert reverse("studies:start_template", args=[code, stage]) in page


@pytest.mark.parametrize(("code", "stage"), STAGES)
def test_the_preview_is_the_reading_screen_with_every_question(client: Client, code: str, stage: str) -> None:
    pages = page_of(client, "reading:preview", code, stage)
    pages += page_of(client, "reading:preview", code, stage, revealed="1")
    assert "This is a preview. Nothing here is saved." in pages
    document = TEMPLATES[code].stages[stage]
    first_levels = {each["name"]: each["levels"][0] for each in document.data.get("strata", [])}
    for question in criteria_of(document):
        conditions = [each for each in question.get("when", []) if "stratum" in each]
        if all(first_levels[each["stratum"]] in each["is"] for each in conditions):
            assert question["question"] in pages, question["key"]
    assert "sim-alpha" not in pages


def test_a_sealed_case_shows_its_text_only_after_the_own_answer(client: Client) -> None:
    sealed = page_of(client, "reading:preview", "T03", "study")
    assert 'data-output="A"' not in sealed
    address = reverse("reading:preview", args=["T03", "study"])
    response = client.post(address, {"stage": "before"})
    assert response["Location"] == f"{address}?revealed=1"
    assert "No model wrote it" in page_of(client, "reading:preview", "T03", "study", revealed="1")


def test_the_drawn_image_has_the_products_that_a_viewer_asks_for(client: Client) -> None:
    meta = client.get(reverse("reading:preview_image", args=["chest", "meta"])).json()
    image = client.get(reverse("reading:preview_image", args=["chest", "full"]))
    assert meta["kind"] == "rgb8"
    assert image.content.startswith(b"\x89PNG")
    assert client.get(reverse("reading:preview_image", args=["chest", "other"])).status_code == 404


def test_a_preview_may_be_framed_by_this_site_alone(client: Client) -> None:
    response = client.get(reverse("reading:preview", args=["T01", "study"]))
    assert response["X-Frame-Options"] == "SAMEORIGIN"
    assert "frame-ancestors 'self'" in response["Content-Security-Policy"]
    assert "reading-controls" in response.content.decode()
    framing = client.get(reverse("studies:template", args=["T01"]))
    assert "frame-src 'self'" in framing["Content-Security-Policy"]


@pytest.mark.parametrize(("code", "stage"), STAGES)
def test_starting_from_a_template_makes_a_draft_without_its_cases(
    client: Client, code: str, stage: str
) -> None:
    response = client.post(reverse("studies:start_template", args=[code, stage]))
    study = Study.objects.get()
    assert response["Location"] == reverse("studies:detail", args=[study.key])
    assert study.state == State.DRAFT
    wanted = canonical(TEMPLATES[code].stages[stage])
    wanted["cases"].pop("table", None)
    assert data_of(study) == wanted
    assert not Case.objects.filter(study=study).exists()


def test_what_is_no_template_is_not_found(client: Client) -> None:
    for name, arguments in {
        "studies:template": ["T21"],
        "reading:preview": ["T01", "third-stage"],
        "studies:template_file": ["T01", "third-stage"],
    }.items():
        assert client.get(reverse(name, args=arguments)).status_code == 404
    assert client.post(reverse("studies:start_template", args=["T99", "study"])).status_code == 404
    assert client.get(reverse("studies:start_template", args=["T01", "study"])).status_code == 405
    assert not Study.objects.exists()


class TestFiles:
    def upload(self, client: Client, address: str, text: str) -> Any:
        return client.post(address, {"file": SimpleUploadedFile("study.yaml", text.encode())})

    def confirm(self, client: Client, address: str, page: Any) -> Any:
        form = page.context["form"]
        return client.post(address, {"text": form.text_in, "confirmed": form.sha256})

    def test_a_file_is_shown_before_a_study_is_made_of_it(self, client: Client) -> None:
        address = reverse("studies:load")
        page = self.upload(client, address, SMALLEST)
        assert "Two models" in page.content.decode()
        assert not Study.objects.exists()
        response = self.confirm(client, address, page)
        study = Study.objects.get()
        assert response["Location"] == reverse("studies:detail", args=[study.key])
        assert ProtocolFile.objects.get(study=study).text == SMALLEST

    def test_what_was_not_shown_is_not_loaded(self, client: Client) -> None:
        address = reverse("studies:load")
        page = self.upload(client, address, SMALLEST)
        other = SMALLEST.replace("Two models", "Three models")
        client.post(address, {"text": other, "confirmed": page.context["form"].sha256})
        assert not Study.objects.exists()

    def test_a_wrong_file_is_refused_by_line_and_field(self, client: Client) -> None:
        response = self.upload(
            client, reverse("studies:load"), SMALLEST.replace("plan: crossed", "plan: sideways")
        )
        assert response.status_code == 422
        page = unescape(response.content.decode())
        assert "allocation.plan" in page
        assert "line " in page
        assert client.post(reverse("studies:load"), {}).status_code == 422

    def test_a_draft_is_replaced_only_after_the_difference_was_shown(self) -> None:
        owner = factories.make_user()
        study = load_protocol(document=template("T01").study, by=owner)
        client = Client()
        client.force_login(owner)
        address = reverse("studies:protocol", args=[study.key])
        page = self.upload(client, address, written(template("T04").study.data))
        assert "Model Alpha" in page.content.decode()
        assert not Event.objects.filter(verb="protocol.replace").exists()
        self.confirm(client, address, page)
        assert Event.objects.filter(verb="protocol.replace").exists()
        assert data_of(study)["study"]["template"] == "T04"
        again = self.upload(client, address, written(data_of(study)))
        assert "says already what the file says" in unescape(again.content.decode())

    def test_the_file_that_is_downloaded_is_the_study(self) -> None:
        owner = factories.make_user()
        study = load_protocol(document=template("T01").study, by=owner)
        client = Client()
        client.force_login(owner)
        response = client.get(reverse("studies:protocol_file", args=[study.key]))
        assert read(response.content).data == data_of(study)
        assert study.key in response["Content-Disposition"]

    def test_only_the_study_s_own_people_see_or_replace_its_file(self) -> None:
        study = factories.make_study()
        for role, seen, done in (
            (None, 404, 404), (Role.READER, 404, 404), (Role.RESEARCHER, 200, 404)
        ):  # fmt: skip
            client = Client()
            user = factories.make_user()
            if role:
                factories.make_member(study, role, user)
            client.force_login(user)
            for name in ("studies:protocol", "studies:protocol_file"):
                assert client.get(reverse(name, args=[study.key])).status_code == seen
            posted = client.post(reverse("studies:protocol", args=[study.key]), {"text": SMALLEST})
            assert posted.status_code == done
