"""Somebody says on what terms the images of a set may be used."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from readerstudy.accounts.models import User
from readerstudy.audit.record import record, study_stream
from readerstudy.cases.actions.arrivals import make_image_set
from readerstudy.cases.models import ImageSet, ImageTerms
from readerstudy.cases.policies import CasesError
from readerstudy.studies.actions import locked
from readerstudy.studies.models import Study


@transaction.atomic
def state_terms(
    *,
    study: Study,
    fields: Mapping[str, Any],
    by: User,
    image_set: ImageSet | None = None,
    name: str = "",
    receives: bool | None = None,
) -> ImageTerms:
    """Writes the next version of a set's terms, of a new set where none is given; earlier ones stay as they are.

    `fields` are columns of `ImageTerms`. `name` renames the set; with `receives` it gets the files that come in, or no
    longer. Terms may be stated in every state of the study, because their owner may change them at any time.

    Raises:
        CasesError: where another set of the study has that name.
    """
    study = locked(study)
    _check_name(study, name, image_set)
    if image_set is None:
        image_set = make_image_set(study=study, by=by, name=name)
    _describe(image_set, name, receives)
    number = image_set.terms.count() + 1
    terms = ImageTerms.objects.create(image_set=image_set, number=number, stated_by=by, **fields)
    record(
        "image_set.terms",
        by=by,
        stream=study_stream(study.pk),
        subject=image_set.name,
        data={"set": image_set.pk, "number": number, "receives": image_set.receives, **_told(fields)},
    )
    return terms


def _check_name(study: Study, name: str, image_set: ImageSet | None) -> None:
    same = ImageSet.objects.of(study).filter(name=name).first()
    if same is not None and same != image_set:
        raise CasesError(
            _("This study has an image set “%(name)s” already. Choose another name.") % {"name": name}
        )


def _describe(image_set: ImageSet, name: str, receives: bool | None) -> None:
    image_set.name = name or image_set.name
    if receives:  # one set alone gets what comes in
        ImageSet.objects.filter(study=image_set.study_id).exclude(pk=image_set.pk).update(receives=False)
    if receives is not None:
        image_set.receives = receives
    image_set.save(update_fields=["name", "receives"])


def _told(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in fields.items()}
