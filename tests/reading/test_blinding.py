"""Law 1: swap the models behind two arms, and every byte that reaches a reader stays the same but for the texts."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.test import Client
from django.urls import get_resolver, reverse

from readerstudy.reading.actions import start_study
from readerstudy.reading.models import Adjudication, Allocation
from readerstudy.studies.actions import save_criterion, set_section
from readerstudy.studies.models import Membership, Study
from readerstudy.studies.models.criterion import Phase
from tests import factories
from tests.reading.disputes import answer, make_adjudicator, submit
from tests.reading.path_worlds import TIRED

pytestmark = pytest.mark.django_db

NOON = dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.UTC)
MODELS = [
    {"name": "Acme Vision", "connection": "simulated-openai", "model": "acme-vision-4", "is_simulated": True},
    {
        "name": "Zebra Med",
        "connection": "simulated-gemini",
        "model": "zebra-med-pro-2026",
        "is_simulated": False,
    },
]
TEXTS = [
    "The lungs are clear. <b>No</b> effusion.",
    "Zebra stripes:\n\n- cardiomegaly\n- **effusion** https://zebra.example",
]
SECRETS = [
    "acme",
    "zebra med",
    "zebra-med",
    "simulated-openai",
    "simulated-gemini",
    "normal-reference",
    "abnormal-reference",
]

Answer = tuple[int, dict[str, str], bytes]


def two_questions(study: Study) -> None:
    factories.make_criterion(study)
    factories.make_criterion(study, key="note", kind="free_text", acceptable_from=None, is_required=False)


def build(models: list[dict[str, object]], texts: list[str]) -> Study:
    return build_with(models, texts, two_questions, {})


def build_with(
    models: list[dict[str, object]],
    texts: list[str],
    criteria: Callable[[Study], None],
    sections: Mapping[str, Any],
    cases: int = 3,
    practice: int = 0,
) -> Study:
    study = factories.make_study(instructions="Judge the text.")
    Study.objects.filter(pk=study.pk).update(key="blindstudy", seed=77)
    study.refresh_from_db()
    arms = [factories.make_arm(study, **model) for model in models]
    criteria(study)
    for name, content in sections.items():
        set_section(study=study, name=name, content=content, by=study.created_by)
    for number in range(cases):
        case = factories.make_case(
            study,
            label=["normal-reference", "abnormal-reference"][number % 2],
            strata={"site": "A"},
            purpose="practice" if number < practice else "study",
        )
        factories.make_image(case, slot="prior")
        for arm, text in zip(arms, texts, strict=True):
            factories.make_output(
                arm, case, text=text, verdict="full_refusal" if text == texts[1] else "answer"
            )
    factories.make_reader(study, email="reader@example.org")
    factories.freeze(study)
    return start_study(study=study, by=study.created_by)


def everything_a_reader_gets(study: Study) -> Iterator[tuple[str, Answer]]:
    """Walks the whole room as a reader: pages, fragments, images, saves, refusals, errors."""
    seat = study.memberships.get(role="reader")
    client = Client()
    client.force_login(seat.user)

    def ask(method: str, url: str, data: dict[str, str] | None = None, **headers: str) -> tuple[str, Answer]:
        response = getattr(client, method)(url, data or {}, headers=headers)
        body = b"".join(response.streaming_content) if response.streaming else response.content
        return f"{method} {url} {sorted((data or {}).items())} {headers}", (
            response.status_code,
            dict(response.headers),
            body,
        )

    for name in ("start", "resume", "background", "tutorial", "screen", "exit", "certificate"):
        yield ask("get", reverse(f"reading:{name}", args=[study.key]))
    for name in ("background", "screen", "practise_again", "exit", "sign", "tutorial"):
        yield ask("post", reverse(f"reading:{name}", args=[study.key]))
    yield ask("post", reverse("reading:background", args=[study.key]), {"role": "consultant"})
    for allocation in Allocation.objects.of(seat):
        here = [study.key, allocation.key]
        yield ask("get", reverse("reading:read", args=here))
        yield ask("get", reverse("reading:read", args=here), HX_Request="true")
        for slot in ("current", "prior"):
            for product in ("meta", "preview", "full-0", "full-1", "display-0"):
                yield ask(
                    "get", reverse("reading:image", args=[study.key, allocation.case_key, slot, product])
                )
        letter = allocation.outputs.get().letter
        rating = {"output": letter, "criterion": "correctness", "value": "4"}
        token = str(uuid.UUID(int=allocation.position))
        yield ask("post", reverse("reading:submit", args=here), HX_Request="true")
        yield ask("post", reverse("reading:submit", args=here))
        yield ask("post", reverse("reading:rate", args=here), {**rating, "token": token, "value": "9"})
        yield ask("post", reverse("reading:rate", args=here), {**rating, "token": token})
        yield ask("post", reverse("reading:rate", args=here), {**rating, "token": token})
        yield ask("post", reverse("reading:rate", args=here), {**rating, "token": token, "output": "Z"})
        yield ask("post", reverse("reading:rate", args=here), {})
        hx = {"HX_Request": "true"} if allocation.position % 2 else {}
        yield ask("post", reverse("reading:submit", args=here), **hx)
        yield ask("get", reverse("reading:feedback", args=here))
    yield from after_the_last_case(study, ask)
    yield ask("post", reverse("reading:stop", args=[study.key]))
    yield ask("get", reverse("studies:list"))
    yield ask("get", reverse("accounts:account"))
    for name in COORDINATORS_PAGES:
        yield ask("get", reverse(name, args=[study.key]))


def after_the_last_case(study: Study, ask: Callable[..., tuple[str, Answer]]) -> Iterator[tuple[str, Answer]]:
    """Pause, last questions where there are any, signature and certificate."""
    for name in ("start", "pause", "exit"):
        yield ask("get", reverse(f"reading:{name}", args=[study.key]))
    for fatigue in ("9", "", "2"):
        yield ask("post", reverse("reading:exit", args=[study.key]), {"case-fatigue": fatigue})
    yield ask("post", reverse("reading:sign", args=[study.key]), {"printed_name": ""})
    signed = {"printed_name": "Dr Example", "password": "correct horse battery"}
    yield ask("post", reverse("reading:sign", args=[study.key]), signed)
    yield ask("get", reverse("reading:start", args=[study.key]))
    yield ask("get", reverse("reading:certificate", args=[study.key]))


COORDINATORS_PAGES = [
    "studies:detail",
    "studies:arms",
    "studies:audit",
    "reading:readers",
    "reading:allocation",
]


def walk(
    models: list[dict[str, object]],
    texts: list[str],
    made: Callable[[list[dict[str, object]], list[str]], Study] = build,
) -> dict[str, Answer]:
    """Builds the study, walks it at a standing clock, and takes everything back."""
    seen: dict[str, Answer] = {}
    with transaction.atomic(), time_machine.travel(NOON, tick=False):
        seen.update(everything_a_reader_gets(made(models, texts)))
        transaction.set_rollback(True)
    return {where: (status, headers, normal(body, texts)) for where, (status, headers, body) in seen.items()}


def normal(body: bytes, texts: list[str]) -> bytes:
    """The bytes with Django's per-request masks and the interpretation's own paragraphs taken out."""
    if not body.lstrip().startswith((b"<", b"\n")):
        return body
    page = unmasked(body).decode()
    return re.sub(r'(<div class="written shown" dir="auto">).*?(</div>)\s*', "", page, flags=re.S).encode()


def unmasked(body: bytes) -> bytes:
    """The bytes with Django's per-request masks taken out."""
    masks = rb'(csrfmiddlewaretoken" value="|X-CSRFToken": "|X-CSRFToken&quot;: &quot;)[A-Za-z0-9]{64}'
    return re.sub(masks, rb"\1", body)


def unsized(headers: dict[str, str], body: bytes) -> dict[str, str]:
    """Pages that hold the text differ in length by it; everything else must not."""
    return {name: value for name, value in headers.items() if name not in {"Content-Length", "Set-Cookie"}}


def test_swapping_the_models_behind_two_arms_changes_nothing_but_the_texts() -> None:
    one, other = walk(MODELS, TEXTS), walk(MODELS[::-1], TEXTS[::-1])
    assert one.keys() == other.keys()
    assert len(one) > 80
    for where, (status, headers, body) in one.items():
        swapped = other[where]
        assert (status, unsized(headers, body)) == (swapped[0], unsized(swapped[1], swapped[2])), where
        assert body == swapped[2], where


def whole_path(models: list[dict[str, object]], texts: list[str]) -> Study:
    """The same study with two practice cases, expected answers, a tutorial, questions about readers and at the end."""
    key = [
        {"case": code, "criterion": "correctness", "answer": 4, "explanation": "Look at the angle."}
        for code in ("C001", "C002")
    ]
    sections = {
        "phases": {"practice": {"cases": ["C001", "C002"], "pass_mark": 0.5, "key": key}, "break_cases": 1},
        "readers": {"profile": ["role"]},
        "texts": {"en": {"tutorial": ["Look at the image first."]}},
    }
    return build_with(models, texts, questions_and_last_ones, sections, cases=5, practice=2)


def questions_and_last_ones(study: Study) -> None:
    two_questions(study)
    save_criterion(study=study, fields=TIRED, by=study.created_by, phase=Phase.EXIT)


def test_swapping_the_models_changes_nothing_along_the_whole_path() -> None:
    one = walk(MODELS, TEXTS, whole_path)
    other = walk(MODELS[::-1], TEXTS[::-1], whole_path)
    assert one.keys() == other.keys()
    feedback = [body for where, (status, _h, body) in one.items() if "/feedback/" in where and status == 200]
    assert len(feedback) == 2
    assert any(body.startswith(b"%PDF-") for _status, _headers, body in one.values())
    for where, (status, headers, body) in one.items():
        swapped = other[where]
        assert (status, unsized(headers, body)) == (swapped[0], unsized(swapped[1], swapped[2])), where
        assert unnumbered(body) == unnumbered(swapped[2]), where
        everything = f"{where} {headers} {body.decode(errors='replace')}".lower()
        assert not [secret for secret in SECRETS[:5] if secret in everything], where


def unnumbered(body: bytes) -> bytes:
    """The bytes without the random tokens of the last questions."""
    return re.sub(rb'(@token" value=")[0-9a-f-]{36}', rb"\1", body)


def disputed_by(by: str) -> Callable[[list[dict[str, object]], list[str]], Study]:
    """The same study with a second reader, and a rule that both readers set off on every case."""

    def made(models: list[dict[str, object]], texts: list[str]) -> Study:
        section = {"by": by, "rules": [{"criterion": "correctness", "trigger": "gap", "limit": 2}]}
        study = build_with(models, texts, with_second_reader, {"adjudication": section})
        # The same text gets the same answers, whichever arm it comes from.
        for place, seat in enumerate(Membership.objects.readers(study).select_related("user")):
            for allocation in Allocation.objects.of(seat).select_related("seat__study", "seat__user"):
                answer(allocation, "correctness", ("1", "5")[place], allocation.outputs.get().letter)
                submit(allocation)
        make_adjudicator(study, email="adjudicator@example.org")
        return study

    return made


def with_second_reader(study: Study) -> None:
    two_questions(study)
    factories.make_reader(study, email="second@example.org")


def everything_an_adjudicator_gets(study: Study) -> Iterator[tuple[str, Answer]]:
    """Walks the pages of settling: queue, screen, fragment, images, saves, refusals, the next one."""
    client = Client()
    client.force_login(study.memberships.get(role="adjudicator").user)

    def ask(method: str, name: str, *here: str, data: Any = None, **headers: str) -> tuple[str, Answer]:
        url = reverse(f"reading:{name}", args=[study.key, *here])
        response = getattr(client, method)(url, data or {}, headers=headers)
        body = b"".join(response.streaming_content) if response.streaming else response.content
        where = f"{method} {url} {sorted((data or {}).items())} {headers}"
        return where, (response.status_code, dict(response.headers), body)

    yield ask("get", "adjudicate")
    for number in range(6):
        yield ask("post", "adjudicate_next", **({"HX_Request": "true"} if number % 2 else {}))
        opened = Adjudication.objects.get(plan__study=study, ended_at=None)
        yield ask("get", "adjudication", opened.key)
        yield ask("get", "adjudication", opened.key, HX_Request="true")
        for product in ("meta", "preview", "full-0", "full-1"):
            yield ask("get", "adjudication_image", opened.case_key, "prior", product)
        sent = {"output": "A", "criterion": "correctness", "value": "3", "token": str(uuid.UUID(int=number))}
        yield ask("post", "finish_adjudication", opened.key)
        yield ask("post", "finish_adjudication", opened.key, HX_Request="true")
        for wrong in ({}, sent | {"value": "9"}, sent | {"criterion": "note"}, sent):
            yield ask("post", "settle", opened.key, data=wrong)
        yield ask("post", "finish_adjudication", opened.key, HX_Request="true")
        yield ask("get", "adjudication", opened.key)
    yield ask("get", "adjudicate")
    yield ask("post", "stop_adjudicating")


def walk_settling(models: list[dict[str, object]], texts: list[str], by: str) -> dict[str, Answer]:
    seen: dict[str, Answer] = {}
    with transaction.atomic(), time_machine.travel(NOON, tick=False):
        seen.update(everything_an_adjudicator_gets(disputed_by(by)(models, texts)))
        transaction.set_rollback(True)
    return {where: (status, headers, normal(body, texts)) for where, (status, headers, body) in seen.items()}


@pytest.mark.parametrize("by", ["third_reader", "panel"])
def test_swapping_the_models_changes_nothing_for_an_adjudicator(by: str) -> None:
    one, other = walk_settling(MODELS, TEXTS, by), walk_settling(MODELS[::-1], TEXTS[::-1], by)
    assert one.keys() == other.keys()
    assert len(one) > 70
    for where, (status, headers, body) in one.items():
        swapped = other[where]
        assert (status, unsized(headers, body)) == (swapped[0], unsized(swapped[1], swapped[2])), where
        assert body == swapped[2], where
        everything = f"{where} {headers} {body.decode(errors='replace')}".lower()
        assert not [secret for secret in SECRETS if secret in everything], where
        assert not re.search(r"r0[12]\b|reader@example|second@example", everything), where


def test_the_walk_reaches_every_address_of_settling() -> None:
    """A new address for adjudicators has to join the walk above."""
    from readerstudy.reading.urls import urlpatterns

    names = {pattern.name for pattern in urlpatterns if str(pattern.pattern).startswith("adjudicate/")}
    assert names == {
        "adjudicate",
        "adjudicate_next",
        "stop_adjudicating",
        "adjudication",
        "settle",
        "finish_adjudication",
        "adjudication_image",
    }


def test_changing_the_models_under_the_same_texts_changes_no_byte() -> None:
    one, other = walk(MODELS, TEXTS), walk(MODELS[::-1], TEXTS)
    assert {where: (status, body) for where, (status, _headers, body) in one.items()} == {
        where: (status, body) for where, (status, _headers, body) in other.items()
    }


def test_no_model_arm_label_or_stratum_occurs_in_anything_a_reader_gets() -> None:
    for where, (_status, headers, body) in walk(MODELS, TEXTS).items():
        everything = f"{where} {headers} {body.decode(errors='replace')}".lower()
        assert not [secret for secret in SECRETS if secret in everything], where


def test_the_walk_reaches_every_address_of_the_reading_room() -> None:
    """A new address for readers has to join the walk above."""
    patterns = get_resolver().reverse_dict
    assert patterns
    from readerstudy.reading.urls import urlpatterns

    names = {pattern.name for pattern in urlpatterns if str(pattern.pattern).startswith("read/")}
    around = {
        "background",
        "tutorial",
        "screen",
        "practise_again",
        "feedback",
        "pause",
        "exit",
        "sign",
        "certificate",
    }
    assert names == {"start", "consent", "resume", "stop", "read", "rate", "submit", "image", *around}
