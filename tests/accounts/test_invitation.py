"""An invitation link: one page with one button, once, in time, for one person."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from readerstudy.accounts.actions import AccountError, accept_invitation, invitation_token, invite
from readerstudy.accounts.models import Invitation, User
from tests.factories import make_user

pytestmark = pytest.mark.django_db

NOON = dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.UTC)


@pytest.fixture
def invitation() -> Invitation:
    return invite(email="doctor@example.org", by=make_user())


def link(invitation: Invitation, token: str = "") -> str:
    return reverse("accounts:accept_invitation", args=[invitation.pk, token or invitation_token(invitation)])


def is_signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def test_a_mail_scanner_that_opens_the_link_does_not_use_it_up(invitation: Invitation) -> None:
    for _visit in range(3):
        response = Client().get(link(invitation))
        assert response.status_code == 200
        assert "Accept the invitation" in response.content.decode()
    Client().head(link(invitation))
    invitation.refresh_from_db()
    assert invitation.accepted_at is None


def test_the_button_signs_in_and_uses_the_link_up(invitation: Invitation) -> None:
    client = Client()
    response = client.post(link(invitation))
    assert response["Location"] == reverse("accounts:profile")
    assert is_signed_in(client)
    again = Client()
    assert again.post(link(invitation)).status_code == 410
    assert not is_signed_in(again)
    assert Client().get(link(invitation)).status_code == 410


def test_two_clicks_at_once_let_only_one_through(invitation: Invitation) -> None:
    accept_invitation(invitation=Invitation.objects.get(pk=invitation.pk))
    with pytest.raises(AccountError, match="already used"):
        accept_invitation(invitation=Invitation.objects.get(pk=invitation.pk))


def test_a_link_expires() -> None:
    with time_machine.travel(NOON, tick=False):
        invitation = invite(email="doctor@example.org", by=make_user())
        url = link(invitation)
    with time_machine.travel(NOON + dt.timedelta(hours=71), tick=False):
        assert Client().get(url).status_code == 200
    with time_machine.travel(NOON + dt.timedelta(hours=73), tick=False):
        client = Client()
        assert client.post(url).status_code == 410
        assert not is_signed_in(client)


def test_a_newer_link_replaces_the_older(invitation: Invitation) -> None:
    newer = invite(email="doctor@example.org", by=invitation.invited_by)
    assert Client().post(link(invitation)).status_code == 410
    assert Client().post(link(newer)).status_code == 302


@pytest.mark.parametrize("token", ["wrong", "AAAAAAAAAAAAAAAAAAAAAAAAAAAA"])
def test_a_made_up_token_is_refused(invitation: Invitation, token: str) -> None:
    client = Client()
    assert client.post(link(invitation, token)).status_code == 410
    assert not is_signed_in(client)


def test_the_token_of_one_invitation_does_not_open_another(invitation: Invitation) -> None:
    other = invite(email="other@example.org", by=invitation.invited_by)
    client = Client()
    assert client.post(link(other, invitation_token(invitation))).status_code == 410
    assert not is_signed_in(client)


def test_an_address_has_one_account_however_it_is_written() -> None:
    by = make_user()
    assert invite(email="Doctor@Example.org ", by=by).user == invite(email="doctor@example.org", by=by).user
    assert User.objects.filter(email__iexact="doctor@example.org").count() == 1


def test_nobody_signs_up_without_an_invitation(client: Client) -> None:
    response = client.post(
        reverse("account_signup"), {"email": "stranger@example.org", "password1": "long enough pass"}
    )
    assert not User.objects.filter(email="stranger@example.org").exists()
    assert response.status_code == 200


def test_a_password_lets_a_reader_come_back(invitation: Invitation) -> None:
    client = Client()
    client.post(link(invitation))
    answers = {
        "name": "A Doctor",
        "specialty": "radiology",
        "years_experience": "9",
        "password": "a long pass phrase",
    }
    client.post(reverse("accounts:profile"), answers)
    assert is_signed_in(client)
    later = Client()
    later.post(reverse("account_login"), {"login": "doctor@example.org", "password": "a long pass phrase"})
    assert is_signed_in(later)


def test_a_weak_password_is_refused_and_the_answers_kept(invitation: Invitation) -> None:
    client = Client()
    client.post(link(invitation))
    answers = {"name": "A Doctor", "specialty": "radiology", "years_experience": "9", "password": "short"}
    page = client.post(reverse("accounts:profile"), answers).content.decode()
    assert "too short" in page
    assert 'value="radiology"' in page


def test_every_page_needs_a_login_unless_it_says_otherwise(client: Client) -> None:
    for name in ("studies:list", "studies:create", "accounts:profile", "accounts:account", "mfa_index"):
        assert client.get(reverse(name)).status_code == 302
    assert client.get(reverse("health")).status_code == 200


def test_a_second_factor_can_be_set_up(client: Client, settings: Any) -> None:
    client.force_login(make_user())
    page = client.get(reverse("mfa_activate_totp"))
    if page.status_code == 302:  # asks for the password again first
        client.post(page["Location"], {"password": "correct horse battery"})
        page = client.get(reverse("mfa_activate_totp"))
    assert reverse("accounts:second_factor_picture") in page.content.decode()
    picture = client.get(reverse("accounts:second_factor_picture"))
    assert picture["Content-Type"] == "image/svg+xml"
    assert b"<svg" in picture.content


def test_the_theme_is_kept_in_the_browser_and_foreign_addresses_are_not_followed(client: Client) -> None:
    response = client.post(reverse("accounts:theme"), {"theme": "dark", "next": "https://evil.example/"})
    assert response["Location"] == reverse("studies:list")
    assert response.cookies["theme"].value == "dark"
    assert client.post(reverse("accounts:theme"), {"theme": "pink"}).status_code == 404
