"""Settling what readers disagree about: the adjudicator's pages, on the reading screen, and the coordinator's."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from readerstudy.accounts.people import signed_in
from readerstudy.reading import actions
from readerstudy.reading.access import access_adjudication, access_adjudication_image
from readerstudy.reading.adjudication.forms import ReasonForm, ReassignForm, RulesForm
from readerstudy.reading.adjudication.overview import adjudicators_of, own_work, state_of
from readerstudy.reading.adjudication.screen import Bench, adjudication_page, bench_of
from readerstudy.reading.forms import RateForm, SubmitForm, whole_page
from readerstudy.reading.models import Adjudication
from readerstudy.reading.scales import RatingError
from readerstudy.reading.sending import send_image
from readerstudy.reading.views.room import IMAGE_SECONDS, onward
from readerstudy.reading.visibility import clock
from readerstudy.studies.access import Access, access_adjudicator, access_study
from readerstudy.studies.actions.design import set_section
from readerstudy.studies.attempt import attempt
from readerstudy.studies.models import Criterion, Design, Membership, Role, Study
from readerstudy.studies.policies import StudyError
from readerstudy.studies.views import console


@require_safe
def queue(request: HttpRequest, key: str) -> HttpResponse:
    """Where an adjudicator stands, and one button that leads on."""
    seat = access_adjudicator(request, key)
    return render(request, "reading/adjudicate.html", {"study": seat.study, "work": own_work(seat)})


@require_POST
def open_next(request: HttpRequest, key: str) -> HttpResponse:
    """To the disagreement that is open already, else to the next one."""
    return _to_next(request, access_adjudicator(request, key))


@require_safe
def show(request: HttpRequest, key: str, adjudication_key: str) -> HttpResponse:
    """The reading screen of one disagreement."""
    adjudication = access_adjudication(request, key, adjudication_key)
    if adjudication.ended_at is not None:
        messages.info(request, _("This disagreement is settled or closed already, so it stays as it is."))
        return redirect("reading:adjudicate", key)
    return _show(request, bench_of(adjudication))


@require_POST
def settle(request: HttpRequest, key: str, adjudication_key: str) -> JsonResponse:
    """Stores one answer; answers with the time it was saved or a sentence that says why not."""
    adjudication, form = access_adjudication(request, key, adjudication_key), RateForm(request.POST)
    if not form.is_valid():
        return _refuse(_("This rating did not arrive whole. Reload the page and rate again."), status=400)
    try:
        saved = _save(request, form, bench_of(adjudication))
    except RatingError as error:
        return _refuse(str(error), status=422)
    except StudyError as error:
        return _refuse(str(error), status=409)
    return JsonResponse({"saved_at": clock(saved.at), "token": str(form.cleaned_data["token"])})


@require_POST
def finish(request: HttpRequest, key: str, adjudication_key: str) -> HttpResponse:
    """Stores what the form carries, marks the disagreement as settled and gives the next one."""
    adjudication, form = access_adjudication(request, key, adjudication_key), SubmitForm(request.POST)
    bench = bench_of(adjudication)
    form.is_valid()  # nothing in it can be wrong enough to refuse a submission
    try:
        _finish(request, bench, form.cleaned_data.get("clock"))
    except StudyError as error:
        return _not_finished(request, bench, error)
    return _to_next(request, adjudication.adjudicator)


@require_POST
def stop(request: HttpRequest, key: str) -> HttpResponse:
    """Back to the queue; what is opened stays open for the same person."""
    access_adjudicator(request, key)
    messages.success(request, _("Everything is saved. You can go on where you stopped."))
    return redirect("reading:adjudicate", key)


@require_safe
@cache_control(private=True, max_age=IMAGE_SECONDS, immutable=True)
def image(request: HttpRequest, key: str, case_key: str, slot: str, product: str) -> HttpResponseBase:
    """One product of an image of an opened case."""
    return send_image(access_adjudication_image(request, key, case_key, slot), product)


@require_http_methods(["GET", "POST"])
def rules(request: HttpRequest, key: str) -> HttpResponse:
    """The coordinator's page: what counts as a disagreement, who settles it, and how far that is."""
    access = access_study(request, key, Role.COORDINATOR)
    form = _rules_form(access.study, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid() and _is_stored(access, form):
        messages.success(request, _("The rules are saved."))
        return redirect("reading:adjudications", key)
    context = {**console(access), "form": form, **state_of(access.study)}
    return render(request, "reading/adjudications.html", context, status=422 if form.errors else 200)


@require_POST
def reassign(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """Gives an opened disagreement to another adjudicator."""
    access, adjudication = _opened(request, key, number)
    form = ReassignForm(request.POST, adjudicators=adjudicators_of(access.study))
    if not form.is_valid():
        messages.error(request, _("Choose who takes it over, and write why."))
        return redirect("reading:adjudications", key)
    give = partial(actions.reassign, adjudication=adjudication, **form.cleaned_data, by=access.user)
    attempt(request, give, success=_("The disagreement is with somebody else now, who begins anew."))
    return redirect("reading:adjudications", key)


@require_POST
def close(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """Closes an opened disagreement without a settlement."""
    access, adjudication = _opened(request, key, number)
    reason = ReasonForm(request.POST).data.get("reason", "")
    ending = partial(actions.close_adjudication, adjudication=adjudication, reason=reason, by=access.user)
    attempt(request, ending, success=_("The disagreement is closed. The ratings stay as they are."))
    return redirect("reading:adjudications", key)


def _opened(request: HttpRequest, key: str, number: int) -> tuple[Access, Adjudication]:
    access = access_study(request, key, Role.COORDINATOR)
    found = Adjudication.objects.of(access.study).select_related("plan__study", "case")
    return access, get_object_or_404(found, pk=number)


def _rules_form(study: Study, data: Any) -> RulesForm:
    stored = Design.objects.of(study).section("adjudication")
    return RulesForm(data, criteria=Criterion.objects.of(study), stored=stored)


def _is_stored(access: Access, form: RulesForm) -> bool:
    try:
        set_section(study=access.study, name="adjudication", content=form.section, by=access.user)
    except StudyError as error:
        form.add_error(None, str(error))
        return False
    return True


def _save(request: HttpRequest, form: RateForm, bench: Bench) -> actions.Saved:
    sent = form.cleaned_data
    question = bench.question(sent["criterion"], sent["output"], sent["part"])
    if question is None:
        raise Http404
    output = bench.output(question.letter)
    return actions.settle(
        adjudication=bench.adjudication,
        question=question,
        output=bench.rows.get(question.letter),
        answer=form.answer_to(question, bench.allocation, output, bench.letters),
        token=sent["token"],
        by=signed_in(request),
        client=form.given.client,
    )


def _finish(request: HttpRequest, bench: Bench, spent: actions.Clock | None) -> None:
    by, questions = signed_in(request), bench.presentation.questions
    outputs = {output.letter: output for output in bench.outputs}
    for given in whole_page(request.POST, bench.allocation, questions, outputs):
        actions.settle(
            adjudication=bench.adjudication,
            question=given.question,
            output=bench.rows.get(given.question.letter),
            answer=given.answer,
            token=given.token,
            by=by,
        )
    actions.finish_adjudication(adjudication=bench.adjudication, questions=questions, by=by, clock=spent)


def _to_next(request: HttpRequest, seat: Membership) -> HttpResponse:
    """The next disagreement as the page it came from takes it, or the queue where nothing waits."""
    try:
        following = actions.open_next(adjudicator=seat, by=signed_in(request))
    except StudyError as error:
        messages.error(request, str(error))
        following = None
    if following is None:
        return onward(request, reverse("reading:adjudicate", args=[seat.study.key]))
    if not request.headers.get("HX-Request"):
        return redirect("reading:adjudication", seat.study.key, following.key)
    following.adjudicator = seat
    return _show(request, bench_of(following))


def _show(request: HttpRequest, bench: Bench, *, error: str = "", status: int = 200) -> HttpResponse:
    """The whole page, or for a script that swaps cases only the screen, with the address it now has."""
    page = adjudication_page(bench, error=error)
    if not request.headers.get("HX-Request"):
        return render(request, "reading/read.html", {"page": page}, status=status)
    response = render(request, "reading/read.html#reading", {"page": page}, status=status)
    address = reverse("reading:adjudication", args=[bench.allocation.seat.study.key, bench.adjudication.key])
    response["HX-Push-Url"] = address
    return response


def _not_finished(request: HttpRequest, bench: Bench, error: StudyError) -> HttpResponse:
    if request.headers.get("HX-Request"):
        fields = error.fields if isinstance(error, RatingError) else ()
        return JsonResponse({"error": str(error), "open": list(fields)}, status=422)
    if bench.adjudication.ended_at is not None:
        messages.error(request, str(error))
        return redirect("reading:adjudicate", bench.allocation.seat.study.key)
    return _show(request, bench, error=str(error), status=422)


def _refuse(sentence: str, *, status: int) -> JsonResponse:
    return JsonResponse({"error": sentence}, status=status)
