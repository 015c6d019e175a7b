"""Large files come in by parts, and a page asks which files it need not send at all."""

from __future__ import annotations

from functools import partial

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.urls import reverse
from django.views.decorators.http import require_POST

from readerstudy.cases import actions
from readerstudy.cases.transfers import Refusal, answer_start, answer_transfer, asked_about
from readerstudy.studies.access import access_study
from readerstudy.studies.models import Role
from readerstudy.studies.policies import StudyError

MOST_HASHES = 500


def start_transfer(request: HttpRequest, key: str) -> HttpResponseBase:
    access = access_study(request, key, Role.COORDINATOR)
    address = partial(_address, key)
    return answer_start(request, study=access.study, by=access.user, address=address)


def _address(key: str, transfer: str) -> str:
    return reverse("cases:transfer", args=[key, transfer])


def carry_transfer(request: HttpRequest, key: str, transfer: str) -> HttpResponseBase:
    access = access_study(request, key, Role.COORDINATOR)
    return answer_transfer(request, study=access.study, by=access.user, key=transfer)


@require_POST
def show_known(request: HttpRequest, key: str) -> HttpResponse:
    """Which of the files with these SHA-256 are in the study already, so that they need not be sent; their names are
    noted, because a table may call a file by any of them."""
    access = access_study(request, key, Role.COORDINATOR)
    try:
        asked = asked_about(request.body, most=MOST_HASHES)
        known = actions.note_known(study=access.study, asked=asked, by=access.user)
    except (Refusal, StudyError) as refusal:
        return JsonResponse({"error": str(refusal)}, status=getattr(refusal, "status", 409))
    return JsonResponse({"known": sorted(known)})
