"""A coordinator looks at images: confirms them or takes the yes back, leaves cases out or takes them back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from readerstudy.accounts.models import User
from readerstudy.audit.record import record, study_stream
from readerstudy.cases.models import Case, Image
from readerstudy.cases.policies import (
    CasesError,
    check_can_add_images,
    check_can_unconfirm,
    check_not_being_masked,
    check_of_one_study,
    check_unused,
)
from readerstudy.studies.actions import locked
from readerstudy.studies.models import Study


@transaction.atomic
def confirm_images(*, images: Iterable[Image], by: User, seen: Mapping[str, str] | None = None) -> int:
    """Stores that `by` saw no name, date or number in these images; returns how many were not confirmed before.

    `seen` says for image keys in which `Image.state` the picture was shown; one that has changed since is not confirmed
    unseen. Raises `CasesError` where that is so, where boxes are still to be burned in, or where the images belong to
    several studies.
    """
    wanted = [image.pk for image in images]
    found = Image.objects.select_for_update(of=("self",)).filter(pk__in=wanted).unconfirmed()
    fresh = check_of_one_study(found.select_related("case").order_by("case__position", "slot"))
    check_not_being_masked(fresh)
    _check_unchanged(fresh, seen or {})
    Image.objects.filter(pk__in=[image.pk for image in fresh]).update(
        confirmed_at=timezone.now(), confirmed_by=by
    )
    _record("image.confirm", fresh, by)
    return len(fresh)


def _check_unchanged(images: Iterable[Image], seen: Mapping[str, str]) -> None:
    changed = [image for image in images if seen.get(image.key, image.state) != image.state]
    if changed:
        sentence = _("The image of case %(code)s has changed since you opened it. Look at it again.")
        raise CasesError(sentence % {"code": changed[0].case.code})


@transaction.atomic
def unconfirm_images(*, images: Iterable[Image], by: User) -> int:
    """Takes the yes to these images back; returns how many were confirmed.

    Raises `CasesError` where the study is locked or a model was given one of them.
    """
    wanted = [image.pk for image in images]
    chosen = check_of_one_study(Image.objects.filter(pk__in=wanted).select_related("case__study"))
    if not chosen:
        return 0
    check_can_unconfirm(locked(chosen[0].case.study))
    found = Image.objects.select_for_update(of=("self",)).filter(pk__in=wanted).confirmed()
    confirmed = list(found.select_related("case").order_by("case__position", "slot"))
    check_unused(confirmed)
    Image.objects.filter(pk__in=[image.pk for image in confirmed]).update(
        confirmed_at=None, confirmed_by=None
    )
    _record("image.unconfirm", confirmed, by)
    return len(confirmed)


def _record(verb: str, images: list[Image], by: User) -> None:
    if images:
        data = {"images": [image.key for image in images], "cases": [image.case.code for image in images]}
        subject = str(images[0]) if len(images) == 1 else f"{len(images)} images"
        record(verb, by=by, stream=study_stream(images[0].case.study_id), subject=subject, data=data)


@transaction.atomic
def leave_out(*, study: Study, cases: Iterable[Case], by: User) -> int:
    """Takes cases out of an open study, for example because an image shows a name; returns how many."""
    check_can_add_images(locked(study))
    found = Case.objects.kept(study).filter(pk__in=[case.pk for case in cases])
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
