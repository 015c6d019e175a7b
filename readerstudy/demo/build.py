"""Builds the demonstration study through the product's own actions, each step only if it is not done yet."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

from django.core.files.base import ContentFile
from django.db.models import Q

from readerstudy.accounts.actions import create_account, save_profile
from readerstudy.accounts.models import User
from readerstudy.cases.actions import (
    attest,
    confirm_images,
    import_labels,
    open_image_set,
    receive_upload,
    set_purpose,
    state_terms,
)
from readerstudy.cases.labels import read_labels
from readerstudy.cases.models import Case, Fate, Image, Purpose, Upload
from readerstudy.demo.freezing import confirm_and_freeze
from readerstudy.demo.images import DemoImage, demo_images
from readerstudy.demo.people import (
    ADJUDICATOR,
    COORDINATOR,
    READER,
    RESEARCHER,
    SIGN_INS,
    SIMULATED_READERS,
    SignIn,
)
from readerstudy.demo.processes import wait_until
from readerstudy.demo.protocol import (
    ADJUDICATION,
    APPROVAL,
    ARMS,
    CRITERIA,
    DRAWN,
    INSTRUCTIONS,
    PROMPT_NAME,
    QUESTION,
    TITLE,
    nerif_prompt,
)
from readerstudy.demo.simulation import simulate_reader
from readerstudy.generation.actions import queue_generations
from readerstudy.generation.actions.prompts import save_version
from readerstudy.generation.actions.trials import start_trial
from readerstudy.generation.models import FrozenSet, Generation, Stage, Trial
from readerstudy.reading.actions import start_study
from readerstudy.reading.models import Allocation
from readerstudy.studies import actions as studies
from readerstudy.studies.models import ArmKind, Criterion, Membership, PromptVersion, Role, Study
from readerstudy.studies.policies import StudyError, can_change_protocol

SEED = 20261122
INGEST_SECONDS, GENERATION_SECONDS = 300, 300

Say = Callable[[str], None]


def is_built() -> bool:
    """Whether the demonstration study is there, started, and read by all its simulated readers."""
    study = Study.objects.filter(is_demo=True).first()
    if study is None or can_change_protocol(study):
        return False
    simulated = Membership.objects.readers(study).filter(user__is_simulated=True)
    return not Allocation.objects.filter(seat__in=simulated).unread().exists()


def build_demo(say: Say) -> Study:
    """The demonstration study, running and with five simulated readers done; finishes one that was cut off."""
    people = {person.role: _account(person) for person in SIGN_INS}
    study = _study(people[COORDINATOR.role])
    if can_change_protocol(study):
        _upload_images(study, say)
        _define(study)
        _try_prompt(study, say)
        _make_outputs(study, say)
        _freeze(study, say)
        _invite(study, people)
        study = start_study(study=study, by=study.created_by)
    _simulate(study, say)
    return study


def _account(person: SignIn) -> User:
    known = User.objects.filter(email=person.email).first()
    return known or create_account(email=person.email, name=person.name, password=person.password)


def _study(coordinator: User) -> Study:
    study = Study.objects.filter(is_demo=True).first()
    if study:
        return study
    study = studies.create_study(title=TITLE, question=QUESTION, by=coordinator, is_demo=True)
    Study.objects.filter(pk=study.pk).update(seed=SEED)
    changes = {"instructions": INSTRUCTIONS, "positive_label": "abnormal"}
    return studies.change_study(study=study, changes=changes, by=coordinator)


def _upload_images(study: Study, say: Say) -> None:
    if Case.objects.of(study).exists() and not Image.objects.of(study).unconfirmed().exists():
        return
    say("Drawing and uploading 29 images …")
    images = []
    attest(study=study, by=study.created_by)
    image_set = open_image_set(study=study, by=study.created_by)
    if not image_set.terms.exists():
        state_terms(study=study, image_set=image_set, fields=DRAWN, by=study.created_by)
    for image in demo_images():
        images.append(image)
        content = ContentFile(image.content, name=image.name)
        receive_upload(
            study=study, image_set=image_set, name=image.name, content=content, by=study.created_by
        )
    uploads = Upload.objects.of(study)
    wait_until(
        lambda: not uploads.filter(fate__in=[Fate.RECEIVED, Fate.WORKING]).exists(),
        seconds=INGEST_SECONDS,
        what="Rendering the images",
    )
    import_labels(study=study, table=read_labels(_label_table(images)), by=study.created_by)
    _set_apart(study, images)
    confirm_images(images=Image.objects.of(study), by=study.created_by)


def _set_apart(study: Study, images: list[DemoImage]) -> None:
    """Examples and validation cases, by the names of their files."""
    for purpose in (Purpose.EXAMPLE, Purpose.VALIDATION):
        names = [image.name for image in images if image.purpose == purpose]
        cases = Case.objects.kept(study).filter(images__uploads__original_name__in=names)
        set_purpose(study=study, cases=cases, purpose=purpose, by=study.created_by)


def _label_table(images: list[DemoImage]) -> bytes:
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(["file", "label", "clinical_text", "region"])
    rows.writerows([image.name, image.label, image.clinical_text, image.region] for image in images)
    return text.getvalue().encode()


def _define(study: Study) -> None:
    names, prompt = set(study.arms.values_list("name", flat=True)), _prompt(study)
    for arm in ARMS:
        if arm["name"] not in names:
            common = {"kind": ArmKind.MODEL, "prompt": prompt, "is_simulated": True}
            studies.save_arm(study=study, fields={**common, **arm}, by=study.created_by)
    keys = set(Criterion.objects.of(study).values_list("key", flat=True))
    for criterion in CRITERIA:
        if criterion["key"] not in keys:
            studies.save_criterion(study=study, fields=criterion, by=study.created_by)
    studies.set_section(study=study, name="adjudication", content=ADJUDICATION, by=study.created_by)


def _prompt(study: Study) -> PromptVersion:
    found = PromptVersion.objects.newest(study).filter(name=PROMPT_NAME).first()
    if found:
        return found
    examples = (
        Case.objects.kept(study).filter(purpose=Purpose.EXAMPLE).values_list("code", "reference__label")
    )
    return save_version(study=study, name=PROMPT_NAME, prompt=nerif_prompt(examples), by=study.created_by)


def _try_prompt(study: Study, say: Say) -> None:
    """Validates the prompt with the first arm's model on the cases that are set apart for it."""
    if Trial.objects.filter(study=study).exists():
        return
    say("The prompt is tried on 3 validation cases …")
    wanted = {name: ARMS[0][name] for name in ("connection", "model", "parameters")}
    start_trial(prompt=_prompt(study), by=study.created_by, **wanted)


def _make_outputs(study: Study, say: Say) -> None:
    say("The worker asks the simulated vendor for 48 interpretations …")
    queue_generations(study=study, by=study.created_by)
    rows = Generation.objects.filter(Q(arm__study=study) | Q(trial__study=study))
    wait_until(
        lambda: not rows.filter(stage__in=[Stage.QUEUED, Stage.RUNNING]).exists(),
        seconds=GENERATION_SECONDS,
        what="Making the outputs",
    )
    failed = rows.filter(stage=Stage.FAILED).first()
    if failed:
        raise StudyError(failed.failure)


def _freeze(study: Study, say: Say) -> None:
    if FrozenSet.objects.filter(study=study).exists():
        return
    say("The outputs are confirmed, approved and frozen …")
    confirm_and_freeze(study, reason=APPROVAL)


def _invite(study: Study, people: dict[str, User]) -> None:
    by = study.created_by
    studies.add_member(study=study, user=people[RESEARCHER.role], role=Role.RESEARCHER, by=by)
    studies.add_member(study=study, user=people[ADJUDICATOR.role], role=Role.ADJUDICATOR, by=by)
    studies.add_member(study=study, user=people[READER.role], role=Role.READER, by=by)
    for number, (specialty, years) in enumerate(SIMULATED_READERS, start=1):
        email = f"simulated-reader-{number}@demo.example"
        user = User.objects.filter(email=email).first()
        user = user or create_account(email=email, name=f"Simulated reader {number}", is_simulated=True)
        save_profile(user=user, name=user.name, specialty=specialty, years_experience=years)
        seat = studies.add_member(study=study, user=user, role=Role.READER, by=by)
        studies.give_consent(seat=seat, by=user)


def _simulate(study: Study, say: Say) -> None:
    seats = Membership.objects.readers(study).filter(user__is_simulated=True).select_related("user", "study")
    for seat in seats:
        done = simulate_reader(seat=seat, seed=SEED)
        if done:
            say(f"{seat.pseudonym}: {done} readings by a simulated reader.")
