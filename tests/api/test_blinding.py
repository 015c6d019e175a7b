"""Law 1 where a reader's program asks: swap the models behind two arms, and every byte stays the same."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.test import Client
from django.urls import reverse

from readerstudy.reading.actions import start_study
from readerstudy.studies.models import Role, Study
from tests import factories
from tests.api.programs import program_of, rate_some
from tests.api.test_reach import TABLE

pytestmark = pytest.mark.django_db

Answer = tuple[int, dict[str, str], bytes]

NOON = dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.UTC)
MODELS: list[dict[str, Any]] = [
    {"name": "Acme Vision", "connection": "simulated-openai", "model": "acme-vision-4"},
    {"name": "Zebra Med", "connection": "simulated-gemini", "model": "zebra-med-pro", "is_simulated": False},
]
TEXTS = ["The lungs are clear.", "I cannot help with this image."]
SECRETS = [
    "acme",
    "zebra",
    "simulated-openai",
    "simulated-gemini",
    "lungs",
    "cannot help",
    "truth-a",
    "truth-b",
]


def build(models: list[dict[str, Any]], texts: list[str]) -> Study:
    study = factories.make_study()
    Study.objects.filter(pk=study.pk).update(key="blindstudy", seed=77)
    study.refresh_from_db()
    arms = [factories.make_arm(study, **model) for model in models]
    factories.make_criterion(study)
    for number in range(2):
        case = factories.make_case(study, label=["truth-a", "truth-b"][number])
        for arm, text in zip(arms, texts, strict=True):
            verdict = "full_refusal" if text == texts[1] else "answer"
            factories.make_output(arm, case, text=text, verdict=verdict)
    factories.make_reader(study)
    factories.freeze(study)
    study = start_study(study=study, by=study.created_by)
    rate_some(study, readings=1)
    return study


def ask_everything(study: Study) -> dict[str, Answer]:
    """Every address of the API with a reader's token, and the page with the tokens."""
    got: dict[str, Answer] = {}
    seat = study.memberships.select_related("user", "study").get(role=Role.READER)
    program = program_of(seat)
    for method, path, body, _answers in TABLE:
        response = program.ask(method, path.format(key=study.key, transfer="0" * 32), body(study))
        got[f"{method} {path}"] = response.status_code, dict(response.headers), response.content
    browser = Client()
    browser.force_login(seat.user)
    page = browser.get(reverse("api:tokens", args=[study.key]))
    got["page"] = (
        page.status_code,
        {},
        without_masks(page.content, page.context["csrf_token"], seat.user.email),
    )
    return got


def everything_a_reader_gets(models: list[dict[str, Any]], texts: list[str]) -> dict[str, Answer]:
    """Builds the study, asks everything at a standing clock, and takes it all back."""
    with time_machine.travel(NOON, tick=False), transaction.atomic():
        got = ask_everything(build(models, texts))
        transaction.set_rollback(True)
    return got


def without_masks(content: bytes, csrf_token: Any, name: str) -> bytes:
    """The page without Django's per-request mask, its own numbers and the test's running numbers."""
    page = content.decode().replace(str(csrf_token), "").replace(name, "")
    return "".join(sign for sign in page if not sign.isdigit()).encode()


def test_swapping_the_models_changes_no_byte_of_what_a_readers_program_gets() -> None:
    one = everything_a_reader_gets(MODELS, TEXTS)
    assert {where for where, (status, _headers, _body) in one.items() if status == 200} == {
        "GET studies/",
        "GET studies/{key}/readings/progress/",
        "page",
    }
    assert one == everything_a_reader_gets(MODELS[::-1], TEXTS[::-1])
    assert one == everything_a_reader_gets(MODELS[::-1], TEXTS)


def test_no_model_arm_output_or_label_occurs_in_what_a_readers_program_gets() -> None:
    for where, (_status, headers, body) in everything_a_reader_gets(MODELS, TEXTS).items():
        everything = f"{headers} {body.decode()}".lower()
        assert not [secret for secret in SECRETS if secret in everything], where
