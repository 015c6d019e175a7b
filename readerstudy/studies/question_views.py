"""The Questions station: the list, the editor with its preview, and the ready rubrics."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from readerstudy.studies import actions
from readerstudy.studies.access import Access, access_study
from readerstudy.studies.actions.criteria import CriterionRefused
from readerstudy.studies.attempt import attempt
from readerstudy.studies.models import Criterion, Kind, Role, Study
from readerstudy.studies.models.criterion import Phase
from readerstudy.studies.policies import StudyError
from readerstudy.studies.protocol import library
from readerstudy.studies.question_forms import Editor, sent_from
from readerstudy.studies.question_lists import (
    around,
    pictures,
    preview_of,
    ready_rubrics,
    rubric_preview,
    sections_of,
)
from readerstudy.studies.question_rows import done
from readerstudy.studies.rubrics.documents import from_document, to_document
from readerstudy.studies.rubrics.examples import start_of
from readerstudy.studies.rubrics.kinds import TAKES
from readerstudy.studies.rubrics.rules import problems_of
from readerstudy.studies.views import console

STEPS = {"up": -1, "down": 1}


@require_safe
def list_questions(request: HttpRequest, key: str) -> HttpResponse:
    """All questions in their order, and beside them what a reader gets."""
    access = access_study(request, key, Role.COORDINATOR)
    context = {**console(access), "sections": sections_of(access.study)}
    return render(request, "studies/questions.html", context)


@require_safe
def choose_kind(request: HttpRequest, key: str) -> HttpResponse:
    """The first step of a new question, or of another kind for one: every kind with a picture."""
    access = access_study(request, key, Role.COORDINATOR)
    criterion = _told(request, access.study, "of")
    phase = Phase(criterion.phase) if criterion else _phase(request.GET)
    context = {"families": pictures(phase), "criterion": criterion, "phase": phase}
    return render(request, "studies/question_kinds.html", {**console(access), **context})


@require_http_methods(["GET", "POST"])
def new_question(request: HttpRequest, key: str, kind: str) -> HttpResponse:
    """A question of a kind, at the end of its list."""
    access = access_study(request, key, Role.COORDINATOR)
    if kind not in TAKES:
        raise Http404
    return _edit(request, access, kind, start_of(kind), None, _phase(request.GET))


@require_http_methods(["GET", "POST"])
def edit_question(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """Changes a question; `kind` in the address gives it another kind, with what that kind takes of it."""
    access = access_study(request, key, Role.COORDINATOR)
    criterion = get_object_or_404(_all(access.study), pk=number)
    was = to_document(criterion)
    kind = request.GET.get("kind", criterion.kind)
    if kind != criterion.kind and kind in TAKES:
        was = {
            **start_of(kind),
            **{name: was[name] for name in ("key", "question", "help", "when") if name in was},
        }
    return _edit(request, access, str(was["kind"]), was, criterion, Phase(criterion.phase))


def _edit(
    request: HttpRequest,
    access: Access,
    kind: str,
    was: dict[str, Any],
    criterion: Criterion | None,
    phase: Phase,
) -> HttpResponse:
    is_sent = request.method == "POST"
    deed = request.POST.get("deed", "save") if is_sent else ""
    sent = done(request.POST, deed) if is_sent else sent_from(was)
    editor = Editor(
        kind, around(access.study, phase, criterion), sent, was, is_checked=deed in ("save", "preview")
    )
    if deed == "save" and editor.is_valid() and _save(request, access, editor, criterion):
        return redirect("studies:questions", access.study.key)
    context = {**console(access), "editor": editor, "criterion": criterion, "preview": preview_of(editor)}
    context["kind"] = Kind(kind).label
    return render(request, _template(request, deed), context, status=422 if deed == "save" else 200)


def _template(request: HttpRequest, deed: str) -> str:
    """The page, or the part of it that a deed changes."""
    parts = {"preview": "#preview", "save": ""}
    is_part = request.htmx  # type: ignore[attr-defined]  # django-htmx adds it
    return "studies/question.html" + (parts.get(deed, "#form") if is_part else "")


def _save(request: HttpRequest, access: Access, editor: Editor, criterion: Criterion | None) -> bool:
    document = editor.document()
    if problems := list(problems_of(document)):
        editor.put(problems)
        return False
    save = partial(actions.save_criterion, study=access.study, by=access.user, criterion=criterion)
    try:
        save(fields=from_document(document), phase=editor.around.phase)
    except CriterionRefused as error:
        editor.put(error.problems or [((), str(error))])
    except StudyError as error:
        messages.error(request, str(error))
    else:
        return True
    return False


@require_POST
def change_question(request: HttpRequest, key: str, number: int, deed: str) -> HttpResponse:
    """Moves a question up or down, copies it, or takes it out."""
    access = access_study(request, key, Role.COORDINATOR)
    criterion = get_object_or_404(_all(access.study), pk=number)
    told: dict[str, Any] = {"study": access.study, "criterion": criterion, "by": access.user}
    if deed in STEPS:
        attempt(request, partial(actions.move_criterion, step=STEPS[deed], **told))
    elif deed == "copy":
        attempt(request, partial(actions.copy_criterion, **told))
    else:
        with_endpoints = request.POST.get("with") == "endpoints"
        attempt(request, partial(actions.remove_criterion, with_endpoints=with_endpoints, **told))
    return redirect("studies:questions", key)


@require_POST
def order_questions(request: HttpRequest, key: str) -> HttpResponse:
    """The order after a question was dragged to another place."""
    access = access_study(request, key, Role.COORDINATOR)
    order = [
        int(number) for number in request.POST.getlist("order") if number.isdecimal() and len(number) < 19
    ]
    phase = _phase(request.POST)
    attempt(
        request,
        partial(actions.order_criteria, study=access.study, phase=phase, order=order, by=access.user),
    )
    return redirect("studies:questions", key)


@require_safe
def show_rubrics(request: HttpRequest, key: str) -> HttpResponse:
    """The ready rubrics, each with its questions and one click to use it."""
    access = access_study(request, key, Role.COORDINATOR)
    return render(request, "studies/rubrics.html", {**console(access), "rubrics": ready_rubrics()})


@require_safe
def show_rubric(request: HttpRequest, key: str, name: str) -> HttpResponse:
    """One ready rubric as a reader gets it."""
    access = access_study(request, key, Role.COORDINATOR)
    rubric = _ready(name)
    return render(
        request, "studies/rubric.html", {**console(access), "rubric": rubric, **rubric_preview(rubric)}
    )


@require_POST
def use_rubric(request: HttpRequest, key: str, name: str) -> HttpResponse:
    """Adds the questions of a ready rubric."""
    access = access_study(request, key, Role.COORDINATOR)
    rubric = _ready(name)
    n = len(rubric.criteria)
    told = ngettext(
        "%(n)d question was added from “%(title)s”.", "%(n)d questions were added from “%(title)s”.", n
    )
    use = partial(actions.use_rubric, study=access.study, name=name, version=rubric.version, by=access.user)
    is_used = attempt(request, use, success=told % {"n": n, "title": _(rubric.title)})
    return redirect("studies:questions" if is_used else "studies:rubrics", key)


def _ready(name: str) -> library.Rubric:
    """The ready rubric of this name."""
    found = next((each for each in ready_rubrics() if each.name == name), None)
    if found is None:
        raise Http404
    return found


def _all(study: Study) -> Any:
    """The questions of a study's newest rubric, of either phase."""
    return Criterion.objects.of(study) | Criterion.objects.exit(study)


def _told(request: HttpRequest, study: Study, name: str) -> Criterion | None:
    """The question that the address names, if it is one of the study's."""
    number = request.GET.get(name, "")
    is_number = number.isdecimal() and len(number) < 19
    return _all(study).filter(pk=int(number)).first() if is_number else None


def _phase(said: QueryDict) -> Phase:
    return Phase.EXIT if said.get("asked") == Phase.EXIT else Phase.MAIN
