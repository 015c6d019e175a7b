"""People confirm what kind of response each output is, without seeing whose it is."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from readerstudy.generation import actions
from readerstudy.generation.forms import SamplingForm, VerdictForm
from readerstudy.generation.models import Interpretation, RefusalVerdict, Verdict
from readerstudy.generation.steps import room
from readerstudy.generation.verdicts.agreement import agreement_of
from readerstudy.generation.verdicts.confirmation import (
    Entry,
    Queue,
    last_of,
    queue_of,
    sampling_of,
    show_entry,
)
from readerstudy.studies.access import Access, access_study
from readerstudy.studies.attempt import attempt
from readerstudy.studies.models import Role

KEYS = "1234567890"


@require_safe
def show_queue(request: HttpRequest, key: str) -> HttpResponse:
    """The next output for this person to judge, with its arm hidden."""
    access = access_study(request, key, Role.COORDINATOR)
    queue = queue_of(access.study)
    waiting = queue.waiting_for(access.user)
    return _page(request, access, queue, waiting[0] if waiting else None)


@require_safe
def show_again(request: HttpRequest, key: str, entry: str) -> HttpResponse:
    """An output that this person has judged, to be judged once more: the newest verdict counts."""
    access = access_study(request, key, Role.COORDINATOR)
    queue = queue_of(access.study)
    return _page(request, access, queue, _entry(queue, entry))


@require_POST
def give(request: HttpRequest, key: str, entry: str) -> HttpResponse:
    """Stores this person's verdict on one output and goes on to the next."""
    access = access_study(request, key, Role.COORDINATOR)
    found = _entry(queue_of(access.study), entry)
    form = VerdictForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Nothing was stored. Choose one of the verdicts of the list."))
        return redirect("generation:judge_again", key, entry)
    rows = Interpretation.objects.select_related("generation__arm__study")
    interpretation, verdict = rows.get(pk=found.interpretation), Verdict(form.cleaned_data["verdict"])
    attempt(
        request, partial(actions.overrule, interpretation=interpretation, verdict=verdict, by=access.user)
    )
    return redirect("generation:verdicts", key)


@require_http_methods(["GET", "POST"])
def choose(request: HttpRequest, key: str) -> HttpResponse:
    """How many outputs are confirmed, by how many people, and what stands beside them."""
    access = access_study(request, key, Role.COORDINATOR)
    form = SamplingForm(request.POST or None, instance=sampling_of(access.study))
    if request.method == "POST" and form.is_valid():
        change = partial(
            actions.choose_sampling, study=access.study, changes=form.cleaned_data, by=access.user
        )
        if attempt(request, change, success=_("The choice is saved.")):
            return redirect("generation:verdicts", key)
    return render(request, "generation/verdicts_choice.html", {**room(access), "form": form})


@require_safe
def show_agreement(request: HttpRequest, key: str) -> HttpResponse:
    """Automatic against human verdicts for each arm; this page names the arms, the queue never does."""
    access = access_study(request, key, Role.COORDINATOR)
    found = agreement_of(access.study)
    return render(request, "generation/verdicts_agreement.html", {**room(access), "agreement": found})


def _page(request: HttpRequest, access: Access, queue: Queue, entry: Entry | None) -> HttpResponse:
    shown = show_entry(access.study, queue, entry) if entry else None
    last = last_of(access.study, queue, access.user)
    context = {
        **room(access),
        "entry": shown,
        "last": last if last and last != entry else None,
        "before": _verdict_before(entry, access) if entry else "",
        "queue": queue,
        "done": queue.done_by(access.user),
        "waiting": len(queue.waiting_for(access.user)),
        "verdicts": list(zip(KEYS, Verdict.choices, strict=True)),
    }
    return render(request, "generation/verdicts.html", context)


def _verdict_before(entry: Entry, access: Access) -> str:
    rows: Any = RefusalVerdict.objects.filter(interpretation=entry.interpretation, by=access.user)
    newest = rows.order_by("-pk").first()
    return newest.verdict if newest else ""


def _entry(queue: Queue, key: str) -> Entry:
    found = queue.by_key.get(key)
    if found is None:
        raise Http404
    return found
