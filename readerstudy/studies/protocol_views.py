"""Templates to start from, and protocol files going out and coming in."""

from __future__ import annotations

from csp.decorators import csp_update
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from readerstudy.accounts.models import User
from readerstudy.accounts.people import signed_in
from readerstudy.studies.access import access_study
from readerstudy.studies.actions.files import load_protocol, replace_protocol, start_from_template
from readerstudy.studies.gallery import card_of, cards, facts_of, found_template, parts_of
from readerstudy.studies.models import Role, Study
from readerstudy.studies.policies import StudyError
from readerstudy.studies.protocol import ProtocolError
from readerstudy.studies.protocol.difference import Difference, differences
from readerstudy.studies.protocol.exporting import canonical, data_of
from readerstudy.studies.protocol.library import Template
from readerstudy.studies.protocol.loading import check_storable
from readerstudy.studies.protocol.writing import written
from readerstudy.studies.protocol_forms import ProtocolFileForm
from readerstudy.studies.views import console

REFUSED = 422


@require_safe
def show_gallery(request: HttpRequest) -> HttpResponse:
    return render(request, "studies/gallery.html", {"cards": cards()})


@require_safe
@csp_update({"frame-src": ["'self'"]})  # type: ignore[arg-type]  # its type knows only views without arguments
def show_template(request: HttpRequest, code: str) -> HttpResponse:
    found = _template(code)
    stages = [(name, facts_of(document)) for name, document in found.stages.items()]
    context = {"card": card_of(found), "parts": parts_of(found), "stages": stages}
    return render(request, "studies/gallery_template.html", context)


@require_POST
def start_template(request: HttpRequest, code: str, stage: str) -> HttpResponse:
    found = _template(code)
    if stage not in found.stages:
        raise Http404
    study = start_from_template(found=found, stage=stage, by=signed_in(request))
    messages.success(request, _("Here is your draft. Images come next."))
    return redirect("studies:detail", study.key)


@require_safe
def download_template(request: HttpRequest, code: str, stage: str) -> HttpResponse:
    found = _template(code)
    if stage not in found.stages:
        raise Http404
    return _file(written(found.stages[stage].data), f"{code}-{stage}.yaml")


@require_http_methods(["GET", "POST"])
def load(request: HttpRequest) -> HttpResponse:
    """A new study from a file: first what it says is shown, then it is made."""
    form = _form(request)
    if request.method != "POST" or not _is_storable(form):
        return _form_page(request, form, "studies/protocol_load.html", {})
    if form.is_confirmed:
        study = load_protocol(document=form.document, by=signed_in(request), text=form.text_in)
        return redirect("studies:detail", study.key)
    return _form_page(request, form, "studies/protocol_load.html", {"facts": facts_of(form.document)})


@require_http_methods(["GET", "POST"])
def show_protocol(request: HttpRequest, key: str) -> HttpResponse:
    """The protocol of a study as a file, and a file that replaces a draft: first the difference, then the deed."""
    access = access_study(request, key, Role.COORDINATOR, Role.RESEARCHER)
    form = _form(request)
    context = console(access)
    if request.method == "POST":
        access_study(request, key, Role.COORDINATOR)
        if _is_storable(form):
            if form.is_confirmed and _replace(request, access.study, form, access.user):
                return redirect("studies:protocol", key)
            context["differences"] = _differences(access.study, form)
    return _form_page(
        request, form, "studies/protocol.html", {**context, "text": written(data_of(access.study))}
    )


@require_safe
def download_protocol(request: HttpRequest, key: str) -> HttpResponse:
    access = access_study(request, key, Role.COORDINATOR, Role.RESEARCHER)
    return _file(written(data_of(access.study)), f"{access.study.key}.yaml")


def _template(code: str) -> Template:
    found = found_template(code)
    if found is None:
        raise Http404
    return found


def _form(request: HttpRequest) -> ProtocolFileForm:
    is_sent = request.method == "POST"
    return ProtocolFileForm(request.POST, request.FILES) if is_sent else ProtocolFileForm()


def _is_storable(form: ProtocolFileForm) -> bool:
    """Whether the file is a protocol and could be stored; what is wrong stands at its field otherwise."""
    if not form.is_valid():
        return False
    try:
        check_storable(form.document)
    except ProtocolError as error:
        for problem in error.problems:
            form.add_error("text" if not form.cleaned_data.get("file") else "file", str(problem))
        return False
    return True


def _replace(request: HttpRequest, study: Study, form: ProtocolFileForm, by: User) -> bool:
    try:
        replace_protocol(study=study, document=form.document, by=by, text=form.text_in)
    except StudyError as error:
        messages.error(request, str(error))
        return False
    messages.success(request, _("The draft now says what the file says."))
    return True


def _differences(study: Study, form: ProtocolFileForm) -> list[Difference]:
    return differences(data_of(study), canonical(form.document))


def _form_page(
    request: HttpRequest, form: ProtocolFileForm, page: str, context: dict[str, object]
) -> HttpResponse:
    status = REFUSED if form.is_bound and form.errors else 200
    return render(request, page, {**context, "form": form}, status=status)


def _file(text: str, name: str) -> HttpResponse:
    response = HttpResponse(text, content_type="application/yaml; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
