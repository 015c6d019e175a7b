"""One dry run from the file to the report, through the actions that people use."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.core.files.base import ContentFile
from django.db import transaction

from readerstudy.accounts.actions import create_account, save_profile
from readerstudy.accounts.models import User
from readerstudy.analysis.actions import freeze_report
from readerstudy.cases.actions import attest, confirm_images, open_image_set, receive_upload
from readerstudy.cases.models import Case, Fate, Image, Upload
from readerstudy.cases.rendering import render_uploads
from readerstudy.demo.dry_run.endpoints import Promised, promised_of
from readerstudy.demo.dry_run.images import drawn_png
from readerstudy.demo.dry_run.outputs import make_outputs, simulated_vendor
from readerstudy.demo.dry_run.small import made_small
from readerstudy.demo.simulation import simulate_adjudicator, simulate_reader
from readerstudy.reading.actions import start_study
from readerstudy.reading.models import Rating, Reading
from readerstudy.studies.actions import add_member, give_consent, move_study
from readerstudy.studies.actions.files import load_protocol
from readerstudy.studies.lifecycle import State
from readerstudy.studies.models import Design, Membership, Role, Study
from readerstudy.studies.policies import StudyError
from readerstudy.studies.protocol.document import Document
from readerstudy.studies.protocol.writing import written

USUAL_CASES, USUAL_READERS = 6, 2
SPECIALTIES = ("radiology", "ophthalmology", "internal medicine")


@dataclass(frozen=True)
class Run:
    """What came of a dry run: the study, how much was read, and which promised statistics its report has."""

    study: Study
    cases: int
    readers: int
    readings: int
    ratings: int
    promised: tuple[Promised, ...]
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def found(self) -> int:
        return sum(each.is_there for each in self.promised)


@transaction.atomic
def dry_run(
    document: Document,
    *,
    by: User,
    seed: int = 1,
    cases: int = USUAL_CASES,
    readers: int = USUAL_READERS,
    say: Callable[[str], None] = lambda _sentence: None,
) -> Run:
    """Loads, draws, asks, allocates, reads and reports; all of it or nothing. Everything in it is marked as simulated.

    Raises:
        ProtocolError: where the file cannot be used.
        StudyError: where a step is refused; the sentence is the one that people get.
    """
    clock = Clock()
    small, count, people = made_small(document, cases=cases, readers=readers)
    with clock.of("load"):
        small = _with_seed(small, seed)
        study = load_protocol(document=small, by=by, text=written(small.data))
        Study.objects.filter(pk=study.pk).update(is_demo=True, contains_patient_data=False)
        study.refresh_from_db()
    say(f"“{study}”: {count} cases, {people} readers.")
    with clock.of("images"):
        _draw_images(study, seed)
    with clock.of("outputs"), simulated_vendor(seed):
        make_outputs(study, seed)
    with clock.of("start"):
        _invite(study, people)
        study = start_study(study=study, by=by)
    with clock.of("readers"):
        _read(study, seed, say)
    with clock.of("adjudicators"):
        for adjudicator in _call_adjudicators(study, by):
            settled = simulate_adjudicator(adjudicator=adjudicator, seed=seed)
            say(f"{settled} cases with disagreements settled by a simulated adjudicator.")
    with clock.of("report"):
        study = move_study(study=study, then=State.CLOSED, by=by)
        report = freeze_report(study=study, by=by)
    return _told(study, report.content, count, people, clock)


def _read(study: Study, seed: int, say: Callable[[str], None]) -> None:
    """Everybody reads; of several readers the last one is careless, so that attention checks are failed too."""
    seats = list(Membership.objects.readers(study).select_related("user", "study"))
    for seat in seats:
        is_careless = len(seats) > 1 and seat == seats[-1]
        count = simulate_reader(seat=seat, seed=seed, is_careless=is_careless)
        say(f"{seat.pseudonym}: {count} readings by a simulated reader.")


def _told(study: Study, content: dict[str, Any], cases: int, readers: int, clock: Clock) -> Run:
    mine = {"allocation__plan__study": study}
    return Run(
        study=study,
        cases=cases,
        readers=readers,
        readings=Reading.objects.filter(**mine, submitted_at__isnull=False).count(),
        ratings=Rating.objects.filter(**mine).count(),
        promised=tuple(promised_of(content)),
        seconds=clock.seconds,
    )


def _with_seed(document: Document, seed: int) -> Document:
    """The protocol with a seed of its order, so that another run gives the same."""
    data = document.data
    return Document({**data, "allocation": {"seed": seed, **data["allocation"]}})


@dataclass
class Clock:
    """Seconds that each step took."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def of(self, step: str) -> Iterator[None]:
        began = time.perf_counter()
        yield
        self.seconds[step] = time.perf_counter() - began


def _draw_images(study: Study, seed: int) -> None:
    """A drawn image for each slot of each case, through the ordinary way of uploads."""
    by, slots = study.created_by, Design.objects.of(study).section("cases").get("slots") or ["current"]
    attest(study=study, by=by)
    image_set = open_image_set(study=study, by=by)
    codes = list(Case.objects.read(study).values_list("code", flat=True))
    names = [f"{code}/{slot}.png" for code in codes for slot in slots]
    for number, name in enumerate(names):
        content = ContentFile(drawn_png(1000 * seed + number), name=name)
        receive_upload(study=study, image_set=image_set, name=name, content=content, by=by)
    received = Upload.objects.of(study)
    for _rendered in render_uploads(list(received.waiting().order_by("pk").values_list("pk", flat=True))):
        pass
    refused = received.exclude(fate=Fate.RENDERED).first()
    if refused is not None:
        raise StudyError(refused.reason or "An image was not rendered.")
    confirm_images(images=Image.objects.of(study), by=by)


def _call_adjudicators(study: Study, by: User) -> list[Membership]:
    """As many simulated adjudicators as the protocol says, one at least where it has disagreements settled."""
    design = Design.objects.of(study)
    if not design.section("adjudication"):
        return []
    count = max(1, design.section("readers").get("adjudicators", 1))
    return [
        add_member(study=study, user=_person("adjudicator", number), role=Role.ADJUDICATOR, by=by)
        for number in range(1, count + 1)
    ]


def _person(role: str, number: int) -> User:
    """An account that is simulated; the same one in every dry run."""
    email = f"simulated-{role}-{number}@demo.example"
    known = User.objects.filter(email=email).first()
    return known or create_account(email=email, name=f"Simulated {role} {number}", is_simulated=True)


def _invite(study: Study, count: int) -> None:
    for number in range(1, count + 1):
        user = _person("reader", number)
        specialty = SPECIALTIES[number % len(SPECIALTIES)]
        save_profile(user=user, name=user.name, specialty=specialty, years_experience=3 + number)
        seat = add_member(study=study, user=user, role=Role.READER, by=study.created_by)
        give_consent(seat=seat, by=user)
