"""Amendments: words of a locked protocol are mended in the open, and nothing else ever is."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from readerstudy.audit.models import Event
from readerstudy.reading.models import RatingEvent
from readerstudy.reading.proof import flaws_of
from readerstudy.studies import actions
from readerstudy.studies.actions.amendments import amend_protocol, changes_of
from readerstudy.studies.lifecycle import OPEN_TO_AMENDMENT, Deed, State
from readerstudy.studies.models import Criterion, Design, Membership, ProtocolVersion, Study
from readerstudy.studies.policies import StudyError
from readerstudy.studies.wording import Rows
from tests import factories
from tests.studies.test_life import SIGNED, client_of, do, put, rate_first, signing

pytestmark = pytest.mark.django_db

QUESTION = {"question.correctness.question": "How correct is this text?"}


@pytest.fixture
def study() -> Study:
    return factories.make_running_study(cases=2)


def amend(study: Study, **wording: str) -> ProtocolVersion:
    version = amend_protocol(
        study=study, wording=wording, reason="A typing error.", signing=signing(), by=study.created_by
    )
    study.refresh_from_db()
    return version


def test_an_amendment_is_a_new_version_with_reason_signature_difference_and_what_came_before(
    study: Study,
) -> None:
    before, output = study.manifest_sha256, rate_first(study)
    version = amend(study, **QUESTION)
    assert (version.number, version.kind, version.reason) == (2, "amendment", "A typing error.")
    assert version.changes == [
        {
            "field": "question.correctness.question",
            "before": "Correctness",
            "after": "How correct is this text?",
        }
    ]
    assert (version.readings_before, version.ratings_before) == (0, 1)
    assert version.signature is not None
    assert version.signature.deed == "amend"
    assert study.manifest_sha256 == version.manifest_sha256 != before
    assert version.document["criteria"][0]["question"] == "How correct is this text?"
    assert list(flaws_of(study)) == []
    event = Event.objects.of_study(study.pk).get(verb="study.amend")
    assert event.data["changes"] == version.changes
    rate_first(study, value="2")
    assert list(
        RatingEvent.objects.filter(output=output).order_by("pk").values_list("protocol_version", flat=True)
    ) == [1, 2]


def test_readers_see_the_mended_words_at_once(study: Study) -> None:
    output = rate_first(study)
    client = Client()
    client.force_login(output.allocation.seat.user)
    address = reverse("reading:read", args=[study.key, output.allocation.key])
    assert "How correct is this text?" not in client.get(address).content.decode()
    amend(study, **QUESTION)
    assert "How correct is this text?" in client.get(address).content.decode()


def test_a_changed_consent_text_is_asked_for_again_before_the_next_rating(study: Study) -> None:
    seat = Membership.objects.readers(study)[0]
    amend(study, consent_text="I agree to something new.")
    seat = Membership.objects.readers(study)[0]
    with pytest.raises(StudyError, match="accept the consent text"):
        rate_first(study, seat)
    client = Client()
    client.force_login(seat.user)
    page = client.get(reverse("reading:start", args=[study.key])).content.decode()
    assert "The consent text has changed" in page
    assert "I agree to something new." in page
    client.post(reverse("reading:consent", args=[study.key]), {"printed_name": "Dr Example"})
    rate_first(study, Membership.objects.readers(study)[0])
    agreed = Event.objects.filter(verb="reader.consent", actor=seat.user).order_by("pk")
    assert [event.data["version"] for event in agreed] == [1, 2]


def test_any_other_amendment_asks_nobody_again(study: Study) -> None:
    amend(study, **QUESTION)
    rate_first(study)


@pytest.mark.parametrize(
    "name",
    [
        "question.correctness.key",
        "question.correctness.kind",
        "question.correctness.option.0.value",
        "question.correctness.minimum",
        "refusal_policy",
        "title",
        "seed",
    ],
)
def test_what_is_no_wording_has_no_place_in_an_amendment(study: Study, name: str) -> None:
    assert name not in {place.name for place in Rows(study).places()}
    with pytest.raises(StudyError, match="never options, keys or kinds"):
        amend(study, **{name: "x"})


STRUCTURE: tuple[dict[str, Any], ...] = (
    {"key": "other"},
    {"kind": "free_text"},
    {"options": [{"value": "1", "label": "Only one"}]},
    {"options": [{"value": str(6 - number), "label": "Turned round"} for number in range(1, 6)]},
    {"acceptable_from": 2},
    {"direction": "lower"},
    {"is_required": False},
    {"position": 7},
)


@pytest.mark.parametrize("change", STRUCTURE, ids=lambda change: next(iter(change)))
def test_postgresql_keeps_keys_kinds_and_options_even_within_an_amendment(
    study: Study, change: dict[str, Any]
) -> None:
    amend(study, **QUESTION)  # within the transaction of this test the amendment is still under way
    with pytest.raises(IntegrityError, match="locked"), transaction.atomic():
        Criterion.objects.of(study).update(**change)


@pytest.mark.parametrize("section", ["endpoints", "analysis", "allocation", "blinding"])
def test_postgresql_keeps_the_design_even_within_an_amendment(study: Study, section: str) -> None:
    amend(study, **QUESTION)
    with pytest.raises(IntegrityError, match="locked"), transaction.atomic():
        Design.objects.update_or_create(study=study, defaults={"document": {section: {"seed": 3}}})


@pytest.mark.django_db(transaction=True)
def test_postgresql_refuses_new_words_without_an_amendment() -> None:
    study = factories.make_running_study(cases=1, readers=1)
    amend(study, **QUESTION)  # committed, so it allows nothing any more
    with pytest.raises(IntegrityError, match="locked"):
        Criterion.objects.of(study).update(question="In secret")
    with pytest.raises(IntegrityError, match="locked"):
        Study.objects.filter(pk=study.pk).update(consent_text="In secret")
    with pytest.raises(IntegrityError, match="append-only"):
        ProtocolVersion.objects.filter(study=study).update(reason="In secret")
    begun = {"study": study, "number": 9, "kind": "amendment", "reason": "x", "document": {}}
    with pytest.raises(IntegrityError, match="left incomplete"):
        ProtocolVersion.objects.create(**begun, by=study.created_by)


@pytest.mark.parametrize("state", State)
def test_only_a_locked_study_that_is_not_closed_is_amended(study: Study, state: State) -> None:
    put(study, state)
    study.refresh_from_db()
    if state in OPEN_TO_AMENDMENT:
        assert amend(study, **QUESTION).number == 2
    else:
        with pytest.raises(StudyError, match="Only a locked study"):
            amend(study, **QUESTION)


def test_an_amendment_needs_a_change_a_reason_and_words_where_words_are_needed(study: Study) -> None:
    with pytest.raises(StudyError, match="Nothing is changed"):
        amend(study, **{"question.correctness.question": " Correctness "})
    with pytest.raises(StudyError, match="must not be empty"):
        amend(study, **{"question.correctness.question": ""})
    with pytest.raises(StudyError, match="Write why"):
        amend_protocol(study=study, wording=QUESTION, reason=" ", signing=signing(), by=study.created_by)
    with pytest.raises(StudyError, match="at most"):
        amend(study, **{"question.correctness.question": "x" * 400})
    assert ProtocolVersion.objects.count() == 1


def test_every_text_in_every_place_can_be_mended() -> None:
    study = factories.make_ready_study(cases=1, readers=1)
    section = {"en": {"tutorial": ["First", "Then"]}, "de": {"consent": "Ja.", "instructions": "So."}}
    actions.set_section(study=study, name="texts", content=section, by=study.created_by)
    study.refresh_from_db()
    study = do(do(study, Deed.LOCK, signing=signing()), Deed.OPEN)
    wording = {place.name: f"{place.text} (mended)".strip() for place in Rows(study).places()}
    wording |= {"ethics.decision": "approved", "ethics.expires": "2999-12-31"}
    amend(study, **wording)
    after = {place.name: place.text for place in Rows(study).places()}
    assert after == wording
    assert changes_of(study, after) == []
    assert list(flaws_of(study)) == []


def test_a_renewed_approval_must_be_a_date(study: Study) -> None:
    with pytest.raises(StudyError, match=r"ethics\.expires"):
        amend(study, **{"ethics.expires": "next year"})
    assert ProtocolVersion.objects.count() == 1


def test_by_the_pages_one_sees_what_changes_before_signing_it(study: Study) -> None:
    client = client_of(study)
    form = client.get(reverse("studies:amend", args=[study.key])).context["form"]
    sent = {name: form[name].value() for name in form.fields} | QUESTION
    look = client.post(reverse("studies:look_at_amendment", args=[study.key]), sent).content.decode()
    assert "<del>Correctness</del>" in look
    assert "<ins>How correct is this text?</ins>" in look
    assert ProtocolVersion.objects.count() == 1
    sign = reverse("studies:sign_amendment", args=[study.key])
    wrong = client.post(sign, {**sent, **SIGNED, "reason": "A typing error.", "password": "wrong"})
    assert wrong.status_code == 422
    assert "How correct is this text?" in wrong.content.decode()
    assert client.post(sign, {**sent, **SIGNED, "reason": "A typing error."}).status_code == 302
    life = client.get(reverse("studies:life", args=[study.key])).content.decode()
    assert "A typing error." in life
    assert "<ins>How correct is this text?</ins>" in life


def test_an_amendment_sent_twice_is_made_once(study: Study) -> None:
    client, sign = client_of(study), reverse("studies:sign_amendment", args=[study.key])
    form = client.get(reverse("studies:amend", args=[study.key])).context["form"]
    sent = {name: form[name].value() for name in form.fields} | QUESTION | SIGNED | {"reason": "Once."}
    for _click in range(2):
        client.post(sign, sent)
    assert ProtocolVersion.objects.filter(kind="amendment").count() == 1
