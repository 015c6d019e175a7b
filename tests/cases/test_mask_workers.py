"""Workers that burn boxes in: some die, some fail, some come too late."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.utils import timezone

from readerstudy.audit.models import Event
from readerstudy.cases import actions, tasks
from readerstudy.cases.models import Case, Mask
from readerstudy.cases.policies import CasesError
from readerstudy.imaging import remake as remaking
from readerstudy.studies.actions import lock_protocol
from readerstudy.studies.models import Study
from tests.cases.boxes import (
    Burn,
    Render,
    confirm,
    files_in_storage,
    fresh,
    mask_it,
    pixels_of,
    rendered,
)
from tests.cases.files import dicom


# --- Workers that die, fail or come too late ---------------------------------------------------------------------
def test_a_mask_whose_worker_died_is_rung_for_again(
    render: Render, burn: Burn, bells: list[tuple[Any, ...]]
) -> None:
    image = rendered(render(dicom(11)))
    mask_it(image)
    mask = Mask.objects.get()
    assert actions.take_mask(mask.pk, seconds=60) is not None
    assert actions.take_mask(mask.pk, seconds=60) is None, "somebody has it"
    bells.clear()
    tasks.sweep()
    assert bells == []
    Mask.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    tasks.sweep()
    assert [(name, args[0]) for name, args, _options in bells] == [
        ("readerstudy.cases.tasks.mask", (mask.pk,))
    ]
    burn()
    assert fresh(image).version == 2


def test_the_dead_workers_late_deed_does_not_count(render: Render, burn: Burn) -> None:
    image = rendered(render(dicom(12)))
    mask_it(image)
    late = actions.take_mask(Mask.objects.get().pk, seconds=60)
    assert late is not None
    Mask.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    burn()
    before = actions.frames_of(fresh(image))
    stored = actions.store_masked(mask=late, burned=[late], before=before, files=[], meta={})
    assert not stored
    assert not actions.fail_mask(mask=late, sentence="Too late.")
    assert fresh(image).version == 2


def test_a_fault_in_the_middle_leaves_everything_as_it_was_and_is_tried_again(
    render: Render, burn: Burn, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = rendered(render(dicom(13)))
    before, stored = pixels_of(image), files_in_storage()
    mask_it(image)
    store_masked, faults = actions.store_masked, [OSError("the disk is full")]

    def fail_once(**options: Any) -> bool:
        if faults:
            raise faults.pop()
        return store_masked(**options)

    monkeypatch.setattr(actions, "store_masked", fail_once)
    with pytest.raises(OSError, match="full"):
        burn()
    assert np.array_equal(pixels_of(fresh(image)), before)
    assert files_in_storage() == stored
    burn()
    assert fresh(image).version == 2
    assert Mask.objects.get().tries == 2


def test_after_three_tries_a_mask_is_given_up_and_can_be_tried_again(
    render: Render, burn: Burn, study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = rendered(render(dicom(14)))
    mask_it(image)
    remake = remaking.remake

    def fail(*args: Any, **options: Any) -> Any:
        raise OSError("no")

    monkeypatch.setattr(remaking, "remake", fail)
    for _try in range(3):
        with pytest.raises(OSError, match="no"):
            tasks.mask(Mask.objects.get().pk)
    burn()
    mask = Mask.objects.get()
    assert mask.failure.startswith("The boxes could not be burned in")
    with pytest.raises(CasesError, match="still to be burned"):
        confirm(image)
    assert Event.objects.filter(verb="image.mask_failed").count() == 1
    monkeypatch.setattr(remaking, "remake", remake)
    assert actions.retry_masks(image=fresh(image), by=study.created_by)
    assert not actions.retry_masks(image=fresh(image), by=study.created_by)
    burn()
    assert confirm(image) == 1


def test_a_study_that_was_locked_meanwhile_keeps_its_images(render: Render, burn: Burn, study: Study) -> None:
    image = rendered(render(dicom(15)))
    stored = files_in_storage()
    mask_it(image)
    lock_protocol(study=study, manifest_sha256="0" * 64, by=study.created_by)
    burn()
    assert fresh(image).version == 1
    assert "locked" in Mask.objects.get().failure
    assert files_in_storage() == stored


def test_a_study_locked_in_the_middle_keeps_its_images_and_no_stray_bytes(
    render: Render, burn: Burn, study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = rendered(render(dicom(16)))
    stored, remake = files_in_storage(), remaking.remake

    def lock_first(*args: Any, **options: Any) -> Any:
        lock_protocol(study=study, manifest_sha256="0" * 64, by=study.created_by)
        return remake(*args, **options)

    monkeypatch.setattr(remaking, "remake", lock_first)
    mask_it(image)
    burn()
    assert fresh(image).version == 1
    assert files_in_storage() == stored


def test_a_case_that_is_left_out_is_masked_all_the_same(render: Render, burn: Burn, study: Study) -> None:
    image = rendered(render(dicom(17)))
    mask_it(image)
    actions.leave_out(study=study, cases=[image.case], by=study.created_by)
    burn()
    assert fresh(image).version == 2
    assert Case.objects.get().left_out_at is not None
