"""The reading page of a study template, for whoever looks for one. Nothing is stored here."""

from __future__ import annotations

from csp.decorators import csp_replace
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_http_methods, require_safe

from readerstudy.reading.questions import BEFORE
from readerstudy.reading.sample_pages import DRAWINGS, sample_image, sample_meta, sample_page
from readerstudy.studies.gallery import found_template

A_DAY = 24 * 3600


@require_http_methods(["GET", "POST"])
@xframe_options_sameorigin
@csp_replace({"frame-ancestors": ["'self'"]})  # type: ignore[arg-type]  # its type knows only views without arguments
def show(request: HttpRequest, code: str, stage: str) -> HttpResponse:
    """The page of the first case; its form leads back here, from a sealed case to its output."""
    found, address = found_template(code), reverse("reading:preview", args=[code, stage])
    if found is None or stage not in found.stages:
        raise Http404
    if request.method == "POST":
        return redirect(f"{address}?revealed=1" if request.POST.get("stage") == BEFORE else address)
    page = sample_page(found.stages[stage], address, is_revealed="revealed" in request.GET)
    return render(request, "reading/preview.html", {"page": page})


@require_safe
@cache_control(private=True, max_age=A_DAY)
def show_image(request: HttpRequest, drawing: str, product: str) -> HttpResponse:
    """A product of a drawn image, under the names that images of studies have."""
    if drawing not in DRAWINGS or product not in ("meta", "preview", "full"):
        raise Http404
    if product == "meta":
        return JsonResponse(sample_meta(drawing))
    return HttpResponse(sample_image(drawing), content_type="image/png")
