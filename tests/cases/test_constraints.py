"""Rows that must not exist are refused by PostgreSQL itself."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from readerstudy.cases.models import (
    Attestation,
    Case,
    Image,
    ImageRules,
    ReferenceStandard,
    Rendition,
    Upload,
)
from readerstudy.studies.actions import lock_protocol
from readerstudy.studies.models import Study
from tests.factories import make_case, make_image


def refused(change: Callable[[], object], *, match: str) -> None:
    with pytest.raises(DatabaseError, match=match), transaction.atomic():
        change()


@pytest.fixture
def case(study: Study) -> Case:
    return make_case(study, label="normal")


def test_two_cases_share_no_place_and_no_code(study: Study, case: Case) -> None:
    refused(
        lambda: Case.objects.create(study=study, position=case.position, code="C900"),
        match="cases_one_case_per_position",
    )
    refused(
        lambda: Case.objects.create(study=study, position=900, code=case.code), match="cases_codes_differ"
    )


def test_a_case_is_left_out_by_somebody_at_some_time(study: Study, case: Case) -> None:
    match = "cases_left_out_by_whom_and_when"
    refused(lambda: Case.objects.filter(pk=case.pk).update(left_out_at=timezone.now()), match=match)
    refused(lambda: Case.objects.filter(pk=case.pk).update(left_out_by=study.created_by), match=match)


def test_a_case_has_one_reference_and_it_says_something(study: Study, case: Case) -> None:
    refused(lambda: ReferenceStandard.objects.create(study=study, case=case, label="other"), match="case_id")
    refused(lambda: ReferenceStandard.objects.update(label=""), match="cases_a_reference_says_something")


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"fate": "lost"}, "cases_known_fate"),
        ({"fate": "refused", "reason": ""}, "cases_a_refusal_has_a_reason"),
        ({"fate": "working", "lease_until": None}, "cases_work_has_a_lease"),
    ],
)
def test_an_upload_has_a_whole_fate(case: Case, changes: dict[str, object], match: str) -> None:
    refused(lambda: Upload.objects.update(**changes), match=match)


def test_an_image_is_confirmed_by_somebody_at_some_time(study: Study, case: Case) -> None:
    match = "cases_confirmed_by_whom_and_when"
    refused(lambda: Image.objects.update(confirmed_at=None), match=match)
    refused(lambda: Image.objects.update(confirmed_by=None), match=match)


def test_a_slot_has_a_name_and_holds_one_image(case: Case) -> None:
    refused(lambda: make_image(case), match="cases_one_image_per_slot")
    refused(lambda: case.images.update(slot=""), match="cases_a_slot_has_a_name")


def test_a_frame_of_an_image_came_from_one_upload_and_what_is_rendered_is_an_image(case: Case) -> None:
    known = case.images.get().uploads.get()
    another = {"image_set": known.image_set, "original_name": "b.png", "fate": "rendered"}
    refused(lambda: Upload.objects.create(**another), match="cases_what_is_rendered_is_an_image")
    refused(lambda: Upload.objects.create(**another, image=known.image), match="cases_one_upload_per_frame")


def test_cases_of_one_folder_are_one_but_for_those_left_out(study: Study, case: Case) -> None:
    Case.objects.filter(pk=case.pk).update(folder="case-17")
    fresh = {"study": study, "position": 900, "code": "C900", "folder": "case-17"}
    refused(lambda: Case.objects.create(**fresh), match="cases_folders_differ")
    Case.objects.filter(pk=case.pk).update(left_out_at=timezone.now(), left_out_by=study.created_by)
    Case.objects.create(**fresh)


def test_a_locked_case_changes_no_more_but_its_folder_can_be_erased(study: Study, case: Case) -> None:
    Case.objects.filter(pk=case.pk).update(folder="case-17")
    lock_protocol(study=study, manifest_sha256="0" * 64, by=study.created_by)
    refused(lambda: Case.objects.update(folder="other"), match="locked")
    refused(lambda: Case.objects.update(folder="", clinical_text="new"), match="locked")
    assert Case.objects.update(folder="") == 1


def test_image_rules_freeze_with_the_lock_and_an_attestation_at_once(study: Study) -> None:
    rules = ImageRules.objects.create(study=study)
    refused(lambda: ImageRules.objects.update(shown_as="odd"), match="cases_known_shown_as")
    refused(lambda: ImageRules.objects.update(side=10), match="cases_side_within_bounds")
    refused(lambda: Attestation.objects.update(sentence="another"), match="append")
    lock_protocol(study=study, manifest_sha256="0" * 64, by=study.created_by)
    refused(lambda: ImageRules.objects.filter(pk=rules.pk).update(shown_as="sent"), match="locked")


def test_a_frame_has_one_rendition_of_each_kind(case: Case) -> None:
    known = Rendition.objects.filter(kind="full").get()
    refused(
        lambda: Rendition.objects.create(
            image=known.image,
            kind="full",
            stored="x",
            mime="image/png",
            width=1,
            height=1,
            size=1,
            sha256="x",
        ),
        match="cases_one_rendition_per_frame",
    )


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE cases_rendition SET sha256 = 'forged'",
        "DELETE FROM cases_rendition",
        "TRUNCATE cases_rendition",
    ],
)
def test_renditions_are_append_only(case: Case, sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        refused(lambda: cursor.execute(sql), match="append-only")


def test_cases_and_references_freeze_with_the_protocol(study: Study, case: Case) -> None:
    lock_protocol(study=study, manifest_sha256="0" * 64, by=study.created_by)
    match = "the protocol of this study is locked"
    refused(lambda: Case.objects.create(study=study, position=900, code="C900"), match=match)
    refused(lambda: Case.objects.update(clinical_text="changed"), match=match)
    refused(lambda: ReferenceStandard.objects.update(label="changed"), match=match)
    refused(lambda: ReferenceStandard.objects.all().delete(), match=match)
