"""Functions that make the records a test needs, through the product's own actions."""

from __future__ import annotations

import hashlib
import io
import itertools
import uuid
from functools import cache
from typing import Any

import numpy as np
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone
from PIL import Image as Picture

from readerstudy.accounts.actions import create_account, save_profile
from readerstudy.accounts.models import User
from readerstudy.cases.models import (
    Attestation,
    Case,
    Image,
    ImageSet,
    ImageTerms,
    Recipients,
    ReferenceStandard,
    Rendition,
    Upload,
)
from readerstudy.generation import actions
from readerstudy.generation.blinding.levelled import arms_of
from readerstudy.generation.models import (
    Attempt,
    FrozenSet,
    Generation,
    Interpretation,
    RefusalVerdict,
    Verdict,
)
from readerstudy.generation.running.progress import flagged_of
from readerstudy.providers.prompts import Prompt
from readerstudy.reading.actions import start_study
from readerstudy.studies import actions as studies
from readerstudy.studies.models import (
    Arm,
    ArmKind,
    Criterion,
    Membership,
    PromptVersion,
    Role,
    Study,
    Unblinding,
)
from readerstudy.studies.rubrics.documents import yes_no

_numbers = itertools.count(1)

FIVE_POINTS = [
    {"value": "1", "label": "Mostly wrong"},
    {"value": "2", "label": "Several errors"},
    {"value": "3", "label": "Some errors"},
    {"value": "4", "label": "Minor slip"},
    {"value": "5", "label": "Nothing wrong"},
]


def make_user(*, email: str = "", **flags: Any) -> User:
    return create_account(
        email=email or f"person{next(_numbers)}@example.org", password="correct horse battery", **flags
    )


def make_study(*, by: User | None = None, title: str = "Chest radiographs", **changes: Any) -> Study:
    study = studies.create_study(title=title, by=by or make_user())
    Attestation.objects.create(study=study, by=study.created_by, sentence="Names were removed.")
    return studies.change_study(study=study, changes=changes, by=study.created_by) if changes else study


def make_prompt(
    study: Study, *, name: str = "", task: str = "Describe the findings.", **blocks: Any
) -> PromptVersion:
    prompt = Prompt(task=task, **blocks)
    return studies.save_prompt(
        study=study, name=name or f"Prompt {next(_numbers)}", prompt=prompt, by=study.created_by
    )


def make_arm(study: Study, *, name: str = "", **fields: Any) -> Arm:
    """An arm; `prompt` may be the words of its task."""
    prompt = fields.pop("prompt", "Describe the findings.")
    wanted = {
        "name": name or f"Model {next(_numbers)}",
        "kind": "model",
        "connection": "simulated-openai",
        "model": "sim-alpha",
        "is_simulated": True,
        **fields,
    }
    if wanted["kind"] == ArmKind.MODEL:
        wanted["prompt"] = make_prompt(study, task=prompt) if isinstance(prompt, str) else prompt
    return studies.save_arm(study=study, fields=wanted, by=study.created_by)


def make_criterion(
    study: Study, *, key: str = "correctness", kind: str = "likert", **fields: Any
) -> Criterion:
    options = {"likert": FIVE_POINTS, "yes_no": yes_no()}.get(kind, [])
    wanted = {
        "key": key,
        "kind": kind,
        "question": key.capitalize(),
        "options": options,
        "acceptable_from": 4,
    }
    return studies.save_criterion(study=study, fields={**wanted, **fields}, by=study.created_by)


def make_member(study: Study, role: Role = Role.READER, user: User | None = None) -> Membership:
    return studies.add_member(study=study, user=user or make_user(), role=role, by=study.created_by)


def make_reader(study: Study, **flags: Any) -> Membership:
    """A reader who has a profile and has consented."""
    seat = make_member(study, user=make_user(**flags))
    save_profile(user=seat.user, name=f"Reader {seat.seat}", specialty="radiology", years_experience=12)
    studies.give_consent(seat=seat, by=seat.user)
    seat.refresh_from_db()
    return seat


def make_case(study: Study, *, label: str = "", confirmed: bool = True, **fields: Any) -> Case:
    """A case with one small confirmed image whose renditions are stored."""
    position = Case.objects.filter(study=study).count()
    case = Case.objects.create(study=study, position=position, code=f"C{position + 1:03d}", **fields)
    if label:
        ReferenceStandard.objects.create(study=study, case=case, label=label)
    make_image(case, confirmed=confirmed)
    return case


def make_image_set(study: Study) -> ImageSet:
    """The set of all images that are made here; its terms allow any model."""
    image_set, is_new = ImageSet.objects.get_or_create(study=study, created_by=study.created_by, name="Made")
    if is_new:
        said = {"source": "Made for this test", "recipients": Recipients.ANY, "stated_by": study.created_by}
        ImageTerms.objects.create(image_set=image_set, number=1, **said)
    return image_set


def make_image(case: Case, *, slot: str = "current", confirmed: bool = True) -> Image:
    image_set = make_image_set(case.study)
    now, by = (timezone.now(), case.study.created_by) if confirmed else (None, None)
    image = Image.objects.create(
        case=case,
        slot=slot,
        key=uuid.uuid4().hex,
        meta=_META,
        confirmed_at=now,
        confirmed_by=by,
    )
    name = f"{case.code}.png"
    Upload.objects.create(image_set=image_set, original_name=name, fate="rendered", image=image)
    for kind, mime, name in (
        ("full", "image/png", "PNG"),
        ("display", "image/png", "PNG"),
        ("preview", "image/webp", "WEBP"),
    ):
        _make_rendition(image, kind, mime, name)
    return image


def make_output(
    arm: Arm,
    case: Case,
    *,
    text: str = "The lungs are clear.",
    verdict: str = "answer",
    is_sure: bool = True,
) -> Interpretation:
    """A finished generation with its interpretation and automatic verdict."""
    generation = Generation.objects.create(arm=arm, case=case, stage="done", finished_at=timezone.now())
    attempt = Attempt.objects.create(
        generation=generation, number=1, key=uuid.uuid4().hex, outcome="answered"
    )
    digest = hashlib.sha256(text.encode()).hexdigest()
    interpretation = Interpretation.objects.create(
        generation=generation, attempt=attempt, text=text, sha256=digest
    )
    declined = verdict in {"full_refusal", "deferral", "safety_block"}
    RefusalVerdict.objects.create(
        interpretation=interpretation, verdict=verdict, declined=declined, signal="rule", is_sure=is_sure
    )
    return interpretation


def make_ready_study(*, cases: int = 4, arms: int = 2, readers: int = 2, **changes: Any) -> Study:
    """A draft that nothing keeps from starting: every output's text names its case and arm."""
    study = make_study(**changes)
    made_arms = [
        make_arm(study, name=f"Arm {number}", model=f"model-{number}") for number in range(1, arms + 1)
    ]
    make_criterion(study)
    for number in range(cases):
        case = make_case(study, label="abnormal" if number % 2 else "normal")
        for arm in made_arms:
            make_output(arm, case, text=f"Text {arm.position} about {case.code}.\n\nClassification: normal")
    for _number in range(readers):
        make_reader(study)
    freeze(study)
    return study


def freeze(study: Study) -> FrozenSet:
    """A coordinator confirms what was flagged, says yes to every arm, and freezes the outputs."""
    for verdict in flagged_of(study).select_related("interpretation__generation__arm"):
        actions.overrule(
            interpretation=verdict.interpretation, verdict=Verdict(verdict.verdict), by=study.created_by
        )
    for state in arms_of(study):
        if not state.is_approved:
            actions.approve_arm(arm=state.arm, reason="They may stay.", by=study.created_by)
    return actions.freeze_outputs(study=study, by=study.created_by)


def name_arms(study: Study) -> Study:
    """Ends the blind of a study in whatever state it is, so that a test can tell its arms apart."""
    Unblinding.objects.create(study=study, is_planned=True, reason="For a test.", by=study.created_by)
    return study


def make_running_study(**wanted: Any) -> Study:
    study = make_ready_study(**wanted)
    return start_study(study=study, by=study.created_by)


_META = {
    "kind": "rgb8",
    "width": 32,
    "height": 24,
    "bits": 8,
    "frames": 1,
    "offset": 0,
    "scale": 1,
    "windows": [],
    "default_window": None,
    "inverted": False,
    "spacing_mm": None,
    "spacing_kind": None,
}


@cache
def _encoded(seed: int, name: str) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 256, (24, 32, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Picture.fromarray(pixels).save(buffer, name)
    return buffer.getvalue()


def _make_rendition(image: Image, kind: str, mime: str, name: str) -> None:
    content = _encoded(image.case.position, name)
    stored = default_storage.save(f"renditions/{image.key}-{kind}", ContentFile(content))
    Rendition.objects.create(
        image=image,
        kind=kind,
        stored=stored,
        mime=mime,
        width=32,
        height=24,
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
    )
