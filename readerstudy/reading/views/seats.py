"""What a coordinator does for one reader by one button of the Readers page."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect

from readerstudy.studies.access import access_study
from readerstudy.studies.attempt import attempt
from readerstudy.studies.models import Membership, Role


def do_for_reader(
    request: HttpRequest, key: str, number: int, *, deed: Callable[..., object], success: str
) -> HttpResponse:
    """Does `deed(seat=, by=)` and goes back to all readers; in `success` stands %(reader)s for the pseudonym."""
    access = access_study(request, key, Role.COORDINATOR)
    seat = get_object_or_404(Membership.objects.readers(access.study), pk=number)
    attempt(request, partial(deed, seat=seat, by=access.user), success=success % {"reader": seat.pseudonym})
    return redirect("reading:readers", key)
