"""A table that says to which case and slot each file belongs."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from readerstudy.cases import actions
from readerstudy.cases.actions import Placed
from readerstudy.cases.forms import MappingForm
from readerstudy.cases.mapping import MappingTable, read_mapping
from readerstudy.cases.models import Case, Placement
from readerstudy.studies.access import Access, access_study
from readerstudy.studies.models import Role
from readerstudy.studies.policies import StudyError, can_change_protocol

PROBLEMS_SHOWN = 100


@require_http_methods(["GET", "POST"])
def edit_places(request: HttpRequest, key: str) -> HttpResponse:
    """Takes a mapping table and applies it as a whole, or says every reason why not."""
    access = access_study(request, key, Role.COORDINATOR)
    form = MappingForm(request.POST, request.FILES) if request.method == "POST" else MappingForm()
    problems: list[str] = []
    if request.method == "POST" and form.is_valid():
        table = read_mapping(form.cleaned_data["table"])
        problems = [str(problem) for problem in table.problems] or _apply(request, access, table)
        if not problems:
            return redirect("cases:images", key)
    context = _context(access) | {"form": form, "problems": problems[:PROBLEMS_SHOWN], "count": len(problems)}
    return render(request, "cases/places.html", context, status=422 if problems else 200)


def _apply(request: HttpRequest, access: Access, table: MappingTable) -> list[str]:
    try:
        placed = actions.apply_mapping(study=access.study, table=table, by=access.user)
    except StudyError as error:
        return [str(error)]
    messages.success(request, _told(placed))
    return []


def _told(placed: Placed) -> str:
    text = ngettext("%(n)d image is placed.", "%(n)d images are placed.", placed.moved) % {"n": placed.moved}
    if not placed.waiting:
        return text
    more = ngettext(
        "%(n)d row names a file that is not here yet; it is remembered.",
        "%(n)d rows name files that are not here yet; they are remembered.",
        placed.waiting,
    )
    return f"{text} {more % {'n': placed.waiting}}"


def _context(access: Access) -> dict[str, object]:
    cases = Case.objects.of(access.study).prefetch_related("images")
    return {
        "access": access,
        "study": access.study,
        "can_change": can_change_protocol(access.study),
        "remembered": Placement.objects.filter(study=access.study).count(),
        "several": [case for case in cases if len(case.images.all()) > 1][:PROBLEMS_SHOWN],
    }
