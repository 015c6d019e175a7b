"""A filtered view says which filters hold, has the figures of that part alone, and is never the report."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from readerstudy.analysis.evidence import gather
from readerstudy.analysis.filters import FilterForm, part_of
from readerstudy.analysis.models import InterimLook, Report
from readerstudy.studies.models import Membership, Role, Study

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(rated_study: Study) -> Client:
    client = Client()
    client.force_login(Membership.objects.get(study=rated_study, role=Role.RESEARCHER).user)
    return client


def part(client: Client, study: Study, **query: str) -> Any:
    return client.get(reverse("analysis:part", args=[study.key]), query)


def test_nothing_chosen_computes_nothing(client: Client, rated_study: Study) -> None:
    page = part(client, rated_study)
    assert page.context["document"] is None
    assert "Choose cases, readers or an arm." in page.content.decode()


def test_the_page_says_that_it_is_not_the_report_and_which_filters_hold(
    client: Client, rated_study: Study
) -> None:
    before = Report.objects.count()
    page = part(client, rated_study, stratum="site=north", readers="reader=R01", arm="Alpha").content.decode()
    assert "This is not the report." in page
    assert "Cases: site: north; Readers: R01; Arm: Alpha" in page
    assert "Download" not in page
    assert "<img" not in page
    assert Report.objects.count() - before <= 1  # the report itself, on the data as they are
    assert InterimLook.objects.filter(view="arm=Alpha readers=reader=R01 stratum=site=north").exists()


def test_a_script_gets_the_part_alone(client: Client, rated_study: Study) -> None:
    address = reverse("analysis:part", args=[rated_study.key])
    swapped = client.get(address, {"arm": "Beta"}, headers={"HX-Request": "true"}).content.decode()
    assert swapped.lstrip().startswith('<article class="report panel" id="part"')
    assert "This is not the report." in swapped
    assert "<html" not in swapped


@pytest.mark.parametrize("query", [{"arm": "Gamma"}, {"stratum": "site=east"}, {"readers": "reader=R09"}])
def test_a_filter_that_does_not_exist_is_refused(
    client: Client, rated_study: Study, query: dict[str, str]
) -> None:
    page = part(client, rated_study, **query)
    assert page.context["document"] is None
    assert "One of these filters does not exist in this study." in page.content.decode()


def test_readers_are_kept_by_group_or_one_by_one(rated_study: Study) -> None:
    evidence = gather(rated_study)
    form = FilterForm({"readers": "reader=R02"}, evidence=evidence)
    assert form.is_valid()
    kept = part_of(evidence, form)
    assert kept.readers == ("R02",)
    assert kept.cases == evidence.cases
    assert [arm.name for arm in kept.arms] == [arm.name for arm in evidence.arms]
