"""A person chooses a language: before the sign-in for this browser, afterwards for the account, mails included."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.core import mail
from django.db import IntegrityError
from django.test import Client
from django.urls import reverse

from readerstudy.accounts.actions import choose_language
from readerstudy.accounts.models import User
from readerstudy.reading.mail import send_invitation
from readerstudy.studies.actions import invite_member
from readerstudy.studies.actions.design import set_section
from readerstudy.studies.models import Design, Role
from tests.factories import make_study, make_user

pytestmark = pytest.mark.django_db
COOKIE = settings.LANGUAGE_COOKIE_NAME


def page(client: Client) -> str:
    return client.get(reverse("account_login")).content.decode()


def choose(client: Client, language: str, **more: str) -> int:
    return client.post(reverse("accounts:language"), {"language": language, **more}).status_code


def test_the_language_of_the_browser_is_spoken_at_first(client: Client) -> None:
    assert '<html lang="en" dir="ltr"' in page(client)
    assert (
        '<html lang="es" dir="ltr"'
        in client.get(
            reverse("account_login"), headers={"accept-language": "es-MX,es;q=0.9"}
        ).content.decode()
    )
    assert (
        '<html lang="en"'
        in client.get(reverse("account_login"), headers={"accept-language": "fr"}).content.decode()
    )


@pytest.mark.parametrize(
    ("language", "direction", "words"),
    [("de", "ltr", "Anmelden"), ("es", "ltr", "Iniciar"), ("ar", "rtl", "الدخول")],
)
def test_a_choice_before_the_sign_in_holds_in_this_browser(
    client: Client, language: str, direction: str, words: str
) -> None:
    assert choose(client, language) == 302
    shown = page(client)
    assert f'<html lang="{language}" dir="{direction}"' in shown
    assert words in shown
    assert client.cookies[COOKIE]["httponly"]


def test_an_unknown_language_is_refused(client: Client) -> None:
    assert choose(client, "tlh") == 404
    assert choose(client, "") == 404


def test_the_way_back_stays_on_this_site(client: Client) -> None:
    sent = {"language": "de", "next": "https://elsewhere.example/"}
    assert "elsewhere" not in client.post(reverse("accounts:language"), sent)["Location"]


def test_the_account_keeps_the_language_for_every_machine(client: Client) -> None:
    user = make_user()
    client.force_login(user)
    choose(client, "de")
    user.refresh_from_db()
    assert user.language == "de"
    elsewhere = Client(headers={"accept-language": "es"})
    elsewhere.force_login(user)
    shown = elsewhere.get(reverse("accounts:account"))
    assert '<html lang="de"' in shown.content.decode()
    assert shown["Content-Language"] == "de"


def sign_in(client: Client, user: User) -> None:
    user.set_password("a long pass phrase")
    user.save()
    client.post(reverse("account_login"), {"login": user.email, "password": "a long pass phrase"})
    user.refresh_from_db()


def test_an_account_without_a_language_takes_the_one_chosen_at_the_sign_in(client: Client) -> None:
    user = make_user()
    choose(client, "es")
    sign_in(client, user)
    assert user.language == "es"


def test_an_account_with_a_language_keeps_it_at_a_shared_computer(client: Client) -> None:
    user = make_user()
    choose_language(user=user, language="de")
    choose(client, "es")
    sign_in(client, user)
    assert user.language == "de"


def test_the_database_knows_the_languages() -> None:
    with pytest.raises(IntegrityError):
        User.objects.filter(pk=make_user().pk).update(language="tlh")


@pytest.mark.parametrize(
    ("own", "of_study", "subject"),
    [
        ("", "en", "Invitation: "),
        ("de", "es", "Einladung: "),
        ("", "es", "Invitación: "),
        ("", "fr", "Invitation: "),
    ],
)
def test_a_mail_speaks_the_language_of_whom_it_reaches(own: str, of_study: str, subject: str) -> None:
    study = make_study()
    by = study.created_by
    set_section(
        study=study,
        name="study",
        content={**Design.objects.of(study).section("study"), "language": of_study},
        by=by,
    )
    seat = invite_member(study=study, email="doctor@example.org", role=Role.READER, by=by)
    User.objects.filter(pk=seat.user_id).update(language=own)
    seat.user.refresh_from_db()
    send_invitation(seat, link="https://site.example/", by=by)
    assert mail.outbox[0].subject.startswith(subject)


def test_the_switch_says_which_languages_only_readers_have(client: Client) -> None:
    shown = page(client)
    for code, name in settings.LANGUAGES:
        assert f'value="{code}" lang="{code}"' in shown
        assert name in shown
    assert shown.count("the pages of readers") == len(settings.LANGUAGES_OF_READERS)
