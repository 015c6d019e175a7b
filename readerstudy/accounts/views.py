"""Pages about people: invitation, profile, account, appearance."""

from urllib.parse import urlsplit

from allauth.mfa.adapter import get_adapter as get_mfa_adapter
from allauth.mfa.totp.internal.auth import SECRET_SESSION_KEY
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login, update_session_auth_hash
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from sesame.utils import get_user

from readerstudy.accounts import actions, languages
from readerstudy.accounts.forms import LanguageForm, ProfileForm, ThemeForm
from readerstudy.accounts.models import Invitation, ReaderProfile
from readerstudy.accounts.people import signed_in

THEME_SECONDS = 365 * 24 * 3600


@login_not_required
@require_http_methods(["GET", "POST"])
def accept_invitation(request: HttpRequest, number: int, token: str) -> HttpResponse:
    """GET shows one button and changes nothing, so a mail scanner that opens the link does no harm."""
    invitation = Invitation.objects.select_related("user", "invited_by").filter(pk=number).first()
    user = get_user(token, scope=f"invitation:{number}", update_last_login=False)
    if invitation is None or user is None or user != invitation.user:
        return render(request, "accounts/invitation_closed.html", status=410)
    if request.method == "GET":
        return _show_invitation(request, invitation)
    try:
        actions.accept_invitation(invitation=invitation)
    except actions.AccountError as error:
        return render(request, "accounts/invitation_closed.html", {"reason": str(error)}, status=410)
    login(request, invitation.user, backend=settings.AUTHENTICATION_BACKENDS[0])
    languages.keep_chosen(request)
    return redirect("accounts:profile")


def _show_invitation(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    if not Invitation.objects.open().filter(pk=invitation.pk).exists():
        return render(request, "accounts/invitation_closed.html", status=410)
    return render(request, "accounts/invitation.html", {"invitation": invitation})


@require_http_methods(["GET", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """A reader's specialty and years; asked once, before the first study."""
    user = signed_in(request)
    known = ReaderProfile.objects.filter(user=user).first()
    initial = {
        "name": user.name,
        "specialty": known.specialty if known else "",
        "years_experience": known.years_experience if known else None,
    }
    form = ProfileForm(request.POST or None, user=user, initial=initial)
    if request.method == "POST" and form.is_valid():
        _save_profile(request, form)
        return redirect(_next(request, "studies:list"))
    return render(request, "accounts/profile.html", {"form": form, "first_time": known is None})


def _save_profile(request: HttpRequest, form: ProfileForm) -> None:
    user, answers = signed_in(request), dict(form.cleaned_data)
    password = answers.pop("password", "")
    actions.save_profile(user=user, **answers)
    if password:
        actions.choose_password(user=user, password=password)
        update_session_auth_hash(request, user)
    messages.success(request, _("Your profile is saved."))


def account(request: HttpRequest) -> HttpResponse:
    return render(request, "accounts/account.html", {"profile": getattr(signed_in(request), "profile", None)})


@require_safe
def signed_in_again(request: HttpRequest) -> HttpResponse:
    """Where signing in over a case leads: the page around it sees that and goes on."""
    return render(request, "accounts/signed_in.html")


@login_not_required
@require_POST
def choose_theme(request: HttpRequest) -> HttpResponse:
    """Keeps the appearance in a cookie of this browser; reading rooms and offices differ."""
    form = ThemeForm(request.POST)
    if not form.is_valid():
        raise Http404
    response = redirect(_next(request, "studies:list"))
    response.set_cookie(
        "theme", form.cleaned_data["theme"], max_age=THEME_SECONDS, samesite="Lax", secure=settings.HTTPS
    )
    return response


@login_not_required
@require_POST
def choose_language(request: HttpRequest) -> HttpResponse:
    """Speaks another language from now on, and goes back to the page that asked."""
    form = LanguageForm(request.POST)
    if not form.is_valid():
        raise Http404
    response = redirect(_next(request, "studies:list"))
    languages.choose(request, response, form.cleaned_data["language"])
    return response


def _next(request: HttpRequest, fallback: str) -> str:
    """The page to return to: the `next` field or the page that asked, if it is ours."""
    asked = request.POST.get("next") or request.GET.get("next") or _own_path(request)
    if asked and url_has_allowed_host_and_scheme(asked, allowed_hosts=None):
        return asked
    return reverse(fallback)


def _own_path(request: HttpRequest) -> str:
    came_from = urlsplit(request.headers.get("Referer", ""))
    return came_from.path if came_from.netloc == request.get_host() and came_from.path != request.path else ""


@require_safe
def second_factor_picture(request: HttpRequest) -> HttpResponse:
    """The QR code of the secret that is being set up; allauth would inline it, which our CSP refuses."""
    adapter, secret = get_mfa_adapter(), request.session.get(SECRET_SESSION_KEY)
    if not secret:
        raise Http404
    picture = adapter.build_totp_svg(adapter.build_totp_url(signed_in(request), secret))
    return HttpResponse(picture, content_type="image/svg+xml")
