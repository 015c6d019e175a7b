"""Only the steps of signing in may stand in a frame, and only in one of our own pages."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from readerstudy.accounts.middleware import SIGN_IN
from tests import factories

pytestmark = pytest.mark.django_db
OTHERS = ("studies:list", "accounts:account", "account_logout", "account_change_password", "mfa_index")


def headers_of(client: Client, name: str) -> tuple[str, str]:
    response = client.get(reverse(name), follow=False)
    policy = response["Content-Security-Policy"]
    ancestors = next(part.strip() for part in policy.split(";") if "frame-ancestors" in part)
    return response["X-Frame-Options"], ancestors


@pytest.mark.parametrize("name", sorted(SIGN_IN))
def test_a_step_of_signing_in_stands_over_a_case(name: str) -> None:
    client = Client()
    if name == "accounts:signed_in":
        client.force_login(factories.make_user())
    assert headers_of(client, name) == ("SAMEORIGIN", "frame-ancestors 'self'")


@pytest.mark.parametrize("name", OTHERS)
def test_no_other_page_is_framed(name: str) -> None:
    client = Client()
    client.force_login(factories.make_user())
    assert headers_of(client, name) == ("DENY", "frame-ancestors 'none'")


def test_signing_in_over_a_case_needs_a_sign_in() -> None:
    response = Client().get(reverse("accounts:signed_in"))
    assert response.status_code == 302
    assert reverse("account_login") in response["Location"]
