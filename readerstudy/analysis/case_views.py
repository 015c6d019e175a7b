"""Cases by disagreement, the answers of all readers to one, and the very screen that one saw. Nothing is stored."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from readerstudy.analysis.actions import note_look, standing_report
from readerstudy.analysis.answered import answered, presentations
from readerstudy.analysis.rated import is_rated
from readerstudy.cases.models import Case, Image
from readerstudy.reading.models import Allocation
from readerstudy.reading.replay import replayed_page
from readerstudy.reading.sending import send_image
from readerstudy.studies.access import Access, access_results
from readerstudy.studies.models import Role
from readerstudy.studies.views import console

ROLES = (Role.COORDINATOR, Role.RESEARCHER)
"""Who may see what single readers answered; adjudicators must not, before they have judged by themselves."""
IMAGE_SECONDS = 3600


@require_safe
def list_cases(request: HttpRequest, key: str) -> HttpResponse:
    """Every case, those first on which readers are farthest apart."""
    access = access_results(request, key, *ROLES)
    if not is_rated(access.study):
        return redirect("analysis:report", key)
    report = standing_report(study=access.study, by=access.user)
    note_look(report=report, by=access.user, view="cases")
    found = report.content["disagreement"]
    context = {"questions": found["questions"], "cases": found["cases"], "report": report}
    return render(request, "analysis/cases.html", {**console(access), **context})


@require_safe
def show_case(request: HttpRequest, key: str, code: str) -> HttpResponse:
    """What every reader answered about one case."""
    access = access_results(request, key, *ROLES)
    case = get_object_or_404(Case.objects.of(access.study), code=code)
    _note(access, case)
    found = answered(access.study, case)
    return render(request, "analysis/case.html", {**console(access), "found": found})


@require_safe
def show_screen(request: HttpRequest, key: str, reading_key: str) -> HttpResponse:
    """The reading page of one presentation as its reader saw it, with the answers that stand."""
    access = access_results(request, key, *ROLES)
    allocation = _presentation(access, reading_key)
    _note(access, allocation.case)

    def address(image: Image, product: str) -> str:
        path = reverse("analysis:case_image", args=[key, reading_key, image.slot, "full-0"])
        return path.replace("full-0", "full-{frame}" if product == "full" else product)

    back = reverse("analysis:case", args=[key, allocation.case.code])
    page = replayed_page(allocation, allocation.reading, address=address, back=back)
    return render(request, "analysis/screen.html", {"page": page})


@require_safe
@cache_control(private=True, max_age=IMAGE_SECONDS)
def show_image(request: HttpRequest, key: str, reading_key: str, slot: str, product: str) -> HttpResponseBase:
    """One product of an image of that presentation, under the names that the reading page uses."""
    access = access_results(request, key, *ROLES)
    allocation = _presentation(access, reading_key)
    images = (
        Image.objects.confirmed().filter(case=allocation.case_id, slot=slot).select_related("case__study")
    )
    return send_image(get_object_or_404(images), product)


def _presentation(access: Access, reading_key: str) -> Allocation:
    """A presentation that counts and was shown, or 404."""
    related = ("seat__study", "case__reference", "reading")
    return get_object_or_404(
        presentations(access.study).select_related(*related).prefetch_related("outputs"), key=reading_key
    )


def _note(access: Access, case: Case) -> None:
    """Answers to a case are results: a look at them before the data are locked is counted."""
    if is_rated(access.study):
        report = standing_report(study=access.study, by=access.user)
        note_look(report=report, by=access.user, view=f"case {case.code}")
