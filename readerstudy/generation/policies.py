"""What the state of a study allows its outputs, and what stands in the way of calling models."""

from __future__ import annotations

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from readerstudy.cases.models import Image
from readerstudy.generation.leaving.departures import departure_lines
from readerstudy.generation.models import Price, Purse
from readerstudy.providers.batches import can_batch
from readerstudy.studies.models import Arm, ArmKind, CallMode, Study
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
    if not arms:
        return _line(study, _("There is no model to call."), _("Add an arm"), "studies:add_arm")
    if found := _of_an_arm(study, arms):
        return found
    if sentence := _unseen(study):
        return _line(study, sentence, _("Look at the images"), "cases:images")
    if stopped := departure_lines(study, arms):
        return stopped[0]
    if sentence := _unpriced(study, arms):
        return _line(study, sentence, _("Enter the price"), "generation:costs")
    return None


def _of_an_arm(study: Study, arms: list[Arm]) -> Line | None:
    """What an arm asks for that its provider cannot give."""
    for arm in arms:
        if arm.connection not in settings.CONNECTIONS:
            text = _(
                "The provider of “%(arm)s” is not set up on this site. Choose another, or ask the site’s staff."
            )
        elif _wants_what_it_cannot(arm):
            text = _("The provider of “%(arm)s” takes no batches. Let its calls be made one by one.")
        else:
            continue
        return _line(study, text % {"arm": arm.name}, _("Change the arm"), "studies:edit_arm", arm.pk)
    return None


def _line(study: Study, text: str, remedy: str, page: str, *numbers: int) -> Line:
    return Line(Sign.BAD, text, remedy, reverse(page, args=[study.key, *numbers]))


def check_still_open(study: Study) -> None:
    """Outputs freeze with the protocol."""
    if not can_change_protocol(study):
        raise GenerationError(_("The study was locked before this output was made, so it is not part of it."))


def _wants_what_it_cannot(arm: Arm) -> bool:
    offer = settings.CONNECTIONS[arm.connection]
    return arm.mode == CallMode.BATCH and not can_batch(offer.connection)


def _unpriced(study: Study, arms: list[Arm]) -> str:
    purse = Purse.objects.filter(study=study).first()
    if purse is None or purse.money_limit is None:
        return ""
    prices = {(price.connection, price.model): price for price in Price.objects.of(study)}
    for arm in arms:
        if not purse.counts(prices.get((arm.connection, arm.model))):
            return _(
                "The study has a budget in %(currency)s, and the price of “%(model)s” in it is not known. Enter the "
                "price, or take the limit in money away."
            ) % {"currency": purse.currency, "model": arm.model}
    return ""


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
