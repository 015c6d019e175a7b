"""Electronic signatures: who may sign, what is refused, and that a refusal stays written down."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from readerstudy.audit.models import Event
from readerstudy.audit.record import verify
from readerstudy.reading.proof import flaws_of
from readerstudy.studies.actions.signing import HELD_OFF, MOST_REFUSALS, REFUSED, Signing, prove
from readerstudy.studies.lifecycle import Deed, State
from readerstudy.studies.models import Signature, Study
from readerstudy.studies.policies import StudyError
from tests import factories
from tests.studies.test_life import PASSWORD, SIGNED, do, put

pytestmark = pytest.mark.django_db


@pytest.fixture
def study() -> Study:
    """A closed study: the next deed is signed and needs no more than its ratings."""
    return put(factories.make_study(), State.CLOSED)


def lock_data(study: Study, **changes: Any) -> Any:
    client = Client()
    client.force_login(study.created_by)
    return client.post(reverse("studies:deed", args=[study.key, Deed.LOCK_DATA]), {**SIGNED, **changes})


def refusals(study: Study) -> int:
    return Event.objects.of_study(study.pk).filter(verb=REFUSED).count()


def test_a_wrong_password_signs_nothing_is_said_at_its_field_and_is_written_down(study: Study) -> None:
    response = lock_data(study, password="wrong horse battery")
    page = response.content.decode()
    assert response.status_code == 422
    assert "This is not your password. Nothing was signed." in page
    assert "wrong horse battery" not in page
    study.refresh_from_db()
    assert study.state == State.CLOSED
    assert not Signature.objects.exists()
    event = Event.objects.of_study(study.pk).get(verb=REFUSED)
    assert (event.actor, event.data) == (study.created_by, {"deed": "lock-data", "why": "password"})


def test_after_five_wrong_passwords_even_the_right_one_waits(study: Study) -> None:
    for _attempt in range(MOST_REFUSALS):
        lock_data(study, password="wrong horse battery")
    assert "given too often. Wait 15 minutes" in lock_data(study).content.decode()
    assert refusals(study) == MOST_REFUSALS
    assert Event.objects.of_study(study.pk).filter(verb=HELD_OFF).count() == 1
    with time_machine.travel(timezone.now() + timedelta(minutes=16)):
        assert lock_data(study).status_code == 302


def test_wrong_passwords_in_one_study_count_in_every_other(study: Study) -> None:
    other = put(factories.make_study(by=study.created_by), State.CLOSED)
    for _attempt in range(MOST_REFUSALS):
        lock_data(study, password="wrong horse battery")
    assert "given too often" in lock_data(other).content.decode()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"printed_name": " "}, "printed_name"),
        ({"meaning": ""}, "meaning"),
        ({"meaning": "hello"}, "meaning"),
    ],
)
def test_name_and_meaning_belong_to_a_signature(study: Study, changes: dict[str, str], field: str) -> None:
    response = lock_data(study, **changes)
    assert response.status_code == 422
    assert field in response.context["form"].errors
    with pytest.raises(StudyError):
        prove(study=study, deed="lock-data", signing=Signing(**{**SIGNED, **changes}), by=study.created_by)
    assert refusals(study) == 0


def test_a_second_factor_that_is_set_up_is_asked_for_and_a_code_counts_once(study: Study) -> None:
    secret = generate_totp_secret()
    TOTP.activate(study.created_by, secret)
    assert "The code that your second factor shows now" in lock_data(study).content.decode()
    with time_machine.travel(timezone.now(), tick=False):
        code = format_hotp_value(hotp_value(secret, int(timezone.now().timestamp()) // 30))
        assert lock_data(study, code="000000" if code != "000000" else "111111").status_code == 422
        assert lock_data(study, code=code).status_code == 302
        assert Signature.objects.get().with_second_factor
        replayed = put(factories.make_study(by=study.created_by), State.CLOSED)
        assert lock_data(replayed, code=code).status_code == 422


def test_whoever_has_no_password_is_told_where_to_choose_one(study: Study) -> None:
    study.created_by.set_unusable_password()
    study.created_by.save()
    assert "you have none yet" in lock_data(study).content.decode()


def test_a_signature_moved_to_another_content_no_longer_holds(study: Study) -> None:
    lock_data(study)
    signature = Signature.objects.get()
    assert signature.digest == signature.compute_digest()
    told = Event.objects.of_study(study.pk).get(verb="signature.give").data
    assert told["digest"] == signature.digest
    assert verify()[1] == []
    for name, value in (
        ("content_sha256", "0" * 64),
        ("deed", "lock"),
        ("printed_name", "Somebody else"),
        ("study", factories.make_study()),
    ):
        moved = Signature.objects.get()
        setattr(moved, name, value)
        assert moved.compute_digest() != moved.digest, name


def test_the_proof_of_a_study_names_a_signature_that_was_changed(forge: Callable[[str], None]) -> None:
    study = do(factories.make_ready_study(cases=1, readers=1), Deed.LOCK, signing=Signing(**SIGNED))
    assert list(flaws_of(study)) == []
    forge("UPDATE studies_signature SET printed_name = 'Somebody else'")
    assert list(flaws_of(study)) == ["The signature of Somebody else is not the one that was given."]


def test_the_password_is_in_no_page_no_event_and_no_words_of_an_object(study: Study) -> None:
    response = lock_data(study, meaning="")
    assert PASSWORD not in response.content.decode()
    assert PASSWORD not in repr(Signing(**SIGNED))
    lock_data(study)
    assert not any(PASSWORD in str(event.data) for event in Event.objects.all())


@pytest.mark.django_db(transaction=True)
def test_a_refusal_is_kept_though_the_deed_is_undone() -> None:
    study = put(factories.make_study(), State.CLOSED)
    lock_data(study, password="wrong horse battery")
    assert refusals(study) == 1
