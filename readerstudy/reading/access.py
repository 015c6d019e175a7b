"""The gates of the reading room: people reach what is allocated to them or opened by them; nothing else exists.

Whoever asks for the presentation of somebody else gets 404 as for one that does not exist, and the attempt is audited.
"""

from __future__ import annotations

from typing import NoReturn

from django.db.models import QuerySet
from django.http import Http404, HttpRequest

from readerstudy.accounts.people import signed_in
from readerstudy.cases.models import Image
from readerstudy.reading.actions import note_stranger
from readerstudy.reading.models import (
    Adjudication,
    AllocatedOutput,
    Allocation,
    AllocationPlan,
    CheckMadeOf,
    Ending,
)
from readerstudy.studies.access import access_adjudicator


def access_allocation(request: HttpRequest, key: str, reading_key: str) -> Allocation:
    """The presentation `reading_key` of the signed-in reader in the study `key`, or `Http404`."""
    allocation = (
        Allocation.objects.filter(
            key=reading_key,
            seat__study__key=key,
            seat__user=signed_in(request),
            seat__removed_at=None,
            plan=_plan_in_use(key),
        )
        .select_related("seat__study", "case__reference", "reading")
        .prefetch_related("outputs")
        .first()
    )
    if allocation is None:
        _refuse(request, Allocation.objects.filter(key=reading_key, seat__study__key=key))
    return allocation


def _refuse(request: HttpRequest, asked: QuerySet[Allocation]) -> NoReturn:
    """Not found; if it is somebody else's, the attempt is written down."""
    found = asked.exclude(seat__user=signed_in(request)).select_related("seat").first()
    if found:
        note_stranger(allocation=found, by=signed_in(request))
    raise Http404


def _plan_in_use(key: str) -> QuerySet[AllocationPlan, int]:
    """The newest plan of the study: what was read in a pilot cannot be reached once the pilot is over."""
    return AllocationPlan.objects.filter(study__key=key).order_by("-pk").values_list("pk", flat=True)[:1]


def access_output(request: HttpRequest, key: str, reading_key: str, letter: str) -> AllocatedOutput:
    """One lettered output of the signed-in reader's own presentation, or `Http404`."""
    output = (
        AllocatedOutput.objects.filter(
            letter=letter,
            allocation__key=reading_key,
            allocation__seat__study__key=key,
            allocation__seat__user=signed_in(request),
            allocation__seat__removed_at=None,
            allocation__plan=_plan_in_use(key),
        )
        .select_related("allocation__seat__study", "allocation__reading")
        .first()
    )
    if output is None:
        _refuse(request, Allocation.objects.filter(key=reading_key, seat__study__key=key))
    return output


def access_subject(
    request: HttpRequest, key: str, reading_key: str, letter: str
) -> tuple[Allocation, AllocatedOutput | None]:
    """What the signed-in reader rates: a lettered output, or without a letter the case or pair; or `Http404`."""
    if not letter:
        return access_allocation(request, key, reading_key), None
    output = access_output(request, key, reading_key, letter)
    return output.allocation, output


def access_image(request: HttpRequest, key: str, case_key: str, slot: str) -> tuple[Image, bool]:
    """A confirmed image of a case that is allocated to the signed-in reader, and whether it is shown blank.

    An attention check with a blank image names its images apart from those of its case. `Http404` where there is none.
    """
    allocation = Allocation.objects.filter(
        case_key=case_key, seat__study__key=key, seat__user=signed_in(request), seat__removed_at=None
    ).first()
    images = Image.objects.confirmed().select_related("case__study")
    image = images.filter(case=allocation.case_id, slot=slot).first() if allocation else None
    if image is None or allocation is None:
        _refuse(request, Allocation.objects.filter(case_key=case_key, seat__study__key=key))
    return image, allocation.check_kind == CheckMadeOf.BLANK


def access_adjudication(request: HttpRequest, key: str, adjudication_key: str) -> Adjudication:
    """An adjudication that the signed-in person opened or was given in the study `key`, or `Http404`."""
    seat = access_adjudicator(request, key)
    found = Adjudication.objects.filter(key=adjudication_key, adjudicator=seat)
    adjudication = found.select_related("plan__study", "case__reference").first()
    if adjudication is None or adjudication.ending == Ending.REASSIGNED:
        raise Http404
    adjudication.adjudicator = seat
    return adjudication


def access_adjudication_image(request: HttpRequest, key: str, case_key: str, slot: str) -> Image:
    """A confirmed image of a case that the signed-in person has to settle, or `Http404`."""
    seat = access_adjudicator(request, key)
    opened = Adjudication.objects.filter(case_key=case_key, adjudicator=seat).first()
    images = Image.objects.confirmed().select_related("case__study")
    image = images.filter(case=opened.case_id, slot=slot).first() if opened else None
    if image is None:
        raise Http404
    return image
