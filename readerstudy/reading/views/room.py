"""The reader's pages: start, consent, read, rate, submit, stop, images."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from typing import Any

from csp.decorators import csp_update
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_POST, require_safe

from readerstudy.accounts.models import ReaderProfile
from readerstudy.accounts.people import signed_in
from readerstudy.reading import actions
from readerstudy.reading.access import access_allocation, access_image, access_subject
from readerstudy.reading.forms import RateForm, SubmitForm, carries_answers, whole_page
from readerstudy.reading.models import AllocatedOutput, Allocation, AllocationPlan, Reading
from readerstudy.reading.pages import reading_page
from readerstudy.reading.path.certificate import work_of
from readerstudy.reading.path.forms import CompletionForm, ConsentForm
from readerstudy.reading.path.practice import is_finished_practice, is_practice
from readerstudy.reading.path.reopening import is_open
from readerstudy.reading.path.signing import completion_text
from readerstudy.reading.path.where import Step, where_of
from readerstudy.reading.presenting import answers_at, question_at, questions_of
from readerstudy.reading.protocol import criteria_of, frozen_of, nature_of
from readerstudy.reading.questions import BEFORE
from readerstudy.reading.scales import LONGEST_REASON, RatingError
from readerstudy.reading.screens import Screen, screen_after, screen_of
from readerstudy.reading.sending import send_image
from readerstudy.reading.visibility import clock, study_is_shown, told_elsewhere
from readerstudy.reading.washout import gate_of
from readerstudy.studies.access import access_seat
from readerstudy.studies.actions.signing import SignatureError, has_second_factor
from readerstudy.studies.attempt import attempt
from readerstudy.studies.models import Membership
from readerstudy.studies.policies import StudyError, can_read

IMAGE_SECONDS = 24 * 3600


@require_safe
def start(request: HttpRequest, key: str) -> HttpResponse:
    """Where a reader stands, and one button that leads on."""
    seat = access_seat(request, key)
    if not ReaderProfile.objects.filter(user=seat.user_id).exists():
        return redirect(reverse("accounts:profile", query={"next": request.path}))
    return _start(request, seat)


@require_POST
def consent(request: HttpRequest, key: str) -> HttpResponse:
    """Signs the consent text with a name."""
    seat, form = access_seat(request, key), ConsentForm(request.POST)
    if not form.is_valid():
        return _start(request, seat, form=form)
    give = partial(actions.sign_consent, seat=seat, **form.cleaned_data, by=signed_in(request))
    attempt(request, give)
    return redirect("reading:start", key)


@require_POST
def sign(request: HttpRequest, key: str) -> HttpResponse:
    """Signs that all readings are done."""
    seat = access_seat(request, key)
    form = _completion_form(request, request.POST)
    if not form.is_valid():
        return _start(request, seat, form=form)
    try:
        actions.sign_completion(seat=seat, **form.cleaned_data, by=signed_in(request))
    except SignatureError as error:
        form.add_error(error.field if error.field in form.fields else None, str(error))
        return _start(request, seat, form=form)
    except StudyError as error:
        messages.error(request, str(error))
    return redirect("reading:start", key)


def _start(request: HttpRequest, seat: Membership, *, form: ConsentForm | None = None) -> HttpResponse:
    study, frozen = seat.study, frozen_of(seat.study)
    where = where_of(seat)
    if where.step == Step.EMPTY and _allocate_latecomer(seat):
        where = where_of(seat)
    forms = {Step.CONSENT: _consent_form, Step.SIGN: _completion_form}
    context = {
        "study": {
            **study_is_shown(study),
            "instructions": frozen.instructions,
            "consent_text": frozen.consent,
        },
        "key": study.key,
        "where": where,
        "consents_again": seat.consented_at is not None and not seat.has_consented,
        "form": form or (forms[where.step](request) if where.step in forms else None),
        "declaration": completion_text(study),
        "work": work_of(seat) if where.step in (Step.SIGN, Step.DONE) else None,
        "notice": nature_of(study).notice if can_read(study) else "",
    }
    return render(request, "reading/start.html", context, status=422 if form else 200)


def _consent_form(request: HttpRequest) -> ConsentForm:
    return ConsentForm(initial={"printed_name": signed_in(request).name})


def _completion_form(request: HttpRequest, data: Any = None) -> CompletionForm:
    user = signed_in(request)
    return CompletionForm(
        data,
        initial={"printed_name": user.name},
        asks_password=user.has_usable_password(),
        asks_code=has_second_factor(user),
    )


@require_safe
def resume(request: HttpRequest, key: str) -> HttpResponse:
    """Straight to the first case that is not submitted yet, or to what comes before it."""
    seat = access_seat(request, key)
    where = where_of(seat)
    if where.step not in (Step.CASES, Step.PRACTICE) or where.following is None:
        return redirect("reading:start", key)
    return redirect("reading:read", key, where.following.key)


@require_safe
@csp_update({"frame-src": ["'self'"]})  # type: ignore[arg-type]  # its type knows only views without arguments
def read(request: HttpRequest, key: str, reading_key: str) -> HttpResponse:
    """The reading page of one presentation."""
    allocation = access_allocation(request, key, reading_key)
    if is_finished_practice(allocation):
        return redirect("reading:feedback", key, reading_key)
    try:
        reading = actions.show_reading(seat=allocation.seat, allocation=allocation)
    except StudyError as error:
        messages.error(request, str(error))
        return redirect("reading:start", key)
    return _show(request, screen_of(allocation.seat, allocation), reading)


@require_POST
def rate(request: HttpRequest, key: str, reading_key: str) -> JsonResponse:
    """Stores one rating; answers with the time it was saved or a sentence that says why not."""
    form = RateForm(request.POST)
    if not form.is_valid():
        return _refuse(_("This rating did not arrive whole. Reload the page and rate again."), status=400)
    try:
        saved = _save(request, form, *access_subject(request, key, reading_key, form.cleaned_data["output"]))
    except RatingError as error:
        return _refuse(str(error), status=422)
    except StudyError as error:
        return _refuse(str(error), status=409)
    told = {"saved_at": clock(saved.at), "token": str(form.cleaned_data["token"])}
    return JsonResponse(
        {**told, "elsewhere": told_elsewhere(**asdict(saved.elsewhere))} if saved.elsewhere else told
    )


@require_POST
@csp_update({"frame-src": ["'self'"]})  # type: ignore[arg-type]  # as above
def submit(request: HttpRequest, key: str, reading_key: str) -> HttpResponse:
    """Stores what the form carries, marks the reading as submitted and gives the next one.

    Before the output of a staged case is revealed, it locks the own answer instead and gives the same case.
    """
    allocation = access_allocation(request, key, reading_key, submits=True)
    form = SubmitForm(request.POST)
    form.is_valid()  # nothing in it can be wrong enough to refuse a submission
    try:
        if form.cleaned_data.get("stage") == BEFORE:
            return _lock(request, allocation)
        _submit(request, allocation, form.cleaned_data.get("clock"))
    except StudyError as error:
        return _not_submitted(request, allocation, error)
    if is_practice(allocation):
        return onward(request, reverse("reading:feedback", args=[key, reading_key]))
    return _go_on(request, key, allocation)


def _go_on(request: HttpRequest, key: str, finished: Allocation) -> HttpResponse:
    """The next case that is open to the reader, a pause where one is due, or the start page."""
    seat, screen = finished.seat, screen_after(finished.seat, finished)
    if screen is None or gate_of(screen.allocation):
        return redirect("reading:start", key)
    if actions.offer_pause(seat=seat, busy=screen.busy, by=signed_in(request)):
        return onward(request, reverse("reading:pause", args=[key]))
    if not request.headers.get("HX-Request"):
        return redirect("reading:read", key, screen.allocation.key)
    try:
        return _show(request, screen, actions.show_reading(seat=seat, allocation=screen.allocation))
    except StudyError as error:
        messages.error(request, str(error))
        return onward(request, reverse("reading:start", args=[key]))


@require_POST
def stop(request: HttpRequest, key: str) -> HttpResponse:
    seat = access_seat(request, key)
    stopping = partial(actions.stop_session, seat=seat, by=signed_in(request))
    attempt(request, stopping, success=_("Everything is saved. You can go on where you stopped."))
    return redirect("reading:start", key)


@require_safe
@cache_control(private=True, max_age=IMAGE_SECONDS, immutable=True)
def image(request: HttpRequest, key: str, case_key: str, slot: str, product: str) -> HttpResponseBase:
    """One product of an image, as `image_url` names them. Names and bytes tell nothing of arm or origin."""
    found, is_blank = access_image(request, key, case_key, slot)
    return send_image(found, product, is_blank=is_blank)


def _save(
    request: HttpRequest, form: RateForm, allocation: Allocation, output: AllocatedOutput | None
) -> actions.Saved:
    sent = form.cleaned_data
    question = question_at(allocation, output, sent["criterion"], sent["part"])
    if question is None:
        raise Http404
    return actions.rate(
        seat=allocation.seat,
        allocation=allocation,
        output=output,
        criterion=question.criterion,
        part=question.part_key,
        answer=form.answer_to(question, allocation, output),
        token=sent["token"],
        by=signed_in(request),
        given=form.given,
    )


def _store_page(request: HttpRequest, allocation: Allocation, *, revealed: bool | None) -> None:
    """The answers that the form itself carries, where no script has sent them; what stands is not stored again."""
    if not carries_answers(request.POST):
        return
    questions = questions_of(allocation, revealed=revealed)
    outputs = {output.letter: output for output in allocation.outputs.all()}
    sent = list(whole_page(request.POST, allocation, questions, outputs))
    standing = answers_at(allocation) if sent else {}
    for given in [each for each in sent if not each.repeats(standing.get(each.question.field))]:
        actions.rate(
            seat=allocation.seat,
            allocation=allocation,
            output=given.output,
            criterion=given.question.criterion,
            part=given.question.part_key,
            answer=given.answer,
            token=given.token,
            by=signed_in(request),
            given=actions.Given(because=request.POST.get("changed_because", "").strip()[:LONGEST_REASON]),
        )


def _submit(request: HttpRequest, allocation: Allocation, spent: actions.Clock | None) -> None:
    seat, frozen = allocation.seat, frozen_of(allocation.seat.study)
    _store_page(request, allocation, revealed=True if frozen.is_staged else None)
    actions.submit_reading(
        seat=seat, allocation=allocation, criteria=frozen.criteria, by=signed_in(request), clock=spent
    )


def _lock(request: HttpRequest, allocation: Allocation) -> HttpResponse:
    """Locks the own answer and shows the case again, now with the output."""
    seat, criteria = allocation.seat, criteria_of(allocation.seat.study)
    reading: Reading | None = getattr(allocation, "reading", None)
    if reading is None or reading.unaided_at is None:
        _store_page(request, allocation, revealed=False)
    reading = actions.lock_unaided(seat=seat, allocation=allocation, criteria=criteria, by=signed_in(request))
    if request.headers.get("HX-Request"):
        return _show(request, screen_of(seat, allocation), reading)
    return redirect("reading:read", seat.study.key, allocation.key)


def _show(
    request: HttpRequest, screen: Screen, reading: Reading, *, error: str = "", status: int = 200
) -> HttpResponse:
    """The whole page, or for a script that swaps cases only the reading, with the address it now has."""
    page, allocation = reading_page(screen, reading, error=error), screen.allocation
    if not request.headers.get("HX-Request"):
        return render(request, "reading/read.html", {"page": page}, status=status)
    response = render(request, "reading/read.html#reading", {"page": page}, status=status)
    response["HX-Push-Url"] = reverse("reading:read", args=[allocation.seat.study.key, allocation.key])
    return response


def _not_submitted(request: HttpRequest, allocation: Allocation, error: StudyError) -> HttpResponse:
    if request.headers.get("HX-Request"):
        fields = error.fields if isinstance(error, RatingError) else ()
        return JsonResponse({"error": str(error), "open": list(fields)}, status=422)
    reading = Reading.objects.filter(allocation=allocation).first()
    if reading is None or not is_open(allocation, reading):
        messages.error(request, str(error))
        return redirect("reading:start", allocation.seat.study.key)
    return _show(request, screen_of(allocation.seat, allocation), reading, error=str(error), status=422)


def onward(request: HttpRequest, address: str) -> HttpResponse:
    """To another page: a script that swaps cases is told its address."""
    if not request.headers.get("HX-Request"):
        return redirect(address)
    response = HttpResponse(status=204)
    response["HX-Redirect"] = address
    return response


def _allocate_latecomer(seat: Membership) -> bool:
    """A reader who joined after the lock gets the presentations that the plan holds for the seat; False for none."""
    plan = AllocationPlan.objects.current(seat.study)
    return plan is not None and actions.allocate_reader(plan=plan, seat=seat) > 0


def _refuse(sentence: str, *, status: int) -> JsonResponse:
    return JsonResponse({"error": sentence}, status=status)
