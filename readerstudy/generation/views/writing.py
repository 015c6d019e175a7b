"""The writers' pages: where a series stands, and one case at a time."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import time_format
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_POST, require_safe

from readerstudy.cases.models import Case, Image
from readerstudy.cases.pixels import open_for_reader
from readerstudy.cases.viewing import viewer_meta
from readerstudy.generation import actions
from readerstudy.generation.bringing.writing import (
    Series,
    cases_of,
    draft_of,
    is_written,
    next_case,
    pictures_of,
    series_of,
    shown_as_of,
)
from readerstudy.studies.access import Access, access_study
from readerstudy.studies.models import Role
from readerstudy.studies.policies import StudyError, can_change_protocol

WRITERS = (Role.WRITER, Role.COORDINATOR)
IMAGE_SECONDS = 24 * 3600


@require_safe
def show_series(request: HttpRequest, key: str) -> HttpResponse:
    """How far the texts are, and one button: the next case without one."""
    access = access_study(request, key, *WRITERS)
    context = {**_shared(access), "series": series_of(access.study, access.user)}
    return render(request, "generation/writing.html", context)


@require_safe
def go_on(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """Straight to the next case without a text."""
    access, series = _access_series(request, key, number)
    following = next_case(series.arm, access.user)
    if following is None or not can_change_protocol(access.study):
        return redirect("generation:write", key)
    return redirect("generation:write_case", key, number, following.code)


@require_safe
def show_case(request: HttpRequest, key: str, number: int, code: str) -> HttpResponse:
    """The images and the clinical text of one case, and a place to write."""
    access, series = _access_series(request, key, number)
    case = _access_case(series, code)
    return _show(request, access, series, case)


@require_POST
def keep_draft(request: HttpRequest, key: str, number: int, code: str) -> JsonResponse:
    """Stores what was typed so far; answers with the time, or with a sentence that says why not."""
    access, series = _access_series(request, key, number)
    case = _access_case(series, code)
    text = request.POST.get("text", "")
    try:
        draft = actions.save_draft(arm=series.arm, case=case, text=text, by=access.user)
    except StudyError as error:
        return JsonResponse({"error": str(error)}, status=409)
    saved_at = time_format(timezone.localtime(draft.saved_at), "H:i:s")
    return JsonResponse({"saved_at": saved_at, "token": request.POST.get("token", "")})


@require_POST
def finish(request: HttpRequest, key: str, number: int, code: str) -> HttpResponse:
    """Keeps the text as a draft, or makes it the case's output and goes on to the next case."""
    access, series = _access_series(request, key, number)
    case = _access_case(series, code)
    text, is_finished = request.POST.get("text", ""), "finish" in request.POST
    deed: Callable[..., object] = actions.finish_text if is_finished else actions.save_draft
    try:
        partial(deed, arm=series.arm, case=case, text=text, by=access.user)()
    except StudyError as error:
        return _show(request, access, series, case, text=text, error=str(error), status=409)
    if not is_finished:
        messages.success(request, _("Your draft is saved."))
        return redirect("generation:write_case", key, number, code)
    return redirect("generation:go_on_writing", key, number)


@require_safe
@cache_control(private=True, max_age=IMAGE_SECONDS)
def image(request: HttpRequest, key: str, code: str, slot: str, product: str) -> HttpResponseBase:
    """One product of a confirmed image, as readers see it."""
    access = access_study(request, key, *WRITERS)
    images = Image.objects.confirmed().select_related("case__study")
    found = get_object_or_404(images, case__in=Case.objects.read(access.study), case__code=code, slot=slot)
    shown_as = shown_as_of(access.study)
    if product == "meta":
        return JsonResponse(viewer_meta(found, shown_as))
    name, _dash, frame = product.partition("-")
    if not (frame or "0").isdecimal():
        raise Http404
    stored = open_for_reader(found, product=name, frame=int(frame or 0), shown_as=shown_as)
    if stored is None:
        raise Http404
    response = FileResponse(stored.file, content_type=stored.mime)
    del response["Content-Disposition"]  # it would carry the name under which the file is stored
    return response


def _access_series(request: HttpRequest, key: str, number: int) -> tuple[Access, Series]:
    access = access_study(request, key, *WRITERS)
    found = next((each for each in series_of(access.study, access.user) if each.number == number), None)
    if found is None:
        raise Http404
    return access, found


def _access_case(series: Series, code: str) -> Case:
    return get_object_or_404(cases_of(series.arm).select_related("study"), code=code)


def _shared(access: Access) -> dict[str, Any]:
    return {
        "access": access,
        "study": access.study,
        "can_write": can_change_protocol(access.study),
        "coordinates": access.coordinates,
    }


def _show(
    request: HttpRequest,
    access: Access,
    series: Series,
    case: Case,
    *,
    text: str | None = None,
    error: str = "",
    status: int = 200,
) -> HttpResponse:
    addresses = [access.study.key, series.number, case.code]
    context = {
        **_shared(access),
        "series": series,
        "case": case,
        "pictures": pictures_of(case),
        "text": draft_of(series.arm, case, access.user) if text is None else text,
        "is_written": is_written(series.arm, case),
        "draft_url": reverse("generation:keep_draft", args=addresses),
        "finish_url": reverse("generation:finish_text", args=addresses),
        "error": error,
    }
    return render(request, "generation/write.html", context, status=status)
