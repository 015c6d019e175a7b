"""The report's pages and files: who reaches them, what they hold, and that the page shows the exported numbers."""

from __future__ import annotations

import base64
import json
import re
from html import unescape
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from readerstudy.accounts.models import User
from readerstudy.analysis.models import Report
from readerstudy.analysis.table import LongTable
from readerstudy.audit.models import Event
from readerstudy.studies.actions import remove_member
from readerstudy.studies.models import Membership, RefusalPolicy, Role, Study
from tests import factories
from tests.analysis import oracle, worlds

pytestmark = pytest.mark.django_db
NAMES = ("report", "ratings", "codebook", "html", "json")


@pytest.fixture(autouse=True)
def _empty_cache() -> None:
    cache.clear()


def address(study: Study, name: str, *more: str) -> str:
    return reverse(f"analysis:{name}", args=[study.key, *more])


def addresses(study: Study) -> list[str]:
    return [*(address(study, name) for name in NAMES), address(study, "figure", "forest-correctness", "svg")]


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def member(study: Study, role: Role) -> Client:
    return signed_in(Membership.objects.filter(study=study, role=role).order_by("pk")[0].user)


def body(response: Any) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else response.content


@pytest.mark.parametrize(
    ("role", "status"),
    [(Role.COORDINATOR, 200), (Role.RESEARCHER, 200), (Role.ADJUDICATOR, 200), (Role.READER, 404)],
)
def test_readers_never_reach_any_part_of_the_report(rated_study: Study, role: Role, status: int) -> None:
    client = member(rated_study, role)
    for path in addresses(rated_study):
        assert client.get(path).status_code == status, path


def test_strangers_and_former_members_get_404_and_nobody_is_sent_to_sign_in(rated_study: Study) -> None:
    former = factories.make_member(rated_study, Role.RESEARCHER)
    remove_member(membership=former, by=rated_study.created_by)
    staff = factories.make_user(is_staff=True, is_superuser=True)
    for path in addresses(rated_study):
        for user in (former.user, staff, factories.make_study().created_by):
            assert signed_in(user).get(path).status_code == 404
        assert Client().get(path).status_code == 302


def test_the_report_is_read_only(rated_study: Study) -> None:
    client = member(rated_study, Role.RESEARCHER)
    for path in addresses(rated_study):
        assert client.post(path).status_code == 405


def test_the_page_shows_the_numbers_of_the_export(rated_study: Study) -> None:
    page = member(rated_study, Role.RESEARCHER).get(address(rated_study, "report")).content.decode()
    rows = oracle.read(b"".join(LongTable.of(rated_study).csv()))
    for arm in ("Alpha", "Beta"):
        shares = oracle.numbers(
            oracle.chosen(rows, criterion="correctness", arm=arm), "acceptable_as_intended"
        )
        low, high = oracle.crossed_interval(shares, (0, 1))
        assert f"“{arm}” {oracle.mean(shares):.3f} (95\u00a0% interval {low:.3f} to {high:.3f}" in page
        assert f"n\u00a0=\u00a0{len(shares)}" in page
    for words in ("Simulated outputs", "Recorded outputs", "Simulated readers", "Interim"):
        assert words in page
    assert rated_study.manifest_sha256 in page


def test_page_download_and_json_hold_the_same_figures(rated_study: Study) -> None:
    client = member(rated_study, Role.RESEARCHER)
    content = json.loads(client.get(address(rated_study, "json")).content)
    pages = [client.get(address(rated_study, name)).content.decode() for name in ("report", "html")]
    for criterion in content["criteria"]:
        for row in [*criterion["estimates"], *criterion["agreement"]]:
            if row["value"] is None or not row["ci"]:
                continue
            shown = [f"{number:.3f}" for number in (row["value"], *row["ci"])]
            for page in pages:
                assert shown[0].replace("-0.000", "0.000") in page
                assert f"{shown[1]} to {shown[2]}".replace("-0.000", "0.000") in page
    assert content == Report.objects.get(study=rated_study).content


def test_the_page_has_no_inline_style_or_script(rated_study: Study) -> None:
    response = member(rated_study, Role.RESEARCHER).get(address(rated_study, "report"))
    page = response.content.decode()
    assert "style=" not in page
    assert "<style" not in page
    assert not re.search(r"<script(?![^>]*\bsrc=)", page)
    assert "default-src 'none'" in response["Content-Security-Policy"]


def test_what_people_wrote_is_shown_as_text(rated_study: Study) -> None:
    study = worlds.make_rated_study(readers=1, questions=("correctness",), title="<script>alert(1)</script>")
    client = signed_in(study.created_by)
    for name in ("report", "html"):
        page = client.get(address(study, name)).content.decode()
        assert "<script>alert(1)</script>" not in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_the_download_needs_no_other_file_and_no_network(rated_study: Study) -> None:
    response = member(rated_study, Role.RESEARCHER).get(address(rated_study, "html"))
    page = response.content.decode()
    assert response["Content-Disposition"] == f'attachment; filename="{rated_study.key}-report.html"'
    assert not re.search(r'(?:src|href)="(?!data:image/svg\+xml;base64,|#)', page)
    assert "http" not in re.sub(r"data:[^\"]+|http-equiv", "", page)
    pictures = re.findall(r'src="data:image/svg\+xml;base64,([^"]+)"', page)
    assert len(pictures) == 16
    assert all(base64.b64decode(picture).startswith(b"<svg") for picture in pictures)
    assert "default-src 'none'" in page


def test_the_ratings_are_streamed_as_the_table_writes_them(rated_study: Study) -> None:
    response = member(rated_study, Role.RESEARCHER).get(address(rated_study, "ratings"))
    assert response.streaming
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Content-Disposition"] == f'attachment; filename="{rated_study.key}-ratings.csv"'
    assert response["Cache-Control"] == "private, no-store"
    assert body(response) == b"".join(LongTable.of(rated_study).csv())


def test_whoever_takes_the_ratings_away_is_written_down(rated_study: Study) -> None:
    client = member(rated_study, Role.RESEARCHER)
    client.get(address(rated_study, "ratings"))
    event = Event.objects.of_study(rated_study.pk).get(verb="ratings.export")
    assert event.actor == Membership.objects.get(study=rated_study, role=Role.RESEARCHER).user
    assert event.data == {"interim": True, "file": "ratings.csv"}


def test_a_figure_is_named_by_its_report_and_may_be_kept(rated_study: Study) -> None:
    client = member(rated_study, Role.RESEARCHER)
    page = client.get(address(rated_study, "report")).content.decode()
    [picture] = re.findall(r'<img class="on-light" src="([^"]+forest-correctness[^"]+)"', page)
    [dark] = re.findall(r'<img class="on-dark" src="([^"]+forest-correctness[^"]+)"', page)
    assert unescape(dark) == f"{picture}&dark=1"
    assert client.get(unescape(dark)).content != client.get(picture).content
    for form, kind in (("png", "image/png"), ("pdf", "application/pdf")):
        kept = picture.replace(".svg?", f".{form}?")
        assert f'href="{kept}" download=' in page
        assert client.get(kept)["Content-Type"] == kind
    assert Report.objects.get(study=rated_study).input_sha256 in picture
    response = client.get(picture)
    assert response["Content-Type"] == "image/svg+xml"
    assert response["Cache-Control"].startswith("private, max-age=")
    assert response.content.startswith(b"<svg")
    assert client.get(address(rated_study, "figure", "forest-remark", "svg")).status_code == 404


def test_an_older_report_stays_where_it_was() -> None:
    study = worlds.make_rated_study(readers=2, questions=("correctness",))
    client = signed_in(study.created_by)
    client.get(address(study, "report"))
    older = Report.objects.get(study=study)
    seat, output = worlds.output_of(study, seat=1, case=0, arm=0)
    worlds.rate(seat, output, study.rubrics.get().criteria.get(), "1")
    newer = json.loads(client.get(address(study, "json")).content)
    assert newer["input_sha256"] != older.input_sha256
    again = json.loads(client.get(address(study, "json"), {"of": older.input_sha256}).content)
    assert again == older.content
    assert client.get(address(study, "json"), {"of": "0" * 64}).status_code == 404


def test_a_report_of_another_study_cannot_be_named(rated_study: Study) -> None:
    other = worlds.make_rated_study(readers=1, questions=("correctness",))
    signed_in(other.created_by).get(address(other, "report"))
    foreign = Report.objects.get(study=other).input_sha256
    client = member(rated_study, Role.RESEARCHER)
    assert client.get(address(rated_study, "report"), {"of": foreign}).status_code == 404


def test_before_the_first_rating_the_page_says_what_it_is_for() -> None:
    study = worlds.make_open_study(readers=1, questions=("correctness",))
    page = signed_in(study.created_by).get(address(study, "report")).content.decode()
    assert "Nothing is rated yet" in page
    assert not Report.objects.filter(study=study).exists()
    assert reverse("studies:detail", args=[study.key]) in page
    researcher = member(study, Role.RESEARCHER).get(address(study, "report")).content.decode()
    assert f'class="button primary" href="{reverse("studies:detail", args=[study.key])}"' not in researcher


def test_hidden_refusals_are_explained() -> None:
    study = worlds.make_rated_study(
        readers=2, questions=("correctness",), refusal_policy=RefusalPolicy.HIDDEN
    )
    page = signed_in(study.created_by).get(address(study, "report")).content.decode()
    assert "Readers did not see refusals" in page
    assert "too low until all readers have finished" in page


def test_the_report_is_a_station_for_those_who_may_read_it(rated_study: Study) -> None:
    page = member(rated_study, Role.RESEARCHER).get(address(rated_study, "report")).content.decode()
    assert f'<a href="{address(rated_study, "report")}" aria-current="page">' in page


def test_the_page_takes_few_queries_once_it_is_computed(rated_study: Study) -> None:
    client = member(rated_study, Role.RESEARCHER)
    client.get(address(rated_study, "report"))
    with CaptureQueriesContext(connection) as queries:
        client.get(address(rated_study, "report"))
    assert len(queries) <= 12


def test_the_admin_shows_the_reports_own_numbers_and_changes_nothing(rated_study: Study) -> None:
    staff = signed_in(factories.make_user(is_staff=True, is_superuser=True))
    path = reverse("admin:studies_study_change", args=[rated_study.pk])
    assert "No report has been computed" in staff.get(path).content.decode()
    content = json.loads(member(rated_study, Role.RESEARCHER).get(address(rated_study, "json")).content)
    page = staff.get(path).content.decode()
    for criterion in content["criteria"]:
        for row in [*criterion["estimates"], *criterion["agreement"]]:
            if row["value"] is not None:
                assert f"{row['value']:.3f}".replace("-0.000", "0.000") in page
    assert str(rated_study.seed) not in page
    assert "style=" not in page.split('id="content-main"')[1]
    assert staff.get(reverse("admin:studies_study_changelist")).status_code == 200
    assert staff.get(reverse("admin:studies_study_add")).status_code == 403
    assert staff.post(path, {"title": "Another"}).status_code == 403
    report = Report.objects.get(study=rated_study)
    assert staff.get(reverse("admin:analysis_report_change", args=[report.pk])).status_code == 200
    assert staff.post(reverse("admin:analysis_report_delete", args=[report.pk])).status_code == 403
    assert staff.get(reverse("admin:analysis_report_changelist")).status_code == 200
