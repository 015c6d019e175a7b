"""What readers get to see: rules, words taken out by hand, and a yes to each arm that holds only for what was seen."""

from __future__ import annotations

import hashlib
import html
import re
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.db.models import F
from django.test import Client
from django.urls import reverse

from readerstudy.generation import actions
from readerstudy.generation.blinding.levelled import ArmTexts, arms_of
from readerstudy.generation.models import ArmApproval, Interpretation, Redaction, ShownText, TextRules
from readerstudy.generation.policies import GenerationError
from readerstudy.providers.texts import Rules
from readerstudy.reading.actions import start_study
from readerstudy.reading.models import Allocation
from readerstudy.studies.models import Arm, Study
from tests.factories import freeze, make_arm, make_case, make_criterion, make_output, make_reader, make_study

pytestmark = pytest.mark.django_db
RAW = "Certainly!\n\n## Findings\n* **No** effusion, 3.5 mm.\n\nMade by OpenAI."
LEVELLED = "Findings\n- No effusion, 3.5 mm.\n\nMade by [name]."


@pytest.fixture
def study() -> Study:
    study = make_study()
    for name in ("One", "Two"):
        make_arm(study, name=name)
    case = make_case(study)
    for arm in study.arms.all():
        make_output(arm, case, text=RAW)
    return study


@pytest.fixture
def arm(study: Study) -> Arm:
    return study.arms.get(name="One")


@pytest.fixture
def text(arm: Arm) -> Interpretation:
    return Interpretation.objects.get(generation__arm=arm)


@pytest.fixture
def client(study: Study) -> Client:
    client = Client()
    client.force_login(study.created_by)
    return client


def state(arm: Arm) -> ArmTexts:
    return next(each for each in arms_of(arm.study) if each.arm == arm)


def approve(arm: Arm, **fields: Any) -> ArmApproval:
    return actions.approve_arm(arm=arm, by=arm.study.created_by, **fields)


def redact(text: Interpretation, words: str, reason: str = "It says who wrote it.", **more: Any) -> Redaction:
    by = text.generation.case.study.created_by
    return actions.redact_words(interpretation=text, words=words, reason=reason, by=by, **more)


def url(study: Study, name: str, *args: Any) -> str:
    return reverse(f"generation:{name}", args=[study.key, *args])


def test_a_yes_stores_the_levelled_text_with_its_hash_and_keeps_the_raw_one(
    arm: Arm, text: Interpretation
) -> None:
    approve(arm)
    shown = ShownText.objects.get(interpretation=text)
    assert (shown.version, shown.rules, shown.text) == (1, 0, LEVELLED)
    assert shown.sha256 == hashlib.sha256(LEVELLED.encode()).hexdigest()
    text.refresh_from_db()
    assert text.text == RAW
    assert state(arm).is_approved
    assert not state(arm.study.arms.get(name="Two")).is_approved


def test_a_yes_falls_with_the_rules_a_new_text_and_a_redaction(arm: Arm, text: Interpretation) -> None:
    study = arm.study
    approve(arm)
    actions.save_rules(study=study, rules=Rules(bullets=False), by=study.created_by)
    assert not state(arm).is_approved
    approve(arm)
    make_output(arm, make_case(study), text="Another.")
    assert not state(arm).is_approved
    approve(arm)
    redact(text, "3.5 mm")
    assert not state(arm).is_approved
    approve(arm)
    assert [shown.version for shown in ShownText.objects.filter(interpretation=text).order_by("pk")] == [
        1,
        2,
        3,
    ]


def test_the_same_rules_again_are_no_new_state(study: Study) -> None:
    assert actions.save_rules(study=study, rules=Rules(), by=study.created_by) is None
    row = actions.save_rules(study=study, rules=Rules(emoji=False), by=study.created_by)
    assert row is not None
    assert row.number == 1


def test_a_yes_is_to_what_was_seen(arm: Arm, text: Interpretation) -> None:
    seen = state(arm).fingerprint
    redact(text, "effusion")
    with pytest.raises(GenerationError, match="changed while you looked"):
        approve(arm, fingerprint=seen)
    approve(arm, fingerprint=state(arm).fingerprint)


def test_what_still_tells_needs_a_reason(arm: Arm) -> None:
    make_output(arm, make_case(arm.study), text="As an AI language model I cannot say.")
    with pytest.raises(GenerationError, match="still say who wrote them"):
        approve(arm)
    approval = approve(arm, reason="A refusal is part of the study.")
    assert (approval.telling, approval.texts) == (1, 2)


def test_words_are_hidden_with_a_reason_and_put_back(arm: Arm, text: Interpretation) -> None:
    redact(text, "effusion,  3.5\nmm")
    newest = ShownText.objects.filter(interpretation=text).newest().get()
    assert newest.text == LEVELLED.replace("effusion, 3.5 mm", "[…]")
    assert newest.redacted == 1
    redact(text, "effusion,  3.5\nmm", reason="A finding.", hides=False)
    assert ShownText.objects.filter(interpretation=text).newest().get().text == LEVELLED


@pytest.mark.parametrize(
    ("words", "reason", "more", "sentence"),
    [
        ("effusion", " ", {}, "needs a reason"),
        ("pneumothorax", "why", {}, "do not stand in the text"),
        ("Certainly!", "why", {}, "do not stand in the text"),
        ("", "why", {}, "do not stand in the text"),
        ("effusion", "why", {"hides": False}, "are not hidden"),
    ],
)
def test_a_redaction_that_makes_no_sense_is_refused(
    text: Interpretation, words: str, reason: str, more: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(GenerationError, match=sentence):
        redact(text, words, reason, **more)


def test_a_redaction_outlives_a_change_of_the_rules(arm: Arm, text: Interpretation) -> None:
    redact(text, "effusion")
    actions.save_rules(study=arm.study, rules=Rules(headings=False), by=arm.study.created_by)
    approve(arm)
    shown = ShownText.objects.filter(interpretation=text).newest().get().text
    assert "## Findings" in shown
    assert "effusion" not in shown


def test_the_audit_names_no_words(arm: Arm, text: Interpretation) -> None:
    from readerstudy.audit.models import Event

    redact(text, "effusion", reason="why")
    event = Event.objects.get(verb="texts.redact")
    assert "effusion" not in f"{event.subject}{event.data}"


@pytest.mark.parametrize("table", ["showntext", "redaction", "textrules", "armapproval"])
def test_nothing_of_it_is_changed_or_deleted(
    study: Study, arm: Arm, text: Interpretation, table: str
) -> None:
    actions.save_rules(study=study, rules=Rules(emoji=False), by=study.created_by)
    redact(text, "effusion")
    approve(arm)
    model = {
        "showntext": ShownText, "redaction": Redaction, "textrules": TextRules, "armapproval": ArmApproval
    }[table]  # fmt: skip
    for deed in (lambda: model.objects.update(id=F("id")), lambda: model.objects.all().delete()):
        with pytest.raises(DatabaseError), transaction.atomic():
            deed()


def test_readers_get_the_levelled_text_alone(study: Study, arm: Arm, text: Interpretation) -> None:
    make_criterion(study)
    redact(text, "3.5 mm")
    seat = make_reader(study)
    freeze(study)
    start_study(study=study, by=study.created_by)
    reader = Client()
    reader.force_login(seat.user)
    pages = [
        html.unescape(reader.get(reverse("reading:read", args=[study.key, row.key])).content.decode())
        for row in Allocation.objects.of(seat)
    ]
    assert len(pages) == 2
    for page in pages:
        assert "OpenAI" not in page
        assert "Certainly" not in page
        assert "No effusion" in page
    assert sum("[…]" in page for page in pages) == 1


# --- The pages -----------------------------------------------------------------------------------------------
def test_the_page_of_an_arm_tells_what_changes_and_takes_a_yes(
    client: Client, study: Study, arm: Arm
) -> None:
    page = client.get(url(study, "levelled", arm.pk)).content.decode()
    assert re.search(r"<del><span class=\"unseen\">removed: </span>\s*Certainly!", page)
    assert "[name]" in page
    fingerprint = state(arm).fingerprint
    answer = client.post(url(study, "approve_arm", arm.pk), {"fingerprint": fingerprint}, follow=True)
    assert "The texts of “One” are approved." in answer.content.decode()
    assert client.get(url(study, "levelled", arm.pk) + "?only=telling").status_code == 200
    answer = client.post(url(study, "approve_arm", arm.pk), {"fingerprint": "0" * 64}, follow=True)
    assert "changed while you looked" in answer.content.decode()


def test_words_are_hidden_and_put_back_by_the_page(
    client: Client, study: Study, text: Interpretation
) -> None:
    where = url(study, "redact", text.pk)
    client.post(where, {"words": "effusion", "reason": "why"})
    page = client.get(url(study, "levelled", text.generation.arm_id)).content.decode()
    assert "Hidden by" in page
    client.post(where, {"words": "effusion", "reason": "put back", "restore": "on"})
    assert not Redaction.objects.filter(interpretation=text).standing().exists()
    answer = client.post(where, {"words": "nowhere", "reason": "why"}, follow=True)
    assert "do not stand in the text" in answer.content.decode()


def test_rules_are_changed_by_the_page(client: Client, study: Study) -> None:
    client.post(url(study, "text_rules"), {"names": "on", "neutral": "[model]"})
    row = TextRules.objects.get(study=study)
    assert Rules.from_json(row.document) == Rules.from_json(
        {**Rules.none().to_json(), "names": True, "neutral": "[model]"}
    )


def test_a_text_and_an_arm_of_another_study_are_not_found(client: Client, study: Study) -> None:
    other = make_study()
    foreign = make_output(make_arm(other), make_case(other))
    assert client.get(url(study, "levelled", foreign.generation.arm_id)).status_code == 404
    assert client.post(url(study, "approve_arm", foreign.generation.arm_id)).status_code == 404
    assert client.post(url(study, "redact", foreign.pk), {"words": "a", "reason": "b"}).status_code == 404
