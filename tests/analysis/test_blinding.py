"""Until a study is unblinded, no report, figure or export tells which arm is which; then all of them do."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import reverse

from readerstudy.analysis.actions import freeze_report
from readerstudy.analysis.blinding import ShownArms, code_of
from readerstudy.analysis.document import document_of
from readerstudy.analysis.exports import as_html
from readerstudy.analysis.exports.catalogue import streamed
from readerstudy.studies.actions import unblind_early
from readerstudy.studies.lifecycle import Deed, State
from readerstudy.studies.models import Membership, Role, Study
from readerstudy.studies.policies import StudyError
from tests import factories
from tests.analysis import worlds
from tests.studies.test_life import SIGNED, do, put, signing

pytestmark = pytest.mark.django_db

TELLING = ("Alpha", "Beta", "sim-alpha", "simulated-openai")
QUESTIONS = ("correctness", "sign")


@pytest.fixture
def blinded() -> Study:
    """Two arms that differ in everything: one is called and simulated, the other imported."""
    study = worlds.make_open_study(readers=2, questions=QUESTIONS, named=False)
    for seat in Membership.objects.readers(study):
        worlds.read_everything(seat, worlds.known_rating)
    return study


def everything(study: Study) -> Iterator[str]:
    """All that leaves a study: the long table, the outputs, the report as data, page and download, and its figures."""
    report = freeze_report(study=study, by=None)
    yield b"".join(streamed(study, "ratings.csv")).decode()
    yield b"".join(streamed(study, "outputs.csv")).decode()
    yield json.dumps(report.content)
    yield as_html(report)
    client = Client()
    client.force_login(Membership.objects.get(study=study, role=Role.RESEARCHER).user)
    for name in ("report", "ratings", "outputs", "codebook", "html", "json"):
        response = client.get(reverse(f"analysis:{name}", args=[study.key]))
        yield (b"".join(response) if response.streaming else response.content).decode()


def rows_of(study: Study) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(b"".join(streamed(study, "ratings.csv")).decode(), newline="")))


def test_while_blinded_nothing_that_leaves_names_an_arm_or_its_nature(blinded: Study) -> None:
    for text in everything(blinded):
        assert not [word for word in TELLING if word in text]
    rows = rows_of(blinded)
    assert {row["arm"] for row in rows} == {"X", "Y"}
    assert {(row["output_simulated"], row["output_recorded"]) for row in rows} == {("", "")}
    outputs = list(
        csv.DictReader(io.StringIO(b"".join(streamed(blinded, "outputs.csv")).decode(), newline=""))
    )
    assert {row["arm"] for row in outputs} == {"X", "Y"}
    assert {row["served_model"] for row in outputs} == {""}


def test_the_blinded_report_still_says_what_is_simulated(blinded: Study) -> None:
    document = document_of(freeze_report(study=blinded, by=None).content)
    notices = dict(document.notices)
    assert notices["Simulated outputs"] == "No real model wrote the texts of 1 of 2 arms."
    assert notices["Recorded outputs"] == "The texts of 1 of 2 arms were made elsewhere and imported."
    facts = dict(document.facts)
    assert facts["Blinding"].startswith("Blinded: the arms stand under codes")
    assert facts["Signed"] == "The protocol is not signed."


def test_the_order_of_codes_comes_from_the_seed_and_not_from_the_arms() -> None:
    firsts = set()
    for seed in range(1, 9):
        study = factories.make_study()
        for name in ("One", "Two"):
            factories.make_arm(study, name=name)
        Study.objects.filter(pk=study.pk).update(seed=seed, key=f"key{seed}")
        study.refresh_from_db()
        shown = ShownArms.of(study)
        assert [arm.name for arm in shown.arms] == ["X", "Y"]
        assert shown.order == ShownArms.of(study).order
        firsts.add(study.arms.order_by("position").first() == shown.arms[0])
    assert firsts == {True, False}
    assert [code_of(place) for place in range(5)] == ["X", "Y", "Z", "X2", "Y2"]


def test_unblinding_changes_names_and_not_one_number(blinded: Study) -> None:
    key = {arm.name: arm.pk for arm in ShownArms.of(blinded).arms}
    before = rows_of(blinded)
    study = put(blinded, State.CLOSED)
    study = do(do(study, Deed.LOCK_DATA, signing=signing()), Deed.UNBLIND, signing=signing())
    names = {arm.pk: arm.name for arm in ShownArms.of(study).arms}
    assert set(names.values()) == {"Alpha", "Beta"}

    def told(rows: list[dict[str, str]], names: dict[str, str]) -> set[tuple[str, ...]]:
        same = ("reader", "case", "criterion", "value", "score", "refusal_verdict", "rated_at", "letter")
        return {(names[row["arm"]], *(row[column] for column in same)) for row in rows}

    assert told(rows_of(study), {name: name for name in names.values()}) == told(
        before, {code: names[pk] for code, pk in key.items()}
    )
    document = document_of(freeze_report(study=study, by=None).content)
    assert dict(document.facts)["Blinding"].startswith("Unblinded")


def test_the_report_of_locked_data_is_the_same_byte_for_byte(blinded: Study) -> None:
    study = do(put(blinded, State.CLOSED), Deed.LOCK_DATA, signing=signing())
    first = freeze_report(study=study, by=None)
    content, csv_before = json.dumps(first.content, sort_keys=True), b"".join(streamed(study, "ratings.csv"))
    again = freeze_report(study=study, by=None)
    assert (
        again.pk,
        json.dumps(again.content, sort_keys=True),
        b"".join(streamed(study, "ratings.csv")),
    ) == (
        first.pk,
        content,
        csv_before,
    )


def test_breaking_the_blind_early_for_all_names_the_arms_and_says_so_in_the_report(blinded: Study) -> None:
    client = Client()
    client.force_login(blinded.created_by)
    address = reverse("studies:unblind_early", args=[blinded.key])
    assert client.post(address, {**SIGNED, "reason": "A safety signal.", "password": "no"}).status_code == 422
    assert client.post(address, {**SIGNED, "reason": "A safety signal."}).status_code == 302
    document = document_of(freeze_report(study=blinded, by=None).content)
    assert "A safety signal." in dict(document.notices)["Unblinded early"]
    assert {row["arm"] for row in rows_of(blinded)} == {"Alpha", "Beta"}
    life = client.get(reverse("studies:life", args=[blinded.key])).content.decode()
    assert "A safety signal." in life


def test_breaking_the_blind_for_one_case_tells_the_coordinator_that_case_alone(blinded: Study) -> None:
    by = blinded.created_by
    with pytest.raises(StudyError, match="No reader reads a case"):
        unblind_early(study=blinded, by=by, reason="x", signing=signing(), case_code="C999")
    with pytest.raises(StudyError, match="Write why"):
        unblind_early(study=blinded, by=by, reason=" ", signing=signing(), case_code="C001")
    unblind_early(study=blinded, by=by, reason="An incident.", signing=signing(), case_code="C001")
    assert {row["arm"] for row in rows_of(blinded)} == {"X", "Y"}
    pages = {}
    for role in (Role.COORDINATOR, Role.RESEARCHER):
        client = Client()
        client.force_login(Membership.objects.get(study=blinded, role=role).user)
        pages[role] = client.get(reverse("studies:life", args=[blinded.key])).content.decode()
    assert "<td>Alpha</td>" in pages[Role.COORDINATOR]
    assert "An incident." in pages[Role.RESEARCHER]
    assert "Alpha" not in pages[Role.RESEARCHER]


@pytest.mark.parametrize("state", [State.DRAFT, State.PILOT, State.UNBLINDED, State.ARCHIVED])
def test_where_there_is_no_blind_none_is_broken(state: State) -> None:
    study = put(factories.make_study(), state)
    with pytest.raises(StudyError, match="no blind to break"):
        unblind_early(study=study, by=study.created_by, reason="x", signing=signing())
