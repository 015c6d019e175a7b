"""Security headers that Django has no setting for, and the language of whoever is signed in."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import translation

from readerstudy.accounts.models import User

Respond = Callable[[HttpRequest], HttpResponse]

SIGN_IN = frozenset(
    {
        "account_login",
        "account_request_login_code",
        "account_confirm_login_code",
        "mfa_authenticate",
        "accounts:signed_in",
    }
)
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


def frame_sign_in(respond: Respond) -> Respond:
    """Lets our own pages, and nobody else's, show the steps of signing in within them: over a case that is open."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = respond(request)
        if request.resolver_match and request.resolver_match.view_name in SIGN_IN:
            response.headers["X-Frame-Options"] = "SAMEORIGIN"
            setattr(response, "_csp_replace", {"frame-ancestors": ["'self'"]})  # noqa: B010  as csp_replace does
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
