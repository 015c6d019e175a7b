"""In which language somebody is spoken to: chosen on a page before the sign-in, and kept with the account."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation

from readerstudy.accounts import actions
from readerstudy.accounts.models import LANGUAGE_CODES, User


def choose(request: HttpRequest, response: HttpResponse, language: str) -> None:
    """Speaks this language from now on: in this browser, and to the account that is signed in."""
    if isinstance(request.user, User):
        actions.choose_language(user=request.user, language=language)
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=settings.LANGUAGE_COOKIE_AGE,
        samesite="Lax",
        secure=settings.LANGUAGE_COOKIE_SECURE,
        httponly=True,
    )


def keep_chosen(request: HttpRequest) -> None:
    """An account that has no language yet takes the one that was chosen in this browser before the sign-in.

    An account that has one keeps it: at a shared computer the last choice may be somebody else's.
    """
    chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
    if chosen in LANGUAGE_CODES and isinstance(request.user, User) and not request.user.language:
        actions.choose_language(user=request.user, language=chosen)
        translation.activate(chosen)


def language_for(user: User, otherwise: str = "") -> str:
    """The language of a mail to somebody: theirs, else the given one where it is on offer, else the site's."""
    offered = otherwise if otherwise in LANGUAGE_CODES else settings.LANGUAGE_CODE
    return user.language or offered
