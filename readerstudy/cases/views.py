"""The coordinator's Images station: files come in, a person looks at every image, labels are added."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.core.paginator import Paginator
from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    JsonResponse,
    StreamingHttpResponse,
)
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from readerstudy.cases import actions
from readerstudy.cases.downloads import as_csv, label_rows, report_rows
from readerstudy.cases.fates import FileFate, files_of, tally, tell, to_mention
from readerstudy.cases.forms import Deed, LabelsForm, PreviewForm, SheetForm
from readerstudy.cases.labels import read_labels
from readerstudy.cases.matching import Change
from readerstudy.cases.models import Case, Fate, Image, Upload
from readerstudy.cases.pixels import open_preview
from readerstudy.studies.access import Access, access_study
from readerstudy.studies.attempt import attempt
from readerstudy.studies.models import Role
from readerstudy.studies.policies import StudyError, can_change_protocol

IMAGES_PER_SHEET = 60
FILES_BESIDE_IMAGES = 8
FILES_PER_PAGE = 200
PROBLEMS_SHOWN = 100
CHANGES_SHOWN = 100
PREVIEW_SECONDS = 3600


# --- Files come in ---------------------------------------------------------------------------------------
@require_safe
def show_images(request: HttpRequest, key: str) -> HttpResponse:
    """What came in, and the sheet on which a coordinator looks at every image."""
    access = access_study(request, key, Role.COORDINATOR)
    images = Image.objects.of(access.study).in_order_of_looking().select_related("case__reference")
    page = Paginator(images, IMAGES_PER_SHEET).get_page(request.GET.get("page"))
    context = {
        **_fates_context(request, access),
        "page": page,
        "unconfirmed": [image for image in page if image.confirmed_at is None],
        "confirmed": [image for image in page if image.confirmed_at is not None],
        "left_out": Image.objects.left_out(access.study).select_related("case"),
        "case_count": Case.objects.of(access.study).count(),
        "unlabelled": Case.objects.of(access.study).without_reference().count(),
    }
    return render(request, "cases/images.html", context)


@require_POST
def upload(request: HttpRequest, key: str) -> HttpResponse:
    """Takes one file (from a script) or many (from the plain form) in."""
    access = access_study(request, key, Role.COORDINATOR)
    files, paths = request.FILES.getlist("file"), request.POST.getlist("path")
    if not files:
        return _not_received(request, key, _("No file arrived. Choose at least one file."), status=400)
    named = paths if len(paths) == len(files) else [file.name or "" for file in files]
    try:
        uploads = _receive(access, list(zip(named, files, strict=True)))
    except StudyError as error:
        return _not_received(request, key, str(error), status=409)
    if _wants_json(request):
        return _told(uploads)
    received = sum(each.fate == Fate.RECEIVED for each in uploads)
    text = ngettext("%(n)d file is received.", "%(n)d files are received.", received) % {"n": received}
    messages.success(request, text)
    return redirect("cases:images", key)


def _receive(access: Access, named: Sequence[tuple[str, UploadedFile[bytes]]]) -> list[Upload]:
    image_set = actions.open_image_set(study=access.study, by=access.user)
    receive = partial(actions.receive_upload, study=access.study, image_set=image_set, by=access.user)
    return [receive(name=name, content=file) for name, file in named]


def _told(uploads: Sequence[Upload]) -> JsonResponse:
    """What a script learns at once: of one file `id`, `fate` and `reason`; of several a list of these as `files`.

    `error` repeats the reason of a file that ended here, `sentence` that of one that did not.
    """
    told = [
        {"id": upload.pk, "fate": upload.fate, "reason": upload.reason, _reason_name(upload): upload.reason}
        for upload in uploads
    ]
    refused = len(uploads) == 1 and uploads[0].fate == Fate.REFUSED
    return JsonResponse(told[0] if len(told) == 1 else {"files": told}, status=422 if refused else 201)


def _reason_name(upload: Upload) -> str:
    return "error" if upload.fate == Fate.REFUSED else "sentence"


def _not_received(request: HttpRequest, key: str, sentence: str, *, status: int) -> HttpResponse:
    if _wants_json(request):
        told = {"id": None, "fate": Fate.REFUSED, "reason": sentence, "error": sentence}
        return JsonResponse(told, status=status)
    messages.error(request, sentence)
    return redirect("cases:images", key)


def _wants_json(request: HttpRequest) -> bool:
    return request.get_preferred_type(["text/html", "application/json"]) == "application/json"


@require_safe
def show_fates(request: HttpRequest, key: str) -> HttpResponse:
    """Every file's fate; a script asks for the list alone while files are being rendered."""
    access = access_study(request, key, Role.COORDINATOR)
    if request.headers.get("HX-Request"):
        return render(request, "cases/files.html#fates", {**_fates_context(request, access), "polled": True})
    fate = request.GET.get("fate", "")
    page = Paginator(files_of(access.study, fate=fate), FILES_PER_PAGE).get_page(request.GET.get("page"))
    context = {**_fates_context(request, access), "page": page, "files": tell(page), "fate": fate}
    return render(request, "cases/files.html", context)


def _fates_context(request: HttpRequest, access: Access) -> dict[str, Any]:
    latest: list[FileFate] = tell(to_mention(access.study)[:FILES_BESIDE_IMAGES])
    return {
        "access": access,
        "study": access.study,
        "can_change": can_change_protocol(access.study),
        "tally": tally(access.study),
        "latest": latest,
    }


@require_safe
def download_report(request: HttpRequest, key: str) -> HttpResponseBase:
    """The fate of every file as CSV."""
    access = access_study(request, key, Role.COORDINATOR)
    return _download(report_rows(access.study), f"files-{access.study.key}.csv")


def _download(rows: Iterator[list[str]], name: str) -> HttpResponseBase:
    response = StreamingHttpResponse(as_csv(rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@require_POST
def erase_names(request: HttpRequest, key: str) -> HttpResponse:
    access = access_study(request, key, Role.COORDINATOR)
    erased = actions.erase_names(study=access.study, by=access.user)
    text = ngettext("%(n)d file name is erased.", "%(n)d file names are erased.", erased) % {"n": erased}
    messages.success(request, text)
    return redirect("cases:fates", key)


# --- A person looks ----------------------------------------------------------------------------------------
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
        confirmed = actions.confirm_images(images=form.chosen(), by=access.user)
        text = ngettext("%(n)d image is confirmed.", "%(n)d images are confirmed.", confirmed)
        messages.success(request, text % {"n": confirmed})
    return redirect(f"{reverse('cases:images', args=[key])}#sheet")


@require_POST
def take_back(request: HttpRequest, key: str, image: str) -> HttpResponse:
    access = access_study(request, key, Role.COORDINATOR)
    found = get_object_or_404(Image.objects.left_out(access.study).select_related("case"), key=image)
    attempt(request, partial(actions.take_back, study=access.study, case=found.case, by=access.user))
    return redirect(f"{reverse('cases:images', args=[key])}#sheet")


@require_safe
@cache_control(private=True, max_age=PREVIEW_SECONDS)
def show_thumbnail(request: HttpRequest, key: str, image: str) -> FileResponse:
    """The small preview, for the coordinator who looks at it before anybody else may."""
    access = access_study(request, key, Role.COORDINATOR)
    found = get_object_or_404(Image, case__study=access.study, key=image)
    preview = open_preview(found)
    if preview is None:
        raise Http404
    return FileResponse(preview.file, content_type=preview.mime)


# --- Labels --------------------------------------------------------------------------------------------------
@require_http_methods(["GET", "POST"])
def edit_labels(request: HttpRequest, key: str) -> HttpResponse:
    """A table of labels comes in; what it would write is shown, and nothing is written."""
    access = access_study(request, key, Role.COORDINATOR)
    is_sent = request.method == "POST"
    form = LabelsForm(request.POST, request.FILES) if is_sent else LabelsForm()
    context = {
        "access": access,
        "study": access.study,
        "form": form,
        "can_change": can_change_protocol(access.study),
        "case_count": Case.objects.of(access.study).count(),
        "unlabelled": Case.objects.of(access.study).without_reference().count(),
    }
    if is_sent and form.is_valid():
        context |= _preview(access, form.cleaned_data["table"])
        return render(request, "cases/labels.html", context, status=422 if "problems" in context else 200)
    return render(request, "cases/labels.html", context)


def _preview(access: Access, content: bytes) -> dict[str, Any]:
    plan = actions.plan_import(access.study, read_labels(content))
    if plan.problems:
        shown = plan.problems[:PROBLEMS_SHOWN]
        unshown = len(plan.problems) - len(shown)
        return {"problem_count": len(plan.problems), "problems": shown, "unshown_problems": unshown}
    rows = [_preview_row(change, plan.strata) for change in plan.changes[:CHANGES_SHOWN]]
    return {
        "plan": plan,
        "signed": PreviewForm(study=access.study).sign(content),
        "columns": [_("Reference standard"), _("Clinical text"), *plan.strata],
        "rows": rows,
        "unshown_rows": len(plan.changes) - len(rows),
    }


def _preview_row(change: Change, strata: Sequence[str]) -> dict[str, Any]:
    texts = {"reference": change.reference, "clinical_text": change.clinical_text}
    texts |= {name: change.strata.get(name, "") for name in strata}
    cells = [{"text": text, "changed": name in change.changed} for name, text in texts.items()]
    return {"line": change.line, "code": change.code, "cells": cells}


@require_safe
def download_labels(request: HttpRequest, key: str) -> HttpResponseBase:
    """The cases with the labels they have, to be filled in and uploaded again."""
    access = access_study(request, key, Role.COORDINATOR)
    return _download(label_rows(access.study), f"labels-{access.study.key}.csv")


@require_POST
def confirm_labels(request: HttpRequest, key: str) -> HttpResponse:
    """Writes the table that was shown; a second press changes nothing."""
    access = access_study(request, key, Role.COORDINATOR)
    form = PreviewForm(request.POST, study=access.study)
    if not form.is_valid():
        messages.error(request, str(form.errors["table"][0]))
        return redirect("cases:labels", key)
    table = read_labels(form.cleaned_data["table"])
    try:
        changed = actions.import_labels(study=access.study, table=table, by=access.user)
    except StudyError as error:
        messages.error(request, str(error))
        return redirect("cases:labels", key)
    text = ngettext("The labels of %(n)d case are stored.", "The labels of %(n)d cases are stored.", changed)
    messages.success(request, text % {"n": changed} if changed else _("These labels are already stored."))
    return redirect("cases:images", key)
