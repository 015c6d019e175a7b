"""What the state of cases and images allows, and the sentences for what it does not."""

from __future__ import annotations

from django.utils.translation import gettext as _

from readerstudy.cases.models import Image
from readerstudy.studies.models import Study
from readerstudy.studies.policies import StudyError, can_change_protocol


class CasesError(StudyError):
    """Something about cases or images cannot be done; the text is a sentence that says why and what to do."""


def check_can_add_images(study: Study) -> None:
    if not can_change_protocol(study):
        raise CasesError(
            _(
                "This study is locked, so no image can be added. Make a new study with the images that are missing."
            )
        )


def check_can_label(study: Study) -> None:
    if not can_change_protocol(study):
        raise CasesError(
            _("This study is locked, so its labels can no longer change. Make a new study to change them.")
        )


def check_confirmed(image: Image) -> None:
    """Nobody but coordinators gets an image before a person has looked at it."""
    if image.confirmed_at is None:
        raise CasesError(
            _(
                "Nobody has confirmed yet that this image shows no name, date or number. Confirm it under Images."
            )
        )
