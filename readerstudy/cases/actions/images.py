"""A coordinator looks at images: confirms them, leaves cases out, takes them back."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from readerstudy.accounts.models import User
from readerstudy.audit.record import record, study_stream
from readerstudy.cases.models import Case, Image
from readerstudy.cases.policies import CasesError, check_can_add_images
from readerstudy.studies.actions import locked
from readerstudy.studies.models import Study


@transaction.atomic
def confirm_images(*, images: Iterable[Image], by: User) -> int:
    """Stores that `by` saw no name, date or number in these images; returns how many were not confirmed before.

    Raises `CasesError` where they belong to several studies.
    """
    wanted = [image.pk for image in images]
    found = Image.objects.select_for_update(of=("self",)).filter(pk__in=wanted).unconfirmed()
    fresh = list(found.select_related("case").order_by("case__position", "slot"))
    studies = {image.case.study_id for image in fresh}
    if len(studies) > 1:
        raise CasesError(_("These images belong to several studies. Confirm them in each study by itself."))
    Image.objects.filter(pk__in=[image.pk for image in fresh]).update(
        confirmed_at=timezone.now(), confirmed_by=by
    )
    for study_id in studies:
        codes = [image.case.code for image in fresh]
        subject, data = f"{len(fresh)} images", {"images": [image.key for image in fresh], "cases": codes}
        record("image.confirm", by=by, stream=study_stream(study_id), subject=subject, data=data)
    return len(fresh)


@transaction.atomic
def leave_out(*, study: Study, cases: Iterable[Case], by: User) -> int:
    """Takes cases out of an open study, for example because an image shows a name; returns how many."""
    check_can_add_images(locked(study))
    found = Case.objects.of(study).filter(pk__in=[case.pk for case in cases])
    codes = list(found.values_list("code", flat=True))
    found.update(left_out_at=timezone.now(), left_out_by=by)
    if codes:
        record(
            "case.leave_out", by=by, stream=study_stream(study.pk), subject=study.key, data={"cases": codes}
        )
    return len(codes)


@transaction.atomic
def take_back(*, study: Study, case: Case, by: User) -> bool:
    """Puts a case that was left out back into its place."""
    check_can_add_images(locked(study))
    returned = Case.objects.filter(study=study, pk=case.pk, left_out_at__isnull=False).update(
        left_out_at=None, left_out_by=None
    )
    if returned:
        record("case.take_back", by=by, stream=study_stream(study.pk), subject=case.code)
    return bool(returned)
