"""What cases are there for: to be read, as examples in prompts, or to try prompts out."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from readerstudy.cases import actions
from readerstudy.cases.forms import PurposeForm
from readerstudy.cases.models import READ, Case, Image, Purpose
from readerstudy.cases.uses import cases_with_outputs
from readerstudy.studies.access import Access, access_study
from readerstudy.studies.attempt import attempt
from readerstudy.studies.models import Role
from readerstudy.studies.policies import can_change_protocol

CASES_PER_PAGE = 60


@require_http_methods(["GET", "POST"])
def edit_purposes(request: HttpRequest, key: str) -> HttpResponse:
    """Shows every case with its purpose; the ticked ones get another."""
    access = access_study(request, key, Role.COORDINATOR)
    form = PurposeForm(request.POST or None, study=access.study)
    if request.method == "POST" and form.is_valid():
        change = partial(actions.set_purpose, study=access.study, **form.cleaned_data, by=access.user)
        attempt(request, change, success=_("What the cases are for is stored."))
        return redirect(f"{reverse('cases:purposes', args=[key])}?page={request.GET.get('page', 1)}")
    context = {**_cases(request, access), "form": form}
    return render(request, "cases/purposes.html", context, status=422 if form.errors else 200)


def _cases(request: HttpRequest, access: Access) -> dict[str, Any]:
    kept = Case.objects.kept(access.study)
    page = Paginator(kept.select_related("reference"), CASES_PER_PAGE).get_page(request.GET.get("page"))
    images = Image.objects.filter(case__in=[case.pk for case in page]).order_by("case", "-slot")
    shown = {image.case_id: image for image in images}
    fixed = cases_with_outputs([case.pk for case in page])
    counts = Counter(kept.values_list("purpose", flat=True))
    return {
        "access": access,
        "study": access.study,
        "can_change": can_change_protocol(access.study),
        "page": page,
        "rows": [(case, shown.get(case.pk), case.pk in fixed and case.purpose not in READ) for case in page],
        "counts": [(Purpose(value).label, counts[value]) for value in Purpose.values],
    }
