"""Files come in, and what became of each."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from readerstudy.cases import actions
from readerstudy.cases.downloads import recipe_rows, report_rows
from readerstudy.cases.fates import files_of, tell
from readerstudy.cases.models import Fate, Upload
from readerstudy.cases.views.shared import as_download, fates_context
from readerstudy.studies.access import Access, access_study
from readerstudy.studies.attempt import attempt
from readerstudy.studies.models import Role
from readerstudy.studies.policies import StudyError

FILES_PER_PAGE = 200


@require_POST
def attest(request: HttpRequest, key: str) -> HttpResponse:
    """Stores that the person answers for what is uploaded."""
    access = access_study(request, key, Role.COORDINATOR)
    if not request.POST.get("attested"):
        messages.error(request, _("Tick the sentence first. Without it no file can be received."))
    else:
        attempt(request, partial(actions.attest, study=access.study, by=access.user))
    return redirect(f"{reverse('cases:images', args=[key])}#add")


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
        return render(request, "cases/files.html#fates", {**fates_context(request, access), "polled": True})
    fate = request.GET.get("fate", "")
    page = Paginator(files_of(access.study, fate=fate), FILES_PER_PAGE).get_page(request.GET.get("page"))
    context = {**fates_context(request, access), "page": page, "files": tell(page), "fate": fate}
    return render(request, "cases/files.html", context)


@require_safe
def download_report(request: HttpRequest, key: str) -> HttpResponseBase:
    """The fate of every file as CSV."""
    access = access_study(request, key, Role.COORDINATOR)
    return as_download(report_rows(access.study), f"files-{access.study.key}.csv")


@require_safe
def download_recipes(request: HttpRequest, key: str) -> HttpResponseBase:
    """How every clean file was made, as CSV; it holds no name of a file."""
    access = access_study(request, key, Role.COORDINATOR, Role.RESEARCHER)
    return as_download(recipe_rows(access.study), f"images-{access.study.key}.csv")


@require_POST
def erase_names(request: HttpRequest, key: str) -> HttpResponse:
    access = access_study(request, key, Role.COORDINATOR)
    erased = actions.erase_names(study=access.study, by=access.user)
    text = ngettext("%(n)d file name is erased.", "%(n)d file names are erased.", erased) % {"n": erased}
    messages.success(request, text)
    return redirect("cases:fates", key)
