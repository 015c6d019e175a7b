"""A table of labels comes in, is shown, and is written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from readerstudy.cases import actions
from readerstudy.cases.downloads import label_rows
from readerstudy.cases.forms import LabelsForm, PreviewForm
from readerstudy.cases.labels import read_labels
from readerstudy.cases.matching import Change
from readerstudy.cases.models import Case
from readerstudy.cases.views.shared import as_download
from readerstudy.studies.access import Access, access_study
from readerstudy.studies.models import Role
from readerstudy.studies.policies import StudyError, can_change_protocol

PROBLEMS_SHOWN = 100
CHANGES_SHOWN = 100


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
    return as_download(label_rows(access.study), f"labels-{access.study.key}.csv")


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
