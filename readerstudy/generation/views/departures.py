"""What left this site, as a page and as tables to take away."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from readerstudy.cases.models import ImageSet
from readerstudy.cases.terms import terms_of
from readerstudy.cases.views.shared import as_download
from readerstudy.generation.leaving.departed import class_rows, departures_of, image_rows, never_leaves
from readerstudy.generation.steps import room
from readerstudy.studies.access import access_study
from readerstudy.studies.models import Role


@require_safe
def show_departures(request: HttpRequest, key: str) -> HttpResponse:
    """Every class of bytes that left, in all and by provider, and the classes that never do."""
    access = access_study(request, key, Role.COORDINATOR)
    terms = terms_of(ImageSet.objects.shown(access.study))
    context = {"departures": departures_of(access.study), "never": never_leaves(), "terms": terms}
    return render(request, "generation/departures.html", {**room(access), **context})


@require_safe
def download_classes(request: HttpRequest, key: str) -> HttpResponseBase:
    access = access_study(request, key, Role.COORDINATOR)
    return as_download(class_rows(departures_of(access.study)), f"{access.study.key}-departures.csv")


@require_safe
def download_images(request: HttpRequest, key: str) -> HttpResponseBase:
    """Every image that left, by its SHA-256."""
    access = access_study(request, key, Role.COORDINATOR)
    return as_download(image_rows(departures_of(access.study)), f"{access.study.key}-departed-images.csv")
