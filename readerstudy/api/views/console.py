"""The page on which members make tokens and revoke them."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from readerstudy.api import actions
from readerstudy.api.forms import TokenForm
from readerstudy.api.models import Token
from readerstudy.api.reach import ROLES_WITH_TOKENS
from readerstudy.studies.access import Access, access_study
from readerstudy.studies.models import Role
from readerstudy.studies.views import console


@require_http_methods(["GET", "POST"])
def tokens(request: HttpRequest, key: str) -> HttpResponse:
    """The tokens a person may see, and the form that makes one more.

    A new token is in the answer to the form itself, which no cache keeps: it is stored nowhere, so no page can show it
    again.
    """
    access = access_study(request, key, *ROLES_WITH_TOKENS)
    own = [membership for membership in access.memberships if membership.role in ROLES_WITH_TOKENS]
    form = TokenForm(request.POST or None, memberships=own)
    made, status = None, 200
    if request.method == "POST" and form.is_valid():
        made, status = _make(access, form), 201
    if made is not None:
        form = TokenForm(memberships=own)
    elif request.method == "POST":
        status = 422
    context = {**_page(request, access), "form": form, "made": made}
    return render(request, "api/tokens.html", context, status=status)


@require_POST
def revoke(request: HttpRequest, key: str, number: int) -> HttpResponse:
    access = access_study(request, key, *ROLES_WITH_TOKENS)
    token = get_object_or_404(Token.objects.seen_by(access), pk=number)
    actions.revoke_token(token=token, by=access.user)
    messages.success(
        request, _("“%(label)s” is revoked and opens nothing any more.") % {"label": token.label}
    )
    return redirect("api:tokens", key)


def _make(access: Access, form: TokenForm) -> actions.NewToken | None:
    try:
        return actions.make_token(
            membership=form.membership(), label=form.cleaned_data["label"], by=access.user
        )
    except actions.TokenError as error:
        form.add_error(None, str(error))
        return None


def _page(request: HttpRequest, access: Access) -> dict[str, Any]:
    is_reader = access.roles == {Role.READER}
    first = "api:readings_progress" if is_reader else "api:show_study"
    return {
        **console(access),
        "tokens": Token.objects.seen_by(access),
        "is_reader": is_reader,
        "address": request.build_absolute_uri(reverse(first, args=[access.study.key])),
    }
