"""The same protocol file with the same images and texts gives the same manifest on two machines."""

from __future__ import annotations

import pytest

from readerstudy.demo.dry_run.outputs import make_outputs, simulated_vendor
from readerstudy.demo.dry_run.run import _draw_images, _invite
from readerstudy.demo.dry_run.small import made_small
from readerstudy.reading.actions import start_study
from readerstudy.reading.manifest import manifest
from readerstudy.reading.models import Allocation, AllocationPlan
from readerstudy.reading.proof import flaws_of
from readerstudy.studies.actions import set_section
from readerstudy.studies.actions.files import load_protocol
from readerstudy.studies.actions.life import carry_out
from readerstudy.studies.lifecycle import Deed
from readerstudy.studies.models import Study
from readerstudy.studies.protocol import Document, read
from readerstudy.studies.protocol.exporting import data_of
from readerstudy.studies.protocol.library import template
from readerstudy.studies.protocol.writing import written
from tests import factories

pytestmark = pytest.mark.django_db


def locked_from(document: Document, *, title: str = "") -> Study:
    """A study of this file with drawn images, simulated outputs and two readers, locked and open."""
    study = load_protocol(document=document, by=factories.make_user())
    Study.objects.filter(pk=study.pk).update(is_demo=True, contains_patient_data=False)
    study.refresh_from_db()
    if title:
        content = {"title": title, "question": study.question}
        set_section(study=study, name="study", content=content, by=study.created_by)
    _draw_images(study, 1)
    with simulated_vendor(1):
        make_outputs(study, 1)
    _invite(study, 2)
    return start_study(study=Study.objects.get(pk=study.pk), by=study.created_by)


def small(*, seed: int) -> Document:
    found, _cases, _readers = made_small(template("T04").study, cases=3, readers=2)
    data = {**found.data, "allocation": {**found.data["allocation"], "seed": seed}}
    return read(written(data).encode())


def test_load_then_lock_gives_the_same_manifest_on_two_machines() -> None:
    here = locked_from(small(seed=11))
    there = locked_from(read(written(data_of(here)).encode()))
    plans = [AllocationPlan.objects.get(study=study) for study in (here, there)]
    contents = [manifest(study, plan) for study, plan in zip((here, there), plans, strict=True)]
    assert {name: contents[0][name] == contents[1][name] for name in contents[0]} == dict.fromkeys(
        contents[0], True
    )
    assert here.manifest_sha256 == there.manifest_sha256
    assert here.key != there.key
    assert [*flaws_of(here), *flaws_of(there)] == []


def test_another_seed_or_another_word_gives_another_manifest() -> None:
    found = {
        locked_from(small(seed=11)).manifest_sha256,
        locked_from(small(seed=12)).manifest_sha256,
        locked_from(small(seed=11), title="Another title").manifest_sha256,
    }
    assert len(found) == 3


def test_two_studies_share_no_address_of_a_presentation_whatever_their_seeds_are() -> None:
    """Both the published seed of the order and the secret seed are the same; only the studies' addresses differ."""
    studies = [factories.make_ready_study(cases=2, arms=2, readers=1, seed=11) for _number in range(2)]
    for study in studies:
        content = {"plan": "crossed", "outputs": "one_at_a_time", "seed": 11}
        set_section(study=study, name="allocation", content=content, by=study.created_by)
        tried = carry_out(study=study, deed=Deed.BEGIN_PILOT, by=study.created_by, pilot_cases=1)
        tried = carry_out(study=tried, deed=Deed.END_PILOT, by=study.created_by)
        start_study(study=tried, by=study.created_by)
    rows = Allocation.objects.filter(plan__study__in=studies)
    assert rows.count() == 2 * (2 + 4)
    assert rows.values("key").distinct().count() == rows.count()
    orders = [
        list(rows.filter(plan__study=each, plan__is_pilot=False).values_list("case__code"))
        for each in studies
    ]
    assert orders[0] == orders[1]
