"""Pages of a study's life: its deeds with their signatures, amendments, early unblinding, ethics, copies."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from readerstudy.studies import actions
from readerstudy.studies.above import reading_room
from readerstudy.studies.access import Access, access_study
from readerstudy.studies.actions.amendments import amend_protocol, changes_of, check_can_amend
from readerstudy.studies.actions.copying import copy_study
from readerstudy.studies.actions.signing import SignatureError
from readerstudy.studies.attempt import attempt
from readerstudy.studies.deeds import name_of
from readerstudy.studies.life_forms import AmendForm, CopyForm, DeedForm, EthicsForm, UnblindForm, WordingForm
from readerstudy.studies.lifecycle import (
    OPEN_TO_AMENDMENT,
    OPEN_TO_EMERGENCY,
    Check,
    Move,
    move_of,
    moves_from,
)
from readerstudy.studies.models import Design, ProtocolVersion, Role, Signature, Study, Unblinding
from readerstudy.studies.policies import StudyError
from readerstudy.studies.views import console
from readerstudy.studies.wording import Rows

UNPROCESSABLE = 422


@require_safe
def show_life(request: HttpRequest, key: str) -> HttpResponse:
    """Where the study is, every version of its protocol, every signature, and who was told which arm is which."""
    access = access_study(request, key, Role.COORDINATOR, Role.RESEARCHER)
    study, room = access.study, reading_room()
    broken = [
        (each, room.seen(study, each.case_code) if each.case_code and access.coordinates else ())
        for each in Unblinding.objects.of(study)
    ]
    context = {
        "moves": moves_from(study.state) if access.coordinates else (),
        "versions": _with_changes(study),
        "signatures": [(each, name_of(each.deed)) for each in Signature.objects.of(study)],
        "unblindings": broken,
        "can_amend": access.coordinates and study.state in OPEN_TO_AMENDMENT,
        "can_unblind": access.coordinates and study.state in OPEN_TO_EMERGENCY,
    }
    return render(request, "studies/life.html", {**console(access), **context})


@require_http_methods(["GET", "POST"])
def do_deed(request: HttpRequest, key: str, deed: str) -> HttpResponse:
    """One deed of the table: its page says what it does and asks for what it needs."""
    move = _move(deed)
    access = access_study(request, key, *(Role(role) for role in move.roles))
    do = partial(actions.carry_out, study=access.study, deed=move.deed, by=access.user)
    if not move.asks:
        _at_once(request, do)
        return redirect("studies:detail", key)
    if request.method == "GET" and access.study.state not in move.now:
        return redirect("studies:detail", key)
    form = DeedForm(request.POST or None, move=move, by=access.user)
    if form.is_valid() and _done(form, partial(do, **form.answers())):
        messages.success(request, _("Done: %(deed)s.") % {"deed": move.label})
        return redirect("studies:detail", key)
    lines = access.look.blockers() if Check.READY in move.checks else []
    return _show(request, "studies/deed.html", access, form, move=move, lines=lines)


@require_http_methods(["GET", "POST"])
def unblind_early(request: HttpRequest, key: str) -> HttpResponse:
    """Breaks the blind in an emergency, with a reason and a signature."""
    access = access_study(request, key, Role.COORDINATOR)
    form = UnblindForm(request.POST or None, by=access.user)
    if form.is_valid():
        do = partial(actions.unblind_early, study=access.study, by=access.user, **form.answers())
        if _done(form, do):
            return redirect("studies:life", key)
    return _show(request, "studies/unblind.html", access, form)


@require_safe
def amend(request: HttpRequest, key: str) -> HttpResponse:
    """Every text of a locked protocol that may be mended, to be written over."""
    access = access_study(request, key, Role.COORDINATOR)
    if not attempt(request, partial(check_can_amend, access.study)):
        return redirect("studies:life", key)
    return _show(request, "studies/amend.html", access, WordingForm(study=access.study))


@require_POST
def look_at_amendment(request: HttpRequest, key: str) -> HttpResponse:
    """What the texts that were sent would change, and the form to sign it."""
    access = access_study(request, key, Role.COORDINATOR)
    wording = WordingForm(request.POST, study=access.study)
    if not wording.is_valid() or "step" in request.POST:
        return _show(request, "studies/amend.html", access, wording)
    if not changes_of(access.study, wording.wording()):
        messages.info(request, _("Nothing is changed, so there is nothing to amend."))
        return redirect("studies:amend", key)
    return _show_changes(request, access, wording, AmendForm(by=access.user))


@require_POST
def sign_amendment(request: HttpRequest, key: str) -> HttpResponse:
    """Writes the amendment if reason and signature are right; what was written is kept in any case."""
    access = access_study(request, key, Role.COORDINATOR)
    wording = WordingForm(request.POST, study=access.study)
    form = AmendForm(request.POST, by=access.user)
    if not wording.is_valid():
        return _show(request, "studies/amend.html", access, wording)
    write = partial(amend_protocol, study=access.study, wording=wording.wording(), by=access.user)
    if form.is_valid() and _done(form, partial(write, **form.answers())):
        messages.success(request, _("The protocol is amended. Ratings from now on carry its new version."))
        return redirect("studies:life", key)
    return _show_changes(request, access, wording, form)


@require_http_methods(["GET", "POST"])
def edit_ethics(request: HttpRequest, key: str) -> HttpResponse:
    """Registration, approval and terms of use; after the lock they change by an amendment."""
    access = access_study(request, key, Role.COORDINATOR)
    section = Design.objects.of(access.study).section("ethics")
    form = EthicsForm(request.POST or None, initial=section)
    if form.is_valid():
        content = form.section(section)
        save = partial(
            actions.set_section, study=access.study, name="ethics", content=content, by=access.user
        )
        if _done(form, save):
            messages.success(request, _("What the ethics board decided is saved."))
            return redirect("studies:ethics", key)
    can_amend = access.study.state in OPEN_TO_AMENDMENT
    return _show(request, "studies/ethics.html", access, form, can_amend=can_amend)


@require_http_methods(["GET", "POST"])
def copy(request: HttpRequest, key: str) -> HttpResponse:
    """A new draft with the protocol of this study, without its cases, outputs, readers and ratings."""
    access = access_study(request, key, Role.COORDINATOR)
    title = _("Copy of %(title)s") % {"title": access.study.title}
    form = CopyForm(request.POST or None, initial={"title": title[:160]})
    if form.is_valid():
        copied = copy_study(study=access.study, title=form.cleaned_data["title"], by=access.user)
        messages.success(request, _("This is the copy. Add its images, then make its outputs."))
        return redirect("studies:detail", copied.key)
    return _show(request, "studies/copy.html", access, form)


def _with_changes(study: Study) -> list[tuple[ProtocolVersion, list[dict[str, str]]]]:
    """Every version with what it changed, each place called as people call it."""
    labels = {place.name: place.label for place in Rows(study).places()}
    return [
        (version, [{**change, "label": labels.get(change["field"], "")} for change in version.changes])
        for version in ProtocolVersion.objects.of(study)
    ]


def _move(deed: str) -> Move:
    try:
        return move_of(deed)
    except KeyError as error:
        raise Http404 from error


def _at_once(request: HttpRequest, do: Callable[[], object]) -> None:
    """A deed that asks nothing is done by its button; merely opening its address does nothing."""
    if request.method == "POST":
        attempt(request, do)


def _done(form: forms.Form, do: Callable[[], object]) -> bool:
    """Does it; a refusal is shown in the form."""
    try:
        do()
    except StudyError as error:
        name = error.field if isinstance(error, SignatureError) else None
        form.add_error(name if name in form.fields else None, str(error))
        return False
    return True


def _show_changes(
    request: HttpRequest, access: Access, wording: WordingForm, form: AmendForm
) -> HttpResponse:
    changes = changes_of(access.study, wording.wording())
    return _show(request, "studies/amend_sign.html", access, form, wording=wording, changes=changes)


def _show(
    request: HttpRequest, template: str, access: Access, form: forms.Form, **context: object
) -> HttpResponse:
    status = UNPROCESSABLE if form.errors else 200
    return render(request, template, {**console(access), "form": form, **context}, status=status)
