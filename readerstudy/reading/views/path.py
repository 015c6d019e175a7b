"""The reader's pages around the cases: profile, tutorial, practice, pause, last questions, signature, certificate."""

from __future__ import annotations

from functools import partial

from csp.decorators import csp_replace, csp_update
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from readerstudy.accounts.people import signed_in
from readerstudy.reading import actions
from readerstudy.reading.access import access_allocation
from readerstudy.reading.models import Background, ReaderSignature
from readerstudy.reading.path.certificate import Certificate, language_on_paper, pdf_of, work_of
from readerstudy.reading.path.exit_form import ExitForm
from readerstudy.reading.path.forms import BackgroundForm
from readerstudy.reading.path.pages import feedback_page, screen_document
from readerstudy.reading.path.practice import is_finished_practice
from readerstudy.reading.path.sittings import busy_of
from readerstudy.reading.path.where import Step, where_of
from readerstudy.reading.protocol import frozen_of
from readerstudy.reading.questions import BEFORE
from readerstudy.reading.sample_pages import sample_page
from readerstudy.reading.scales import RatingError
from readerstudy.reading.visibility import study_is_shown
from readerstudy.studies.access import access_seat
from readerstudy.studies.attempt import attempt
from readerstudy.studies.models import Membership
from readerstudy.studies.policies import StudyError


@require_http_methods(["GET", "POST"])
def background(request: HttpRequest, key: str) -> HttpResponse:
    """What this study asks a reader about themselves."""
    seat = access_seat(request, key)
    if not seat.has_consented or not frozen_of(seat.study).profile:
        return redirect("reading:start", key)
    newest = Background.objects.filter(seat=seat).order_by("-pk").first()
    asked = frozen_of(seat.study).profile
    form = BackgroundForm(request.POST or None, asked=asked, initial=newest.answers if newest else None)
    if request.method == "POST" and form.is_valid():
        tell = partial(actions.tell_background, seat=seat, answers=form.cleaned_data, by=signed_in(request))
        attempt(request, tell)
        return redirect("reading:start", key)
    context = {"study": study_is_shown(seat.study), "key": key, "form": form}
    return render(request, "reading/path/background.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@csp_update({"frame-src": ["'self'"]})  # type: ignore[arg-type]  # its type knows only views without arguments
def tutorial(request: HttpRequest, key: str) -> HttpResponse:
    """The steps of the protocol beside this study's own screen; anybody in the study may come back to it."""
    seat = access_seat(request, key)
    if not seat.has_consented:
        return redirect("reading:start", key)
    if request.method == "POST":
        attempt(request, partial(actions.finish_tutorial, seat=seat, by=signed_in(request)))
        return redirect("reading:start", key)
    context = {
        "study": study_is_shown(seat.study),
        "key": key,
        "steps": frozen_of(seat.study).tutorial,
        "is_due": where_of(seat).step == Step.TUTORIAL,
    }
    return render(request, "reading/path/tutorial.html", context)


@require_http_methods(["GET", "POST"])
@xframe_options_sameorigin
@csp_replace({"frame-ancestors": ["'self'"]})  # type: ignore[arg-type]  # its type knows only views without arguments
def screen(request: HttpRequest, key: str) -> HttpResponse:
    """The study's screen with a drawn image and a sample text; nothing is stored."""
    seat = access_seat(request, key)
    if not seat.has_consented:
        raise Http404
    address = reverse("reading:screen", args=[key])
    if request.method == "POST":
        return redirect(f"{address}?revealed=1" if request.POST.get("stage") == BEFORE else address)
    page = sample_page(screen_document(seat.study), address, is_revealed="revealed" in request.GET)
    return render(request, "reading/preview.html", {"page": page})


@require_safe
def feedback(request: HttpRequest, key: str, reading_key: str) -> HttpResponse:
    """A finished practice case: the own answers beside the expected ones."""
    allocation = access_allocation(request, key, reading_key)
    if not is_finished_practice(allocation):
        raise Http404
    return render(request, "reading/path/feedback.html", {"page": feedback_page(allocation.seat, allocation)})


@require_POST
def practise_again(request: HttpRequest, key: str) -> HttpResponse:
    """Opens the practice cases once more, where the protocol lets it."""
    seat = access_seat(request, key)
    again = partial(actions.repeat_practice, seat=seat, by=signed_in(request))
    if attempt(
        request, again, success=_("The practice cases are open again. Your earlier answers are kept.")
    ):
        return redirect("reading:resume", key)
    return redirect("reading:start", key)


@require_safe
def pause(request: HttpRequest, key: str) -> HttpResponse:
    """A pause is due: go on, or stop here with one key."""
    seat = access_seat(request, key)
    where, busy = where_of(seat), busy_of(seat)
    context = {"study": study_is_shown(seat.study), "key": key, "where": where, "busy": busy}
    return render(request, "reading/path/pause.html", context)


@require_http_methods(["GET", "POST"])
def leave(request: HttpRequest, key: str) -> HttpResponse:
    """The questions after the last case, asked once."""
    seat = access_seat(request, key)
    where = where_of(seat)
    if where.plan is None or where.step != Step.EXIT:
        return redirect("reading:start", key)
    form = ExitForm(seat, where.plan)
    if request.method == "POST" and _is_left(request, seat, form):
        return redirect("reading:start", key)
    context = {"study": study_is_shown(seat.study), "key": key, "form": form}
    return render(request, "reading/path/exit.html", context, status=422 if form.error else 200)


def _is_left(request: HttpRequest, seat: Membership, form: ExitForm) -> bool:
    by = signed_in(request)
    try:
        for given in form.given(request.POST):
            actions.answer_exit(seat=seat, by=by, **given)
        actions.finish_exit(seat=seat, by=by)
    except RatingError as error:
        form.error = str(error)
        return False
    except StudyError as error:
        messages.error(request, str(error))
    return True


@require_safe
def certificate(request: HttpRequest, key: str) -> HttpResponse:
    """The certificate of participation as a PDF, once the readings are signed."""
    seat = access_seat(request, key)
    signature = ReaderSignature.objects.select_related("seat__study", "seat__user").completion(seat)
    work = work_of(seat)
    if signature is None or work is None:
        raise Http404
    with override(language_on_paper()):
        paper = pdf_of(Certificate.of(signature, work))
    response = HttpResponse(paper, content_type="application/pdf")
    response["Content-Disposition"] = 'attachment; filename="certificate.pdf"'
    return response
