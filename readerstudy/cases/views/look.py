"""One image, large: a coordinator looks for names in it, burns boxes in, says yes or no."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_POST, require_safe

from readerstudy.cases import actions
from readerstudy.cases.forms import LookDeed, LookForm, MaskForm, Scope
from readerstudy.cases.looking import images_in, masking_of, walk_from, why_it_stays
from readerstudy.cases.models import Image, ShownAs
from readerstudy.cases.pixels import open_for_coordinator
from readerstudy.cases.viewing import viewer_meta
from readerstudy.studies.access import Access, access_study
from readerstudy.studies.attempt import attempt
from readerstudy.studies.models import Role, Study
from readerstudy.studies.policies import StudyError, can_change_protocol

PIXELS_SECONDS = 24 * 3600
ROWS_TO_TYPE = 3


def access_image(request: HttpRequest, key: str, image: str) -> tuple[Access, Image]:
    """The image `image` for a coordinator of its study, or `Http404`."""
    access = access_study(request, key, Role.COORDINATOR)
    images = Image.objects.select_related("case__study", "case__reference", "confirmed_by")
    return access, get_object_or_404(images, case__study=access.study, key=image)


# --- The page --------------------------------------------------------------------------------------------------
@require_safe
def look(request: HttpRequest, key: str, image: str) -> HttpResponse:
    """One image as large as it goes, with what speaks against it and what may be done."""
    access, found = access_image(request, key, image)
    return _show(request, access, found, is_masking="mask" in request.GET)


@require_safe
def start_looking(request: HttpRequest, key: str) -> HttpResponse:
    """To the first image that nobody has confirmed, else back to the sheet."""
    access = access_study(request, key, Role.COORDINATOR)
    return _go_on(request, key, walk_from(access.study).undecided)


def _show(
    request: HttpRequest, access: Access, image: Image, *, status: int = 200, **more: Any
) -> HttpResponse:
    walk = walk_from(access.study, image.key)
    context = {
        "access": access,
        "study": access.study,
        "can_change": can_change_protocol(access.study),
        "image": image,
        "walk": walk,
        "masking": masking_of(image),
        "stays": why_it_stays(image),
        "full_url": pixels_url(image, "full-0").replace("full-0", "full-{frame}"),
        "meta_url": pixels_url(image, "meta"),
        "preview_url": pixels_url(image, "preview"),
        "in_series": images_in(Scope.SERIES, image).count(),
        "in_all_alike": images_in(Scope.ALIKE, image).count(),
        "rows": [("", "", "", "")] * ROWS_TO_TYPE,
        "ahead": _ahead(access.study, walk.undecided),
    }
    return render(request, "cases/look.html", {**context, **more}, status=status)


def _ahead(study: Study, key: str) -> list[str]:
    """What the browser may fetch while this image is looked at: what the next one shows first."""
    following = Image.objects.select_related("case__study").filter(case__study=study, key=key).first()
    if following is None:
        return []
    return [pixels_url(following, product) for product in ("preview", "meta", f"full-{following.key_frame}")]


# --- Pixels ----------------------------------------------------------------------------------------------------
def pixels_url(image: Image, product: str) -> str:
    """Where a coordinator finds one product of an image as it is now: `meta`, `preview`, or `full-N` for frame N."""
    return reverse("cases:pixels", args=[image.case.study.key, image.key, image.state, product])


@require_safe
@cache_control(private=True, max_age=PIXELS_SECONDS, immutable=True)
def pixels(request: HttpRequest, key: str, image: str, state: str, product: str) -> HttpResponseBase:
    """One product of an image, confirmed or not. An address holds for one state of the image and then for none."""
    _access, found = access_image(request, key, image)
    if state != found.state:
        raise Http404
    if product == "meta":
        return JsonResponse(viewer_meta(found, ShownAs.FULL))
    name, _dash, frame = product.partition("-")
    stored = open_for_coordinator(found, product=name, frame=int(frame or 0))
    if stored is None:
        raise Http404
    response = FileResponse(stored.file, content_type=stored.mime)
    del response["Content-Disposition"]  # it would carry the name under which the file is stored
    return response


# --- Yes, no, and back -----------------------------------------------------------------------------------------
@require_POST
def settle(request: HttpRequest, key: str, image: str) -> HttpResponse:
    """Does what the coordinator decided about one image, and goes on to the next that waits.

    A script on the sheet gets the image's new tile instead, and a sentence where the deed was refused.
    """
    access, found = access_image(request, key, image)
    form = LookForm(request.POST)
    if not form.is_valid():
        return _refuse(request, found, _("This did not arrive whole. Reload the page and decide again."))
    if unseen := form.frames_unseen(found):
        return _ask_once_more(request, access, found, seen=found.frames - unseen)
    deed = form.cleaned_data["deed"]
    try:
        _do(deed, access, found, state=form.cleaned_data["state"])
    except StudyError as error:
        return _refuse(request, found, str(error))
    if _wants_tile(request):
        return _tile(request, access, found, left=form.cleaned_data["left"] or 0)
    return _after(request, access, found, form)


def _do(deed: str, access: Access, image: Image, *, state: str) -> None:
    study, by = access.study, access.user
    if deed == LookDeed.CONFIRM:
        actions.confirm_images(images=[image], by=by, seen={image.key: state} if state else None)
    elif deed == LookDeed.UNCONFIRM:
        actions.unconfirm_images(images=[image], by=by)
    elif deed == LookDeed.LEAVE_OUT:
        actions.leave_out(study=study, cases=[image.case], by=by)
    else:
        actions.take_back(study=study, case=image.case, by=by)


def _after(request: HttpRequest, access: Access, image: Image, form: LookForm) -> HttpResponse:
    """Decisions lead on; what takes one back stays where it is."""
    deed = LookDeed(form.cleaned_data["deed"])
    told = {
        LookDeed.CONFIRM: _("%(image)s: confirmed."),
        LookDeed.UNCONFIRM: _("%(image)s: the yes is taken back."),
        LookDeed.LEAVE_OUT: _("%(image)s: the case is left out."),
        LookDeed.TAKE_BACK: _("%(image)s: the case is taken back."),
    }
    messages.success(request, told[deed] % {"image": image})
    if form.cleaned_data["from_sheet"]:
        return redirect(f"{reverse('cases:images', args=[access.study.key])}#sheet")
    if deed in (LookDeed.UNCONFIRM, LookDeed.TAKE_BACK):
        return redirect("cases:look", access.study.key, image.key)
    return _go_on(request, access.study.key, walk_from(access.study, image.key).undecided)


def _go_on(request: HttpRequest, key: str, image: str) -> HttpResponse:
    if image:
        return redirect("cases:look", key, image)
    messages.success(request, _("Every image is confirmed or left out."))
    return redirect(f"{reverse('cases:images', args=[key])}#sheet")


def _ask_once_more(request: HttpRequest, access: Access, image: Image, *, seen: int) -> HttpResponse:
    asked = ngettext(
        "You have seen %(seen)d of %(total)d frames.", "You have seen %(seen)d of %(total)d frames.", seen
    ) % {"seen": seen, "total": image.frames}
    if _wants_tile(request):
        return JsonResponse({"ask": asked}, status=422)
    return _show(request, access, image, asked=asked, status=422)


def _refuse(request: HttpRequest, image: Image, sentence: str) -> HttpResponse:
    if _wants_tile(request):
        return JsonResponse({"error": sentence}, status=409)
    messages.error(request, sentence)
    return redirect("cases:look", image.case.study.key, image.key)


def _wants_tile(request: HttpRequest) -> bool:
    return bool(request.headers.get("HX-Request"))


def _tile(request: HttpRequest, access: Access, image: Image, *, left: int) -> HttpResponse:
    """The image's tile as it now is, and the foot of a sheet on which `left` images still wait."""
    image = Image.objects.select_related("case__reference", "case__study").get(pk=image.pk)
    masked = {image.pk} if masking_of(image).boxes else set()
    context = {"study": access.study, "can_change": can_change_protocol(access.study), "masked": masked}
    return render(request, "cases/images.html#settled", {**context, "image": image, "left": left})


# --- Boxes -----------------------------------------------------------------------------------------------------
@require_POST
def mask(request: HttpRequest, key: str, image: str) -> HttpResponse:
    """Wants boxes burned into this image, or into all of its series or of its kind."""
    access, found = access_image(request, key, image)
    form = MaskForm(request.POST)
    try:
        if form.is_valid():
            images = images_in(form.cleaned_data["scope"], found)
            actions.mask_images(images=images, boxes=form.cleaned_data["boxes"], by=access.user)
            return redirect("cases:look", key, image)
        error = form.sentence()
    except StudyError as refusal:
        error = str(refusal)
    rows = [*form.rows, *[("", "", "", "")] * ROWS_TO_TYPE]
    return _show(request, access, found, is_masking=True, rows=rows, error=error, status=422)


@require_POST
def retry_mask(request: HttpRequest, key: str, image: str) -> HttpResponse:
    """Lets a worker try once more to burn in boxes that were given up."""
    access, found = access_image(request, key, image)
    attempt(request, partial(actions.retry_masks, image=found, by=access.user))
    return redirect("cases:look", key, image)


@require_safe
def show_masking(request: HttpRequest, key: str, image: str) -> HttpResponse:
    """Whether boxes are still to be burned in; once they are, the script loads the page anew."""
    access, found = access_image(request, key, image)
    masking = masking_of(found)
    context = {"study": access.study, "image": found, "masking": masking}
    response = render(request, "cases/look.html#masking", context)
    if not masking.waits:
        response["HX-Refresh"] = "true"
    return response
