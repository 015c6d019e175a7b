"""What the state of a study allows its outputs, and what stands in the way of calling models."""

from __future__ import annotations

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from readerstudy.cases.models import Image
from readerstudy.studies.models import Arm, ArmKind, Study
from readerstudy.studies.policies import StudyError, can_change_protocol, check_protocol_open
from readerstudy.studies.stations import Line, Sign


class GenerationError(StudyError):
    """Outputs cannot be made or changed now; the text says why and what to do."""


def check_can_call(study: Study) -> None:
    """Whether models may be called for this study now."""
    check_protocol_open(study)
    if obstacle := obstacle_to_calls(study):
        raise GenerationError(obstacle.text)


def obstacle_to_calls(study: Study) -> Line | None:
    """The first thing that a person must do before a model can be called, with the link that mends it."""
    arms = list(Arm.objects.filter(study=study, kind=ArmKind.MODEL))
    unknown = next((arm for arm in arms if arm.connection not in settings.CONNECTIONS), None)
    if not arms:
        text, remedy, page = _("There is no model to call."), _("Add an arm"), "studies:add_arm"
    elif unknown:
        text = _(
            "The provider of “%(arm)s” is not set up on this site. Choose another, or ask the site’s staff."
        )
        return Line(
            Sign.BAD,
            text % {"arm": unknown.name},
            _("Change the arm"),
            reverse("studies:edit_arm", args=[study.key, unknown.pk]),
        )
    elif sentence := _unseen(study):
        text, remedy, page = sentence, _("Look at the images"), "cases:images"
    else:
        return None
    return Line(Sign.BAD, text, remedy, reverse(page, args=[study.key]))


def check_still_open(study: Study) -> None:
    """Outputs freeze with the protocol."""
    if not can_change_protocol(study):
        raise GenerationError(_("The study was locked before this output was made, so it is not part of it."))


def _unseen(study: Study) -> str:
    images = Image.objects.of(study)
    if not images.exists():
        return _("There is no image to show to a model.")
    unconfirmed = images.unconfirmed().count()
    if not unconfirmed:
        return ""
    return ngettext(
        "%(n)d image is not confirmed yet. Nothing is sent to a model before a person has looked at it.",
        "%(n)d images are not confirmed yet. Nothing is sent to a model before a person has looked at them.",
        unconfirmed,
    ) % {"n": unconfirmed}
