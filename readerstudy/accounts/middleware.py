"""Security headers that Django has no setting for, and the language of whoever is signed in."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import translation

from readerstudy.accounts.models import User

Respond = Callable[[HttpRequest], HttpResponse]

POWERS = "camera=(), microphone=(), geolocation=(), payment=(), usb=(), fullscreen=(self)"


def security_headers(respond: Respond) -> Respond:
    """Denies browser powers no page needs, and keeps pages with study data out of shared caches."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = respond(request)
        response.headers.setdefault("Permissions-Policy", POWERS)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.headers.setdefault("Cache-Control", "private, no-store")
        return response

    return middleware


def own_language(respond: Respond) -> Respond:
    """The language that the account keeps goes before the browser's, on every machine where its owner signs in."""

    def middleware(request: HttpRequest) -> HttpResponse:
        user = request.user
        if isinstance(user, User) and user.language:
            translation.activate(user.language)
        return respond(request)

    return middleware
