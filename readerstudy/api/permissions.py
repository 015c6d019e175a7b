"""What a token may reach: one study, and in it what the table grants to its role."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import Http404
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import MethodNotAllowed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from readerstudy.api.models import Token
from readerstudy.api.reach import methods_of

if TYPE_CHECKING:
    from rest_framework.views import APIView

ASKED_AS = {"HEAD": "GET", "OPTIONS": "POST"}  # whoever may begin something may ask how


class TokenMayReachStudy(BasePermission):
    """Denies whatever `reach.REACH` does not grant to the token's role in the token's own study."""

    message = _(
        "A token with your role does not reach this address. Ask a coordinator of the study for what you need."
    )

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Raises `Http404` for every study but the token's, whether it exists or not."""
        token = request.auth
        if not isinstance(token, Token):
            return False
        if view.kwargs.get("key", token.study.key) != token.study.key:
            raise Http404
        methods = methods_of(getattr(view, "endpoint", ""))
        method = ASKED_AS.get(str(request.method), str(request.method))
        if methods and method not in methods:
            raise MethodNotAllowed(method)
        return token.membership.role in methods.get(method, frozenset())
