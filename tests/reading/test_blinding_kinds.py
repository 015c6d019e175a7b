"""Law 1 for every kind of question and every display: the models behind the texts change no byte."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.test import Client

from readerstudy.reading.models import Allocation
from readerstudy.reading.presenting import presentation_of
from readerstudy.reading.questions import Presentation
from readerstudy.studies.models import Study
from tests.reading import worlds
from tests.reading.test_blinding import MODELS, NOON, SECRETS, Answer, build_with, unmasked
from tests.reading.worlds import SIDES, address, ask, signed_in

pytestmark = pytest.mark.django_db
TEXTS = [worlds.LONG, "The lungs are clear. No effusion."]
PAIRED = {"plan": "crossed", "outputs": "together"}
DISPLAYS = ["single", "side_by_side", "against_reference", "transcript", "steps", "overlays", "image_pair"]


def every_kind(study: Study) -> None:
    for key in worlds.KINDS:
        ask(study, key)


def pairs(study: Study) -> None:
    ask(study, "better", "comparative", applies_to="pair", options=SIDES)
    ask(study, "order", "ranking", applies_to="pair", options=[])
    ask(study, "each", "likert")


def stages(study: Study) -> None:
    ask(study, "own", "single_choice", applies_to="case", stage="before")
    ask(study, "agree", "yes_no", stage="after")
    ask(study, "step", "grid", applies_to="step", stage="after")


def walked(allocation: Allocation) -> Iterator[tuple[str, Answer]]:
    """Everything a reader gets at one presentation: the page, answers to each question, both stages."""
    client = signed_in(allocation.seat)
    asked: Presentation = presentation_of(allocation)
    yield from _ask(client, "read", allocation, {})
    for number, question in enumerate(asked.questions):
        sent = {"output": question.letter, "criterion": question.criterion.key, "part": question.part_key}
        for value in ("1", "[]"):
            token = str(uuid.UUID(int=allocation.position * 10000 + number * 10 + len(value)))
            yield from _ask(client, "rate", allocation, {**sent, "value": value, "token": token})
    for stage in ("before", ""):
        yield from _ask(client, "submit", allocation, {"stage": stage}, HX_Request="true")
        yield from _ask(client, "submit", allocation, {"stage": stage})
    yield from _ask(client, "read", allocation, {}, HX_Request="true")


def _ask(
    client: Client, name: str, allocation: Allocation, sent: dict[str, str], **headers: str
) -> Iterator[tuple[str, Answer]]:
    method = client.get if name == "read" else client.post
    response = method(address(name, allocation), sent, headers=headers)
    where = f"{name} {allocation.position} {sorted(sent.items())} {headers}"
    yield where, (response.status_code, dict(response.headers), response.content)


def walk(
    models: list[dict[str, object]], texts: list[str], criteria: Any, **sections: Any
) -> dict[str, Answer]:
    seen: dict[str, Answer] = {}
    with transaction.atomic(), time_machine.travel(NOON, tick=False):
        study = build_with(models, texts, criteria, sections, cases=1)
        seat = study.memberships.get(role="reader")
        for allocation in Allocation.objects.of(seat):
            seen.update(walked(allocation))
        transaction.set_rollback(True)
    return {where: (status, {}, unmasked(body)) for where, (status, _headers, body) in seen.items()}


@pytest.mark.parametrize(
    ("criteria", "sections"),
    [
        (every_kind, {}),
        (pairs, {"allocation": PAIRED, "display": {"layout": "side_by_side"}}),
        (stages, {"display": {"layout": "steps", "reveal": "after_own_answer"}}),
        *((every_kind, {"display": {"layout": layout}}) for layout in DISPLAYS[2:4]),
    ],
)
def test_the_models_behind_the_texts_change_no_byte(criteria: Any, sections: Any) -> None:
    one = walk(MODELS, TEXTS, criteria, **sections)
    other = walk(MODELS[::-1], TEXTS, criteria, **sections)
    assert one == other
    assert len(one) > 12
    everything = " ".join(body.decode(errors="replace") for _status, _headers, body in one.values()).lower()
    hidden = [
        secret for secret in SECRETS if not secret.endswith("reference") or "against" not in str(sections)
    ]
    assert not [secret for secret in hidden if secret in everything]


def test_before_the_own_answer_is_locked_even_the_texts_change_no_byte() -> None:
    display = {"layout": "single", "reveal": "after_own_answer"}
    one = walk(MODELS, TEXTS, stages, display=display)
    other = walk(MODELS, TEXTS[::-1], stages, display=display)
    first = [where for where in one if where.startswith("read") and "HX" not in where]
    assert first
    for where in first:
        assert one[where] == other[where]
        assert not re.search(r"lungs|heart|effusion", one[where][2].decode())
