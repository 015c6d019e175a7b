"""The Plan station: who reads what, what that gives, how many it takes; and who joins or takes over later."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import messages
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from readerstudy.cases.models import Purpose
from readerstudy.generation.running.costs import expected, forecasts_of
from readerstudy.reading import actions
from readerstudy.reading.allocating import unread_of
from readerstudy.reading.allocating_rows import Drawing
from readerstudy.reading.balance import Proof, proof_of
from readerstudy.reading.models import Allocation, AllocationPlan
from readerstudy.reading.plan_forms import PlanForm
from readerstudy.reading.planning import codes_for, section_of
from readerstudy.reading.previews import Asked, Preview, arm_names, asked_of, preview_of
from readerstudy.reading.replacement_forms import ReplacementForm
from readerstudy.reading.sizing import Figure, shown, topics
from readerstudy.reading.views.seats import do_for_reader
from readerstudy.studies.access import Access, access_study
from readerstudy.studies.actions.design import set_section
from readerstudy.studies.attempt import attempt
from readerstudy.studies.models import Design, Membership, Role, Study
from readerstudy.studies.policies import StudyError, can_change_protocol
from readerstudy.studies.views import console

PROOF_SECONDS = 24 * 3600


@require_http_methods(["GET", "POST"])
def plan(request: HttpRequest, key: str) -> HttpResponse:
    """The parts of the plan to choose from, and beside them what they give."""
    access = access_study(request, key, Role.COORDINATOR)
    form = _form(access.study, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid() and _is_stored(access, form):
        messages.success(request, _("The plan is saved."))
        return redirect("reading:plan", key)
    gives = preview_of(access.study, _section(form)) if can_change_protocol(access.study) else None
    context = {**console(access), "form": form, "preview": gives}
    return render(request, "reading/plan.html", context, status=422 if form.errors else 200)


@require_POST
def preview(request: HttpRequest, key: str) -> HttpResponse:
    """What the parts that are chosen in the form would give; nothing is saved."""
    access = access_study(request, key, Role.COORDINATOR)
    form = _form(access.study, request.POST)
    context = {**console(access), "form": form, "preview": _preview_of_choice(access.study, form)}
    name = "reading/plan.html#preview" if request.headers.get("HX-Request") else "reading/plan.html"
    return render(request, name, context)


@require_safe
def allocation(request: HttpRequest, key: str) -> HttpResponse:
    """The balance: what the plan promises, counted from its stored rows; before the lock from those it would give."""
    access = access_study(request, key, Role.COORDINATOR)
    stored = AllocationPlan.objects.locked(access.study)
    context = _of_stored(stored) if stored else {"preview": preview_of(access.study, most=None)}
    return render(request, "reading/allocation.html", {**console(access), **context})


@require_safe
def sample_size(request: HttpRequest, key: str) -> HttpResponse:
    """How many cases and readers a figure takes, and what the plan asks of readers and purse."""
    access = access_study(request, key, Role.COORDINATOR)
    forecasts = forecasts_of(access.study)
    money, unknown = expected(forecasts)
    context = {
        "topics": topics(request.GET),
        "burden": _burden(access.study),
        "forecasts": forecasts,
        "money": money,
        "unknown": unknown,
    }
    return render(request, "reading/sample_size.html", {**console(access), **context})


@require_http_methods(["GET", "POST"])
def replace(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """Somebody takes over what a reader has not read."""
    access = access_study(request, key, Role.COORDINATOR)
    leaver = get_object_or_404(Membership, study=access.study, role=Role.READER, pk=number)
    form = ReplacementForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and _is_replaced(request, access, leaver, form):
        return redirect("reading:readers", key)
    context = {**console(access), "leaver": leaver, "left": len(unread_of(leaver)), "form": form}
    return render(request, "reading/replace.html", context, status=422 if form.errors else 200)


@require_POST
def join(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """Gives a reader who joined after the lock a block of cases now."""
    success = _("%(reader)s has cases to read.")
    return do_for_reader(request, key, number, deed=actions.join_reader, success=success)


@require_POST
def release(request: HttpRequest, key: str) -> HttpResponse:
    """Gives every reader the cases that were held back at the lock."""
    access = access_study(request, key, Role.COORDINATOR)
    released = partial(actions.release_batch, study=access.study, by=access.user)
    attempt(request, released, success=_("The cases are released. Each reader finds them after the others."))
    return redirect("reading:readers", key)


def _form(study: Study, data: Any) -> PlanForm:
    return PlanForm(
        data, check_codes=codes_for(study, Purpose.CHECK), stored=section_of(Design.objects.of(study))
    )


def _section(form: PlanForm) -> dict[str, Any] | None:
    return form.section if form.is_bound and form.is_valid() else None


def _preview_of_choice(study: Study, form: PlanForm) -> Preview:
    if form.is_valid():
        return preview_of(study, form.section)
    first = next(iter(form.errors.values()))[0]
    return Preview(obstacle=str(first))


def _is_stored(access: Access, form: PlanForm) -> bool:
    try:
        set_section(study=access.study, name="allocation", content=form.section, by=access.user)
    except StudyError as error:
        form.add_error(None, str(error))
        return False
    return True


def _is_replaced(request: HttpRequest, access: Access, leaver: Membership, form: ReplacementForm) -> bool:
    try:
        row = actions.invite_successor(leaver=leaver, **form.cleaned_data, by=access.user)
    except StudyError as error:
        form.add_error(None, str(error))
        return False
    count = len(row.positions)
    said = ngettext(
        "%(new)s takes over %(n)d presentation of %(old)s. Press “New link” and pass the link on.",
        "%(new)s takes over %(n)d presentations of %(old)s. Press “New link” and pass the link on.",
        count,
    )
    messages.success(request, said % {"new": row.successor.pseudonym, "old": leaver.pseudonym, "n": count})
    return True


def _of_stored(stored: AllocationPlan) -> dict[str, Any]:
    """The proof of the locked plan. Rows are only ever added, so it holds until there are more of them."""
    rows = Allocation.objects.filter(plan=stored).count()
    name = f"proof-{stored.study.manifest_sha256}-{rows}"
    known: tuple[Proof, Asked | None] | None = cache.get(name)
    if known is None:
        proof = proof_of(stored, names=arm_names(stored.study))
        known = proof.without_rows(), _asked_of_stored(stored, proof)
        cache.set(name, known, PROOF_SECONDS)
    proof, asked = known
    return {"proof": proof, "asked": asked, "batches": stored.batches.order_by("number")}


def _asked_of_stored(stored: AllocationPlan, proof: Proof) -> Asked | None:
    design = Design.objects.of(stored.study)
    return asked_of(stored.study, Drawing.of(stored), proof.balance.rows, design)


def _burden(study: Study) -> list[Figure]:
    """What the plan asks of its readers; nothing where it cannot be drawn yet, or not within a page's time."""
    asked = preview_of(study).asked
    return [shown(figure) for figure in asked.burden.figures()] if asked else []
