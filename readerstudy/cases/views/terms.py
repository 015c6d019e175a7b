"""On what terms the images of each set may be used."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from readerstudy.cases import actions
from readerstudy.cases.forms import TermsForm
from readerstudy.cases.models import ImageSet, ImageTerms
from readerstudy.cases.terms import images_of, terms_of
from readerstudy.studies.access import Access, access_study
from readerstudy.studies.attempt import attempt
from readerstudy.studies.models import Role


@require_safe
def show_terms(request: HttpRequest, key: str) -> HttpResponse:
    """Every set with how many images it has and the terms that count."""
    access = access_study(request, key, Role.COORDINATOR)
    sets = [_shown(*pair) for pair in terms_of(ImageSet.objects.of(access.study))]
    context = {"access": access, "study": access.study, "sets": sets}
    return render(request, "cases/terms.html", context)


@require_http_methods(["GET", "POST"])
def edit_terms(request: HttpRequest, key: str, number: int | None = None) -> HttpResponse:
    """The next version of a set's terms, or the first one of a new set; earlier versions are listed."""
    access = access_study(request, key, Role.COORDINATOR)
    image_set = None if number is None else get_object_or_404(ImageSet.objects.of(access.study), pk=number)
    form = TermsForm(request.POST or None, initial=_initial(access, image_set))
    if request.method == "POST" and form.is_valid():
        named = {name: form.cleaned_data[name] for name in ("name", "receives")}
        state = partial(actions.state_terms, study=access.study, image_set=image_set, by=access.user)
        write = partial(state, fields=form.terms_fields(), **named)
        attempt(request, write, success=_("The terms of “%(name)s” are stated.") % named)
        return redirect("cases:terms", key)
    versions = image_set.terms.select_related("stated_by").order_by("-number") if image_set else ()
    context = {"access": access, "study": access.study, "form": form, "set": image_set}
    told = [_version(terms) for terms in versions]
    return render(
        request, "cases/terms_form.html", {**context, "versions": told}, status=422 if form.errors else 200
    )


def _initial(access: Access, image_set: ImageSet | None) -> dict[str, Any]:
    if image_set is None:
        return {"name": ImageSet.objects.next_name(access.study)}
    _set, terms = terms_of([image_set])[0]
    stated = {name: getattr(terms, name) for name in TermsForm.Meta.fields} if terms else {}
    return {**stated, "name": image_set.name, "receives": image_set.receives}


def _shown(image_set: ImageSet, terms: ImageTerms | None) -> dict[str, Any]:
    told = _version(terms) if terms else {"terms": None, "is_expired": False, "providers": ""}
    return {"set": image_set, "images": images_of(image_set), **told}


def _version(terms: ImageTerms) -> dict[str, Any]:
    labels = {name: offer.label for name, offer in settings.CONNECTIONS.items()}
    return {
        "terms": terms,
        "is_expired": terms.is_expired(timezone.localdate()),
        "providers": ", ".join(labels.get(name, name) for name in terms.providers),
    }
