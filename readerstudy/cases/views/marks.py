"""Reference marks come in as a file and are stored, or everything that is wrong with them is said."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from readerstudy.cases import actions
from readerstudy.cases.forms import MarksForm
from readerstudy.cases.models import Case, ReferenceStandard
from readerstudy.cases.reference_marks import read_marks
from readerstudy.cases.tables import Problem, Unreadable
from readerstudy.studies.access import Access, access_study
from readerstudy.studies.models import Role, Study
from readerstudy.studies.policies import StudyError, can_change_protocol

PROBLEMS_SHOWN = 100


@require_http_methods(["GET", "POST"])
def edit_marks(request: HttpRequest, key: str) -> HttpResponse:
    """Shows which cases have marks; a file that fits is stored, all of it or nothing."""
    access = access_study(request, key, Role.COORDINATOR)
    is_sent = request.method == "POST"
    form = MarksForm(request.POST, request.FILES) if is_sent else MarksForm()
    problems: list[Problem] = []
    if is_sent and form.is_valid():
        problems = _store(request, access, form.cleaned_data["file"])
        if not problems:
            return redirect("cases:marks", key)
    context = {**_told(access.study), "access": access, "study": access.study, "form": form}
    context |= {"problems": problems[:PROBLEMS_SHOWN], "problem_count": len(problems)}
    return render(request, "cases/marks.html", context, status=422 if problems or form.errors else 200)


def _store(request: HttpRequest, access: Access, content: bytes) -> list[Problem]:
    """Every problem of the file; none where it was stored."""
    try:
        table = read_marks(content)
        if problems := actions.problems_of_marks(access.study, table):
            return problems
        count = actions.import_marks(study=access.study, table=table, by=access.user)
    except Unreadable as error:
        return list(error.problems)
    except StudyError as error:
        return [Problem(str(error))]
    told = ngettext("The marks of %(n)d case are stored.", "The marks of %(n)d cases are stored.", count)
    messages.success(request, told % {"n": count})
    return []


def _told(study: Study) -> dict[str, Any]:
    """For each marked case how many marks it has."""
    rows = ReferenceStandard.objects.filter(case__in=Case.objects.kept(study), marks__isnull=False)
    marked = rows.order_by("case__position").values_list("case__code", "marks")
    told = [(code, [mark.get("label", "") for mark in marks or ()]) for code, marks in marked]
    return {
        "rows": [(code, len(labels), sorted({*labels} - {""})) for code, labels in told],
        "case_count": Case.objects.kept(study).count(),
        "can_change": can_change_protocol(study),
    }
