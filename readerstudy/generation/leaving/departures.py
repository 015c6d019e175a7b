"""What may leave this site, and to whom.

Images go only where the terms of every image set of the study allow it, and patient data only to a provider whose card
allows them.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from readerstudy.cases.terms import Recipient, obstacle_in_terms
from readerstudy.generation.models import Agreement, VendorCard
from readerstudy.studies.ethics import Ethics
from readerstudy.studies.models import Arm, ArmKind, Study
from readerstudy.studies.policies import StudyError
from readerstudy.studies.stations import Line, Sign


class DepartureError(StudyError):
    """Nothing of this study may be sent to this provider now; the text says why and what to do."""


def check_may_leave(study: Study, connection: str) -> None:
    """Raises `DepartureError` where nothing of `study` may be sent to the provider named `connection`.

    Asked before anything is queued and once more right before each call, because a card or terms may end in between.
    """
    if sentence := obstacle_to_leaving(study, connection):
        raise DepartureError(sentence)


def obstacle_to_leaving(study: Study, connection: str) -> str:
    """Why nothing of `study` may be sent to this provider, as a sentence; empty where it may."""
    line = _obstacle(study, connection)
    return line.text if line else ""


def _obstacle(study: Study, connection: str) -> Line | None:
    """The first of what forbids it: the ethics section, the terms of an image set, the provider's card.

    The simulated vendor is a program of this site, so nothing leaves the site when it is called.
    """
    offer = settings.CONNECTIONS.get(connection)
    if offer is not None and offer.simulated:
        return None
    card, label = VendorCard.objects.of(connection), offer.label if offer else connection
    to = Recipient(connection, label, is_own=card is not None and card.agreement == Agreement.OWN)
    cards = reverse("providers:cards")
    if sentence := _in_ethics(study, to):
        return Line(Sign.BAD, sentence, _("Look at the cards"), cards)
    if sentence := obstacle_in_terms(study, to):
        return Line(Sign.BAD, sentence, _("Look at the terms"), reverse("cases:terms", args=[study.key]))
    if study.contains_patient_data and (sentence := _in_card(card, label)):
        return Line(Sign.BAD, sentence, _("Look at the cards"), cards)
    return None


def _in_ethics(study: Study, to: Recipient) -> str:
    if to.is_own or not Ethics.of(study).vendors_forbidden:
        return ""
    return _(
        "The terms of this study’s images forbid sending them to vendors, and “%(provider)s” is not known as an own "
        "server. Choose a model on an own server."
    ) % {"provider": to.label}


def _in_card(card: VendorCard | None, label: str) -> str:
    if card is None:
        return _(
            "This study contains patient data, and nobody has filled in the card of “%(provider)s” yet. Ask the "
            "site’s staff to fill it in, or choose another provider."
        ) % {"provider": label}
    if not card.allows_patient_data:
        return _(
            "This study contains patient data, and the card of “%(provider)s” does not allow to send them. Choose "
            "another provider, or ask the site’s staff for an agreement."
        ) % {"provider": label}
    if card.is_expired(timezone.localdate()) and card.expires_on:
        return _(
            "This study contains patient data, and the agreement with “%(provider)s” ended on %(day)s. Ask the "
            "site’s staff to renew it."
        ) % {"provider": label, "day": date_format(card.expires_on)}
    return ""


def departure_lines(study: Study, arms: Iterable[Arm]) -> list[Line]:
    """What keeps these arms' models from being called, one line a provider."""
    connections = dict.fromkeys(arm.connection for arm in arms if arm.kind == ArmKind.MODEL)
    found = (_obstacle(study, connection) for connection in connections)
    return [line for line in found if line is not None]
