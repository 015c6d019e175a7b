"""The contact sheet, on which a coordinator looks at every image."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_POST, require_safe

from readerstudy.cases import actions
from readerstudy.cases.forms import Deed, SheetForm
from readerstudy.cases.models import Case, Image, Images
from readerstudy.cases.pixels import open_for_coordinator
from readerstudy.cases.views.shared import fates_context
from readerstudy.studies.access import Access, access_study
from readerstudy.studies.attempt import attempt
from readerstudy.studies.models import Role, Study

IMAGES_PER_SHEET = 60
PREVIEW_SECONDS = 24 * 3600
FILTER_NAMES = {
    "": gettext_lazy("All"),
    "unconfirmed": gettext_lazy("Not confirmed"),
    "risky": gettext_lazy("Risky"),
    "confirmed": gettext_lazy("Confirmed"),
}


FILTERS: dict[str, Callable[[Images], Images]] = {
    "": Images.all,
    "unconfirmed": Images.unconfirmed,
    "risky": Images.risky,
    "confirmed": Images.confirmed,
}


@require_safe
def show_images(request: HttpRequest, key: str) -> HttpResponse:
    """What came in, and the sheet on which a coordinator looks at every image."""
    access = access_study(request, key, Role.COORDINATOR)
    context = {
        **fates_context(request, access),
        **_sheet(request, access.study),
        "left_out": Image.objects.left_out(access.study).select_related("case"),
        "case_count": Case.objects.of(access.study).count(),
        "unlabelled": Case.objects.of(access.study).without_reference().count(),
    }
    return render(request, "cases/images.html", context)


def _sheet(request: HttpRequest, study: Study) -> dict[str, Any]:
    """One page of the images that the filter lets through, and how many each filter would."""
    images = Image.objects.of(study)
    wanted = request.GET.get("show", "")
    shown = FILTERS.get(wanted, Images.all)(images).in_order_of_looking().select_related("case__reference")
    page = Paginator(shown, IMAGES_PER_SHEET).get_page(request.GET.get("page"))
    masked = set(
        Image.objects.being_masked().filter(pk__in=[image.pk for image in page]).values_list("pk", flat=True)
    )
    counts = images.tallied()
    return {
        "page": page,
        "show": wanted if wanted in FILTERS else "",
        "filters": [(name, told, counts[name or "all"]) for name, told in FILTER_NAMES.items()],
        "image_count": counts["all"],
        "unconfirmed": [image for image in page if image.confirmed_at is None and image.pk not in masked],
        "masked": masked,
        "confirmed": [image for image in page if image.confirmed_at is not None],
    }


@require_POST
def settle_sheet(request: HttpRequest, key: str) -> HttpResponse:
    """Confirms all or the ticked images of a sheet, or leaves the ticked ones out."""
    access = access_study(request, key, Role.COORDINATOR)
    form = SheetForm(request.POST, study=access.study)
    if not form.is_valid():
        messages.error(request, form.sentence())
    elif form.cleaned_data["deed"] == Deed.LEAVE_OUT:
        cases = [image.case for image in form.chosen()]
        leave_out = partial(actions.leave_out, study=access.study, cases=cases, by=access.user)
        attempt(request, leave_out, success=_("Left out. You find these cases at the end of the sheet."))
    else:
        _confirm(request, access, form)
    show = form.data.get("show", "")
    return redirect(
        f"{reverse('cases:images', args=[key])}{f'?show={show}' if show in FILTERS and show else ''}#sheet"
    )


def _confirm(request: HttpRequest, access: Access, form: SheetForm) -> None:
    chosen = form.chosen()
    confirm = partial(actions.confirm_images, images=chosen, by=access.user, seen=form.seen())
    text = ngettext("%(n)d image is confirmed.", "%(n)d images are confirmed.", len(chosen))
    attempt(request, confirm, success=text % {"n": len(chosen)})


@require_POST
def take_back(request: HttpRequest, key: str, image: str) -> HttpResponse:
    access = access_study(request, key, Role.COORDINATOR)
    found = get_object_or_404(Image.objects.left_out(access.study).select_related("case"), key=image)
    attempt(request, partial(actions.take_back, study=access.study, case=found.case, by=access.user))
    return redirect(f"{reverse('cases:images', args=[key])}#sheet")


@require_safe
@cache_control(private=True, max_age=PREVIEW_SECONDS)
def show_thumbnail(request: HttpRequest, key: str, image: str) -> FileResponse:
    """The small preview, for the coordinator who looks at it before anybody else may; pages name its state, so that a
    browser does not show what it was before."""
    access = access_study(request, key, Role.COORDINATOR)
    found = get_object_or_404(Image, case__study=access.study, key=image)
    preview = open_for_coordinator(found, product="preview")
    if preview is None:
        raise Http404
    return FileResponse(preview.file, content_type=preview.mime)
