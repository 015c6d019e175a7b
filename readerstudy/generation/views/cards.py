"""What the site has agreed with its providers: staff write the cards, coordinators read them."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from readerstudy.accounts.models import User
from readerstudy.accounts.people import signed_in
from readerstudy.generation import actions
from readerstudy.generation.leaving.card_forms import FIELDS, CardForm
from readerstudy.generation.models import VendorCard
from readerstudy.studies.models import Membership, Role


@dataclass(frozen=True, slots=True)
class Provider:
    """One provider that this site can reach, or once could, with its card."""

    name: str
    label: str
    is_simulated: bool
    card: VendorCard | None

    @property
    def is_expired(self) -> bool:
        return self.card is not None and self.card.is_expired(timezone.localdate())

    @property
    def allows(self) -> bool:
        """Whether patient data may go there today."""
        return self.card is not None and self.card.allows_patient_data and not self.is_expired


@require_safe
def list_cards(request: HttpRequest) -> HttpResponse:
    """Every provider with what was agreed."""
    person = _access_cards(request)
    context = {"providers": _providers(), "may_edit": person.is_staff}
    return render(request, "generation/cards.html", context)


@require_http_methods(["GET", "POST"])
def edit_card(request: HttpRequest, name: str) -> HttpResponse:
    """Staff write the next version of a card; the ones before it are listed."""
    person = _access_cards(request)
    provider = next((each for each in _providers() if each.name == name), None)
    if provider is None or not person.is_staff:
        raise Http404
    initial = {field: getattr(provider.card, field) for field in FIELDS} if provider.card else None
    form = CardForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        actions.save_card(connection=name, fields=form.card_fields(), by=person)
        messages.success(request, _("The card of “%(provider)s” is saved.") % {"provider": provider.label})
        return redirect("providers:cards")
    versions = VendorCard.objects.filter(connection=name).select_related("entered_by").order_by("-number")
    context = {"provider": provider, "form": form, "versions": versions}
    return render(request, "generation/card.html", context, status=422 if form.errors else 200)


def _access_cards(request: HttpRequest) -> User:
    """The person, if staff or a coordinator of any study; nobody else learns what was agreed."""
    person = signed_in(request)
    coordinates = Membership.objects.present().filter(user=person, role=Role.COORDINATOR)
    if not person.is_staff and not coordinates.exists():
        raise Http404
    return person


def _providers() -> list[Provider]:
    """Those set up on this site first, then those that only a card still names."""
    cards = {card.connection: card for card in VendorCard.objects.newest().select_related("entered_by")}
    offers = [
        Provider(name, offer.label, offer.simulated, cards.pop(name, None))
        for name, offer in settings.CONNECTIONS.items()
    ]
    return [*offers, *(Provider(name, name, False, card) for name, card in sorted(cards.items()))]
