"""The coordinator's side of the reading room: readers, allocation, start."""

from __future__ import annotations

from functools import partial

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from readerstudy.accounts.actions import invitation_token
from readerstudy.accounts.models import Invitation
from readerstudy.reading import actions
from readerstudy.reading.adjudication.overview import count_open
from readerstudy.reading.board import board_of, left_behind
from readerstudy.reading.mail import send_invitation, send_reminder
from readerstudy.reading.planning import held_back
from readerstudy.reading.protocol import frozen_of
from readerstudy.studies.access import Access, access_study
from readerstudy.studies.actions import invite_member, remove_member
from readerstudy.studies.attempt import attempt
from readerstudy.studies.forms import InviteForm
from readerstudy.studies.lifecycle import Deed, moves_from
from readerstudy.studies.models import Membership, Role
from readerstudy.studies.policies import can_change_protocol


@require_http_methods(["GET", "POST"])
def readers(request: HttpRequest, key: str) -> HttpResponse:
    """Everybody in the study, how far each reader is, and the form that invites more."""
    access = access_study(request, key, Role.COORDINATOR)
    form = InviteForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        invited = [
            _invite(request, access, email, Role(form.cleaned_data["role"]))
            for email in form.cleaned_data["emails"]
        ]
        said = ngettext("%(n)d person is invited.", "%(n)d people are invited.", len(invited)) % {
            "n": len(invited)
        }
        messages.success(request, said)
        return redirect("reading:readers", key)
    return render(request, "reading/readers.html", {**_people(access), "form": form})


@require_safe
def board(request: HttpRequest, key: str) -> HttpResponse:
    """The readers' progress alone, for the page that asks again every few seconds."""
    access = access_study(request, key, Role.COORDINATOR)
    return render(request, "reading/readers.html#board", _people(access))


@require_POST
def show_link(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """A fresh one-time link for a member, shown once for the coordinator to pass on."""
    access = access_study(request, key, Role.COORDINATOR)
    member = get_object_or_404(Membership.objects.present(), study=access.study, pk=number)
    membership = _invite(request, access, member.user.email, Role(member.role), mail=False)
    link = _link(request, membership.invitation)
    return render(
        request,
        "reading/link.html",
        {"access": access, "study": access.study, "member": membership, "link": link},
    )


@require_POST
def remind(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """Sends a reader a mail with a fresh link, where the last one is a day old."""
    access = access_study(request, key, Role.COORDINATOR)
    seat = get_object_or_404(Membership.objects.readers(access.study).select_related("user"), pk=number)
    success = _("%(reader)s gets a mail with a link that leads on.") % {"reader": seat.pseudonym}
    attempt(request, partial(_remind, request, access, seat), success=success)
    return redirect("reading:readers", key)


@require_POST
def remove(request: HttpRequest, key: str, number: int) -> HttpResponse:
    access = access_study(request, key, Role.COORDINATOR)
    member = get_object_or_404(Membership.objects.present(), study=access.study, pk=number)
    attempt(
        request,
        partial(remove_member, membership=member, by=access.user),
        success=_("This person is out of the study."),
    )
    return redirect("reading:readers", key)


@transaction.atomic
def _remind(request: HttpRequest, access: Access, seat: Membership) -> None:
    """The mail and its record together: where it cannot be sent, nobody was reminded."""
    reminder = actions.remind_reader(seat=seat, by=access.user)
    member = _invite(request, access, seat.user.email, Role.READER, mail=False)
    send_reminder(member, link=_link(request, member.invitation), left=reminder.left, by=access.user)


def _people(access: Access) -> dict[str, object]:
    rows = board_of(access.study)
    others = Membership.objects.present().filter(study=access.study).exclude(role=Role.READER)
    return {
        "access": access,
        "study": access.study,
        "rows": rows,
        "has_practice": any(row.practice.total for row in rows),
        "has_checks": any(row.checked.words for row in rows),
        "disagreements": count_open(access.study),
        "settles": frozen_of(access.study).terms.is_declared,
        "moves": [move for move in moves_from(access.study.state) if move.deed in (Deed.PAUSE, Deed.RESUME)],
        "gone": left_behind(access.study),
        "held_back": len(held_back(access.study)),
        "others": others.select_related("user", "invitation").order_by("role", "pk"),
        "can_change": can_change_protocol(access.study),
    }


def _invite(request: HttpRequest, access: Access, email: str, role: Role, *, mail: bool = True) -> Membership:
    membership = invite_member(study=access.study, email=email, role=role, by=access.user)
    if mail:
        send_invitation(membership, link=_link(request, membership.invitation), by=access.user)
    return membership


def _link(request: HttpRequest, invitation: Invitation | None) -> str:
    if invitation is None:
        return ""
    path = reverse("accounts:accept_invitation", args=[invitation.pk, invitation_token(invitation)])
    return request.build_absolute_uri(path)
